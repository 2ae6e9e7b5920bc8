"""The OpenWOWI door: which column comes from which field, and what happens to numbers that do not fit."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.erp.delivery.delivery import Delivery, Wanted
from pipelines.erp.delivery.schema import tables
from pipelines.erp.load import load
from pipelines.erp.openwowi.client import Access
from pipelines.erp.openwowi.door import OpenWowi
from pipelines.erp.openwowi.numbers import numbers
from pipelines.errors import DeliveryError
from tests.erp.openwowi_server import (
    API_KEY,
    BUILDING_LANDS,
    CONTRACT_POSITIONS,
    CONTRACTORS,
    ECONOMIC_UNITS,
    LICENSE_AGREEMENTS,
    MANAGEMENTS,
    OWNERS,
    PASSWORD,
    PERSONS,
    UNIT_FILES,
    USE_UNITS,
    USERNAME,
    FakeOpenWowi,
    portfolio,
)

Rows = list[dict[str, str | None]]
Tables = tuple[dict[str, Rows], Delivery]
LEASE = {"mandant_nr": "001", "we_nr": "0123", "gebaeude_nr": "01", "ve_nr": "0004", "mv_nr": "02"}


def door_to(fake: FakeOpenWowi) -> OpenWowi:
    return OpenWowi(Access(fake.url, USERNAME, PASSWORD, API_KEY), backoff_seconds=0.01)


def read(door: OpenWowi, scratch: Path) -> Tables:
    scratch.mkdir()
    with door.opened(Wanted("wodis_sigma", scratch)) as delivery:
        rows = {
            name: [row for batch in data.read() for row in batch.to_pylist()]
            for name, data in delivery.tables.items()
        }
    return rows, delivery


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Rows], Delivery, FakeOpenWowi]:
    """The portfolio read once, with the default settings, and the server that was asked."""
    with FakeOpenWowi(portfolio()) as server:
        rows, delivery = read(door_to(server), tmp_path_factory.mktemp("plain") / "scratch")
    return rows, delivery, server


@pytest.fixture
def rows(plain: tuple[dict[str, Rows], Delivery, FakeOpenWowi]) -> dict[str, Rows]:
    return plain[0]


@pytest.fixture
def fake() -> Iterator[FakeOpenWowi]:
    with FakeOpenWowi(portfolio()) as server:
        yield server


@pytest.fixture
def door(fake: FakeOpenWowi) -> OpenWowi:
    return door_to(fake)


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[[OpenWowi], Tables]:
    made = iter(range(100))
    return lambda door: read(door, tmp_path / f"scratch{next(made)}")


def parts(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_every_column_of_the_mapping_is_one_of_ours(door, deliver):
    rows, delivery = deliver(
        replace(door, optional=("mietkondition", "leerstand", "eigentuemer", "dokument"))
    )
    for name, data in delivery.tables.items():
        assert set(data.columns) <= set(tables()[name].columns), name
        assert set(tables()[name].required_columns("openwowi")) <= set(data.columns), name
        assert rows[name], name
        assert {row["quelle_erp"] for row in rows[name]} == {"openwowi"}


def test_visible_numbers_are_split_into_key_parts(rows, plain):
    assert parts(rows["wirtschaftseinheit"][0], "mandant_nr", "we_nr", "bezeichnung", "lage", "baujahr") == (
        "001",
        "0123",
        "Lindenhof",
        "Nordstadt",
        "1931",
    )
    assert [parts(row, "mandant_nr", "we_nr", "gebaeude_nr", "art") for row in rows["gebaeude"]] == [
        ("001", "0123", "01", "Gebaeude"),
        ("001", "0123", "90", "Grundstueck"),
    ]
    assert [
        parts(row, "mandant_nr", "we_nr", "gebaeude_nr", "ve_nr") for row in rows["verwaltungseinheit"]
    ] == [
        ("001", "0123", "01", "0004"),
        ("001", "0123", "01", "0007"),
        ("001", "0123", "90", "0001"),
    ]
    assert plain[1].notes == ()


def test_a_lease_has_the_number_behind_its_unit_or_one_of_its_own(rows):
    leases = [
        parts(row, "ve_nr", "mv_nr", "vertragsart", "mietbeginn", "mietende") for row in rows["mietvertrag"]
    ]
    assert leases == [
        ("0004", "02", "Miete", "2021-04-01", None),
        ("0007", "05", "Leerstand", "2025-02-01", None),
        ("0001", "ST-7", "Miete", "2019-01-01", "2020-12-31"),
    ]


def test_floors_rooms_and_areas_come_as_numbers_and_what_is_absent_as_null(rows):
    columns = ("etage", "etage_lage", "lage", "zimmer", "wohnflaeche", "nutzflaeche", "ve_art", "sollmiete")
    assert [parts(row, *columns) for row in rows["verwaltungseinheit"]] == [
        ("1", "1. OG rechts", "rechts", "3.5", "62.4", None, "Wohnung", "523.5"),
        ("-1", "Souterrain", None, "2", "48", None, "Wohnung", None),
        (None, None, None, None, None, None, "Stellplatz außen", None),
    ]


def test_a_vacancy_is_a_contract_and_a_row_of_its_own(rows):
    assert [
        parts(row, "ve_nr", "leer_ab", "leer_bis", "zimmer", "wohnflaeche", "etage")
        for row in rows["leerstand"]
    ] == [("0007", "2025-02-01", None, "2", "48", "-1")]


def test_contractors_are_tenants_with_role_and_period(rows):
    columns = ("ve_nr", "mv_nr", "person_nr", "rolle", "gueltig_von", "gueltig_bis")
    assert sorted(parts(row, *columns) for row in rows["mieter"]) == [
        ("0001", "ST-7", "100057", "Hauptmieter", "2019-01-01", None),
        ("0004", "02", "100055", "Hauptmieter", "2021-04-01", None),
        ("0004", "02", "100056", "Buerge", "2021-04-01", "2024-03-31"),
    ]


def test_people_and_companies_come_with_their_main_address(rows):
    names = ("person_nr", "person_art", "anrede", "titel", "vorname", "nachname", "firma1", "geburtsdatum")
    assert [parts(row, *names) for row in rows["person"]] == [
        ("100055", "natuerlich", "Frau", "Dr.", "Änne", "Böttcher-Groß", None, "1980-05-02"),
        ("100056", "natuerlich", None, None, "Jörg", "Wiesel", None, None),
        ("100057", "juristisch", None, None, None, None, "Rollerhaus GmbH", None),
    ]
    address = ("strasse", "hausnummer", "plz", "ort", "land")
    assert [parts(row, *address) for row in rows["person"]] == [
        ("Lindenallee", "12 A", "01067", "Musterstadt", "DE"),
        (None, None, None, None, None),
        (None, None, None, None, None),
    ]


def test_the_main_communication_is_marked(rows):
    assert [
        parts(row, "person_nr", "lfd_nr", "art", "wert", "bemerkung", "ist_haupt")
        for row in rows["kontaktweg"]
    ] == [
        ("100055", "701", "E-Mail", "alt@example.org", None, "false"),
        ("100055", "702", "E-Mail", "aenne@example.org", "privat", "true"),
        ("100055", "703", "Festnetz", "030/123 45", None, "false"),
    ]


def test_positions_of_one_kind_and_period_are_one_component_of_the_rent(rows):
    found = {
        row["kondition_art"]: parts(row, "gueltig_von", "betrag_netto", "ust_satz")
        for row in rows["mietkondition"]
    }
    assert found == {
        "Nettokaltmiete": ("2024-01-01", "430.75", "0"),
        "Heizkosten-VZ": ("2024-01-01", "80", "0"),
        "Betriebskosten-VZ": ("2024-01-01", "95.10", "0"),
        "Kabelanschluss": ("2024-01-01", "7", "0"),
    }
    assert all(row[column] == value for row in rows["mietkondition"] for column, value in LEASE.items())


def test_company_and_house_come_with_their_addresses(rows):
    columns = ("mandant_nr", "name", "art", "strasse", "hausnummer", "plz", "ort")
    assert [parts(row, *columns) for row in rows["mandant"]] == [
        ("001", "Wohnbau Musterstadt", "vollständige Verwaltung", "Am Markt", "1 b", "01067", "Musterstadt")
    ]
    columns = (
        "strasse",
        "hausnummer",
        "hausnummer_zusatz",
        "plz",
        "ortsteil",
        "baujahr",
        "geschosse",
        "denkmalschutz",
    )
    assert parts(rows["gebaeude"][0], *columns) == (
        "Lindenallee",
        "12",
        "A",
        "01067",
        "Nord",
        "1932",
        "4",
        "true",
    )
    assert parts(rows["gebaeude"][0], "zugang_am", "abgang_am") == ("2001-01-01", None)


def test_the_owner_of_a_we_owns_its_units_only_when_asked_for(door, deliver, fake):
    rows, _ = deliver(door)
    assert "eigentuemer" not in rows
    assert fake.queries(OWNERS) == []
    rows, _ = deliver(replace(door, optional=("eigentuemer",)))
    assert [parts(row, "ve_nr", "ev_nr", "person_nr") for row in rows["eigentuemer"]] == [
        ("0004", "E7", "100057"),
        ("0007", "E7", "100057"),
        ("0001", "E7", "100057"),
    ]
    assert parts(rows["wirtschaftseinheit"][0], "eigentuemer_person_nr", "weg_kz") == ("100057", "false")
    assert len(rows["eigentuemervertrag"]) == 3


def test_a_condominium_s_community_owns_no_flat(door, deliver, fake):
    fake.lists[OWNERS][0]["IsCondominium"] = True
    rows, _ = deliver(replace(door, optional=("eigentuemer",)))
    assert rows["eigentuemer"] == rows["eigentuemervertrag"] == []
    assert rows["wirtschaftseinheit"][0]["weg_kz"] == "true"


def test_documents_point_to_what_they_belong_to(door, deliver, fake):
    rows, _ = deliver(replace(door, optional=("dokument",)))
    columns = ("dokument_nr", "titel", "bezug_art", "bezug_key", "dokumentart", "datenschutzkategorie")
    assert [parts(row, *columns) for row in rows["dokument"]] == [
        ("5b0e", "Grundriss.pdf", "VE", "001/0123/01/0004", "Grundriss", "intern")
    ]
    assert fake.queries(UNIT_FILES)


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        (MANAGEMENTS, ["includeMainAddress"]),
        (ECONOMIC_UNITS, []),
        (BUILDING_LANDS, []),
        (USE_UNITS, ["includeUseUnitTypes"]),
        (LICENSE_AGREEMENTS, []),
        (CONTRACT_POSITIONS, ["includeContractPositionTypeDetails"]),
        (CONTRACTORS, ["includeMainCommunication"]),
        (
            PERSONS,
            [
                "includeAddress",
                "includeCommunication",
                "includePersonAddresses",
                "includePersonCommunications",
            ],
        ),
    ],
)
def test_each_request_carries_the_flags_of_what_we_map_and_no_other(plain, path, flags):
    queries = plain[2].queries(path)
    assert len(queries) >= 4  # two passes, each with an empty page at its end
    for query in queries:
        assert set(query) == {"apiKey", "limit", "offset", *flags}
        assert all(query[flag] == "true" for flag in flags)


# Numbers that do not fit


@pytest.mark.parametrize(
    "number", ["001.0123.01", "001.0123.01.0004.9", "Garage 7", "001.0123.02.0004", "..."]
)
def test_a_unit_s_number_that_does_not_fit_is_no_guess_but_a_finding(door, deliver, fake, number):
    fake.lists[USE_UNITS][0]["IdNum"] = number
    rows, delivery = deliver(door)
    units = {
        row["quelle_id"]: parts(row, "mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")
        for row in rows["verwaltungseinheit"]
    }
    assert units == {
        "4711": (None, None, None, None),
        "4712": ("001", "0123", "01", "0007"),
        "4713": ("001", "0123", "90", "0001"),
    }
    (note,) = delivery.notes
    assert note.startswith(
        "OpenWOWI UseUnits: 1 of 3 have an IdNum that is not built as mandant.we.gebaeude.ve"
    )
    assert note.endswith("Mend them, or SOURCES__ERP__OPENWOWI__IDNUM_VE.")
    assert number not in note


def test_no_number_that_fits_is_a_wrong_setting(door, deliver):
    other = replace(door, numbers=numbers({"idnum_ve": "mandant/we/gebaeude/ve"}, "SOURCES__ERP__OPENWOWI__"))
    with pytest.raises(DeliveryError) as caught:
        deliver(other)
    assert str(caught.value) == (
        "OpenWOWI UseUnits: no IdNum of 3 is built as mandant/we/gebaeude/ve and names the parents that the row "
        "refers to; mend SOURCES__ERP__OPENWOWI__IDNUM_VE"
    )


def test_parts_that_a_number_lacks_come_from_the_parents(door, deliver, fake):
    fake.lists[BUILDING_LANDS][0]["IdNum"] = "H1"
    fake.lists[BUILDING_LANDS][1]["IdNum"] = "H2"
    for unit in fake.lists[USE_UNITS]:
        unit["IdNum"] = unit["IdNum"].replace("001.0123.", "W")
    patterns = numbers({"idnum_gebaeude": "gebaeude", "idnum_ve": "ve+"}, "")
    rows, _ = deliver(replace(door, numbers=patterns))
    assert [
        parts(row, "mandant_nr", "we_nr", "gebaeude_nr", "ve_nr") for row in rows["verwaltungseinheit"]
    ] == [
        ("001", "0123", "H1", "W01.0004"),
        ("001", "0123", "H1", "W01.0007"),
        ("001", "0123", "H2", "W90.0001"),
    ]


def test_a_contractor_on_a_lease_that_was_not_delivered_is_reported(door, deliver, fake):
    fake.lists[CONTRACTORS][0]["LicenseAgreementId"] = 777
    rows, delivery = deliver(door)
    assert len(rows["mieter"]) == 3
    assert delivery.notes == (
        "OpenWOWI: 1 of 3 Contractors refer to a LicenseAgreement that was not delivered; they are not used (C7).",
    )


def test_kinds_of_contractor_that_nobody_knows_are_asked_about(door, deliver, fake):
    for contractor in fake.lists[CONTRACTORS]:
        contractor["ContractorType"]["Name"] = "Nutzer"
    with pytest.raises(
        DeliveryError, match=r"none is a Hauptmieter or Mitmieter; their kinds are Nutzer; .*ROLLEN"
    ):
        deliver(door)
    rows, _ = deliver(replace(door, roles={"nutzer": "Mitmieter"}))
    assert {row["rolle"] for row in rows["mieter"]} == {"Mitmieter"}


@pytest.mark.parametrize(
    ("path", "field", "table"),
    [(USE_UNITS, "NumberOfRooms", "verwaltungseinheit"), (CONTRACT_POSITIONS, "NetAmount", "mietkondition")],
)
def test_text_where_a_number_is_documented_stops_the_load_without_showing_it(
    door, deliver, fake, path, field, table
):
    fake.lists[path][0][field] = "drei Zimmer"
    with pytest.raises(DeliveryError) as caught:
        deliver(door)
    assert str(caught.value).startswith(f"OpenWOWI {table}: a field holds text where a number is documented")
    assert "drei" not in str(caught.value)
    assert caught.value.__context__ is None


# Into the raw layer


def test_a_load_brings_everything_into_the_raw_layer(door, home, database):
    told: list[tuple[str, float]] = []
    result = load(door, home, progress=lambda *done: told.append(done))
    assert "reading use_units: 3 rows" in [what for what, _ in told]
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert {name: count for name, count in result.rows.items() if count} == {
        "mandant": 1,
        "wirtschaftseinheit": 1,
        "gebaeude": 2,
        "verwaltungseinheit": 3,
        "mietvertrag": 3,
        "mieter": 3,
        "person": 3,
        "kontaktweg": 3,
        "mietkondition": 4,
        "leerstand": 1,
    }
    assert result.unknown_columns == {}
    assert database.rows("select distinct quelle_erp from erp_raw.mietvertrag") == [("openwowi",)]
    assert not (home / "erp_scratch").exists()
