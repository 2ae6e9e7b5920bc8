"""What casavi gets of a small stock, every body by hand: the small stock of all partners and what E6 bites on."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from tests.conftest import Build
from tests.partners.bestand import (
    CONDOMINIUM,
    FLAT,
    GARTENSTADT,
    LINDENWEG,
    Tables,
    contact,
    lease,
    owner,
    person,
    tenant,
    with_bestand,
)
from tests.partners.conftest import STICHTAG, Marts, bodies_of

CONTRACT = load_contract("casavi")
bodies = partial(bodies_of, CONTRACT)

EMPTY = {**LINDENWEG, "ve_nr": "0003"}
ENDED = {**LINDENWEG, "ve_nr": "0004"}
FULL = {**LINDENWEG, "ve_nr": "0005"}
OWN_HOUSE = {**GARTENSTADT, "gebaeude_nr": "03"}
OWN_USE = {**OWN_HOUSE, "ve_nr": "0001"}
FIELD = {"mandant_nr": "001", "we_nr": "0008"}
BARN = {**FIELD, "gebaeude_nr": "01"}
NAMELESS = {**BARN, "ve_nr": "0001"}
PARK = {"mandant_nr": "001", "we_nr": "0009"}
PARK_3 = {
    **PARK,
    "gebaeude_nr": "03",
    "strasse": "Am Park",
    "hausnummer": "3",
    "plz": "80331",
    "ort": "München",
}
PARK_5 = {
    **PARK,
    "gebaeude_nr": "05",
    "strasse": "Am Park",
    "hausnummer": "5",
    "plz": "80333",
    "ort": "München",
}
PARK_7 = {**PARK, "gebaeude_nr": "07", "plz": "80335", "ort": "Unterhaching"}
PARK_FLATS = [
    {**PARK, "gebaeude_nr": nr, "ve_nr": ve}
    for nr, ve in (("03", "2"), ("03", "1"), ("05", "1"), ("07", "1"))
]

MORE: Tables = {
    "wirtschaftseinheit": [
        {**FIELD, "bezeichnung": "Feld"},
        {**PARK, "bezeichnung": "Am Park", "ort": "München-Süd"},
    ],
    "gebaeude": [
        {**OWN_HOUSE, "strasse": "Birkenweg", "hausnummer": "8", "plz": "99999", "ort": "Anderswo"},
        BARN,
        PARK_3,
        PARK_5,
        PARK_7,
    ],
    "verwaltungseinheit": [
        EMPTY,
        ENDED,
        {**FULL, "bezeichnung": "Dachwohnung"},
        OWN_USE,
        NAMELESS,
        *PARK_FLATS,
    ],
    "mietvertrag": [
        lease(ENDED, "01", mietende="2026-03-30"),
        lease(FULL, "07", mietbeginn="2026-04-01", mietende="2031-05-30"),
        lease(OWN_USE, "01", vertragsart="Eigennutzung"),
        lease(NAMELESS, "01"),
        lease(CONDOMINIUM, "E09"),  # arrives at the id of the owner contract 09, which is not sent (V1)
        *[lease(flat, "01") for flat in PARK_FLATS],
    ],
    "mietvertrag_ve": [
        {
            **FLAT,
            "mv_nr": "01",
            "ve_mandant_nr": "001",
            "ve_we_nr": "0007",
            "ve_gebaeude_nr": "01",
            "ve_ve_nr": "0003",
            "ist_haupteinheit": "N",
        }
    ],
    "mieter": [
        tenant(ENDED, "01", "P101"),
        tenant(FULL, "07", "P500"),
        tenant(OWN_USE, "01", "P302"),
        tenant(NAMELESS, "01", "P401"),
        tenant(CONDOMINIUM, "E09", "P101"),
        tenant(NAMELESS, "01", "P402"),
        *[tenant(flat, "01", "P103") for flat in PARK_FLATS],
    ],
    "eigentuemervertrag": [
        {**EMPTY, "ev_nr": "01", "beginn": "2019-01-01"},  # of a flat that is not let
        {**CONDOMINIUM, "ev_nr": "07"},  # without a begin
        {**CONDOMINIUM, "ev_nr": "09"},  # without a begin
        {**CONDOMINIUM, "ev_nr": "08", "beginn": "2020-05-17", "ende": "2033-03-29"},
    ],
    "eigentuemer": [
        owner(EMPTY, "01", "P302"),
        owner(CONDOMINIUM, "07", "P303"),
        owner(CONDOMINIUM, "08", "P304"),
        owner(CONDOMINIUM, "09", "P101"),
    ],
    "person": [
        person("P302", "Leerer"),
        person("P303", "Zeitlos"),
        {
            "person_nr": "P304",
            "person_art": "juristisch",
            "anrede": "Firma",
            "firma1": "Bau & Boden AG",
            "ort": "Malmö",
            "land": "SE",
        },
        {"person_nr": "P401", "person_art": "natuerlich", "vorname": "Nurvorname"},
        {"person_nr": "P402", "person_art": "juristisch", "vorname": "Keine Firma"},
        person(
            "P500",
            "Großmann",
            vorname="Ünal",
            anrede="Herr",
            titel="Prof. Dr.",
            strasse="Rue de la Gare",
            hausnummer="9",
            plz="L-1611",
            ort="Luxemburg",
            land="LU",
        ),
    ],
    "kontaktweg": [
        contact("P500", "E-Mail", "UENAL@example.org"),
        contact("P500", "Festnetz", "00352 27 88"),
        contact("P500", "Handynummer", "+352 621 100 017"),
    ],
}
STOCK = with_bestand(MORE)


def casavi_vars(separator: str, **more: str) -> dict[str, Any]:
    setting = {"aktiv": True, "separator": separator, "mandanten": ["001", "002"], **more}
    return {"stichtag": STICHTAG, "partners": {"casavi": setting}}


@pytest.fixture(scope="module")
def casavi(build: Build) -> Marts:
    """Separator /, addresses in the units; the data tests have passed."""
    return Marts(build(STOCK, select=["+casavi"], vars=casavi_vars("/"), tests=True))


@pytest.fixture(scope="module")
def grouped(casavi: Marts, rebuild: Build) -> Marts:
    """The same rows with the separator |, addresses in the property."""
    return Marts(rebuild(casavi.database, "casavi", casavi_vars("|", adressen="liegenschaft")))


def test_a_wirtschaftseinheit_is_a_property_with_what_its_let_gebaeude_agree_on(casavi: Marts) -> None:
    assert bodies(casavi, "liegenschaften") == {
        "001/0007": {
            "name": "Gartenstadt",
            "number": "0007",
            "postalCode": "01067",
            "city": "Dresden",
            "country": None,  # Germany and Austria
        },
        "001/0009": {
            "name": "Am Park",
            "number": "0009",
            "postalCode": None,  # three of them
            "city": "München-Süd",  # the WE's own
            "country": "Germany",
        },
        "002/0001": {
            "name": "0001",
            "number": "0001",
            "postalCode": None,
            "city": None,
            "country": "Germany",
        },
    }


def test_a_let_verwaltungseinheit_is_a_unit_with_the_street_line_of_its_gebaeude(casavi: Marts) -> None:
    found = bodies(casavi, "einheiten")
    assert found["001/0007/01/0001"] == {
        "propertyId": "001/0007",
        "name": "Wohnung 1",
        "number": "0001",
        "address": "Lindenweg 12a",
    }
    assert found["001/0007/02/G-1"] == {
        "propertyId": "001/0007",
        "name": "G-1",
        "number": "G-1",
        "address": "Lindenweg",
    }
    assert {key: body["address"] for key, body in found.items()} == {
        "001/0007/01/0001": "Lindenweg 12a",
        "001/0007/01/0002": "Lindenweg 12a",
        "001/0007/01/0005": "Lindenweg 12a",
        "001/0007/02/G-1": "Lindenweg",
        "001/0009/03/1": "Am Park 3",
        "001/0009/03/2": "Am Park 3",
        "001/0009/05/1": "Am Park 5",
        "001/0009/07/1": None,
        "002/0001/01/0001": None,
    }


def test_a_tenant_is_a_contact_with_everything_that_casavi_takes(casavi: Marts) -> None:
    assert bodies(casavi, "kontakte")["P500"] == {
        "salutation": "Herr",
        "title": "Prof. Dr.",
        "firstName": "Ünal",
        "lastName": "Großmann",
        "companyName": None,
        "email": "uenal@example.org",
        "telephone": "00352 27 88",
        "mobile": "+352 621 100 017",
        "street": "Rue de la Gare 9",
        "postalCode": "L-1611",
        "city": "Luxemburg",
        "country": "Luxembourg",
    }


def test_a_company_has_a_company_name_and_no_last_name(casavi: Marts) -> None:
    names = ("salutation", "firstName", "lastName", "companyName")
    assert {key: [body[name] for name in names] for key, body in bodies(casavi, "kontakte").items()} == {
        "P100": ["Frau", "Jördis", "Ährenfeld", None],
        "P101": [None, "Falk", "Ohnepost", None],
        "P102": ["Eheleute", "Erika und Max", "Muster", None],
        "P103": ["Hochwohlgeboren", None, "Vierling", None],
        "P200": [None, None, None, "Kiosk Nord GmbH"],
        "P301": [None, "Orla", "Eigen", None],
        "P304": ["Firma", None, None, "Bau & Boden AG"],
        "P500": ["Herr", "Ünal", "Großmann", None],
    }


def test_a_country_that_the_seed_does_not_name_goes_as_the_erp_has_it(casavi: Marts) -> None:
    found = bodies(casavi, "kontakte")
    assert {key: (found[key]["city"], found[key]["country"]) for key in ("P102", "P304", "P500")} == {
        "P102": ("Dresden", "Germany"),
        "P304": ("Malmö", "SE"),
        "P500": ("Luxemburg", "Luxembourg"),
    }


def test_every_tenant_of_a_lease_has_a_contract_of_the_type_renter(casavi: Marts) -> None:
    found = bodies(casavi, "vertraege_mieter")
    assert found["001/0007/01/0005/07/P500"] == {
        "type": "RENTER",
        "number": "07",
        "propertyId": "001/0007",
        "unitId": "001/0007/01/0005",
        "contactId": "P500",
        "startDate": "2026-04-01",
        "endDate": "2031-05-30",
    }
    dates = {
        key: (body["unitId"], body["contactId"], body["startDate"], body["endDate"])
        for key, body in found.items()
    }
    assert dates == {
        "001/0007/01/0001/01/P100": ("001/0007/01/0001", "P100", "2020-02-01", None),
        "001/0007/01/0001/01/P101": ("001/0007/01/0001", "P101", "2020-02-01", None),
        "001/0007/01/0001/01/P102": ("001/0007/01/0001", "P102", "2021-05-01", "2099-12-30"),
        "001/0007/01/0002/01/P200": ("001/0007/01/0002", "P200", "2020-02-01", "2098-06-30"),
        "001/0007/01/0005/07/P500": ("001/0007/01/0005", "P500", "2026-04-01", "2031-05-30"),
        "001/0007/02/G-1/01/P101": ("001/0007/02/G-1", "P101", "2020-02-01", None),
        "001/0009/03/1/01/P103": ("001/0009/03/1", "P103", "2020-02-01", None),
        "001/0009/03/2/01/P103": ("001/0009/03/2", "P103", "2020-02-01", None),
        "001/0009/05/1/01/P103": ("001/0009/05/1", "P103", "2020-02-01", None),
        "001/0009/07/1/01/P103": ("001/0009/07/1", "P103", "2020-02-01", None),
        "002/0001/01/0001/06/P103": ("002/0001/01/0001", "P103", "2020-02-01", None),
        "002/0001/01/0001/E09/P101": ("002/0001/01/0001", "P101", "2020-02-01", None),
    }


def test_every_owner_of_a_let_unit_has_a_contract_of_the_type_owner(casavi: Marts) -> None:
    found = bodies(casavi, "vertraege_eigentuemer")
    assert found["002/0001/01/0001/E08/P304"] == {
        "type": "OWNER",
        "number": "08",
        "propertyId": "002/0001",
        "unitId": "002/0001/01/0001",
        "contactId": "P304",
        "startDate": "2020-05-17",
        "endDate": "2033-03-29",
    }
    assert {key: (body["unitId"], body["contactId"]) for key, body in found.items()} == {
        "001/0007/01/0001/E04/P301": ("001/0007/01/0001", "P301"),
        "001/0007/01/0002/E02/P301": ("001/0007/01/0002", "P301"),
        "002/0001/01/0001/E01/P100": ("002/0001/01/0001", "P100"),
        "002/0001/01/0001/E01/P301": ("002/0001/01/0001", "P301"),
        "002/0001/01/0001/E08/P304": ("002/0001/01/0001", "P304"),
    }


def test_every_body_is_one_that_the_contract_takes(casavi: Marts, grouped: Marts) -> None:
    for marts in (casavi, grouped):
        for entity in CONTRACT.entities:
            validator = OAS31Validator(
                {**CONTRACT.schema(entity, "create"), "additionalProperties": False},
                format_checker=OAS31Validator.FORMAT_CHECKER,
            )
            found = bodies(marts, entity)
            assert found
            assert {key: [e.message for e in validator.iter_errors(body)] for key, body in found.items()} == {
                key: [] for key in found
            }


def test_with_addresses_in_the_property_a_street_line_lists_its_units(grouped: Marts) -> None:
    properties = bodies(grouped, "liegenschaften")
    assert {key: body["addresses"] for key, body in properties.items()} == {
        "001|00/9": None,
        "001|0007": [
            {"street": "Lindenweg", "units": ["001|0007|02|G-1"]},
            {
                "street": "Lindenweg 12a",
                "units": ["001|0007|01|0001", "001|0007|01|0002", "001|0007|01|0005"],
            },
        ],
        "001|0009": [
            {"street": "Am Park 3", "units": ["001|0009|03|1", "001|0009|03|2"]},
            {"street": "Am Park 5", "units": ["001|0009|05|1"]},
        ],
        "002|0001": None,
    }
    assert {body["address"] for body in bodies(grouped, "einheiten").values()} == {None}
    assert (properties["001|0009"]["name"], properties["001|0009"]["city"]) == ("Am Park", "München-Süd")


# ---- rules


def test_e6_what_is_not_let_is_not_synced_and_reported(casavi: Marts) -> None:
    assert casavi.findings("casavi", "E6") == {
        ("verwaltungseinheit", "001/0007/01/0003"),  # empty, the second unit of another flat's lease
        ("verwaltungseinheit", "001/0007/01/0004"),  # its lease has ended
        ("verwaltungseinheit", "001/0007/03/0001"),  # its owner lives there
        ("verwaltungseinheit", "001/0008/01/0001"),  # its tenants have no name
        ("gebaeude", "001/0007/03"),
        ("gebaeude", "001/0008/01"),
        ("wirtschaftseinheit", "001/0008"),
    }
    assert casavi.finding("casavi", "wirtschaftseinheit", "001/0008") == {
        "rule": "E6",
        "table_name": "wirtschaftseinheit",
        "key": "001/0008",
        "column_name": None,
        "value": None,
        "partner": "casavi",
        "reason": "not let to a tenant who can be sent",
    }


def test_e6_nobody_without_a_name_and_no_owner_of_an_empty_flat_is_a_contact(casavi: Marts) -> None:
    assert not {"P302", "P303", "P401", "P402"} & set(bodies(casavi, "kontakte"))
    assert "001/0007/01/0003/E01/P302" not in bodies(casavi, "vertraege_eigentuemer")


def test_e6_a_tenant_needs_no_email(casavi: Marts) -> None:
    assert bodies(casavi, "kontakte")["P101"]["email"] is None
    assert "001/0007/02/G-1" in bodies(casavi, "einheiten")


def test_e1_other_mandanten_stay_away(casavi: Marts) -> None:
    ids = {key for entity in CONTRACT.entities for key in bodies(casavi, entity)}
    assert not {key for key in ids if key.startswith("900")}
    assert "P105" not in ids


def test_i3_without_a_wirtschaftseinheit_nothing_is_sent_and_the_gebaeude_is_reported(casavi: Marts) -> None:
    ids = {key for entity in CONTRACT.entities for key in bodies(casavi, entity)}
    assert not {key for key in ids if key.startswith("002/77")}
    assert casavi.findings("casavi", "I3") == {("gebaeude", "002/77")}


def test_i5_a_number_with_the_separator_keeps_the_row_back(casavi: Marts, grouped: Marts) -> None:
    assert casavi.findings("casavi", "I5") == {
        ("wirtschaftseinheit", "001/00/9"),
        ("gebaeude", "001/00/9/01"),
        ("verwaltungseinheit", "001/00/9/01/0001"),
        ("mietvertrag", "001/00/9/01/0001/01"),
        ("mieter", "001/00/9/01/0001/01/P104"),
        ("mieter", "002/0001/01/0001/05/P/9"),
        ("mietvertrag", "002/0001/01/0001/05"),
        ("mieter", "002/0001/01/0001/06/P/9"),
        ("eigentuemervertrag", "002/0001/01/0001/03"),
        ("eigentuemer", "002/0001/01/0001/03/P/9"),
    }
    assert grouped.findings("casavi", "I5") == set()
    assert "001|00/9|01|0001" in bodies(grouped, "einheiten")
    assert "P/9" in bodies(grouped, "kontakte")


def test_i6_of_a_lease_and_an_owner_contract_with_one_id_neither_is_sent_but_unit_and_contact_stay(
    casavi: Marts,
) -> None:
    assert "001/0007/01/0002/E02/P102" not in bodies(casavi, "vertraege_mieter")
    assert "001/0007/01/0002/E02/P102" not in bodies(casavi, "vertraege_eigentuemer")
    assert "P102" in bodies(casavi, "kontakte")
    assert casavi.findings("casavi", "I6") == {
        ("mieter", "001/0007/01/0002/E02/P102"),
        ("eigentuemer", "001/0007/01/0002/02/P102"),
    }


def test_i6_an_owner_contract_that_is_not_sent_holds_no_lease_back(casavi: Marts) -> None:
    assert bodies(casavi, "vertraege_mieter")["002/0001/01/0001/E09/P101"] == {
        "propertyId": "002/0001",
        "unitId": "002/0001/01/0001",
        "contactId": "P101",
        "type": "RENTER",
        "number": "E09",
        "startDate": "2020-02-01",
        "endDate": None,
    }
    assert ("eigentuemervertrag", "002/0001/01/0001/09") in casavi.findings("casavi", "V1")


def test_i7_a_person_who_rents_and_owns_is_one_contact_of_two_contracts(casavi: Marts) -> None:
    rents, owns = (bodies(casavi, name) for name in ("vertraege_mieter", "vertraege_eigentuemer"))
    contacts = {
        rents["001/0007/01/0001/01/P100"]["contactId"],
        owns["002/0001/01/0001/E01/P100"]["contactId"],
    }
    assert contacts == {"P100"}
    assert casavi.ids("casavi__kontakte").count("P100") == 1


def test_v1_an_owner_contract_without_a_begin_is_reported_and_not_dated_by_us(casavi: Marts) -> None:
    assert casavi.findings("casavi", "V1") == {
        ("eigentuemervertrag", "002/0001/01/0001/07"),
        ("eigentuemervertrag", "002/0001/01/0001/09"),
    }
    assert casavi.finding("casavi", "eigentuemervertrag", "002/0001/01/0001/07")["column_name"] == "beginn"
    assert "002/0001/01/0001/E07/P303" not in bodies(casavi, "vertraege_eigentuemer")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"adressen": "haus"}, "partners.casavi.adressen is haus; allowed: einheit, liegenschaft;"),
        (
            {"adresse": "einheit"},
            "partners.casavi.adresse is an unknown setting; allowed: aktiv, separator, mandanten, adressen;",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(dbt: Any, wrong: dict[str, Any], line: str) -> None:
    assert line in dbt.refusal(casavi_vars("/", **wrong))


def test_what_is_held_or_gone_says_all_that_the_plan_asks(marts: Marts) -> None:
    slash, no_mail = "a number contains the separator /", "no valid e-mail address: xxxxx"
    unit, lease_id, owned = "001/00/9/01/0001", "001/00/9/01/0001/01/P104", "002/0001/01/0001/E03/P/9"
    assert marts.held("casavi", unit, "P101", "P104", lease_id, owned) == [
        ("einheiten", unit, "I5", "verwaltungseinheit", slash, False, None, True, None, None),
        # A contact lives without an e-mail address: only this part of it is held.
        ("kontakte", "P101", "E5", "kontaktweg", no_mail, True, "@", False, None, "P101"),
        ("kontakte", "P104", "I5", "mieter", slash, False, None, False, None, "P104"),
        ("vertraege_eigentuemer", owned, "I5", "eigentuemer", slash, False, None, True, None, "P/9"),
        ("vertraege_mieter", lease_id, "I5", "mieter", slash, False, None, True, None, "P104"),
    ]
    assert marts.departures("casavi", unit, "001/0007/01/0001/01/P102", "001/0007/01/0001/E04/P301") == [
        ("einheiten", unit, False, None, None),
        (
            "vertraege_eigentuemer",
            "001/0007/01/0001/E04/P301",
            False,
            date(2018, 10, 1),
            date(2097, 11, 30),
        ),
        ("vertraege_mieter", "001/0007/01/0001/01/P102", False, date(2021, 5, 1), date(2099, 12, 30)),
    ]
