"""What is run again, in which order, and what becomes of the marts when it does not come to its end."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.contract.contract import partners
from pipelines.ledger.ledger import open_database
from pipelines.settings import Vars, read_vars
from pipelines.still_current.again import Outcome, run_again, run_tests_again, to_run
from pipelines.still_current.code import code_digest
from pipelines.still_current.current import Made, last_made, note_made, still_current
from pipelines.still_current.statements import KEY_DATE, Statement, Statements

BUILT = "2026-02-10"
NOTE = {"built_at": f"{BUILT}T05:00:00+00:00", "stichtag": BUILT, "vars": {}, "partner": None}
COUNTED = (
    "select count(*) as failures, count(*) > 0 as should_warn, count(*) > {} as should_error from ({}) as t"
)


def model(name: str, query: str, *reads: str, kind: str = "table") -> Statement:
    alias = name.split(".")[1]
    sql = query if kind == "view" else f"create table {name} as ({query})"
    return Statement(f"model.stammdaten.{alias}", kind, sql, reads, name)


def a_test(name: str, query: str, *reads: str, limit: int = 0, finds: str = "") -> Statement:
    return Statement(
        f"test.stammdaten.{name}",
        "test",
        COUNTED.format(limit, query),
        reads,
        "",
        True,
        finds,
        query if finds else "",
    )


REFUSED = (
    "select [{'rule': 'V3', 'table_name': 'units', 'key': external_id, 'column_name': 'id', 'value': external_id,"
    " 'partner': 'kiwi', 'reason': 'too long'}] as refused from partners.units where external_id > '7'"
)
STATEMENTS = (
    model("staging.leases", "select * from erp_raw.mietvertrag", "erp_raw.mietvertrag", kind="view"),
    model(
        "intermediate.running",
        f"select mv_nr, mietende from staging.leases where mietende >= {KEY_DATE}",
        "staging.leases",
    ),
    model("partners.units", "select mv_nr as external_id from intermediate.running", "intermediate.running"),
    model("partners.houses", "select gebaeude_nr as external_id from erp_raw.gebaeude", "erp_raw.gebaeude"),
    model(
        "quality.findings",
        "select 'L1' as rule, 'units' as table_name, external_id as key, 'x' as column_name, 'x' as value,"
        " 'kiwi' as partner, 'gone' as reason from partners.units",
        "partners.units",
    ),
    a_test("units_required", "from partners.units where external_id is null", "partners.units"),
    a_test("houses_required", "from partners.houses where external_id is null", "partners.houses"),
    a_test("units_fit", REFUSED, "partners.units", limit=5, finds="units"),
)


def settings_of(day: str) -> Vars:
    return read_vars(partners(), None, day, [])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dbt").mkdir()
    (tmp_path / "dbt" / "manifest.json").write_text('{"nodes": {}}')
    return tmp_path


@pytest.fixture
def db(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A home after a build of `STATEMENTS` on 10 February: lease 7 ends on the 20th, lease 8 in a year."""
    with open_database(home) as opened:
        for schema in ("erp_raw", "staging", "intermediate", "partners", "quality", "seeds"):
            opened.execute(f"create schema {schema}")
        opened.execute(
            "create table erp_raw.mietvertrag as select * from"
            " (values ('7', date '2026-02-20'), ('8', date '2027-02-20')) as t(mv_nr, mietende)"
        )
        opened.execute("create table erp_raw.gebaeude as select '1' as gebaeude_nr")
        opened.execute("create table seeds.kinds as select 'a' as kind")
        for one in STATEMENTS:
            if one.relation:
                sql = one.sql.replace("{}", BUILT)
                opened.execute(f"create view {one.relation} as {sql}" if one.kind == "view" else sql)
                opened.execute(f"comment on {one.kind} {one.relation} is '{json.dumps(NOTE)}'")
        opened.execute(
            f"insert into quality.findings by name select unnest(refused, max_depth := 2) from ({REFUSED})"
        )
        settings = settings_of(BUILT)
        kept = Statements(STATEMENTS, ("seeds.kinds",))
        note_made(opened, home, settings, code_digest(settings), "[[], 0, 0, []]", kept)
        yield opened


def made_of(db: duckdb.DuckDBPyConnection, home: Path, day: str = BUILT) -> Made:
    made = last_made(db, home, settings_of(day))
    assert made is not None
    return made


def again(db: duckdb.DuckDBPyConnection, home: Path, day: str = BUILT) -> dict[str, Outcome] | None:
    done: list[tuple[int, int]] = []
    outcomes = run_again(db, made_of(db, home, day), settings_of(day), lambda *one: done.append(one))
    if outcomes is not None:
        assert done == [(number, len(outcomes)) for number in range(1, len(outcomes) + 1)]
    return outcomes


