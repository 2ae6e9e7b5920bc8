"""What AktivBo gets of a small stock, every body by hand: consents, ended leases, companies, units without address."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import create_tables
from pipelines.plan.by_law import find_by_law
from tests.partners.bestand import Row, Tables, contact, lease, person, tenant
from tests.partners.conftest import STICHTAG, Marts
from tests.partners.haeuser import requests

WE = {"mandant_nr": "001", "we_nr": "0007"}
HOUSE = {**WE, "gebaeude_nr": "01"}
BARE = {**WE, "gebaeude_nr": "02"}
FLATS = [{**HOUSE, "ve_nr": f"{n:04d}"} for n in range(1, 6)]
NO_NUMBER = {**BARE, "ve_nr": "0001"}

# Person → consent; who has none at all is not in it.
CONSENTS: dict[str, Row] = {
    "P1": {"zweck": "aktivbo", "erteilt": "J", "erteilt_am": "2024-05-06"},
    "P2": {"zweck": " AktivBo ", "erteilt": "J", "erteilt_am": "2024-05-07", "widerrufen_am": "2026-03-31"},
    "P3": {"zweck": "aktivbo", "erteilt": "J", "erteilt_am": "2024-05-08", "widerrufen_am": "2026-04-01"},
    "P4": {"zweck": "aktivbo", "erteilt": "N"},
    "P5": {"zweck": "aktivbo", "erteilt": "vielleicht"},
    "P6": {"zweck": "aktivbo", "erteilt": "J", "erteilt_am": "2024-01-01", "widerrufen_am": "31.06.2025"},
    "P7": {"zweck": "newsletter", "erteilt": "J", "erteilt_am": "2024-01-01"},
    "P8": {"zweck": "aktivbo", "erteilt": "J", "erteilt_am": "2026-04-01"},
    "P9": {"zweck": "aktivbo", "erteilt": "J", "geloescht_kz": "L"},
    "F1": {"zweck": "aktivbo", "erteilt": "J"},
    "E1": {"zweck": "aktivbo", "erteilt": "J"},
    "E2": {"zweck": "aktivbo", "erteilt": "J"},
    "E3": {"zweck": "aktivbo", "erteilt": "J"},
    "N1": {"zweck": "aktivbo", "erteilt": "J"},
    "T1": {"zweck": "AktivBo", "erteilt": "J", "geaendert_am": "2025-01-01", "erteilt_am": "2023-01-01"},
}
ASKED = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"]

STOCK: Tables = {
    "mandant": [{"mandant_nr": "001", "name": "Muster"}],
    "wirtschaftseinheit": [{**WE, "bezeichnung": "Gartenstadt", "baujahr": "1911"}],
    "gebaeude": [
        {
            **HOUSE,
            "bezeichnung": "Vorderhaus",
            "strasse": "Lindenweg",
            "hausnummer": "12",
            "hausnummer_zusatz": "a",
            "plz": "01067",
            "ort": "Dresden",
            "baujahr": "1928",
            "aufzug": "J",
        },
        {**BARE, "strasse": "Hang", "plz": "01796", "ort": "Pirna"},
    ],
    "verwaltungseinheit": [
        {
            **FLATS[0],
            "ve_art": "Wohnung",
            "etage_lage": "2. OG",
            "lage": "links",
            "wohnflaeche": "61,05",
            "nutzflaeche": "70",
            "zimmer": "2 1/2",
            "ausstattung": "Keller, Balkon",
            "sollmiete": "512,30",
        },
        {**FLATS[1], "ausstattung": "Balkontür"},
        *FLATS[2:],
        NO_NUMBER,
    ],
    "mietvertrag": [
        lease(FLATS[0], "01", mietende="2027-06-30", kuendigung_am="2026-02-03", kuendigung_zum="2027-06-30"),
        lease(FLATS[1], "01", mietende="2025-12-31"),
        lease(FLATS[1], "02", mietende="2025-12-30"),
        lease(FLATS[1], "03", mietbeginn="2026-05-01"),
        lease(FLATS[2], "01", status_erp="storniert", mietende="2026-03-01"),
        lease(FLATS[3], "01"),
        lease(NO_NUMBER, "01"),
    ],
    "mieter": [
        *[tenant(FLATS[0], "01", nr) for nr in ASKED[1:]],
        {**tenant(FLATS[0], "01", "P1"), "rolle": "Hauptmieter", "gueltig_von": "2021-01-01"},
        tenant(FLATS[0], "01", "F1"),
        tenant(FLATS[1], "01", "E1"),
        tenant(FLATS[1], "01", "E2", gueltig_bis="2025-12-30"),
        tenant(FLATS[1], "02", "E3"),
        tenant(FLATS[1], "03", "E3"),
        tenant(FLATS[2], "01", "E3"),
        tenant(FLATS[3], "01", "T1"),
        tenant(NO_NUMBER, "01", "N1"),
        tenant(FLATS[0], "01", ""),  # nobody knows who
    ],
    "person": [
        person("P1", "Ährenfeld", anrede="Frau", vorname="Jördis", geburtsdatum="1980-02-29"),
        *[person(nr, "Muster") for nr in ASKED[1:]],
        {"person_nr": "F1", "person_art": "juristisch", "firma1": "Kiosk GmbH"},
        *[person(nr, "Muster") for nr in ("E1", "E2", "E3", "N1", "T1")],
    ],
    "kontaktweg": [
        contact("P1", "E-Mail", "joerdis@example.org"),
        contact("P1", "Handynummer", "0170 1"),
        contact("P1", "Festnetz", "0351 2"),
        contact("P3", "E-Mail", "keine"),
    ],
    "einwilligung": [
        *[{"person_nr": nr, **row} for nr, row in CONSENTS.items()],
        # Another spelling of the purpose, and newer: it decides.
        {"person_nr": "T1", "zweck": "aktivbo", "erteilt": "N", "geaendert_am": "2026-01-01"},
    ],
}
VARS = {"aktiv": True, "separator": "/", "mandanten": ["001"]}


@pytest.fixture(scope="module")
def aktivbo(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """With its data tests and unit tests."""
    settings = {"stichtag": STICHTAG, "quelle_erp": "wodis_sigma", "partners": {"aktivbo": VARS}}
    return Marts(build(STOCK, select=["+aktivbo"], vars=settings, tests=True, unit_tests=True))


def test_an_apartment_is_a_unit_with_its_building_and_estate(aktivbo: Marts) -> None:
    found = requests(aktivbo, "aktivbo", "wohnungen")
    assert found["001/0007/01/0001"] == {
        "client_number": "001",
        "economic_unit_number": "0007",
        "economic_unit_name": "Gartenstadt",
        "building_number": "01",
        "building_name": "Vorderhaus",
        "unit_number": "0001",
        "street": "Lindenweg",
        "house_number": "12a",
        "zip": "01067",
        "city": "Dresden",
        "floor": 2,
        "position": "links",
        "usage_type": "Wohnung",
        "living_area": 61.05,
        "rooms": 2.5,
        "construction_year": 1928,
        "elevator": True,
        "balcony": True,
        "net_rent": 512.3,
    }
    assert sorted(found) == [f"001/0007/01/000{n}" for n in range(1, 6)]
    assert found["001/0007/01/0002"]["balcony"] is None


def test_a_tenant_is_a_person_on_a_contract(aktivbo: Marts) -> None:
    assert requests(aktivbo, "aktivbo", "mieter")["001/0007/01/0001/01/P1"] == {
        "apartment_external_id": "001/0007/01/0001",
        "person_id": "P1",
        "contract_number": "01",
        "salutation": "Frau",
        "first_name": "Jördis",
        "last_name": "Ährenfeld",
        "email": "joerdis@example.org",
        "mobile": "0170 1",
        "phone": "0351 2",
        "language": "de",
        "birth_year": 1980,
        "contract_start": "2021-01-01",
        "contract_end": "2027-06-30",
        "termination_date": "2026-02-03",
        "is_main_tenant": True,
        "consent": True,
        "consent_date": "2024-05-06",
    }


def test_e7_only_a_consent_that_is_given_and_not_withdrawn_is_one(aktivbo: Marts) -> None:
    running = [i for i in aktivbo.ids("aktivbo__mieter") if i.startswith("001/0007/01/0001/01/")]
    assert running == ["001/0007/01/0001/01/P1", "001/0007/01/0001/01/P3"]
    found = aktivbo.database.execute(
        "select split_part(key, '/', 6), reason from quality.aktivbo__findings where rule = 'E7'"
        " and key like '001/0007/01/0001/%' order by all"
    ).fetchall()
    assert found == [
        ("P10", "there is no consent"),
        ("P2", "the consent is withdrawn since 2026-03-31"),
        ("P4", "the consent is refused"),
        ("P5", "the consent cannot be read"),
        ("P6", "the consent cannot be read"),
        ("P7", "there is no consent"),
        ("P8", "the consent is given from 2026-04-01"),
        ("P9", "there is no consent"),
    ]


def test_e7_the_newest_row_decides_whatever_the_spelling_of_its_purpose(aktivbo: Marts) -> None:
    assert "001/0007/01/0004/01/T1" not in aktivbo.ids("aktivbo__mieter")
    [reason] = aktivbo.database.execute(
        "select reason from quality.aktivbo__findings where rule = 'E7' and key = '001/0007/01/0004/01/T1'"
    ).fetchone()
    assert reason == "the consent is refused"


def test_e7_who_has_withdrawn_must_not_stay_and_nobody_else(aktivbo: Marts) -> None:
    withdrawn = {
        "entity": "mieter",
        "rule": "E7",
        "reason": "the consent is withdrawn since 2026-03-31",
        "person_nr": "P2",
    }
    assert aktivbo.rows("aktivbo__by_law") == [
        {**withdrawn, "external_id": "001/0007/01/0001/01/P2", "id_ends_with": None},
        {**withdrawn, "external_id": None, "id_ends_with": "/P2"},
    ]


def test_e7_a_withdrawal_finds_what_is_there_of_a_lease_that_is_not_delivered(aktivbo: Marts) -> None:
    db = aktivbo.database
    create_tables(db)
    for key in ("001/0009/09/1/01/P2", "001/0009/09/1/01/P22", "001/0009/09/1/P2/P1"):
        db.execute(
            "insert into sync.ledger (partner, entity, id_space, external_id, remote_id, state)"
            " values ('aktivbo', 'mieter', 'mieter', $key, $key, 'synced')",
            {"key": key},
        )
    find_by_law(db, load_contract("aktivbo"))
    found = db.execute("select external_id, rule from by_law order by all").fetchall()
    db.execute("delete from sync.ledger where external_id like '001/0009/09/%'")
    assert found == [("001/0007/01/0001/01/P2", "E7"), ("001/0009/09/1/01/P2", "E7")]


def test_e7_who_has_not_consented_is_gone_whatever_else_is_in_doubt(aktivbo: Marts) -> None:
    gone = aktivbo.database.execute(
        "select split_part(external_id, '/', 6) from partners.aktivbo__departures"
        " where entity = 'mieter' and is_gone and external_id like '001/0007/01/0001/%' order by all"
    ).fetchall()
    assert [nr for (nr,) in gone] == ["P10", "P2", "P4", "P5", "P6", "P7", "P8", "P9"]


def test_ab1_leases_stay_for_ninety_days_with_those_who_were_tenants_to_the_end(aktivbo: Marts) -> None:
    others = [i for i in aktivbo.ids("aktivbo__mieter") if not i.startswith("001/0007/01/0001/")]
    # Ended 90 days ago; not the one of 91 days, not who had moved out before, nothing cancelled; one that is to begin.
    assert others == ["001/0007/01/0002/01/E1", "001/0007/01/0002/03/E3"]
    assert str(aktivbo.row("aktivbo__mieter", "001/0007/01/0002/01/E1")["contract_end"]) == "2025-12-31"


def test_ab2_a_company_is_no_tenant(aktivbo: Marts) -> None:
    assert aktivbo.findings("aktivbo", "AB2") == {("mieter", "001/0007/01/0001/01/F1")}


def test_v1_a_unit_without_a_whole_address_stays_behind_with_its_tenants_and_is_held(aktivbo: Marts) -> None:
    assert aktivbo.finding("aktivbo", "verwaltungseinheit", "001/0007/02/0001")["column_name"] == "hausnummer"
    assert not [i for i in aktivbo.ids("aktivbo__mieter") if i.endswith("/N1")]
    said = "hausnummer: AktivBo requires the house number"
    assert aktivbo.held("aktivbo", "001/0007/02/0001") == [
        ("wohnungen", "001/0007/02/0001", "V1", "verwaltungseinheit", said, False, None, True, None, None)
    ]


def test_what_is_held_or_gone_says_all_that_the_plan_asks(aktivbo: Marts) -> None:
    unreadable, unknown = "001/0007/01/0001/01/P3", "001/0007/01/0001/01/?"
    said = "no valid e-mail address: xxxxx"
    assert aktivbo.held("aktivbo", unreadable, unknown) == [
        ("mieter", unknown, "C7", "mieter", "row 19: no person_nr", False, None, True, "/", None),
        ("mieter", unreadable, "E5", "kontaktweg", said, True, "@", False, None, "P3"),
    ]
    ended, unit = "001/0007/01/0002/01/E1", "001/0007/01/0002"
    assert aktivbo.departures("aktivbo", ended, unit) == [
        ("mieter", ended, True, date(2020, 2, 1), date(2025, 12, 31)),
        ("wohnungen", unit, False, None, None),
    ]


def test_every_body_is_what_the_contract_takes(aktivbo: Marts) -> None:
    contract = load_contract("aktivbo")
    for entity in contract.entities:
        validator = OAS31Validator(contract.schema(entity, "create"))
        for external_id, body in requests(aktivbo, "aktivbo", entity).items():
            assert list(validator.iter_errors({**body, "external_id": external_id})) == [], json.dumps(body)


def test_nothing_in_an_apartment_is_personal(aktivbo: Marts) -> None:
    bodies = json.dumps(requests(aktivbo, "aktivbo", "wohnungen"), ensure_ascii=False)
    assert not [word for word in ("Muster", "Ährenfeld", "joerdis", "P1") if word in bodies]


def test_the_settings_choose_days_after_the_end_and_only_units_with_consent(build: Any) -> None:
    chosen = {**VARS, "tage_nach_ende": 91, "wohnungen": "mit_einwilligung"}
    settings = {"stichtag": STICHTAG, "quelle_erp": "wodis_sigma", "partners": {"aktivbo": chosen}}
    marts = Marts(build(STOCK, select=["+aktivbo"], vars=settings))
    assert "001/0007/01/0002/02/E3" in marts.ids("aktivbo__mieter")
    assert marts.ids("aktivbo__wohnungen") == ["001/0007/01/0001", "001/0007/01/0002"]
