"""Documents in a database: PostgreSQL in pieces, SQLite, and a database that cuts nothing out."""

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle

from pipelines.erp.content import Document
from pipelines.erp.content.database import DatabaseSource, Wish, by_column, by_query, looked_for
from pipelines.erp.content.document import EMPTY, MISSING, SIZE, TOO_LARGE, UNREACHABLE, UNREADABLE
from pipelines.erp.database.dialects import DIALECTS
from pipelines.erp.delivery.encrypted import Line
from pipelines.errors import ContentProblem
from tests.erp.content.reading import NUMBER, document, problem, read, reason
from tests.erp.postgres import Server

SETTING = "SOURCES__ERP__DOKUMENTE__QUERY"
CREDENTIALS = "SOURCES__ERP__SQL__CREDENTIALS"
QUERY = "select inhalt from dms.dokument -- the bytes\nwhere nr = :dokument_nr and art <> 'a:b'"
LARGE = os.urandom(700_001)
ROWS = [(NUMBER, LARGE), ("empty", b""), ("null", None), ("twice", b"x"), ("twice", b"y")]
NAMES = count(1)


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[str]:
    """The name of a database with documents."""
    name = f"documents_{next(NAMES)}"
    with postgres.connect() as connection:
        connection.execute(f"create database {name}")
    with postgres.connect(name) as connection:
        connection.execute("create schema dms")
        connection.execute("create table dms.dokument (nr text, art text default '', inhalt bytea)")
        connection.execute(
            'create view dms."Akte" as select nr as dokument_nr, inhalt as "Inhalt" from dms.dokument'
        )
        connection.execute("create table zahl (nr integer, inhalt bytea)")
        connection.execute("insert into zahl values (4711, 'abc')")
        connection.cursor().executemany("insert into dms.dokument (nr, inhalt) values (%s, %s)", ROWS)
    yield name
    postgres.drop(name)


@pytest.fixture
def source(postgres, database):
    """A source with a wish; the address is that of the database."""
    url = sa.make_url(postgres.url(database)).set(drivername="postgresql+psycopg")

    def make(wish: Wish, changed: sa.URL = url) -> DatabaseSource:
        return DatabaseSource(Line(changed), wish, CREDENTIALS)

    return make


@pytest.fixture(params=["in pieces", "at once"])
def way(request, monkeypatch) -> str:
    """PostgreSQL as it is, and as a database that neither counts nor cuts bytes."""
    if request.param == "at once":
        changed = replace(DIALECTS["postgresql"], length=None, piece=None)
        monkeypatch.setitem(DIALECTS, "postgresql", changed)
    return request.param


def numbered(dokument_nr: str) -> Document:
    return replace(document(), dokument_nr=dokument_nr)


def test_the_bytes_of_a_document_are_read(way, source, reading):
    reader = reading(source(by_query(QUERY, SETTING)))
    assert read(reader, document(groesse_bytes=len(LARGE))) == LARGE
    assert reason(reader, document(groesse_bytes=1)) == SIZE
    assert reason(reader, document(), len(LARGE) - 1) == TOO_LARGE
    assert len(read(reader, document(), len(LARGE))) == len(LARGE)


@pytest.mark.parametrize(
    ("dokument_nr", "expected"),
    [("empty", EMPTY), ("null", MISSING), ("nowhere", MISSING), ("twice", MISSING), ("' or 1=1 --", MISSING)],
)
def test_rows_that_hold_no_document_are_told(way, source, reading, dokument_nr, expected):
    reader = reading(source(by_query(QUERY, SETTING)))
    with (
        pytest.raises(ContentProblem, match=f"document {dokument_nr}") as caught,
        reader.read(numbered(dokument_nr), 1 << 20),
    ):
        pass
    assert caught.value.reason == expected


def test_a_column_of_a_view_is_read(source, reading):
    assert read(reading(source(by_column("dms.Akte", "Inhalt", SETTING))), document()) == LARGE


