"""What can go wrong with a database: one line with cause and remedy, raw layer as before, no credentials anywhere."""

import socket
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.cli.main import main
from pipelines.erp.database.door import SqlSettings
from pipelines.erp.database.errors import explained
from pipelines.erp.delivery.delivery import Wanted
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.load import load
from pipelines.erp.settings import erp_settings
from pipelines.errors import DeliveryError, SettingsError
from tests.erp.postgres import PASSWORD

MAPPING = "tables:\n" + "".join(
    f"  {name}:\n"
    for name in (
        "mandant",
        "wirtschaftseinheit",
        "gebaeude",
        "verwaltungseinheit",
        "mietvertrag",
        "mieter",
        "person",
        "kontaktweg",
    )
)
SECRETS = (PASSWORD, "Geheim", "p4ss", "wort@", "%2Fwort")


def opened(door: SqlSettings, tmp_path: Path) -> None:
    """Opens a door and reads all of it."""
    with door.opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        for data in delivery.tables.values():
            for _ in data.read():
                pass


def message(door: SqlSettings, tmp_path: Path) -> str:
    with pytest.raises(DeliveryError) as caught:
        opened(door, tmp_path)
    text = str(caught.value)
    assert "\n" not in text
    traced = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in (*SECRETS, "Wiesel") if secret in traced]
    return text.replace(f"127.0.0.1:{door.url.port}/{door.url.database}", "HOST/DB")


# Connecting


def test_a_wrong_password_is_an_error(erp, tmp_path):
    door = erp.door()
    door = replace(door, url=door.url.set(password=f"{PASSWORD}x"))
    assert message(door, tmp_path) == (
        "postgresql://HOST/DB: the database refuses this user or password; mend SOURCES__ERP__SQL__CREDENTIALS"
    )


def test_an_unknown_user_is_an_error(erp, tmp_path):
    door = erp.door()
    assert "refuses this user or password" in message(replace(door, url=door.url.set(username="x")), tmp_path)


def test_an_unknown_database_is_an_error(erp, tmp_path):
    door = erp.door()
    assert message(replace(door, url=door.url.set(database="nichts")), tmp_path) == (
        "postgresql://HOST/DB: there is no such database on this server; mend SOURCES__ERP__SQL__CREDENTIALS"
    )


