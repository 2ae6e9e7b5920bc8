"""Which documents and folders facilioo, iDWELL and Spiri.Bo get of those in `dokumente.py`, bodies by hand."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from tests.partners.conftest import Marts, bodies_of
from tests.partners.dokumente import FLAT, HOUSE, LARGEST, PARTNERS, SHOP, built, settings

# Of the Gebäude, and of units and persons that all three hold.
EVERYWHERE = [
    "D-255",
    "D-ALT",
    "D-GEB",
    "D-GROSS",
    "D-MV",
    "D-NEU",
    "D-OHNE-GROESSE",
    "D-OHNE-TAG",
    "D-PERSON",
]
NO_FILE = {"pfad": None, "mime_typ": "application/pdf", "groesse_bytes": 1000, "geaendert_am": None}


def content(dokument_nr: str, **more: Any) -> Mapping[str, Any]:
    return {**NO_FILE, "dokument_nr": dokument_nr, "dateiname": f"{dokument_nr}.pdf", **more}


def bodies(build: Any, partner: str, entity: str = "dokumente") -> Mapping[str, Any]:
    return bodies_of(load_contract(partner), built(build), entity)


def held(marts: Marts, partner: str, *entities: str) -> set[tuple[str, str, str]]:
    found = marts.database.execute(
        f"select entity, external_id, rule from partners.{partner}__held where list_contains(?, entity)",
        [list(entities)],
    )
    return set(found.fetchall())


def gone(marts: Marts, partner: str, entity: str) -> set[str]:
    found = marts.database.execute(
        f"select external_id from partners.{partner}__departures where is_gone and entity = ?", [entity]
    )
    return {external_id for (external_id,) in found.fetchall()}


def reasons(marts: Marts, partner: str, rule: str) -> set[str]:
    return {key for table, key in marts.findings(partner, rule) if table == "dokument"}


def test_facilioo_gets_what_is_released_and_belongs_to_what_it_holds(build: Any) -> None:
    assert built(build).ids("facilioo__dokumente") == sorted(
        [
            *EVERYWHERE,
            "D-EV",
            "D-EV-MIETER",
            "D-HAUS-EIGENTUEMER",
            "D-PERSON-EIGENTUEMER",
            "D-PORTALE",
            "D-UTS",
            "D-VE",
        ]
    )


def test_a_document_at_facilioo_says_what_it_belongs_to_and_where_its_bytes_are(build: Any) -> None:
    found = bodies(build, "facilioo")
    nothing = dict.fromkeys(("documentGroupId", "propertyId", "unitId", "partyId", "description"))
    plain = {**nothing, "date": "2025-07-14T00:00:00+02:00"}
    assert found["D-GEB"] == {
        **plain,
        "title": "Titel D-GEB",
        "description": "Energieausweis",
        "documentGroupId": "O15",
        "propertyId": HOUSE,
        "fileId": content("D-GEB", pfad="a/b.pdf"),
    }
    assert found["D-VE"] == {
        **plain,
        "title": "D-VE.pdf",
        "unitId": FLAT,
        "fileId": content("D-VE", geaendert_am="2025-08-01T12:00:00"),
    }
    # The Hauptmieter of three; the owner of the lowest number, who rents elsewhere and so is a party of tenants.
    contract = {name: found["D-MV"][name] for name in ("documentGroupId", "unitId", "partyId", "propertyId")}
    assert contract == {"documentGroupId": "O3", "unitId": FLAT, "partyId": "P100", "propertyId": None}
    assert (found["D-EV"]["unitId"], found["D-EV"]["partyId"]) == (SHOP, "P102")
    assert (found["D-PERSON-EIGENTUEMER"]["unitId"], found["D-PERSON-EIGENTUEMER"]["partyId"]) == (
        None,
        "P301",
    )
    assert (found["D-UTS"]["unitId"], found["D-UTS"]["documentGroupId"]) == ("002/77/0001", "O2")
    assert found["D-OHNE-TAG"]["date"] is None


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_document_says_where_its_bytes_are_and_what_tells_that_they_have_changed(
    build: Any, partner: str
) -> None:
    field = {"facilioo": "fileId", "idwell": "file", "spiribo": "content"}[partner]
    found = {name: body[field] for name, body in bodies(build, partner).items()}
    assert found["D-GEB"] == content("D-GEB", pfad="a/b.pdf")
    assert found["D-VE"] == content("D-VE", geaendert_am="2025-08-01T12:00:00")
    assert found["D-GROSS"] == content("D-GROSS", groesse_bytes=LARGEST)
    assert found["D-OHNE-GROESSE"] == content("D-OHNE-GROESSE", groesse_bytes=None)


def test_at_facilioo_whom_a_document_belongs_to_is_given_a_share_of_it(build: Any) -> None:
    found = bodies(build, "facilioo", "freigaben")
    owned = {number: body["partyId"] for number, body in bodies(build, "facilioo").items() if body["partyId"]}
    assert found["D-MV/P100"] == {"documentId": "D-MV", "partyId": "P100"}
    assert {(body["documentId"], body["partyId"]) for body in found.values()} == set(owned.items())
    assert len(found) == len(owned) > 3


def test_folders_go_with_their_documents_and_those_above(build: Any) -> None:
    rows = built(build).rows("facilioo__dokumentenordner")
    assert [(r["external_id"], r["dokumentenordner_external_id"], r["name"]) for r in rows] == [
        ("O1", None, "Ordner O1"),
        ("O14", None, "Ordner O14"),
        ("O15", None, "Ordner O15"),
        ("O2", "O1", "Ordner O2"),
        ("O3", "O2", "O3"),
    ]
    assert built(build).rows("idwell__ordner") == [
        {
            ("ordner_external_id" if name == "dokumentenordner_external_id" else name): row[name]
            for name in row
        }
        for row in rows
    ]


@pytest.mark.parametrize("partner", PARTNERS)
def test_each_rule_names_the_documents_that_it_keeps_away(build: Any, partner: str) -> None:
    marts = built(build)
    assert reasons(marts, partner, "DO1") == {
        "D-NEIN",
        "D-LEER",
        "D-WORT",
        "D-ORDNER-NEIN",
        "D-DARUNTER",
        "D-ORDNER-LEER",
        "D-UTS-NEIN",
        "D-UTS-WORT",
    }
    assert reasons(marts, partner, "DO2") == {"D-ZU-GROSS"}
    assert marts.finding(partner, "dokument", "D-ZU-GROSS")["value"] == "52428801"
    assert reasons(marts, partner, "DO3") == {"D-UTS-LOSE", "D-UTS-PERSON"}
    assert reasons(marts, partner, "DO4") == {"D-KREIS", "D-UNTER-KREIS"}
    assert reasons(marts, partner, "L3") == {"D-OBEN-FEHLT"}
    assert reasons(marts, partner, "L1") == {"D-OBEN-GELOESCHT"}
    assert reasons(marts, partner, "H1") == {"D-OBEN-UNKLAR"}
    assert reasons(marts, partner, "I5") == {"D/1", "D-ORDNER-STRICH"}
    assert marts.findings(partner, "DO4") >= {("ordner", nr) for nr in ("O6", "O7", "O8")}
    way = "ordner O13: ordner O12: unknown geloescht_kz weg"
    assert marts.finding(partner, "dokument", "D-OBEN-UNKLAR")["reason"] == way


NOWHERE = {"D-ADRESSE", "D-FREMD", "D-OHNE-BEZUG", "D-WE", "D-ANDERER-MANDANT"}


def test_do5_nothing_is_attached_higher_up_when_its_bezug_is_not_there(build: Any) -> None:
    marts = built(build)
    assert reasons(marts, "facilioo", "DO5") == {*NOWHERE, "D-OHNE-MAIL", "D-NICHT-MIETER"}
    assert reasons(marts, "idwell", "DO5") == {*NOWHERE, "D-OHNE-MAIL", "D-NICHT-MIETER"}
    # No owners there; tenants need no e-mail address.
    without_owners = {"D-EV-MIETER", "D-FUER-MIETER", "D-PERSON-EIGENTUEMER"}
    assert reasons(marts, "spiribo", "DO5") == {*NOWHERE, *without_owners}


def test_do7_what_is_meant_for_owners_is_not_shown_to_tenants_nor_the_other_way_round(build: Any) -> None:
    crossed = {"D-FUER-ALLE", "D-FUER-EIGENTUEMER", "D-FUER-MIETER"}
    assert reasons(built(build), "facilioo", "DO7") == crossed
    assert reasons(built(build), "idwell", "DO7") == crossed
    assert reasons(built(build), "spiribo", "DO7") == {
        "D-FUER-ALLE",
        "D-FUER-EIGENTUEMER",
        "D-HAUS-EIGENTUEMER",
        "D-EV",
    }


def test_v1_a_document_needs_a_file_name_and_facilioo_takes_255_characters_of_a_title(build: Any) -> None:
    assert reasons(built(build), "facilioo", "V1") == {"D-OHNE-DATEI", "D-LANG"}
    assert reasons(built(build), "idwell", "V1") == {"D-OHNE-DATEI"}


def test_what_is_in_doubt_stays_and_what_is_out_for_sure_goes(build: Any) -> None:
    marts = built(build)
    unsent = {(e, i, rule) for e, i, rule in held(marts, "facilioo", "dokumente") if rule != "E5"}
    assert unsent == {
        ("dokumente", "D-ADRESSE", "DO5"),
        ("dokumente", "D-KREIS", "DO4"),
        ("dokumente", "D-LANG", "V1"),
        ("dokumente", "D-OBEN-UNKLAR", "H1"),
        ("dokumente", "D-OHNE-DATEI", "V1"),
        ("dokumente", "D-OHNE-MAIL", "C7"),  # its lease has a row of a tenant without a number
        ("dokumente", "D-ORDNER-STRICH", "I5"),
        ("dokumente", "D-UNKLAR", "H1"),
        ("dokumente", "D-UNTER-KREIS", "DO4"),
        ("dokumente", "D-ZU-GROSS", "DO2"),
        ("dokumente", "D/1", "I5"),
    }
    # Falk Ohnepost's address is none: what belongs to his leases, and to himself.
    assert {i for _, i, rule in held(marts, "facilioo", "dokumente") if rule == "E5"} == {
        "D-FUER-EIGENTUEMER",
        "D-MV",
        "D-NICHT-MIETER",
        "D-OHNE-MAIL",
    }
    assert held(marts, "facilioo", "dokumentenordner") == {
        ("dokumentenordner", "O12", "H1"),
        ("dokumentenordner", "O13", "H1"),
        ("dokumentenordner", "O6", "DO4"),
        ("dokumentenordner", "O7", "DO4"),
        ("dokumentenordner", "O8", "DO4"),
        ("dokumentenordner", "O/19", "I5"),
        ("dokumentenordner", "O20", "I5"),
    }
    assert gone(marts, "facilioo", "dokumentenordner") == {"O10", "O11", "O16", "O17", "O4", "O5", "O9"}
    assert {"D-GELOESCHT", "D-NEIN", "D-WE", "D-FUER-MIETER", "D-UTS-LOSE"} <= gone(
        marts, "facilioo", "dokumente"
    )
    assert not {"D-FREMD", "D-KREIS", "D-GEB", "D-MV", "D-OHNE-MAIL"} & gone(marts, "facilioo", "dokumente")


def test_what_is_held_or_gone_of_documents_says_all_that_the_plan_asks(build: Any) -> None:
    marts, of_garage = built(build), "001/0007/02/G-1/01"
    no_mail = ("E5", "mietvertrag", "no valid e-mail address: xxxxx", True, "P101", True, None, None)
    nobody = ("C7", "mietvertrag", "row 13: no person_nr", True, None, True, None, None)
    circle = "it lies in itself, or below a folder that does: parent_ordner_nr O7"
    assert marts.held("facilioo", "D-MV", "D-OHNE-MAIL", "O6", f"{of_garage}/P101", f"{of_garage}/?") == [
        ("dokumente", "D-MV", *no_mail),
        ("dokumente", "D-OHNE-MAIL", *nobody),
        ("dokumente", "D-OHNE-MAIL", *no_mail),
        ("dokumentenordner", "O6", "DO4", "ordner", circle, False, None, True, None, None),
        (
            "vertraege_mieter",
            f"{of_garage}/?",
            "C7",
            "mieter",
            "row 13: no person_nr",
            False,
            None,
            True,
            "/",
            None,
        ),
        (
            "vertraege_mieter",
            f"{of_garage}/P101",
            "E5",
            "kontaktweg",
            no_mail[2],
            False,
            None,
            True,
            None,
            "P101",
        ),
    ]
    assert marts.departures("facilioo", "D-NEIN", "D-GEB", "O4", "O1", f"{FLAT}/01/P102", HOUSE) == [
        ("dokumente", "D-GEB", False, None, None),
        ("dokumente", "D-NEIN", True, None, None),
        ("dokumentenordner", "O1", False, None, None),
        ("dokumentenordner", "O4", True, None, None),
        ("eingaenge", HOUSE, False, None, None),
        ("gebaeude", HOUSE, False, None, None),
        ("vertraege_mieter", f"{FLAT}/01/P102", False, date(2021, 5, 1), date(2099, 12, 30)),
    ]


def test_the_mart_of_facilioo_tells_tenants_from_owners(build: Any) -> None:
    """Both go into one field, and each waits for the record of its own kind."""
    parties = {
        row["external_id"]: (row["parteien_mieter_external_id"], row["parteien_eigentuemer_external_id"])
        for row in built(build).rows("facilioo__dokumente")
    }
    assert parties["D-MV"] == ("P100", None)
    assert parties["D-PERSON-EIGENTUEMER"] == (None, "P301")
    assert parties["D-GEB"] == (None, None)


def test_idwell_gets_the_users_of_a_contract_and_never_its_flat(build: Any) -> None:
    found = bodies(build, "idwell")
    assert sorted(found) == built(build).ids("idwell__dokumente")
    # Jördis Ährenfeld owns something, Falk Ohnepost has neither address nor phone, the couple owns something too.
    assert found["D-MV"] == {
        "name": "Titel D-MV",
        "visible_from": "9999-12-31",
        "mime_type": "application/pdf",
        "folder": "O3",
        "building": None,
        "flat": None,
        "users": ["P100", "P102"],
        "file": content("D-MV"),
    }
    assert (found["D-VE"]["flat"], found["D-VE"]["users"]) == (FLAT, None)
    assert (found["D-GEB"]["building"], found["D-GEB"]["folder"]) == (HOUSE, "O15")
    assert found["D-PERSON"]["users"] == ["P103"]
    assert found["D-EV"]["users"] == ["P102", "P301"]


def test_a_list_field_names_parents_of_all_kinds(build: Any) -> None:
    """Tenants who own something are another entity at iDWELL than those who do not, and both are users."""
    marts = built(build)
    marts.database.begin()
    marts.database.execute(
        "update partners.idwell__dokumente set personen_mieter_external_ids = ['P103']"
        " where external_id in ('D-MV', 'D-VE')"
    )
    found = bodies_of(load_contract("idwell"), marts, "dokumente")
    marts.database.rollback()
    assert found["D-MV"]["users"] == ["P100", "P102", "P103"]
    assert found["D-VE"]["users"] == ["P103"]
    assert found["D-GEB"]["users"] is None


def test_spiribo_gets_what_belongs_to_what_is_let(build: Any) -> None:
    found = bodies(build, "spiribo")
    assert sorted(found) == sorted(
        [*EVERYWHERE, "D-LANG", "D-NICHT-MIETER", "D-OHNE-MAIL", "D-PORTALE", "D-UTS", "D-VE"]
    )
    nothing = dict.fromkeys(("buildingId", "apartmentId", "contractId", "tenantId"))
    plain = {**nothing, "mimeType": "application/pdf", "createdAt": "2025-07-14"}
    assert found["D-MV"] == {
        **plain,
        "title": "Titel D-MV",
        "fileName": "D-MV.pdf",
        "contractId": f"{FLAT}/01",
        "content": content("D-MV"),
    }
    assert {name: found["D-GEB"][name] for name in nothing} == {**nothing, "buildingId": HOUSE}
    assert {name: found["D-VE"][name] for name in nothing} == {**nothing, "apartmentId": FLAT}
    assert {name: found["D-PERSON"][name] for name in nothing} == {**nothing, "tenantId": "P103"}


@pytest.mark.parametrize("partner", PARTNERS)
def test_every_document_and_folder_is_a_body_that_the_contract_takes(build: Any, partner: str) -> None:
    contract = load_contract(partner)
    for name in contract.of_use_case("dokumente"):
        entity = contract.entities[name]
        schema = contract.schema(name, "create")
        own = {entity.external_id, *(parent.field for parent in entity.parents), *entity.fixed}
        own |= {entity.content.field} if entity.content else set()
        schema = {**schema, "required": [field for field in schema.get("required", []) if field not in own]}
        validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
        found = bodies(build, partner, name)
        assert found
        for external_id, body in found.items():
            sent = {field: value for field, value in body.items() if field not in own}
            assert not [error.message for error in validator.iter_errors(sent)], external_id


def test_without_the_setting_nothing_of_a_document_is_there(
    build: Any, rebuild: Callable[..., duckdb.DuckDBPyConnection]
) -> None:
    off = rebuild(built(build).database, " ".join(PARTNERS), settings())
    marts = Marts(off)
    for partner in PARTNERS:
        entities = list(load_contract(partner).of_use_case("dokumente"))
        assert [marts.ids(f"{partner}__{entity}") for entity in entities] == [[] for _ in entities]
        assert not held(marts, partner, *entities)
        assert not [entity for entity in entities if gone(marts, partner, entity)]
        left = off.execute(
            f"select count(*) from quality.{partner}__findings where table_name in ('dokument', 'ordner')"
        )
        assert left.fetchone() == (0,)
