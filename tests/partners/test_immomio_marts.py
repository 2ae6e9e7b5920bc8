"""What Immomio gets of a small stock, every body by hand: the small stock of all partners and what lies beside it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.api.protocols import openimmo
from pipelines.contract.contract import load_contract
from tests.partners.bestand import GARTENSTADT, Tables, with_bestand
from tests.partners.conftest import STICHTAG, Marts, bodies_of
from tests.partners.leerstaende import (
    CONTACT,
    FLAT,
    HOUSE,
    IMMOBILIEN,
    OFFERED_KINDS,
    built,
    unit,
    vacancy,
)
from tests.partners.leerstaende import MORE as MORE_LEERSTAENDE
from tests.push.openimmo_rules import broken_rules, schema_errors

CONTRACT = load_contract("immomio")
bodies = partial(bodies_of, CONTRACT)

PARK = {"mandant_nr": "001", "we_nr": "0009"}
PARK_3 = {**PARK, "gebaeude_nr": "03"}
PARK_FLAT = {**PARK_3, "ve_nr": "0017"}
STREET = {"mandant_nr": "001", "we_nr": "0010"}
STREET_1, STREET_2 = ({**STREET, "gebaeude_nr": nr} for nr in ("01", "02"))
EMPTY_WE = {"mandant_nr": "001", "we_nr": "0011"}
KINDS = {
    "Büro": "COMMERCIAL",
    "Stellplatz außen": "PARKING",
    "Lager": "COMMERCIAL",
}

MORE: Tables = {
    "wirtschaftseinheit": [
        {**PARK, "bezeichnung": "Am Park", "ort": "München-Süd", "baujahr": "1899"},
        {**STREET, "bezeichnung": "Zwei Häuser"},
        {**EMPTY_WE, "bezeichnung": "Nur ein Ort", "ort": "Fürth"},
        {"mandant_nr": "001", "we_nr": "0012", "geloescht_kz": "L"},
    ],
    "gebaeude": [
        {
            **PARK_3,
            "strasse": "Am Park",
            "hausnummer": "3",
            "hausnummer_zusatz": "b",
            "plz": "80331",
            "ort": "München",
            "land": "AT",
            "baujahr": "1978",
        },
        {**STREET_1, "strasse": "Ring", "hausnummer": "1", "plz": "90402", "ort": "Nürnberg"},
        {**STREET_2, "strasse": "Ring", "hausnummer": "2", "plz": "90402", "ort": "Nürnberg"},
    ],
    "verwaltungseinheit": [
        {
            **PARK_FLAT,
            "ve_art": "Wohnung",
            "bezeichnung": "Wohnung links",
            "etage": "4",
            "etage_lage": "4. OG",
            "wohnflaeche": "61,25",
            "nutzflaeche": "70",
            "zimmer": "3,5",
            "sollmiete": "1.234,56",
        },
        *[{**STREET_1, "ve_nr": str(number), "ve_art": kind} for number, kind in enumerate(KINDS, 1)],
        {**STREET_2, "ve_nr": "5", "ve_art": "Baumhaus"},
        {**GARTENSTADT, "ve_nr": "0099"},  # on no Gebäude
    ],
}
STOCK = with_bestand(MORE)
# What stands in nettokaltmiete of a released vacancy, by the number of its VE.
RENTS = {
    "0020": "-1",
    "0021": "50,00-",
    "0022": "0,01",
    "0023": "auf Anfrage",
    "0024": "1.234",  # 1.23 or 1234
    "0025": "600 €",
    "0026": "0,00",
}


@pytest.fixture(scope="module")
def immomio(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """Separator /, Mandanten 001 and 002; the data tests have passed."""
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"]}
    settings = {"stichtag": STICHTAG, "partners": {"immomio": setting}}
    return Marts(build(STOCK, select=["+immomio"], vars=settings, tests=True))


@pytest.fixture(scope="module")
def vacancies(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """The stock of vacancies with rents of every kind, and one without rent and address; the data tests have passed."""
    rents = [vacancy(HOUSE, nr, nettokaltmiete=rent) for nr, rent in RENTS.items()]
    bare = {"mandant_nr": "001", "we_nr": "0007", "gebaeude_nr": "02"}
    more = {
        "verwaltungseinheit": [
            *(unit(HOUSE, nr) for nr in RENTS),
            unit(bare, "0002"),
            *MORE_LEERSTAENDE["verwaltungseinheit"],
        ],
        "leerstand": [*rents, *MORE_LEERSTAENDE["leerstand"], vacancy(bare, "0002", nettokaltmiete="0")],
    }
    return built(build, "immomio", more, kontakt_email=CONTACT["kontakt_email"])


def held(marts: Marts) -> dict[str, tuple[str, str]]:
    """Rule and reason of what is held of the vacancies, by id."""
    found = marts.database.execute(
        "select external_id, rule, reason from partners.immomio__held where entity = 'leerstaende'"
    ).fetchall()
    return {external_id: (rule, reason) for external_id, rule, reason in found}


def types(marts: Marts, model: str) -> list[str]:
    """The types of a model's columns."""
    return [
        str(kind) for _, kind, *_ in marts.database.execute(f"describe partners.immomio__{model}").fetchall()
    ]


