"""What databases do differently, one entry a dialect. Everything else in the database door is the same for all."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from dlt.sources.sql_database import BaseTableLoader

from pipelines.erp.database.rows import (
    SECONDS_TO_CONNECT,
    ZONE,
    CursorLoader,
    PostgresLoader,
    postgres_reader,
)
from pipelines.erp.delivery.column_kinds import TEXT
from pipelines.erp.delivery.encrypted import Line

# Kinds of values beside text; the last two cannot become text.
NUMBER, BOOLEAN, TIME = "number", "boolean", "time"
BINARY, NESTED = "bytes", "lists or records"

PYTHON_KINDS = {
    **dict.fromkeys(("int", "float", "Decimal"), NUMBER),
    **dict.fromkeys(("date", "datetime", "time"), TIME),
    **dict.fromkeys(("bytes", "bytearray"), BINARY),
    "bool": BOOLEAN,
}
STANDARD_KINDS = {"NUMBER": NUMBER, "DATETIME": TIME, "BINARY": BINARY}
POSTGRES_KINDS = {**dict.fromkeys(("json", "jsonb", "hstore"), NESTED), "bool": BOOLEAN}
POSTGRES_TIME_WITH_ZONE = 1184


@dataclass(frozen=True)
class Column:
    """One column of a view: its name there, ours, the driver's code of its type, and the kind of its values."""

    theirs: str
    ours: str
    code: Any
    kind: str


def _kind(code: Any, driver: Any) -> str:
    """The kind of values, from the type code of a driver: a Python type, or one of those of PEP 249."""
    if isinstance(code, type):
        return PYTHON_KINDS.get(code.__name__, TEXT)
    known = (kind for name, kind in STANDARD_KINDS.items() if getattr(driver, name, None) == code)
    return TEXT if code is None else next(known, TEXT)


def _postgres_kind(code: Any, driver: Any) -> str:
    type_ = driver.adapters.types.get(code)
    if type_ is None:
        return TEXT
    return NESTED if type_.oid != code else POSTGRES_KINDS.get(type_.name) or _kind(code, driver)


def _as_it_is(value: sa.ColumnElement[Any], column: Column) -> sa.ColumnElement[Any]:
    return value


def _postgres_text(value: sa.ColumnElement[Any], column: Column) -> sa.ColumnElement[Any]:
    """A value as text, on the clock of Berlin where it has a time zone (rule C2), whatever the session's is."""
    has_zone = column.code == POSTGRES_TIME_WITH_ZONE
    local = sa.func.timezone(sa.literal_column(f"'{ZONE}'"), value) if has_zone else value
    return sa.cast(local, sa.Text())


@dataclass(frozen=True)
class Dialect:
    """How a database is reached, how it holds still while it is read, and how its rows come fastest.

    `package` is what pip installs for the `driver`.
    `snapshot` are the execution options of a transaction that sees the whole database at one moment; none if there is
    no such thing. Where `is_allowed` is a query, its answer must be 1 for that. `kind` reads the type of a column,
    `value` makes it text on the server, `loader` fetches the rows through `reader`. `length` is the function that
    counts the bytes of a value, `piece` the one that cuts some out, from a place that counts from 1; None: there is
    none.
    """

    driver: str | None = None
    package: str | None = None
    connect: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    is_allowed: str | None = None
    kind: Callable[[Any, Any], str] = _kind
    value: Callable[[sa.ColumnElement[Any], Column], sa.ColumnElement[Any]] = _as_it_is
    loader: type[BaseTableLoader] = CursorLoader
    reader: Callable[[sa.Connection], AbstractContextManager[Any]] = nullcontext
    length: str | None = None
    piece: str | None = None


DIALECTS: Mapping[str, Dialect] = {
    "postgresql": Dialect(
        driver="psycopg",
        package="psycopg[binary]",
        connect={"connect_timeout": SECONDS_TO_CONNECT, "client_encoding": "utf8"},
        snapshot={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        kind=_postgres_kind,
        value=_postgres_text,
        loader=PostgresLoader,
        reader=postgres_reader,
        length="octet_length",
        piece="substring",
    ),
    "mssql": Dialect(
        driver="pyodbc",
        package="pyodbc",
        connect={"timeout": SECONDS_TO_CONNECT},
        snapshot={"isolation_level": "SNAPSHOT"},
        is_allowed="select snapshot_isolation_state from sys.databases where database_id = db_id()",
        length="datalength",
        piece="substring",
    ),
    "oracle": Dialect(
        driver="oracledb",
        package="oracledb",
        connect={"tcp_connect_timeout": SECONDS_TO_CONNECT},
        snapshot={"isolation_level": "SERIALIZABLE"},
        # Its own function that cuts gives 2,000 bytes at most.
        length="dbms_lob.getlength",
    ),
    "sqlite": Dialect(length="length", piece="substr"),
    "mysql": Dialect(length="octet_length", piece="substring"),
    "mariadb": Dialect(length="octet_length", piece="substring"),
}


def dialect_of(url: sa.URL) -> Dialect:
    """What is known of the database that an address names; any other that SQLAlchemy can read works, too."""
    return DIALECTS.get(url.get_backend_name(), Dialect())


def engine_to(line: Line, **options: Any) -> sa.Engine:
    """An engine for a database that is reached by `line`; `options` are those of SQLAlchemy's pool."""
    dialect = dialect_of(line.url)
    limits = {name: value for name, value in dialect.connect.items() if name not in line.url.query}
    return sa.create_engine(
        line.url, connect_args={**limits, **line.connect}, hide_parameters=True, **options
    )


def origin_of(url: sa.URL) -> str:
    """Kind of database, host and name."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"