def names(statements: list[Statement]) -> list[str]:
    return [one.unique_id.split(".")[2] for one in statements]


def ids(db: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    return [one for (one,) in db.execute(f"select external_id from partners.{mart} order by all").fetchall()]


def findings(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return db.execute("select rule, key from quality.findings order by all").fetchall()


@pytest.mark.parametrize(
    ("changed", "is_in_time", "is_same_day", "expected"),
    [
        ([], True, True, []),
        (["erp_raw.gebaeude"], True, True, ["houses", "houses_required"]),
        (
            ["erp_raw.mietvertrag"],
            True,
            True,
            ["running", "units", "findings", "units_required", "units_fit"],
        ),
        ([], False, False, ["running", "units", "findings", "units_required", "units_fit"]),
        ([], True, False, []),
        (["erp_raw.unknown"], True, True, []),
    ],
)
def test_what_stands_on_other_rows_or_on_a_day_that_matters_is_made_anew(
    changed: list[str], is_in_time: bool, is_same_day: bool, expected: list[str]
) -> None:
    assert names(to_run(STATEMENTS, changed, is_in_time, is_same_day)) == expected


def test_views_and_tests_that_ask_the_day_are_told_each_new_one() -> None:
    view = model("staging.today", f"select {KEY_DATE} as day", kind="view")
    rule = a_test("rule", f"select 1 where {KEY_DATE} is null")
    table = model("partners.days", "select * from staging.today", "staging.today")
    known = (view, rule, table)
    assert names(to_run(known, [], is_in_time=True, is_same_day=True)) == []
    assert names(to_run(known, [], is_in_time=True, is_same_day=False)) == ["today", "rule"]
    assert names(to_run(known, [], is_in_time=False, is_same_day=False)) == ["today", "days", "rule"]


def test_other_rows_reach_the_marts_their_tests_and_the_findings(
    db: duckdb.DuckDBPyConnection, home: Path
) -> None:
    assert findings(db) == [("L1", "7"), ("L1", "8"), ("V3", "8")]
    db.execute("insert into erp_raw.mietvertrag values ('9', date '2027-03-01')")
    outcomes = again(db, home)
    assert outcomes is not None
    assert {name.split(".")[2]: (one.status, one.rows) for name, one in outcomes.items()} == {
        "running": ("success", None),
        "units": ("success", None),
        "findings": ("success", None),
        "units_required": ("pass", 0),
        "units_fit": ("warn", 2),
    }
    assert ids(db, "units") == ["7", "8", "9"]
    assert findings(db) == [("L1", "7"), ("L1", "8"), ("L1", "9"), ("V3", "8"), ("V3", "9")]


def test_findings_of_a_mart_that_stays_are_there_again_and_once(
    db: duckdb.DuckDBPyConnection, home: Path
) -> None:
    db.execute("insert into erp_raw.gebaeude values ('2')")
    made = made_of(db, home)
    for _ in range(2):
        assert run_again(db, made, settings_of(BUILT), lambda *_: None) is not None
    assert findings(db) == [("L1", "7"), ("L1", "8"), ("V3", "8")]
    assert ids(db, "houses") == ["1", "2"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-02-18", ["7", "8"]),
        ("2026-02-20", ["7", "8"]),
        ("2026-02-21", ["8"]),
        ("2027-03-01", []),
        ("2026-01-01", ["7", "8"]),
    ],
)
def test_another_day_gives_the_marts_of_that_day(
    db: duckdb.DuckDBPyConnection, home: Path, day: str, expected: list[str]
) -> None:
    assert again(db, home, day) is not None
    assert ids(db, "units") == expected
    notes = db.execute(
        "select distinct comment ->> '$.stichtag', comment ->> '$.built_at' > '2026-11'"
        " from (select comment from duckdb_tables() union all select comment from duckdb_views())"
        " where comment like '{%'"
    ).fetchall()
    assert notes == [(day, True)]


def test_noted_again_it_is_current_and_can_be_run_again(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    settings, made = settings_of("2026-02-21"), made_of(db, home, "2026-02-21")
    assert run_again(db, made, settings, lambda *_: None) is not None
    note_made(db, home, settings, code_digest(settings), made.result, made.statements)
    assert still_current(db, home, settings) == made.result
    assert made_of(db, home, "2026-02-21").statements == made.statements


@pytest.mark.parametrize(
    "change",
    [
        "alter table erp_raw.mietvertrag drop column mietende",
        "drop table erp_raw.mietvertrag",
        "insert into erp_raw.mietvertrag values (null, date '2027-03-01')",
        "insert into erp_raw.mietvertrag select '9' || i, date '2027-03-01' from range(9) as t(i)",
    ],
)
def test_what_fails_is_left_to_dbt_to_tell(db: duckdb.DuckDBPyConnection, home: Path, change: str) -> None:
    db.execute(change)
    assert again(db, home) is None


def test_a_test_that_passes_has_found_nothing_as_dbt_says(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    lenient = replace(STATEMENTS[7], sql="select 7, false, false")
    made = replace(made_of(db, home), statements=Statements((lenient,), ()))
    outcomes = run_tests_again(db, made, settings_of(BUILT), lambda *_: None)
    assert outcomes is not None
    assert [(one.status, one.rows) for one in outcomes.values()] == [("pass", 0)]


@pytest.mark.parametrize(
    "answer", ["select null, false, false", "select 1, true", "select 1, true, false where false"]
)
def test_a_test_that_answers_in_another_way_is_left_to_dbt(
    db: duckdb.DuckDBPyConnection, home: Path, answer: str
) -> None:
    odd = replace(STATEMENTS[5], sql=answer, is_strict=False)
    made = replace(made_of(db, home), statements=Statements((odd,), ()))
    assert run_tests_again(db, made, settings_of(BUILT), lambda *_: None) is None


def test_a_raw_table_is_known_in_large_letters(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    db.execute("drop table erp_raw.gebaeude; create table erp_raw.Gebaeude as select '2' as gebaeude_nr")
    assert again(db, home) is not None
    assert ids(db, "houses") == ["2"]


def test_a_model_that_fails_leaves_the_table_of_before(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    failing = "create table intermediate.running as (select '9' as mv_nr); select error('no')"
    statements = (STATEMENTS[0], replace(STATEMENTS[1], sql=failing))
    made = replace(made_of(db, home), statements=Statements(statements, ()))
    db.execute("insert into erp_raw.mietvertrag values ('9', date '2027-03-01')")
    assert run_again(db, made, settings_of(BUILT), lambda *_: None) is None
    assert db.execute("select mv_nr from intermediate.running order by all").fetchall() == [("7",), ("8",)]


def test_tests_alone_say_what_they_say_of_what_lies_there(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    made, settings = made_of(db, home), settings_of(BUILT)
    outcomes = run_tests_again(db, made, settings, lambda *_: None)
    assert outcomes is not None
    assert [one.status for one in outcomes.values()] == ["pass", "pass", "warn"]
    db.execute("insert into partners.houses values (null)")
    assert run_tests_again(db, made, settings, lambda *_: None) is None


@pytest.mark.parametrize(
    "change",
    [
        "insert into seeds.kinds values ('b')",
        "drop table seeds.kinds",
        "drop table partners.units",
        "comment on table partners.units is null",
        "create or replace table partners.units as select '9' as external_id",
        "create table sync.forgotten as select 'x' as digest",
        "update sync.made set statements = null",
        "update sync.made set code = 'another'",
    ],
)
def test_nothing_is_run_again_on_what_is_not_as_the_build_left_it(
    db: duckdb.DuckDBPyConnection, home: Path, change: str
) -> None:
    made_of(db, home)
    db.execute(change)
    assert last_made(db, home, settings_of(BUILT)) is None


def test_nothing_is_run_again_with_other_settings(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    assert last_made(db, home, read_vars(partners(), '{"quelle_erp": "relion"}', BUILT, [])) is None
    assert last_made(db, home, settings_of("2031-01-01")) is not None


@pytest.mark.parametrize(
    ("line", "is_kept"),
    [
        ("select 1 as x", True),
        ("{% set kinds = run_query('select 1') %} select 1 as x", False),
        ("{% set there = adapter.get_relation(none, 'a', 'b') %} select 1 as x", False),
        ("{% call statement('kinds') %}select 1{% endcall %} select 1 as x", False),
        ("{% set names = dbt_utils.get_column_values(ref('a'), 'b') %} select 1 as x", False),
        ("select * from information_schema.tables", False),
        ("select * from duckdb_tables()", False),
        ("{% macro note_settings() %}{% endmacro %}", False),
        ("{% materialization table, adapter='duckdb' %}{% endmaterialization %}", False),
    ],
)
def test_models_that_ask_the_database_while_they_are_made_are_left_to_dbt(
    db: duckdb.DuckDBPyConnection,
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    is_kept: bool,
) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "hausbot" / "models").mkdir(parents=True)
    for name in ("contract.yaml", "profile.yaml", "__init__.py"):
        (own / "hausbot" / name).write_text("")
    (own / "hausbot" / "models" / "hausbot__units.sql").write_text(line)
    monkeypatch.setenv("STAMMDATEN_PARTNERS", str(own))
    settings = settings_of(BUILT)
    note_made(
        db, home, settings, code_digest(settings), "[[], 0, 0, []]", Statements(STATEMENTS, ("seeds.kinds",))
    )
    assert still_current(db, home, settings) is not None
    assert (last_made(db, home, settings) is not None) == is_kept