def test_a_wirtschaftseinheit_is_an_economic_unit_with_the_address_of_its_gebaeude(immomio: Marts) -> None:
    assert bodies(immomio, "wirtschaftseinheiten") == {
        "001/0007": {
            "name": "Gartenstadt",
            "clientNumber": "001",
            "address": {  # Lindenweg 12a and Lindenweg, Germany and Austria
                "street": None,
                "houseNumber": None,
                "zipCode": "01067",
                "city": "Dresden",
                "country": None,
            },
        },
        "001/0009": {
            "name": "Am Park",
            "clientNumber": "001",
            "address": {
                "street": "Am Park",
                "houseNumber": "3b",
                "zipCode": "80331",
                "city": "München-Süd",  # the WE's own
                "country": "AT",
            },
        },
        "001/0010": {
            "name": "Zwei Häuser",
            "clientNumber": "001",
            "address": {
                "street": None,
                "houseNumber": None,
                "zipCode": "90402",
                "city": "Nürnberg",
                "country": "DE",
            },
        },
        "001/0011": {
            "name": "Nur ein Ort",
            "clientNumber": "001",
            "address": {
                "street": None,
                "houseNumber": None,
                "zipCode": None,
                "city": "Fürth",
                "country": None,
            },
        },
        "002/0001": {"name": "0001", "clientNumber": "002", "address": None},
    }


def test_a_verwaltungseinheit_is_a_unit_with_everything_that_immomio_takes(immomio: Marts) -> None:
    found = bodies(immomio, "verwaltungseinheiten")
    assert found["001/0009/03/0017"] == {
        "economicUnitExternalId": "001/0009",
        "buildingNumber": "03",
        "unitNumber": "0017",
        "type": "RESIDENTIAL",
        "address": {
            "street": "Am Park",
            "houseNumber": "3b",
            "zipCode": "80331",
            "city": "München",
            "country": "AT",
        },
        "floor": 4,
        "size": 61.25,
        "rooms": 3.5,
        "constructionYear": 1978,
        "baseRent": 1234.56,
    }
    assert found["001/0007/01/0002"] == {
        "economicUnitExternalId": "001/0007",
        "buildingNumber": "01",
        "unitNumber": "0002",
        "type": "COMMERCIAL",
        "address": {
            "street": "Lindenweg",
            "houseNumber": "12a",
            "zipCode": "01067",
            "city": "Dresden",
            "country": "DE",
        },
        "floor": None,
        "size": 1080.5,  # nutzflaeche, without a wohnflaeche
        "rooms": None,
        "constructionYear": 1928,
        "baseRent": None,
    }


def test_every_living_unit_of_a_known_kind_in_a_gebaeude_of_a_we_goes_let_or_not(immomio: Marts) -> None:
    assert {key: body["type"] for key, body in bodies(immomio, "verwaltungseinheiten").items()} == {
        "001/0007/01/0001": "RESIDENTIAL",
        "001/0007/01/0002": "COMMERCIAL",
        "001/0007/02/G-1": "PARKING",
        "001/0009/03/0017": "RESIDENTIAL",
        "001/0010/01/1": "COMMERCIAL",
        "001/0010/01/2": "PARKING",
        "001/0010/01/3": "COMMERCIAL",
    }


def test_a_year_is_the_gebaeudes_and_no_year_is_no_other_ones(immomio: Marts) -> None:
    years = {key: body["constructionYear"] for key, body in bodies(immomio, "verwaltungseinheiten").items()}
    assert (years["001/0007/02/G-1"], years["001/0009/03/0017"]) == (None, 1978)  # um 1900