@pytest.mark.parametrize("cast", [":dokument_nr::integer", "cast(:dokument_nr as integer)"])
def test_a_number_is_bound_and_what_is_none_is_its_documents_own_fault(source, reading, cast):
    reader = reading(source(by_query(f"select inhalt from zahl where nr = {cast}", SETTING)))
    with reader.read(numbered("4711"), 10) as content:
        assert list(content.pieces()) == [b"abc"]
    told, message = problem(reader, document())
    assert told == UNREADABLE
    assert NUMBER not in message.removeprefix(f"document {NUMBER}")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select inhalt from dms.nirgends where nr = :dokument_nr", f"mend {SETTING}"),
        ("select bytes from dms.dokument where nr = :dokument_nr", "names a column that is not there"),
        ("select inhalt frm dms.dokument where nr = :dokument_nr", "cannot be run"),
        ("select nr, inhalt from dms.dokument where nr = :dokument_nr", "selects 2 columns"),
    ],
)
def test_a_query_that_cannot_be_run_is_no_fault_of_the_document(source, reading, query, said):
    told, message = problem(reading(source(by_query(query, SETTING))), document())
    assert told == UNREACHABLE
    assert SETTING in message
    assert said in message


def test_a_text_is_no_document(source, reading):
    reader = reading(source(by_query("select art || 'x' from dms.dokument where nr = :dokument_nr", SETTING)))
    assert problem(reader, document())[0] == UNREADABLE


def test_a_database_that_is_gone_is_named_without_its_password(source, reading, postgres, database):
    url = sa.make_url(postgres.url(database, password="wrong-one")).set(drivername="postgresql+psycopg")
    told, message = problem(reading(source(by_query(QUERY, SETTING), url)), document())
    assert told == UNREACHABLE
    assert f"refuses this user or password; mend {CREDENTIALS}" in message
    assert "wrong-one" not in message


def test_a_connection_that_was_cut_is_made_anew(source, reading, postgres, database):
    reader = reading(source(by_query(QUERY, SETTING)))
    assert read(reader, document()) == LARGE
    with postgres.connect() as connection:
        connection.execute(
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"
        )
    assert read(reader, document()) == LARGE


def test_threads_read_side_by_side_and_nothing_stays_open(source, reading, postgres, database):
    reader = reading(source(by_query(QUERY, SETTING)))
    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(lambda _: read(reader, document()), range(24))) == {LARGE}
    reader.close()
    with postgres.connect() as connection:
        open_ = connection.execute("select count(*) from pg_stat_activity where datname = %s", [database])
        assert open_.fetchone() == (0,)


def test_a_document_that_changes_while_it_is_read_is_one_version(source, postgres, database):
    old, new = b"a" * 300_000, b"b" * 300_000
    with postgres.connect(database) as connection:
        connection.execute("insert into dms.dokument (nr, inhalt) values ('moving', %s)", [old])
        opened = source(by_query(QUERY, SETTING))
        with opened.opened(numbered("moving")) as stream:
            begun = stream.read(100_000)
            connection.execute("update dms.dokument set inhalt = %s where nr = 'moving'", [new])
            assert begun + stream.read(100_000) + stream.read(200_000) == old
        opened.close()
        connection.execute("delete from dms.dokument where nr = 'moving'")


@pytest.fixture
def sqlite(tmp_path: Path) -> sa.URL:
    with sqlite3.connect(tmp_path / "dms.sqlite") as connection:
        connection.execute("create table dokument (nr text, inhalt blob)")
        connection.executemany("insert into dokument values (?, ?)", ROWS)
    return sa.make_url(f"sqlite:///{tmp_path / 'dms.sqlite'}")


def test_documents_in_sqlite_are_read(sqlite, reading):
    wish = by_query("select inhalt from dokument where nr = :dokument_nr", SETTING)
    reader = reading(DatabaseSource(Line(sqlite), wish, CREDENTIALS))
    with ThreadPoolExecutor(3) as threads:
        assert set(threads.map(lambda _: read(reader, document()), range(9))) == {LARGE}
    assert reason(reader, document(), len(LARGE) - 1) == TOO_LARGE


@pytest.mark.parametrize(
    ("name", "dialect", "expected"),
    [
        ("mssql", mssql.dialect(), "select top 2 datalength([Inhalt]) as datalength_1, case when"),
        ("oracle", oracle.dialect(), 'select dbms_lob.getlength("Inhalt") as getlength_1, case when'),
        ("mysql", mysql.dialect(), "select octet_length(`Inhalt`) as octet_length_1, case when"),
    ],
)
def test_what_other_databases_are_asked(name, dialect, expected):
    wish = by_column("dms.Akte", "Inhalt", SETTING)
    query = looked_for(wish, sa.column("Inhalt", sa.LargeBinary()), DIALECTS[name])
    statement = str(query.compile(dialect=dialect))
    words = " ".join(statement.split()).replace("__[POSTCOMPILE_param_1]", "2")
    assert words.lower().startswith(expected.lower())
    assert "is null) then" in words.lower()
