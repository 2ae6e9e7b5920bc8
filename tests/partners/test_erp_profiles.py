"""The six ERPs side by side, each with a small stock of its own, through to the marts; every id by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.explain.erp_keys import ErpKeys
from pipelines.sandbox.server import Sandbox
from tests.partners.conftest import PARTNERS, Marts, partner_vars
from tests.push.site import Site

Row = dict[str, str]

# One Mandant an ERP. SAP's units name no Gebäude, UTS KARTHAGO has no WE.
SIGMA = {"mandant_nr": "WS", "we_nr": "0001", "gebaeude_nr": "01", "quelle_erp": "wodis_sigma"}
YUNEO = {"mandant_nr": "WY", "we_nr": "0001", "gebaeude_nr": "01", "quelle_erp": "wodis_yuneo"}
GAP = {"mandant_nr": "GAP", "we_nr": "0001", "gebaeude_nr": "01", "quelle_erp": "gap_immotion"}
RELION = {"mandant_nr": "REL", "we_nr": "0-00021", "gebaeude_nr": "01", "quelle_erp": "relion"}
SAP = {"mandant_nr": "1000", "we_nr": "00000123", "quelle_erp": "sap_blue_eagle"}
UTS = {"mandant_nr": "UTS", "gebaeude_nr": "01", "quelle_erp": "uts_karthago"}
HOUSES = (SIGMA, YUNEO, GAP, RELION, {**SAP, "gebaeude_nr": "00000001"}, UTS)
STOCKS = (SIGMA, YUNEO, GAP, RELION, SAP, UTS)

GARDEN = {**RELION, "gebaeude_nr": "", "ve_nr": "G1"}
GARAGE = {**SAP, "we_nr": "00000124", "ve_nr": "00000009"}
SAP_LEASE = {**SAP, "ve_nr": "00000004", "mv_nr": "0000000000017"}


def unit(stock: Row) -> Row:
    return {**stock, "ve_nr": "00000004" if stock is SAP else "0004"}


def lease(stock: Row) -> Row:
    return SAP_LEASE if stock is SAP else {**unit(stock), "mv_nr": "02"}


def tenant_nr(stock: Row) -> str:
    return f"P{stock['mandant_nr']}"


def let_unit(**other: str) -> Row:
    return {f"ve_{column}": other[column] for column in ("mandant_nr", "we_nr", "ve_nr")}


def _without(row: Row, column: str) -> Row:
    return {name: value for name, value in row.items() if name != column}


TABLES: dict[str, list[Row]] = {
    "mandant": [{"mandant_nr": stock["mandant_nr"], "quelle_erp": stock["quelle_erp"]} for stock in STOCKS],
    "wirtschaftseinheit": [
        *[_without(stock, "gebaeude_nr") for stock in STOCKS if stock is not UTS],
        {**SAP, "we_nr": "00000124"},
        {**SAP, "we_nr": "00000999", "geloescht_kz": "L"},
        {"mandant_nr": "UTS", "we_nr": "5", "quelle_erp": "uts_karthago"},
    ],
    "gebaeude": [{**house, "strasse": "Am Anger", "hausnummer": "7b"} for house in HOUSES],
    "verwaltungseinheit": [
        *[{**unit(stock), "etage_lage": "3. OG", "etage": "7"} for stock in STOCKS],
        {**SIGMA, "gebaeude_nr": "", "ve_nr": "0005"},
        {**GARDEN, "etage_lage": "Erdgeschoss"},
        GARAGE,
        {**SAP, "we_nr": "00000999", "ve_nr": "1"},
        {**SAP, "we_nr": "00000404", "ve_nr": "1"},
        {**SAP, "we_nr": "", "ve_nr": "1"},
    ],
    "mietvertrag": [
        {**row, "vertragsart": "Miete", "mietbeginn": "2020-02-01"}
        for row in (*[lease(stock) for stock in STOCKS], {**GARDEN, "mv_nr": "01"})
    ],
    "mietvertrag_ve": [
        {**SAP_LEASE, **let_unit(**SAP_LEASE), "ist_haupteinheit": "X"},
        {**SAP_LEASE, **let_unit(**GARAGE)},
    ],
    "mieter": [
        *[{**lease(stock), "person_nr": tenant_nr(stock), "rolle": "Hauptmieter"} for stock in STOCKS],
        {**GARDEN, "mv_nr": "01", "person_nr": "PREL", "rolle": "Hauptmieter"},
    ],
    "mietkondition": [
        {
            **lease(stock),
            "kondition_art": "Nettokaltmiete",
            "gueltig_von": "2020-02-01",
            "betrag_netto": "612,5",
        }
        for stock in STOCKS
    ],
    "eigentuemervertrag": [{**unit(stock), "ev_nr": "03", "beginn": "2015-07-01"} for stock in STOCKS],
    "eigentuemer": [{**unit(stock), "ev_nr": "03", "person_nr": "PEIG"} for stock in STOCKS],
    "person": [
        {"person_nr": number, "person_art": "natuerlich", "nachname": f"Muster {number}"}
        for number in ["PEIG", *[tenant_nr(stock) for stock in STOCKS]]
    ],
    "kontaktweg": [
        {"person_nr": number, "lfd_nr": "1", "art": "E-Mail", "wert": f"{number}@example.org"}
        for number in [tenant_nr(stock) for stock in STOCKS]
    ],
}

WITH_GEBAEUDE = ["GAP/0001/01", "REL/0-00021/01", "UTS/01", "WS/0001/01", "WY/0001/01"]


CHOSEN = [*[f"+{partner}" for partner in PARTNERS], "+stg_erp__mietvertrag_ve", "+stg_erp__mietkondition"]


@pytest.fixture(scope="module")
def six_erps(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """All four partners for all six ERPs."""
    return Marts(build(TABLES, select=CHOSEN, vars=partner_vars("/", "alle", PARTNERS)))


@pytest.mark.slow
def test_all_data_tests_hold_for_the_six_erps(build: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    build(TABLES, select=CHOSEN, vars=partner_vars("/", "alle", PARTNERS), tests=True)


def test_a_level_that_an_erp_does_not_have_is_left_out_of_the_ids(six_erps: Marts) -> None:
    assert six_erps.ids("kiwi__verwaltungseinheiten") == [
        "1000/00000123/00000004",
        "1000/00000124/00000009",
        "GAP/0001/01/0004",
        "REL/0-00021/01/0004",
        "REL/0-00021/G1",
        "UTS/01/0004",
        "WS/0001/01/0004",
        "WY/0001/01/0004",
    ]
    assert six_erps.ids("kiwi__mietvertraege") == [
        "1000/00000123/00000004/0000000000017/P1000",
        "GAP/0001/01/0004/02/PGAP",
        "REL/0-00021/01/0004/02/PREL",
        "REL/0-00021/G1/01/PREL",
        "UTS/01/0004/02/PUTS",
        "WS/0001/01/0004/02/PWS",
        "WY/0001/01/0004/02/PWY",
    ]


def test_the_floor_is_read_from_the_text_for_wodis_sigma_alone(six_erps: Marts) -> None:
    floors = {row["external_id"]: row["floor"] for row in six_erps.rows("kiwi__verwaltungseinheiten")}
    assert floors == {
        "1000/00000123/00000004": "7",
        "1000/00000124/00000009": None,
        "GAP/0001/01/0004": "7",
        "REL/0-00021/01/0004": "7",
        "REL/0-00021/G1": "0",
        "UTS/01/0004": "7",
        "WS/0001/01/0004": "3",
        "WY/0001/01/0004": "7",
    }


def test_kiwi_takes_a_unit_without_a_gebaeude_and_without_an_address(six_erps: Marts) -> None:
    addresses = {row["external_id"]: row["address"] for row in six_erps.rows("kiwi__verwaltungseinheiten")}
    assert addresses["1000/00000123/00000004"] is None
    assert addresses["REL/0-00021/G1"] is None
    assert addresses["UTS/01/0004"]["street"] == "Am Anger 7b"


@pytest.mark.parametrize(
    ("partner", "units", "leases", "owners"),
    [
        ("etg24", "etg24__einheiten", "etg24__mietvertraege", "etg24__eigentuemervertraege"),
        ("facilioo", "facilioo__einheiten", "facilioo__vertraege_mieter", "facilioo__vertraege_eigentuemer"),
        ("plentific", "plentific__unterobjekte", "plentific__unterobjekte_mieter", None),
    ],
)
def test_where_units_hang_on_a_gebaeude_one_without_is_not_sent_and_reported(
    six_erps: Marts, partner: str, units: str, leases: str, owners: str | None
) -> None:
    assert six_erps.ids(units) == [f"{house}/0004" for house in WITH_GEBAEUDE]
    assert [lease_id.split("/P")[0] for lease_id in six_erps.ids(leases)] == [
        f"{house}/0004/02" for house in WITH_GEBAEUDE
    ]
    if owners:
        assert [owner_id.split("/P")[0] for owner_id in six_erps.ids(owners)] == [
            f"{house}/0004/E03" for house in WITH_GEBAEUDE
        ]
    assert six_erps.findings(partner, "I3") == {
        ("verwaltungseinheit", "1000/00000123/00000004"),
        ("verwaltungseinheit", "1000/00000124/00000009"),
        ("verwaltungseinheit", "REL/0-00021/G1"),
    }


def test_an_owner_at_plentific_owns_only_units_that_are_there(six_erps: Marts) -> None:
    (owner,) = six_erps.rows("plentific__unterobjekte_vermieter")
    assert owner["unterobjekte_external_ids"] == [f"{house}/0004" for house in WITH_GEBAEUDE]


def test_kiwi_reports_no_missing_gebaeude(six_erps: Marts) -> None:
    assert six_erps.findings("kiwi", "I3") == set()


def test_without_a_we_a_gebaeude_has_no_group_and_no_project(six_erps: Marts) -> None:
    groups = {row["external_id"]: row["objektgruppen_external_id"] for row in six_erps.rows("etg24__objekte")}
    projects = {
        row["external_id"]: row["projekte_external_id"] for row in six_erps.rows("facilioo__gebaeude")
    }
    assert groups == projects
    assert groups["UTS/01"] is None
    assert groups["1000/00000123/00000001"] == "1000/00000123"


def test_a_missing_part_is_a_gap_only_where_the_erp_has_the_level(six_erps: Marts) -> None:
    judged = six_erps.database.execute(
        "select quelle_erp, ve_nr, _rule, _reason from staging.base_erp__verwaltungseinheit where _rule is not null"
    ).fetchall()
    assert sorted(judged) == [
        ("sap_blue_eagle", "1", "C7", "row 12: no we_nr"),
        ("sap_blue_eagle", "1", "L1", "wirtschaftseinheit 1000/00000999: geloescht_kz L"),
        ("sap_blue_eagle", "1", "L3", "no wirtschaftseinheit 1000/00000404"),
        ("wodis_sigma", "0005", "C7", "row 7: no gebaeude_nr"),
    ]


def test_rows_of_a_table_that_an_erp_does_not_have_are_not_used_and_reported(six_erps: Marts) -> None:
    rows = six_erps.database.execute(
        """
        select 'mietkondition', _rule, mandant_nr, _reason
        from staging.base_erp__mietkondition where _rule is not null
        union all
        select 'wirtschaftseinheit', _rule, mandant_nr, _reason
        from staging.base_erp__wirtschaftseinheit where _rule = 'I3'
        """
    ).fetchall()
    assert sorted(rows) == [
        ("mietkondition", "I3", "UTS", "uts_karthago has no mietkondition"),
        ("wirtschaftseinheit", "I3", "UTS", "uts_karthago has no wirtschaftseinheit"),
    ]


def test_a_lease_with_several_units_stays_on_its_main_unit(six_erps: Marts) -> None:
    sap = [row for row in six_erps.rows("kiwi__mietvertraege") if row["external_id"].startswith("1000/")]
    assert [row["verwaltungseinheiten_external_id"] for row in sap] == ["1000/00000123/00000004"]
    let = six_erps.database.execute(
        "select ve_we_nr, ve_gebaeude_nr, ve_ve_nr, ist_haupteinheit from staging.stg_erp__mietvertrag_ve order by 1"
    ).fetchall()
    assert let == [("00000123", None, "00000004", True), ("00000124", None, "00000009", False)]


def test_explain_finds_rows_by_an_id_without_a_level(six_erps: Marts) -> None:
    keys = ErpKeys(six_erps.database, "/", raw=False)
    found = keys.find("1000/00000123/00000004/0000000000017/P1000")
    assert [row.table for row in found] == ["mieter"]
    around = {(row.table, row.key) for row in keys.around(found)}
    assert {
        ("wirtschaftseinheit", "1000/00000123"),
        ("verwaltungseinheit", "1000/00000123/00000004"),
        ("mietvertrag", "1000/00000123/00000004/0000000000017"),
        ("person", "P1000"),
    } <= around
    (flat,) = keys.find("UTS/01/0004")
    assert (flat.table, flat.key) == ("verwaltungseinheit", "UTS/01/0004")


def test_uts_karthago_leaves_the_choice_of_mandanten_to_the_erp(render_sql: Callable[..., str]) -> None:
    def render(mandanten: Any, erp: str) -> str:
        setting = {"aktiv": True, "separator": "/", "mandanten": mandanten}
        return render_sql("{{ in_mandanten('kiwi') }}", quelle_erp=erp, partners={"kiwi": setting})

    with pytest.raises(
        AssertionError, match=r"partners\.kiwi\.mandanten is .*uts_karthago itself releases Mandanten"
    ):
        render(["001"], "uts_karthago")
    assert render("alle", "uts_karthago") == "mandant_nr is not null"
    assert render(["001"], "relion") == "mandant_nr in ('001')"


def test_facilioo_takes_a_gebaeude_without_a_we_into_the_projekt_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {
        "projekte": [{"external_id": "REL/0-00021", "name": "Anger", "number": "0-00021"}],
        "gebaeude": [
            {"external_id": "UTS/01", "projekte_external_id": None, "name": "Am Anger 7b", "number": "01"}
        ],
    }
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        site = Site(tmp_path, sandbox)
        assert site.sync("facilioo", rows)["gebaeude"].rejected == 1
        (projekt,) = sandbox.records("facilioo", "projekte")
        monkeypatch.setenv("DESTINATION__FACILIOO__PROJEKT_ID", str(projekt["id"]))
        assert site.sync("facilioo", rows)["gebaeude"].created == 1
        (house,) = sandbox.records("facilioo", "gebaeude")
    assert (house["externalId"], house["tenantId"]) == ("UTS/01", projekt["id"])


def test_the_projekt_of_the_settings_has_to_be_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {"USERNAME": "u", "PASSWORD": "p", "PROJEKT_ID": "Anger"}.items():
        monkeypatch.setenv(f"DESTINATION__FACILIOO__{key}", value)
    with pytest.raises(
        SettingsError, match="DESTINATION__FACILIOO__PROJEKT_ID is 'Anger'; allowed: id number or empty"
    ):
        connector("facilioo")