def test_a_server_that_is_not_there_is_an_error(erp, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        door = erp.door()
        door = replace(door, url=door.url.set(port=unused.getsockname()[1]))
        assert "/DB: the database cannot be reached; mend SOURCES__ERP__SQL" in message(door, tmp_path)


def test_a_name_that_no_server_has_is_an_error(erp, tmp_path):
    door = erp.door()
    assert "the database cannot be reached" in message(
        replace(door, url=door.url.set(host="erp.invalid")), tmp_path
    )


def test_a_server_that_does_not_answer_is_given_up(erp, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = erp.door()
        url = door.url.set(port=silent.getsockname()[1]).update_query_dict({"connect_timeout": "2"})
        assert "the database cannot be reached" in message(replace(door, url=url), tmp_path)


# Views and columns


@pytest.mark.parametrize(
    ("statement", "mapping", "expected"),
    [
        (
            "drop table person",
            TableMapping(),
            "view person is not there in postgresql://HOST/DB, or hidden from this user; "
            "create it, or mend views.yml",
        ),
        (
            "select 1",
            TableMapping(source="erp.v_person"),
            "view erp.v_person is not there in postgresql://HOST/DB, or hidden from this user; "
            "create it, or mend views.yml",
        ),
        (
            "select 1",
            TableMapping(columns={"vorname": "First Name"}),
            "view person in postgresql://HOST/DB: column First Name missing; add it there, or mend views.yml",
        ),
        (
            "alter table person drop person_nr",
            TableMapping(),
            "view person in postgresql://HOST/DB: key column person_nr missing; "
            "add it there, or name theirs in views.yml",
        ),
        (
            "select 1",
            TableMapping(select="select nummer from person"),
            "the select of person in postgresql://HOST/DB: names a column that is not there "
            '(column "nummer" does not exist); mend views.yml',
        ),
        (
            "select 1",
            TableMapping(select="select * fom person"),
            "the select of person in postgresql://HOST/DB: cannot be run "
            '(syntax error at or near "fom"); mend views.yml',
        ),
        (
            "alter table person alter nachname type bytea using nachname::bytea",
            TableMapping(),
            "view person in postgresql://HOST/DB: column nachname holds bytes; select it as text",
        ),
        (
            "alter table person alter nachname type jsonb using to_json(nachname)",
            TableMapping(),
            "view person in postgresql://HOST/DB: column nachname holds lists or records; select it as text",
        ),
        (
            "alter table person alter nachname type text[] using array[nachname]",
            TableMapping(),
            "view person in postgresql://HOST/DB: column nachname holds lists or records; select it as text",
        ),
        (
            "select 1",
            TableMapping(select="select person_nr, PERSON_NR from person"),
            "the select of person: column person_nr comes more than once (upper and lower case are the "
            "same); export each column once",
        ),
        (
            "select 1",
            TableMapping(changed_at="geaendert_am"),
            "view person in postgresql://HOST/DB: changed_at: column geaendert_am is missing; mend views.yml",
        ),
        (
            "select 1",
            TableMapping(changed_at="NACHNAME"),
            "view person in postgresql://HOST/DB: changed_at: column NACHNAME is no point in time; mend views.yml",
        ),
        (
            "select 1",
            TableMapping(select="select person_nr, (nachname || '')::date as nachname from person"),
            "the select of person in postgresql://HOST/DB: a value cannot be computed or converted; "
            "mend the view or views.yml",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_view_that_cannot_be_read_is_named(erp, tmp_path, statement, mapping, expected):
    erp.run(statement)
    assert message(erp.door(person=mapping), tmp_path) == expected


def test_a_required_table_that_is_not_mapped_is_named(erp, tmp_path):
    door = erp.door()
    mapping = {name: table for name, table in door.mapping.items() if name != "mieter"}
    assert message(replace(door, mapping=mapping), tmp_path) == (
        "postgresql://HOST/DB: mieter missing; name a view or SELECT for each in views.yml"
    )


def test_a_view_that_may_not_be_read_is_an_error(erp, tmp_path):
    erp.run(
        "drop role if exists reader",
        f"create role reader login password '{PASSWORD}'",
        "grant select on all tables in schema public to reader",
        "revoke select on person from reader",
    )
    try:
        door = erp.door()
        door = replace(door, url=door.url.set(username="reader"))
        assert message(door, tmp_path) == (
            "view person in postgresql://HOST/DB: this user may not read it; grant it the right to select"
        )
    finally:
        erp.run("drop owned by reader", "drop role reader")


# While rows come


# 20 MB, then a row for which one waits.
LONG = TableMapping(
    select="select n::text as person_nr, repeat('x', 200) as nachname,"
    " case when n = 100000 then pg_sleep(60)::text end as warten from generate_series(1, 100000) as numbers (n)"
)
KILL = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


def test_a_connection_that_breaks_in_the_middle_is_an_error(erp, tmp_path, way):
    with erp.door(person=LONG).opened(Wanted("wodis_sigma", tmp_path)) as delivery:
        batches = delivery.tables["person"].read()
        assert 0 < next(batches).num_rows < 100_002
        with erp.server.connect(erp.name) as connection:
            connection.execute(KILL)
        with pytest.raises(
            DeliveryError, match=r"person in .*: the connection broke while it was read; load again"
        ):
            list(batches)


def test_a_query_that_the_server_stops_is_an_error(erp, tmp_path, way):
    erp.run("alter database this_database set statement_timeout = 200")
    door = erp.door(person=TableMapping(select="select person_nr, pg_sleep(9)::text from person"))
    assert "the database stopped the query, it took too long" in message(door, tmp_path)


def test_a_value_that_fails_in_the_middle_shows_no_value(erp, tmp_path, way):
    statement = """
        select n::text as person_nr, case when n = 30000 then 'Wiesel' else '1' end::int as vorname
        from generate_series(1, 30000) as numbers (n)
    """
    assert message(erp.door(person=TableMapping(select=statement)), tmp_path) == (
        "the select of person in postgresql://HOST/DB: a value cannot be computed or converted; "
        "mend the view or views.yml"
    )


def test_bytes_that_are_no_text_are_an_error(postgres, erp, tmp_path, way):
    with postgres.connect() as connection:
        connection.execute("create database plain encoding 'sql_ascii' template template0")
    try:
        with postgres.connect("plain") as connection:
            connection.execute(
                "create table mandant as select convert_from('\\xfc', 'sql_ascii') as mandant_nr"
            )
        door = erp.door()
        door = replace(door, url=door.url.set(database="plain"), mapping={"mandant": TableMapping()})
        assert "view mandant in postgresql://HOST/DB: a value cannot be computed or converted" in message(
            door, tmp_path
        )
    finally:
        postgres.drop("plain")


# The load as a whole


@pytest.fixture
def configured(erp, home, tmp_path, monkeypatch):
    """The settings as a user sets them."""
    erp.own()
    (tmp_path / "views.yml").write_text(MAPPING, encoding="utf-8")
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    monkeypatch.setenv("SOURCES__ERP__KIND", "sql")
    monkeypatch.setenv("SOURCES__ERP__SQL__CREDENTIALS", erp.server.url(erp.name))
    monkeypatch.setenv("SOURCES__ERP__SQL__MAPPING", str(tmp_path / "views.yml"))
    return monkeypatch


def run_load(monkeypatch) -> int:
    monkeypatch.setattr(sys, "argv", ["stammdaten", "load"])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_failed_load_leaves_the_raw_layer_and_no_credentials_anywhere(
    erp, home, database, configured, capfd
):
    assert run_load(configured) == 0
    capfd.readouterr()
    erp.run("alter table person alter person_nr type bigint using person_nr::bigint")
    assert run_load(configured) == 2
    error = capfd.readouterr().err.strip()
    assert error == (
        f"Error: view person in postgresql://127.0.0.1:{erp.server.port}/{erp.name}: column person_nr was text in the"
        " last load and is number now; make it what it was, or select it as text"
    )
    configured.setenv("SOURCES__ERP__SQL__CREDENTIALS", erp.server.url(erp.name, password=f"{PASSWORD}x"))
    assert run_load(configured) == 2
    said = capfd.readouterr()
    assert "refuses this user or password" in said.err
    kept = "".join(path.read_bytes().decode("latin1") for path in home.rglob("*") if path.is_file())
    assert not [secret for secret in SECRETS if secret in said.out + said.err + kept]
    assert database.rows("select person_nr from erp_raw.person order by 1") == [
        ("0000000815",),
        ("0000004711",),
    ]


def test_an_empty_view_where_rows_were_is_an_error(erp, home):
    load(erp.door(), home)
    erp.run("truncate mieter")
    with pytest.raises(DeliveryError, match=r"view mieter in .* no rows, but the last load had some"):
        load(erp.door(), home)


# Settings


def door_of(monkeypatch, tmp_path: Path, credentials: str, mapping: str = MAPPING):
    (tmp_path / "views.yml").write_text(mapping, encoding="utf-8")
    monkeypatch.setenv("SOURCES__ERP__KIND", "sql")
    monkeypatch.setenv("SOURCES__ERP__SQL__CREDENTIALS", credentials)
    monkeypatch.setenv("SOURCES__ERP__SQL__MAPPING", str(tmp_path / "views.yml"))
    return erp_settings()


@pytest.mark.parametrize("form", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_the_connection_string_is_taken_in_every_usual_form(monkeypatch, tmp_path, form):
    door = door_of(monkeypatch, tmp_path, f"{form}leser:Geheim%40%2F@db.example.org:5433/erp?sslmode=require")
    assert door.url.drivername == "postgresql+psycopg"
    assert (door.url.password, door.url.query["sslmode"]) == ("Geheim@/", "require")
    assert "Geheim" not in repr(door)


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (
            " ",
            "missing; set it in the environment or in .dlt/secrets.toml as postgresql://user:password@host",
        ),
        ("Geheim-p4ss", "no address; write it as postgresql://user:password@host:5432/database"),
        ("postgresql://u:Geheim@p4ss@host/erp", "no address; write it as .* signs such as @ / : .* as %40"),
        ("postgresql://u:Geheim@p4ss:x@host/erp", "no address; write it as"),
        ("postgresql://u:Geheim@p4ss/x@host/erp", "no address; write it as"),
        ("firebase://u:Geheim@host/erp", "unknown database firebase; it may be postgresql, mssql"),
        ("mssql://u:Geheim@host/erp", "the driver for mssql is missing; install it: pip install pyodbc"),
        (
            "mssql+pymssql://u:Geheim@host/erp",
            "the driver for mssql is missing; install it: pip install pymssql",
        ),
    ],
)
def test_a_wrong_connection_string_is_an_error_that_does_not_show_it(
    monkeypatch, tmp_path, credentials, expected
):
    with pytest.raises(SettingsError, match=f"^SOURCES__ERP__SQL__CREDENTIALS: {expected}") as caught:
        door_of(monkeypatch, tmp_path, credentials)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    assert caught.value.__context__ is None


def test_without_a_driver_the_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"pip install psycopg\[binary\]$"):
        door_of(monkeypatch, tmp_path, "postgresql://u@host/erp")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("from: v, select: select 1", "tables.person: has both from and select; leave one of them"),
        (
            "select: 'delete from person'",
            "tables.person.select: begins with select; everything else belongs into a",
        ),
        ("select: 'with a as (select 1) select * from a'", "tables.person.select: begins with select"),
        ("select: 'select 1; drop table person'", "tables.person.select: has a semicolon"),
    ],
)
def test_a_wrong_mapping_is_an_error(monkeypatch, tmp_path, entry, expected):
    with pytest.raises(SettingsError, match=f"^views.yml: {expected}"):
        door_of(monkeypatch, tmp_path, "postgresql://u@host/erp", f"tables: {{person: {{{entry}}}}}")


def test_a_missing_mapping_file_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCES__ERP__KIND", "sql")
    monkeypatch.setenv("SOURCES__ERP__SQL__CREDENTIALS", "postgresql://u@host/erp")
    monkeypatch.delenv("SOURCES__ERP__SQL__MAPPING", raising=False)
    with pytest.raises(SettingsError, match=r"^SOURCES__ERP__SQL__MAPPING: missing; name the YAML file"):
        erp_settings()
    monkeypatch.setenv("SOURCES__ERP__SQL__MAPPING", str(tmp_path / "no.yml"))
    with pytest.raises(SettingsError, match=r"no\.yml: the mapping file cannot be read"):
        erp_settings()


# What other databases say, in the form of their drivers


class Error(Exception):
    """The root of a driver's errors, as PEP 249 names it."""


class OracleError:
    def __init__(self, full_code: str) -> None:
        self.full_code = full_code


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            Error("28000", "[28000] Login failed for user 'u'. (18456) (SQLDriverConnect)"),
            "refuses this user",
        ),
        (Error("42000", '[42000] Cannot open database "x" (4060) (SQLDriverConnect)'), "no such database"),
        (Error("08001", "[08001] Named Pipes Provider: 53 (53)"), "cannot be reached"),
        (Error("HYT00", "[HYT00] Login timeout expired (0)"), "cannot be reached"),
        (Error("42S02", "[42S02] Invalid object name 'v'. (208)"), "view v is not there"),
        (Error("42S22", "[42S22] Invalid column name 'a'. (207)"), "names a column that is not there; mend"),
        (Error("42000", "[42000] The SELECT permission was denied (229)"), "may not read it"),
        (Error("42000", "[42000] Incorrect syntax near 'fom'. (102)"), "cannot be run; mend"),
        (Error("08S01", "[08S01] Communication link failure (0)"), "the connection broke"),
        (Error(OracleError("ORA-01017")), "refuses this user"),
        (Error(OracleError("ORA-12514")), "no such database"),
        (Error(OracleError("DPY-6005")), "cannot be reached"),
        (Error(OracleError("ORA-00942")), "view v is not there"),
        (Error(OracleError("ORA-00904")), "names a column"),
        (Error(OracleError("ORA-01031")), "may not read it"),
        (Error(OracleError("ORA-03113")), "the connection broke"),
        (Error(OracleError("ORA-01555")), "stopped the query"),
        (Error("geheim"), "the database reports Error; see the database's log"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_other_drivers_raise_is_understood(problem, expected):
    wrapped = sa.exc.DBAPIError("select geheim", {"a": "geheim"}, problem)
    with (
        pytest.raises(DeliveryError, match=expected) as caught,
        explained("oracle://h/d", "view v", "views.yml"),
    ):
        raise wrapped
    assert "geheim" not in str(caught.value)


def test_a_mistake_of_ours_is_not_explained_away():
    with pytest.raises(KeyError), explained("oracle://h/d", "view v", "views.yml"):
        raise KeyError("x")
