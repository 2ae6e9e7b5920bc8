"""The database door on a real PostgreSQL: both ways of reading, one snapshot, names, types, increments."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.erp.database import door as sql
from pipelines.erp.database.dialects import DIALECTS, Dialect, dialect_of
from pipelines.erp.database.door import NO_SNAPSHOT, SqlSettings
from pipelines.erp.database.rows import written
from pipelines.erp.delivery.delivery import Door, MarkExpired, Wanted
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.increments import Increments
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY
from tests.erp.postgres import ALL, Erp


def rows(door: Door, table: str, tmp_path: Path, **wanted) -> list[dict[str, str | None]]:
    with door.opened(Wanted("wodis_sigma", tmp_path, **wanted)) as delivery:
        return [row for batch in delivery.tables[table].read() for row in batch.to_pylist()]


def test_a_database_and_files_hand_over_the_same(erp, folder, tmp_path, way):
    for table in ALL:
        from_files = rows(FilesSettings(folder), table, tmp_path)
        assert rows(erp.door(), table, tmp_path) == from_files
        assert len(from_files) == len(DELIVERY[f"{table}.csv"].splitlines()) - 1


AWKWARD = [
    ("text", "'  a;\"b\" 100 % \n Grün\t\\N'", '  a;"b" 100 % \n Grün\t\\N'),
    ("text", "''", ""),
    ("text", "null", None),
    ("varchar(10)", "'0007'", "0007"),
    ("char(4)", "'0007'", "0007"),
    ("integer", "-7", "-7"),
    ("bigint", "9007199254740993", "9007199254740993"),
    ("numeric(12,2)", "1234.5", "1234.50"),
    ("numeric", "0.1", "0.1"),
    ("numeric", "1e3", "1000"),
    ("double precision", "66.5", "66.5"),
    ("double precision", "1972", "1972"),
    ("boolean", "true", "true"),
    ("boolean", "false", "false"),
    ("date", "'2026-01-31'", "2026-01-31"),
    ("timestamp", "'2026-01-31'", "2026-01-31"),
    ("timestamp", "'2026-01-31 13:05'", "2026-01-31 13:05:00"),
    ("timestamp", "'2026-01-31 13:05:00.25'", None),
    ("timestamptz", "'2026-01-30 23:00+00'", "2026-01-31"),
    ("timestamptz", "'2026-07-30 22:30+00'", "2026-07-31 00:30:00"),
    ("time", "'13:05'", "13:05:00"),
    ("uuid", "'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
    ("lage", "'EG links'", "EG links"),
]


def test_every_type_becomes_the_text_that_the_rules_expect(erp, tmp_path, way):
    erp.run(
        "create type lage as enum ('EG links')",
        "alter database this_database set timezone = 'Europe/Berlin'",
        "drop table gebaeude",
        "create table gebaeude (mandant_nr text, we_nr text, gebaeude_nr text, "
        + ", ".join(f"c{n} {type_}" for n, (type_, _, _) in enumerate(AWKWARD))
        + ")",
        "insert into gebaeude values ('001', '0123', '01', "
        + ", ".join(value for _, value, _ in AWKWARD)
        + ")",
    )
    (row,) = rows(erp.door(), "gebaeude", tmp_path)
    found = list(row.values())[3:]
    fraction = next(n for n, (_, value, _) in enumerate(AWKWARD) if ".25" in value)
    assert found.pop(fraction) in ("2026-01-31 13:05:00.25", "2026-01-31 13:05:00.250000")
    assert found == [text for n, (_, _, text) in enumerate(AWKWARD) if n != fraction]


def test_a_key_of_the_type_numeric_has_no_decimals_and_an_amount_keeps_its_own(erp, tmp_path, way):
    statement = "select 815::numeric(10,2) as person_nr, 7::numeric(10,2) as kaution_soll"
    [row] = rows(erp.door(person=TableMapping(select=statement)), "person", tmp_path)
    assert (row["person_nr"], row["kaution_soll"]) == ("815", "7.00")


def test_20001_rows_arrive(erp, tmp_path, way, monkeypatch):
    monkeypatch.setattr("pipelines.erp.database.rows.BLOCK_BYTES", 77_777)
    monkeypatch.setattr("pipelines.erp.database.rows.BATCH_ROWS", 777)
    statement = """
        select n::text as person_nr, repeat('Ä', n % 5) || chr(10) || '"' || n as nachname, nullif(n % 3, 0) as drei
        from generate_series(1, 20001) as numbers (n)
    """
    found = rows(erp.door(person=TableMapping(select=statement)), "person", tmp_path)
    assert found == [
        {"person_nr": f"{n}", "nachname": f'{"Ä" * (n % 5)}\n"{n}', "drei": f"{n % 3}" if n % 3 else None}
        for n in range(1, 20_002)
    ]


def test_names_of_the_erp_are_mapped_in_any_spelling(erp, tmp_path, way):
    erp.run(
        'create schema "Erp Sicht"',
        'create view "Erp Sicht"."V_Einheit" as select mandant_nr as "Mandant", we_nr, gebaeude_nr as "GEBAEUDE_NR",'
        ' ve_nr as "Unit no. (m²)", etage_lage as "100 %" from verwaltungseinheit',
    )
    mapping = TableMapping(
        source="Erp Sicht.V_Einheit", columns={"mandant_nr": "MANDANT", "ve_nr": "Unit no. (m²)"}
    )
    assert rows(erp.door(verwaltungseinheit=mapping), "verwaltungseinheit", tmp_path)[0] == {
        "mandant_nr": "001",
        "we_nr": "0123",
        "gebaeude_nr": "01",
        "ve_nr": "0004",
        "100 %": "2. Etage",
    }


def test_a_select_may_hold_casts_colons_percents_and_comments(erp, tmp_path, way):
    statement = """
        Select lpad(mandant_nr, 5, '0')::varchar as mandant_nr, -- five digits
            'um 12:30 :name 100 %s %% \\:' as name
        from mandant where name like 'Wohn%' -- no semicolon
    """
    assert rows(erp.door(mandant=TableMapping(select=statement)), "mandant", tmp_path) == [
        {"mandant_nr": "00001", "name": "um 12:30 :name 100 %s %% \\:"}
    ]


def test_a_table_that_is_not_mapped_is_not_delivered(erp, tmp_path):
    erp.run("create table eigentuemer as select '1' as person_nr")
    with erp.door().opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        assert set(delivery.tables) == set(ALL)


def test_the_erp_that_the_rows_name_says_which_tables_must_be_there(erp, tmp_path):
    erp.run("alter table mandant add quelle_erp text", "update mandant set quelle_erp = 'uts_karthago'")
    door = erp.door()
    without = replace(door, mapping={n: m for n, m in door.mapping.items() if n != "wirtschaftseinheit"})
    assert rows(without, "mandant", tmp_path)[0]["quelle_erp"] == "uts_karthago"


def test_a_database_in_another_encoding_is_read_as_text(postgres, erp, tmp_path, way):
    with postgres.connect() as connection:
        connection.execute("create database latin encoding 'latin1' template template0")
    try:
        with postgres.connect("latin") as connection:
            connection.execute("create table person as select '1' as person_nr, 'Böttcher-Groß' as nachname")
        door = replace(erp.door(), url=erp.door().url.set(database="latin"))
        only = {"person": TableMapping()}
        with pytest.raises(Exception, match="mandant, "):
            rows(replace(door, mapping=only), "person", tmp_path)
        with sql._connected(door) as open_database:
            view = sql._look(open_database, "person", TableMapping())
            (batch,) = sql._read(open_database, view, None)
        assert batch.to_pylist() == [{"person_nr": "1", "nachname": "Böttcher-Groß"}]
    finally:
        postgres.drop("latin")


# One snapshot


def test_all_tables_are_read_at_one_moment(erp, tmp_path, way):
    erp.own()
    with erp.door().opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        before = [row for batch in delivery.tables["mieter"].read() for row in batch.to_pylist()]
        erp.run(
            "delete from mieter", "delete from person", "insert into kontaktweg values ('9', '1', 'x', 'y')"
        )
        persons = [
            row["person_nr"] for batch in delivery.tables["person"].read() for row in batch.to_pylist()
        ]
        contacts = [row for batch in delivery.tables["kontaktweg"].read() for row in batch.to_pylist()]
    assert {row["person_nr"] for row in before} <= set(persons) == {"0000000815", "0000004711"}
    assert len(contacts) == 1
    assert delivery.notes == ()


def test_nothing_can_be_written_while_the_erp_is_read(erp, tmp_path):
    erp.run(
        "create sequence s",
        "create function f() returns text as $$ select nextval('s')::text $$ language sql",
    )
    door = erp.door(mandant=TableMapping(select="select f() as mandant_nr"))
    with pytest.raises(Exception, match=r"the select of mandant .*read-only transaction"):
        rows(door, "mandant", tmp_path)


def test_no_connection_is_left_open(erp, tmp_path, way):
    rows(erp.door(), "person", tmp_path)
    with erp.server.connect() as connection:
        query = "select count(*) from pg_stat_activity where datname = %s"
        assert connection.execute(query, [erp.name]).fetchone() == (0,)


# Increments

STAMPED = TableMapping(changed_at="geaendert_am")
STAMPS = {
    "0000000815": "2026-11-01 10:00:00",
    "0000004711": "2026-11-03 07:30:00.5",
    "3": "2099-01-01",
    "4": None,
}


@pytest.fixture
def stamped(erp) -> Erp:
    erp.run(
        "alter table person add geaendert_am timestamp", "insert into person (person_nr) values ('3'), ('4')"
    )
    with erp.server.connect(erp.name) as connection:
        for person, stamp in STAMPS.items():
            connection.execute("update person set geaendert_am = %s where person_nr = %s", [stamp, person])
    return erp


def mark_of(door: SqlSettings, tmp_path: Path) -> str | None:
    with door.opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        assert delivery.tables["mandant"].mark() is None
        return delivery.tables["person"].mark()


def test_the_mark_is_the_last_change_that_is_not_in_the_future(stamped, tmp_path):
    assert mark_of(stamped.door(person=STAMPED), tmp_path) == "2026-11-03T07:30:00.500000"
    assert mark_of(stamped.door(), tmp_path) is None


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        (timedelta(0), {"0000004711", "3", "4"}),
        (timedelta(hours=45), {"0000004711", "3", "4"}),
        (timedelta(hours=46), {"0000000815", "0000004711", "3", "4"}),
    ],
)
def test_only_what_changed_since_the_mark_is_read(stamped, tmp_path, way, overlap, expected):
    wanted = Wanted("wodis_sigma", tmp_path, {"person": "2026-11-03T07:30:00.500000"}, overlap)
    with stamped.door(person=STAMPED).opened(wanted) as delivery:
        assert delivery.tables["person"].changes_only
        assert not delivery.tables["mandant"].changes_only
        found = {row["person_nr"] for batch in delivery.tables["person"].read() for row in batch.to_pylist()}
    assert found == expected


def test_a_stamp_with_a_zone_is_compared_as_a_moment(stamped, tmp_path, way):
    stamped.run(
        "set timezone = 'Europe/Berlin'; alter table person alter geaendert_am type timestamptz",
        "alter database this_database set timezone = 'America/New_York'",
    )
    door = stamped.door(person=STAMPED)
    mark = mark_of(door, tmp_path)
    assert mark == "2026-11-03T01:30:00.500000-05:00"
    found = rows(door, "person", tmp_path, marks={"person": mark})
    assert [row["person_nr"] for row in found] == ["0000004711", "3", "4"]


def test_a_mark_that_cannot_be_read_asks_for_everything(stamped, tmp_path):
    with pytest.raises(MarkExpired):
        rows(stamped.door(person=STAMPED), "person", tmp_path, marks={"person": "?"})


def test_changes_are_merged_and_deletes_wait_for_a_full_load(stamped, database, home):
    door = stamped.door(person=STAMPED)
    assert load(door, home, increments=Increments()).kind == "full"
    stamped.run(
        "update person set nachname = 'Wiesel-Neu', geaendert_am = '2026-11-03 08:00' where person_nr = '0000004711'",
        "delete from person where person_nr = '0000000815'",
    )
    assert load(door, home, increments=Increments()).kind == "increment"
    names = "select person_nr, nachname from erp_raw.person where nachname <> '' order by 1"
    assert database.rows(names) == [("0000000815", "Böttcher-Groß"), ("0000004711", "Wiesel-Neu")]


# Another real database: nothing in the door is PostgreSQL's alone


def sqlite(tmp_path: Path) -> SqlSettings:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'erp.db'}")
    with engine.begin() as connection:
        for file, text in DELIVERY.items():
            header, *lines = text.splitlines()
            table = sa.table(file.removesuffix(".csv"), *(sa.column(name) for name in header.split(";")))
            columns = ", ".join(column.name for column in table.c)
            connection.exec_driver_sql(f"create table {table.name} ({columns})")
            connection.execute(
                table.insert(), [dict(zip(header.split(";"), line.split(";"), strict=True)) for line in lines]
            )
    engine.dispose()
    return SqlSettings(engine.url, ALL, "views.yml")


def test_another_database_needs_a_connection_string_and_says_that_it_cannot_hold_still(
    tmp_path, database, home
):
    loaded = load(sqlite(tmp_path), home)
    assert (loaded.rows["person"], loaded.notes) == (2, (NO_SNAPSHOT,))
    assert loaded.source == f"sql: sqlite:///{tmp_path / 'erp.db'}"
    assert database.rows("select nachname from erp_raw.person order by _zeile") == [
        ("Böttcher-Groß",),
        ("Wiesel",),
    ]


@pytest.mark.parametrize(("answer", "notes"), [("select 1", ()), ("select 0", (NO_SNAPSHOT,))])
def test_a_snapshot_is_taken_where_the_database_allows_it(tmp_path, monkeypatch, answer, notes):
    dialect = Dialect(snapshot={"isolation_level": "SERIALIZABLE"}, is_allowed=answer)
    monkeypatch.setitem(DIALECTS, "sqlite", dialect)
    with sqlite(tmp_path).opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        assert delivery.notes == notes


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (str, "text"),
        (int, "number"),
        (Decimal, "number"),
        (bool, "boolean"),
        (date, "time"),
        (datetime, "time"),
        (bytearray, "bytes"),
        (None, "text"),
        (psycopg.NUMBER, "number"),
        (psycopg.DATETIME, "time"),
        (psycopg.BINARY, "bytes"),
        (psycopg.STRING, "text"),
    ],
    ids=str,
)
def test_drivers_tell_kinds_by_python_types_or_by_those_of_the_standard(code, kind):
    assert Dialect().kind(code, psycopg) == kind


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (Decimal("1E+3"), "1000"),
        (Decimal("7.50"), "7.50"),
        (Decimal("815.00"), "815.00"),
        (Decimal("NaN"), None),
        (1972.0, "1972"),
        (66.5, "66.5"),
        (float("nan"), None),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "2026-01-01 00:30:00"),
        (1e-7, "0.0000001"),
        (8.15e17, "8.15e+17"),
        (datetime(2026, 1, 31, 13, 5), "2026-01-31 13:05:00"),
        (date(9999, 12, 31), "9999-12-31"),
    ],
    ids=str,
)
def test_a_value_of_a_driver_becomes_text(value, text):
    assert written(value) == text


def test_bytes_in_a_database_that_does_not_tell_types_are_an_error(tmp_path):
    door = sqlite(tmp_path)
    blob = TableMapping(select="select mandant_nr, x'fc' as bild from mandant")
    with pytest.raises(
        DeliveryError, match=r"the select of mandant in .*: column bild holds bytes, lists or records"
    ):
        rows(replace(door, mapping={**ALL, "mandant": blob}), "mandant", tmp_path)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "mssql+pyodbc://",
            "SELECT [Unit no] AS ve_nr, changed AS geaendert_am FROM (select 1 as a from b ) AS delivered"
            " WHERE changed >= '2026-11-03 07:30:00' OR changed IS NULL",
        ),
        (
            "oracle+oracledb://",
            'SELECT "Unit no" AS ve_nr, changed AS geaendert_am FROM (select 1 as a from b ) delivered'
            " WHERE changed >= TO_DATE('2026-11-03 07:30:00', 'YYYY-MM-DD HH24:MI:SS') OR changed IS NULL",
        ),
        (
            "postgresql+psycopg://",
            'SELECT CAST("Unit no" AS TEXT) AS ve_nr, CAST(changed AS TEXT) AS geaendert_am'
            " FROM (select 1 as a from b ) AS delivered"
            " WHERE changed >= '2026-11-03 07:30:00' OR changed IS NULL",
        ),
    ],
)
def test_statements_compile_for_each_database(address, expected):
    url = sa.make_url(address)
    stamp = sql.Column("changed", "geaendert_am", None, "time")
    view = sql._View(
        "verwaltungseinheit",
        "",
        sql._relation(TableMapping(select="select 1 as a from b"), ""),
        (sql.Column("Unit no", "ve_nr", None, "text"), stamp),
        False,
        stamp,
    )
    query = sql._query(dialect_of(url), view, sql._since("2026-11-03T07:30:00"))
    compiled = query.compile(dialect=url.get_dialect()(), compile_kwargs={"literal_binds": True})
    assert " ".join(str(compiled).split()) == expected


@pytest.mark.parametrize(
    ("address", "level"), [("mssql+pyodbc://", "SNAPSHOT"), ("oracle+oracledb://", "SERIALIZABLE")]
)
def test_the_snapshot_of_each_database_is_one_that_its_dialect_knows(address, level):
    url = sa.make_url(address)
    assert dialect_of(url).snapshot == {"isolation_level": level}
    assert level in url.get_dialect()().get_isolation_level_values(None)


def test_a_stamp_with_a_zone_is_told_on_the_clock_of_berlin_whatever_the_session_has(erp, tmp_path, way):
    erp.run(
        "alter database this_database set timezone = 'America/New_York'",
        "alter table mietvertrag alter mietbeginn type timestamptz using '2025-12-31 23:30+00'::timestamptz",
    )
    (row,) = rows(erp.door(), "mietvertrag", tmp_path)
    assert row["mietbeginn"] == "2026-01-01 00:30:00"


def test_a_key_in_scientific_notation_ends_the_load(erp, tmp_path, way):
    erp.run("alter table person alter person_nr type double precision using 8.15e17")
    with pytest.raises(DeliveryError, match="row 1: column person_nr holds a number in scientific notation"):
        rows(erp.door(), "person", tmp_path)