def test_every_body_is_one_that_the_contract_takes(immomio: Marts) -> None:
    for entity in ("wirtschaftseinheiten", "verwaltungseinheiten"):
        schema: dict[str, Any] = CONTRACT.schema(entity, "create")
        required = [name for name in schema["required"] if name != "externalId"]
        validator = OAS31Validator(
            {**schema, "required": required, "additionalProperties": False},
            format_checker=OAS31Validator.FORMAT_CHECKER,
        )
        found = bodies(immomio, entity)
        assert found
        assert {key: [e.message for e in validator.iter_errors(body)] for key, body in found.items()} == {
            key: [] for key in found
        }


# ---- rules


def test_e1_l1_other_mandanten_and_deleted_ones_stay_away(immomio: Marts) -> None:
    ids = {key for entity in CONTRACT.entities for key in bodies(immomio, entity)}
    assert not {key for key in ids if key.startswith("900") or key == "001/0012"}


def test_i3_without_a_we_or_a_gebaeude_nothing_is_sent_and_it_is_reported(immomio: Marts) -> None:
    ids = {key for entity in CONTRACT.entities for key in bodies(immomio, entity)}
    assert not {key for key in ids if key.startswith("002/77")}
    assert ("gebaeude", "002/77") in immomio.findings("immomio", "I3")


def test_v1_a_unit_of_a_kind_that_immomio_does_not_know_is_held_and_reported(immomio: Marts) -> None:
    refused = {("verwaltungseinheit", "001/0010/02/5"), ("verwaltungseinheit", "002/0001/01/0001")}
    assert refused <= immomio.findings("immomio", "V1")
    assert immomio.finding("immomio", "verwaltungseinheit", "001/0010/02/5")["value"] == "Baumhaus"
    assert not {key for _, key in refused} & bodies(immomio, "verwaltungseinheiten").keys()
    held = immomio.database.execute(
        "select external_id from partners.immomio__held where rule = 'V1'"
    ).fetchall()
    assert {(key,) for _, key in refused} <= set(held)


def test_i5_a_number_with_the_separator_keeps_the_row_back(immomio: Marts) -> None:
    assert immomio.findings("immomio", "I5") == {
        ("wirtschaftseinheit", "001/00/9"),
        ("verwaltungseinheit", "001/00/9/01/0001"),
    }
    held = immomio.database.execute(
        "select entity, external_id from partners.immomio__held where rule = 'I5'"
    ).fetchall()
    assert ("wirtschaftseinheiten", "001/00/9") in held


# ---- vacancies


@pytest.mark.parametrize("number", IMMOBILIEN)
def test_a_released_vacancy_is_an_immobilie_with_what_the_erp_knows(vacancies: Marts, number: str) -> None:
    contact = {"email_zentrale": "post@example.org", "name": "Bauverein Muster eG"}
    assert bodies(vacancies, "leerstaende")[number] == {**IMMOBILIEN[number], "kontaktperson": contact}


def test_the_kind_of_a_vacancy_is_that_of_its_unit(vacancies: Marts) -> None:
    sent = bodies(vacancies, "leerstaende")
    kinds = {
        key: next((kind, value) for kind, value in body["objektkategorie"]["objektart"].items() if value)
        for key, body in sent.items()
    }
    assert kinds["001/0007/01/0009"] == ("parken", {"parken_typ": "TIEFGARAGE"})
    assert kinds["001/0007/03/0001"] == ("haus", {"haustyp": "EINFAMILIENHAUS"})
    assert kinds["001/0007/01/0030"] == ("gastgewerbe", {"gastgew_typ": "GASTRONOMIE"})
    assert kinds["001/0007/01/0031"] == ("hallen_lager_prod", {"hallen_typ": "LAGER"})
    assert kinds["001/0007/01/0032"] == ("sonstige", {"sonstige_typ": "SONSTIGE"})
    fittings = sent["001/0007/01/0030"]["ausstattung"]
    assert (fittings["fahrradraum"], fittings["gaestewc"]) == (True, None)
    assert sent["002/77/0001"]["kontaktperson"]["name"] == "Muster Zwei"
    assert kinds["001/0007/01/0022"] == ("wohnung", {"wohnungtyp": "KEINE_ANGABE"})
    assert sent["001/0007/03/0001"]["geo"]["land"] == {"iso_land": "AUT"}


