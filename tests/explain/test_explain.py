"""Why a row is, or is not, at a partner: one question, every station."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from pipelines.api.outcome import Outcome
from pipelines.cli import look as cli_look
from pipelines.errors import RunningError, StammdatenError
from pipelines.explain.rules import RULES
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import create_tables
from pipelines.settings import Vars, project_root
from tests.push.site import TODAY, Site
from tests.push.stock import FACILIOO, HOUSE
from tests.push.told import explain

SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={n: {"aktiv": True, "separator": "/", "mandanten": "alle"} for n in ("etg24", "facilioo")},
)
VE = ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")
LEASE, OWNER = (*VE, "mv_nr"), (*VE, "ev_nr")
# Table → columns of its key, then rows: line in the file, key, rule, reason.
DELIVERY: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "mandant": (VE[:1], [(1, "001", None, None)]),
    "wirtschaftseinheit": (VE[:2], [(1, "001", "1", None, None)]),
    "gebaeude": (
        VE[:3],
        [(1, "001", "1", "01", None, None), (2, "001", "1", "03", "L2", "abgang_am 2026-01-30")],
    ),
    "verwaltungseinheit": (
        VE,
        [
            (1, "001", "1", "01", "0001", None, None),
            (2, "001", "1", "01", "0002", "C6", "row 2: row 9 has the same key and stays"),
            (9, "001", "1", "01", "0002", None, None),
            (3, "001", "1", "03", "0007", "L2", "gebaeude 001/1/03: abgang_am 2026-01-30"),
            (4, "001", "1", "01", "0013/1", None, None),
            (5, "002", None, "05", "0042", None, None),
        ],
    ),
    "mietvertrag": (LEASE, [(1, "001", "1", "01", "0001", "01", None, None)]),
    "eigentuemervertrag": (OWNER, [(1, "001", "1", "01", "0001", "01", None, None)]),
    "mieter": (
        (*LEASE, "person_nr"),
        [(1, "001", "1", "01", "0001", "01", "77", None, None), (2, "001", "1", "01", "0001", "01", "90", None, None)],
    ),
    "eigentuemer": ((*OWNER, "person_nr"), []),
    "person": (("person_nr",), [(4, "77", None, None), (5, "90", None, None), (6, "000815", None, None)]),
    "kontaktweg": (("person_nr", "lfd_nr"), [(7, "77", "1", None, None), (8, "90", "1", None, None)]),
}  # fmt: skip
FINDINGS = [
    ("L2", "gebaeude", "001/1/03", None, None, None, "abgang_am 2026-01-30"),
    (
        "L2",
        "verwaltungseinheit",
        "001/1/03/0007",
        None,
        None,
        None,
        "gebaeude 001/1/03: abgang_am 2026-01-30",
    ),
    (
        "C6",
        "verwaltungseinheit",
        "001/1/01/0002",
        None,
        None,
        None,
        "row 2: row 9 has the same key and stays",
    ),
    (
        "I5",
        "verwaltungseinheit",
        "001/1/01/0013/1",
        "ve_nr",
        "0013/1",
        "etg24",
        "a number contains the separator",
    ),
    ("I5", "verwaltungseinheit", "001/1/01/0013/1", "ve_nr", "0013/1", "plentific", "for another partner"),
    ("LE2", "leerstand", "002/05/0042", "nettokaltmiete", "0.00", "etg24", "no rent"),
    ("E5", "kontaktweg", "90/1", "wert", "xxxxx", None, None),
    ("E2", "mieter", "001/1/01/0001/01/90", "email", None, None, "no valid e-mail address"),
]


@pytest.fixture
def delivered(site: Site) -> Iterator[Site]:
    """A home in which a delivery was loaded and built, and nothing was sent yet."""
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        create_tables(db)
        deliver(db, "staging", "base_erp__")
        db.execute("create schema quality")
        db.execute(
            "create table quality.findings (rule varchar, table_name varchar, key varchar, column_name varchar,"
            " value varchar, partner varchar, reason varchar)"
        )
        db.executemany("insert into quality.findings values (?, ?, ?, ?, ?, ?, ?)", FINDINGS)
        db.execute(
            "create table sync.loads as select 'L1' as load_id, timestamp '2026-11-20 06:00:00' as loaded_at,"
            " 'files: /erp' as source, 'mandant' as table_name, 1 as row_count"
        )
        db.execute(
            "insert into sync.builds (started_at, finished_at, failures)"
            " values ('2026-11-20 06:01:00+00', '2026-11-20 06:02:00+00', '[]')"
        )
    return site


def deliver(db: duckdb.DuckDBPyConnection, schema: str, prefix: str) -> None:
    """Writes the delivery as staging has it, or, without verdicts, as the raw layer has it."""
    db.execute(f"create schema {schema}")
    for table, (columns, rows) in DELIVERY.items():
        names = ["_zeile", *columns, "_rule", "_reason"]
        typed = ", ".join(f"{name} {'bigint' if name == '_zeile' else 'varchar'}" for name in names)
        db.execute(f"create table {schema}.{prefix}{table} ({typed})")
        for row in rows:
            db.execute(f"insert into {schema}.{prefix}{table} values ({', '.join('?' * len(names))})", row)


def ask(site: Site, key: str, partner: str = "etg24", **more: Any) -> dict[str, Any]:
    return explain(site.home, more.pop("settings", SETTINGS), partner, key, **more)


def test_a_row_at_the_partner_is_followed_from_the_file_to_the_last_answer(delivered: Site) -> None:
    delivered.sync("etg24", HOUSE)
    report = ask(delivered, "001/1/01/0001")
    assert report["exit"] == 0
    assert report["delivery"]["load_id"] == "L1"
    assert report["delivery"]["loaded_at"] == "2026-11-20 06:00:00 UTC"
    assert [(e["table"], e["key"], e["lines"]) for e in report["erp"]][:2] == [
        ("verwaltungseinheit", "001/1/01/0001", [1]),
        ("mandant", "001", [1]),
    ]
    (record,) = report["records"]
    assert (record["entity"], record["in_mart"], record["ledger"]["state"]) == ("einheiten", True, "synced")
    assert (record["plan"]["operation"], record["plan"]["sends"]) == ("create", True)
    (attempt,) = record["attempts"]
    assert (attempt["operation"], attempt["state"], attempt["http_status"]) == ("create", "synced", 201)
    assert record["ledger"]["holds"]["area"] == 50.0
    (verdict,) = report["verdicts"]
    assert verdict.startswith(
        f"einheiten 001/1/01/0001: at etg24 under the id {record['ledger']['remote_id']}, confirmed"
    )


@pytest.mark.sampled
@pytest.mark.parametrize("key", ["001-1-01-0001", "001.1.01.0001", "001|1|01|0001", " 001/1/01/0001 "])
def test_a_key_is_found_whatever_stands_between_its_numbers(delivered: Site, key: str) -> None:
    delivered.sync("etg24", HOUSE)
    assert [r["external_id"] for r in ask(delivered, key)["records"]] == ["001/1/01/0001"]


def test_a_number_that_contains_a_separator_is_found_too(delivered: Site) -> None:
    for key in ("001/1/01/0013/1", "001-1-01-0013/1"):
        report = ask(delivered, key)
        assert [e["key"] for e in report["erp"] if e["asked"]] == ["001/1/01/0013/1"]
        assert [f["why"] for f in report["findings"]] == ["a number contains the separator"]
        assert report["verdicts"] == [
            "Not sent: rule I5 on verwaltungseinheit 001/1/01/0013/1: A number contains the partner's separator, so"
            " the id would not be unique. (a number contains the separator)"
        ]


def test_an_erp_without_we_is_asked_without_one(delivered: Site) -> None:
    (row,) = [e for e in ask(delivered, "002/05/0042")["erp"] if e["asked"]]
    assert (row["table"], row["key"], row["ids"], row["lines"]) == (
        "verwaltungseinheit",
        "002/05/0042",
        ["002/05/0042"],
        [5],
    )


def test_why_a_vacancy_stays_behind_is_told_of_its_unit(delivered: Site) -> None:
    report = ask(delivered, "002/05/0042")
    assert [(f["rule"], f["table"], f["value"]) for f in report["findings"]] == [("LE2", "leerstand", "0.00")]
    assert report["verdicts"] == [
        "Not sent: rule LE2 on leerstand 002/05/0042: The vacancy has no Nettokaltmiete above 0, and Immomio takes none"
        " without. (no rent)"
    ]


def test_personal_values_are_masked_unless_asked_for(delivered: Site) -> None:
    delivered.sync("etg24", HOUSE)
    (record,) = ask(delivered, "001/1/01/0001/01/77")["records"]
    assert record["ledger"]["holds"] == {
        "contractId": "001/1/01/0001/01",
        "firstName": "xxx",
        "lastName": "xxxxxx",
        "emailAddress": "xxx@xxxxxxx.xxx",
    }
    (record,) = ask(delivered, "001/1/01/0001/01/77", show_personal_data=True)["records"]
    assert record["ledger"]["holds"]["emailAddress"] == "ada@example.org"


def test_a_row_that_fell_with_its_parent_names_the_rule_in_words(delivered: Site) -> None:
    report = ask(delivered, "001/1/03/0007")
    assert report["records"] == []
    assert [(f["rule"], f["key"], f["drops"]) for f in report["findings"]] == [
        ("L2", "001/1/03/0007", True),
        ("L2", "001/1/03", True),
    ]
    assert report["verdicts"] == [
        "Not sent: rule L2 on verwaltungseinheit 001/1/03/0007: The row, or one that it hangs on, has left the stock."
        " (gebaeude 001/1/03: abgang_am 2026-01-30)"
    ]


def test_a_person_without_an_address_is_explained_by_its_lease_and_its_contacts(delivered: Site) -> None:
    report = ask(delivered, "90")
    assert [
        (e["table"], e["lines"]) for e in report["erp"] if e["table"] in ("person", "mieter", "kontaktweg")
    ] == [
        ("person", [5]),
        ("mieter", [2]),
        ("kontaktweg", [8]),
    ]
    assert [(f["rule"], f["drops"]) for f in report["findings"]] == [("E2", True), ("E5", False)]
    assert report["verdicts"][0].startswith("Not sent: rule E2 on mieter 001/1/01/0001/01/90")


def test_of_two_rows_with_one_key_the_one_that_stays_decides(delivered: Site) -> None:
    delivered.sync("etg24", HOUSE)
    report = ask(delivered, "001/1/01/0002")
    assert [(e["lines"], e["rule"]) for e in report["erp"] if e["asked"]] == [([2, 9], None)]
    assert report["verdicts"][0].startswith("einheiten 001/1/01/0002: at etg24")


def test_a_person_stands_for_all_its_records_also_for_those_that_left_the_erp(delivered: Site) -> None:
    delivered.sync("facilioo", FACILIOO)
    assert [(r["entity"], r["external_id"]) for r in ask(delivered, "77", "facilioo")["records"]] == [
        ("parteien_mieter", "77"),
        ("kontaktdaten", "77/email"),
        ("vertraege_mieter", "001/1/01/0001/01/77"),
    ]
    delivered.sync("facilioo", {**FACILIOO, "vertraege_mieter": [], "kontaktdaten": []})
    with duckdb.connect(str(delivered.home / "stammdaten.duckdb")) as db:
        db.execute("delete from staging.base_erp__mieter where person_nr = '77'")
    records = ask(delivered, "77", "facilioo")["records"]
    assert [(r["entity"], r["in_mart"], r["ledger"]["state"]) for r in records] == [
        ("parteien_mieter", True, "synced"),
        ("kontaktdaten", False, "withdrawn"),
        ("vertraege_mieter", False, "withdrawn"),
    ]
    assert records[1]["ledger"]["meaning"] == "The record was deleted."


def test_a_lease_stands_for_the_records_of_its_tenants_where_a_partner_keeps_one_each(
    delivered: Site,
) -> None:
    delivered.sync("facilioo", FACILIOO)
    found = ask(delivered, "001/1/01/0001/01", "facilioo")["records"]
    assert [r["external_id"] for r in found] == ["001/1/01/0001/01/77"]


def test_a_rejected_row_says_which_field_and_how_to_mend_it(delivered: Site) -> None:
    rows = {**HOUSE, "objekte": [{**row, "title": ""} for row in HOUSE["objekte"]]}
    delivered.sync("etg24", rows)
    report = ask(delivered, "001/1/01")
    (record,) = [r for r in report["records"] if r["entity"] == "objekte"]
    assert (record["ledger"]["state"], record["ledger"]["fields"]) == ("rejected", "title")
    assert record["ledger"]["how"].startswith(("Fill the named fields", "Look at the named fields"))
    assert record["attempts"][0]["how"] == record["ledger"]["how"]
    assert any(re.match(r"objekte 001/1/01: rejected, \w+ \(title\): .* ERP", v) for v in report["verdicts"])
    (unit,) = ask(delivered, "001/1/01/0001")["records"]
    assert (unit["ledger"]["state"], unit["ledger"]["fields"]) == ("blocked", "objekte 001/1/01")


def test_a_row_in_the_mart_that_a_failing_test_holds_back_says_so(delivered: Site) -> None:
    delivered.sync("etg24", {**HOUSE, "einheiten": HOUSE["einheiten"][:1]})
    with duckdb.connect(str(delivered.home / "stammdaten.duckdb")) as db:
        db.execute("insert into partners.etg24__einheiten select * replace ('001/1/01/0002' as external_id)"
                   " from partners.etg24__einheiten")  # fmt: skip
        failures = [
            {"partner": "etg24", "node": "unique_key_einheiten", "keys": ["001/1/01/0002"]},
            {"partner": "kiwi", "node": "unique_key_mieter", "keys": ["77"]},
        ]
        db.execute("update sync.builds set failures = ?", [json.dumps(failures)])
    report = ask(delivered, "001/1/01/0002")
    assert [(f["node"], f["names_this_row"]) for f in report["held_back"]] == [("unique_key_einheiten", True)]
    assert report["verdicts"] == [
        "einheiten 001/1/01/0002: in the mart, not sent: etg24 is held back by unique_key_einheiten."
    ]
    assert ask(delivered, "001/1/01/0001")["held_back"][0]["names_this_row"] is False


def test_a_mandant_that_the_settings_leave_out_is_the_reason(delivered: Site) -> None:
    partners = {"etg24": {"aktiv": True, "separator": "/", "mandanten": ["002"]}}
    report = ask(delivered, "001/1/01/0001", settings=replace(SETTINGS, partners=partners))
    assert report["verdicts"] == ["Not sent: rule E1: partners.etg24.mandanten does not list 001."]


def test_a_number_that_is_of_no_mandant_is_not_looked_for_among_the_settings_mandanten(
    delivered: Site,
) -> None:
    with duckdb.connect(str(delivered.home / "stammdaten.duckdb")) as db:
        db.execute(
            "create table staging.base_erp__ordner as select 1::bigint as _zeile, 'O1' as ordner_nr,"
            " null::varchar as _rule, null::varchar as _reason"
        )
    partners = {"etg24": {"aktiv": True, "separator": "/", "mandanten": ["002"]}}
    report = ask(delivered, "O1", settings=replace(SETTINGS, partners=partners))
    assert report["verdicts"] == [
        "In the delivery and dropped by no rule, but etg24 keeps no record of this kind under this key."
    ]


def test_a_partner_that_is_switched_off_is_the_reason(delivered: Site) -> None:
    report = ask(delivered, "001/1/01/0001", settings=replace(SETTINGS, partners={"etg24": {"aktiv": False}}))
    assert report["verdicts"][0] == "etg24 is switched off: partners.etg24.aktiv"


def test_a_delivery_that_was_not_built_yet_is_read_as_it_lies(delivered: Site) -> None:
    with duckdb.connect(str(delivered.home / "stammdaten.duckdb")) as db:
        deliver(db, "erp_raw", "")
        db.execute(
            "insert into erp_raw.verwaltungseinheit values (77, ' 001', '1 ', '01', '0099', null, null)"
        )
        db.execute("insert into sync.loads values ('L2', '2026-11-20 07:00:00', 'files: /erp', 'mandant', 1)")
    report = ask(delivered, "001/1/01/0099")
    assert [e["lines"] for e in report["erp"] if e["asked"]] == [[77]]
    assert report["verdicts"] == [
        "In the delivery, but the marts were built before it was loaded: stammdaten run"
    ]


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("815", [("000815", "leading zeros")]),
        ("1/1/1/1", [("001/1/01/0001", "leading zeros")]),
        ("003/1/01/0001", [("001/1/01/0001", "another Mandant")]),
        ("0042", [("002/05/0042", "the number of a verwaltungseinheit")]),
        ("4711", []),
    ],
)
def test_an_unknown_key_says_so_and_names_what_is_near(
    delivered: Site, key: str, near: list[tuple[str, str]]
) -> None:
    report = ask(delivered, key)
    assert report["exit"] == 1
    assert report["verdicts"] == [f"Nothing is known of {key}: not in the delivery, not at etg24."]
    assert [(n["key"], n["why"]) for n in report["near"]] == near


def test_what_is_on_its_way_shows_before_it_is_in_the_ledger(delivered: Site) -> None:
    delivered.sync("etg24", HOUSE)
    journal = Journal(delivered.home / "journal.sqlite")
    journal.settle("p2", 1, "etg24", "einheiten", "001/1/01/0001", Outcome("pending", "throttled"))
    (record,) = ask(delivered, "001/1/01/0001")["records"]
    assert record["on_its_way"] == "pending"
    journal.close()


def test_every_rule_that_can_make_a_finding_has_a_sentence() -> None:
    page = (project_root() / "docs" / "rules.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\*\*([CEHLI]\d+|LE\d|DO\d|R-HM|V\d|EV\d|AB2)\*\*", page)) | {"V1", "V2"} == set(
        RULES
    )


def test_without_a_database_or_with_one_in_use_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StammdatenError, match="start with: stammdaten run"):
        explain(tmp_path, SETTINGS, "etg24", "77")
    code = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(tmp_path / "stammdaten.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(RunningError, match="is held by another program"):
            explain(tmp_path, SETTINGS, "etg24", "77")
    finally:
        holder.communicate()


def test_nothing_slow_is_loaded_for_an_answer() -> None:
    code = (
        "import sys, pipelines.cli.main, pipelines.explain.explain;"
        "print([name for name in ('dbt', 'dlt', 'requests') if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project_root()
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_million_records_are_answered_in_under_a_second(delivered: Site) -> None:
    with duckdb.connect(str(delivered.home / "stammdaten.duckdb")) as db:
        external_id = "printf('001/1/01/%07d/01/%d', i, i)"
        db.execute(
            "insert into sync.ledger by name select 'facilioo' as partner, 'vertraege_mieter' as entity,"
            f" 'vertraege' as id_space, {external_id} as external_id, 'r' || i as remote_id, 'synced' as state,"
            " '{\"number\":\"01\"}' as payload, '{}' as refs, 'h' as payload_hash, 'run' as last_run_id,"
            " now() as last_synced_at from range(1000001) as t(i)"
        )
        db.execute(
            f"insert into sync.attempts select 'p', i, 'facilioo', 'vertraege_mieter', 'create', {external_id},"
            " 'synced', null, null, 201, 1, now() from range(1000001) as t(i)"
        )
    began = time.monotonic()
    report = ask(delivered, "000815", "facilioo")
    assert time.monotonic() - began < 1
    assert [e["key"] for e in report["erp"]] == ["000815"]


def test_the_command_answers_for_people_and_for_machines(
    delivered: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", str(delivered.home))
    delivered.sync("etg24", HOUSE)
    app = typer.Typer()
    app.command("explain")(cli_look.explain_command)
    app.command("other")(lambda: None)
    told = CliRunner().invoke(app, ["explain", "etg24", "001-1-01-0001"])
    assert told.exit_code == 0
    assert "verwaltungseinheit 001/1/01/0001: row 1; lives" in told.output
    assert "create synced [201]" in told.output
    unknown = CliRunner().invoke(app, ["explain", "etg24", "815", "--json"])
    assert unknown.exit_code == 1
    assert '"key": "000815"' in unknown.output
    assert isinstance(CliRunner().invoke(app, ["explain", "etg25", "1"]).exception, StammdatenError)