def test_le2_only_a_vacancy_with_a_rent_above_0_that_can_be_read_goes(vacancies: Marts) -> None:
    sent = bodies(vacancies, "leerstaende")
    assert {key: body["preise"]["nettokaltmiete"] for key, body in sent.items()} == {
        FLAT: 612.4,
        "001/0007/01/0002": 500,
        "001/0007/01/0008": 701,  # the first of two
        "001/0007/01/0009": 65,
        "001/0007/01/0022": 0.01,
        "001/0007/01/0025": 600,
        **{f"001/0007/01/{number}": 500 for number in (*OFFERED_KINDS, "0040")},
        "001/0007/03/0001": 500,
        "002/77/0001": 500,  # of an ERP without WE
    }
    assert vacancies.findings("immomio", "LE1") == {
        ("leerstand", "001/0007/01/0007"),
        ("leerstand", "001/0007/01/0041"),
    }
    assert vacancies.findings("immomio", "LE2") == {
        ("leerstand", f"001/0007/{number}")
        for number in ("01/0006", "01/0013", "01/0020", "01/0021", "01/0026", "02/0002")
    }
    assert vacancies.finding("immomio", "leerstand", "001/0007/01/0021")["value"] == "-50.00"
    assert vacancies.finding("immomio", "leerstand", "001/0007/01/0006")["value"] is None


def test_le2_a_rent_of_nothing_is_no_doubt_and_one_that_cannot_be_read_is(vacancies: Marts) -> None:
    found = held(vacancies)
    said = "the Nettokaltmiete cannot be read"
    assert {key: why for key, why in found.items() if why[0] == "V1"} == {
        "001/0007/01/0012": (
            "V1",
            "objektart Sonstiges: neither objektart of the vacancy nor the seed ve_arten says what it is",
        ),
        "001/0007/01/0023": ("V1", f"nettokaltmiete auf Anfrage: {said}"),
        "001/0007/01/0024": ("V1", f"nettokaltmiete 1.234: {said}"),
        "001/0007/02/0001": ("V1", "ort: OpenImmo requires a postcode or a town"),
    }
    assert {key for key, why in found.items() if why[0] != "V1"} == {
        "001/0007/01/0005",
        "001/0007/01/0042",  # an offer of an unknown kind
        "001/0007/01/?",
        "001/00/9/01/0001",
    }
    assert ("leerstand", "001/0007/01/0023") in vacancies.findings("immomio", "V1")
    assert vacancies.finding("immomio", "leerstand", "001/00/9/01/0001")["rule"] == "I5"


def test_what_is_held_says_all_that_the_plan_asks(vacancies: Marts) -> None:
    said = "nettokaltmiete 1.234: the Nettokaltmiete cannot be read"
    found = vacancies.database.execute(
        "select * from partners.immomio__held where entity = 'leerstaende'"
        " and external_id in ('001/0007/01/0024', '001/0007/01/?') order by external_id"
    )
    unknown = ("C7", "verwaltungseinheit", "row 30: no ve_nr", False, None, True, "/", None)
    assert found.fetchall() == [
        ("leerstaende", "001/0007/01/0024", "V1", "leerstand", said, False, None, True, None, None),
        ("leerstaende", "001/0007/01/?", *unknown),
    ]
    assert types(vacancies, "held") == ["VARCHAR"] * 5 + [
        "BOOLEAN",
        "VARCHAR",
        "BOOLEAN",
        "VARCHAR",
        "VARCHAR",
    ]


def test_a_vacancy_of_a_unit_that_is_gone_is_gone_for_sure(vacancies: Marts) -> None:
    found = vacancies.database.execute(
        "select * from partners.immomio__departures"
        " where entity = 'leerstaende' and external_id = '001/0007/01/0011'"
    )
    assert found.fetchall() == [("leerstaende", "001/0007/01/0011", True, None, None)]
    assert types(vacancies, "departures") == ["VARCHAR", "VARCHAR", "BOOLEAN", "DATE", "DATE"]


def test_every_immobilie_keeps_the_rules_of_openimmo(vacancies: Marts) -> None:
    now = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
    sent = bodies(vacancies, "leerstaende")
    made = [openimmo.objekt(number, body, "", now) for number, body in sent.items()]
    assert [openimmo.problems(one) for one in made] == [()] * 12
    document = openimmo.transfer(made, now, "1")
    assert broken_rules(document) == []
    assert schema_errors(document) in ([], None)
