"""The database door: one view or SELECT a table, all of them read at one moment (docs/erp-database.md)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.sources.sql_database import sql_table

from pipelines.erp.database.dialects import (
    BINARY,
    NESTED,
    NUMBER,
    TIME,
    Column,
    Dialect,
    dialect_of,
    engine_to,
    origin_of,
)
from pipelines.erp.database.errors import explained
from pipelines.erp.delivery.delivery import Delivery, MarkExpired, TableData, Wanted, check_complete
from pipelines.erp.delivery.encrypted import demanded
from pipelines.erp.delivery.headers import column_names
from pipelines.erp.delivery.mapped_values import with_mapped_values
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.delivery.row_checks import RowChecks, is_key
from pipelines.erp.delivery.schema import tables
from pipelines.errors import DeliveryError

NO_SNAPSHOT = (
    "The database cannot show all tables at one moment: what changed during the load may not fit together"
    " until the next one."
)


@dataclass(frozen=True)
class SqlSettings:
    """Which database, and what it calls our tables. `mapping_file` is the name that messages give it.

    `may_be_unencrypted` lifts the duty to encrypt the connection to another machine.
    """

    url: sa.URL = field(repr=False)
    mapping: Mapping[str, TableMapping]
    mapping_file: str
    may_be_unencrypted: bool = False

    @contextmanager
    def opened(self, wanted: Wanted) -> Iterator[Delivery]:
        """Everything that the mapped views and statements hold, at the moment of opening where that can be had."""
        with _connected(self) as database:
            found = {
                name: _look(database, name, mapping)
                for name, mapping in self.mapping.items()
                if wanted.wants(name)
            }
            erp = _erp_of(database, found, wanted.quelle_erp)
            for view in found.values():
                _check_columns(database, view, erp)
            noticed: list[str] = []
            data = {name: _table_data(database, view, wanted, noticed) for name, view in found.items()}
            remedy = f"name a view or SELECT for each in {self.mapping_file}"
            check_complete(data, erp, database.origin, remedy, wanted)
            yield Delivery(
                origin=f"sql: {database.origin}",
                tables=with_mapped_values(data, self.mapping),
                notes=(*database.notes, *(() if database.holds_still else (NO_SNAPSHOT,))),
                noticed=noticed,
            )


# The connection


@dataclass(frozen=True)
class _Database:
    """One open transaction; `origin` says which database it is, without user and password."""

    connection: sa.Connection
    reader: Any
    dialect: Dialect
    origin: str
    mapping_file: str
    holds_still: bool
    notes: tuple[str, ...]

    def explained(self, what: str) -> AbstractContextManager[None]:
        return explained(self.origin, what, self.mapping_file)


@contextmanager
def _connected(settings: SqlSettings) -> Iterator[_Database]:
    dialect, origin = dialect_of(settings.url), origin_of(settings.url)
    line = demanded(settings.url, settings.may_be_unencrypted)
    engine = engine_to(line, poolclass=sa.NullPool)
    try:
        with explained(origin, "the connection", settings.mapping_file):
            holds_still = _can_hold_still(engine, dialect)
            connection = engine.connect()
            if holds_still:
                connection.execution_options(**dialect.snapshot)
        try:
            with ExitStack() as stack:
                with explained(origin, "the connection", settings.mapping_file):
                    reader = stack.enter_context(dialect.reader(connection))
                yield _Database(
                    connection, reader, dialect, origin, settings.mapping_file, holds_still, line.notes
                )
        finally:
            # Dropped rather than rolled back: it may be broken, or in the middle of a table.
            connection.invalidate()
            connection.close()
    finally:
        engine.dispose()


def _can_hold_still(engine: sa.Engine, dialect: Dialect) -> bool:
    if dialect.is_allowed is None:
        return bool(dialect.snapshot)
    with engine.connect() as connection:
        return bool(connection.execute(sa.text(dialect.is_allowed)).scalar() == 1)


# The views


@dataclass(frozen=True)
class _View:
    """What the ERP has for one of our tables."""

    table: str
    what: str
    relation: sa.FromClause
    columns: tuple[Column, ...]
    is_empty: bool
    changed_at: Column | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.ours for column in self.columns)


def _look(database: _Database, name: str, mapping: TableMapping) -> _View:
    """Columns of a view, and whether it has rows."""
    what = f"the select of {name}" if mapping.select else f"view {mapping.source or name}"
    relation = _relation(mapping, name)
    with database.explained(what):
        first = sa.select(sa.text("*")).select_from(relation).limit(1)
        result = database.connection.execute(first)
        theirs, described = list(result.keys()), result.cursor.description
        is_empty = result.first() is None
    codes = [column[1] for column in described]
    ours = _our_names(database, what, theirs, mapping)
    columns = tuple(
        Column(their, our, code, database.dialect.kind(code, database.connection.engine.dialect.dbapi))
        for their, our, code in zip(theirs, ours, codes, strict=True)
    )
    return _View(name, what, relation, columns, is_empty, _stamp(database, what, columns, mapping))


def _relation(mapping: TableMapping, name: str) -> sa.FromClause:
    if mapping.select:
        # Colons would be parameters; the line break ends a comment.
        statement = mapping.select.replace(":", r"\:") + "\n"
        return sa.text(statement).columns().subquery("delivered")
    *schema, view = (mapping.source or name).split(".")
    return sa.table(view, schema=".".join(schema) or None)


def _our_names(database: _Database, what: str, theirs: list[str], mapping: TableMapping) -> tuple[str, ...]:
    names = column_names(what, theirs)
    wanted = {column_names(what, [their])[0]: our for our, their in mapping.columns.items()}
    missing = [mapping.columns[our] for their, our in wanted.items() if their not in names]
    if missing:
        raise DeliveryError(
            f"{what} in {database.origin}: column {', '.join(missing)} missing; "
            f"add it there, or mend {database.mapping_file}"
        )
    return column_names(what, [wanted.get(name, name) for name in names])


def _stamp(
    database: _Database, what: str, columns: tuple[Column, ...], mapping: TableMapping
) -> Column | None:
    """The column that tells when a row was changed."""
    if mapping.changed_at is None:
        return None
    wanted = mapping.changed_at.casefold()
    found = [column for column in columns if column.theirs.casefold() == wanted]
    if not found or found[0].kind != TIME:
        state = "missing" if not found else "no point in time"
        raise DeliveryError(
            f"{what} in {database.origin}: changed_at: column {mapping.changed_at} is {state}; "
            f"mend {database.mapping_file}"
        )
    return found[0]


def _check_columns(database: _Database, view: _View, erp: str) -> None:
    for column in view.columns:
        if column.kind in (BINARY, NESTED):
            raise DeliveryError(
                f"{view.what} in {database.origin}: column {column.theirs} holds {column.kind}; "
                "select it as text"
            )
    lacking = [name for name in tables()[view.table].required_columns(erp) if name not in view.names]
    if lacking:
        raise DeliveryError(
            f"{view.what} in {database.origin}: key column {', '.join(lacking)} missing; "
            f"add it there, or name theirs in {database.mapping_file}"
        )


def _erp_of(database: _Database, found: Mapping[str, _View], quelle_erp: str) -> str:
    """The one ERP that the rows themselves name, `quelle_erp` if they name none, empty if several."""
    for view in (found[name] for name in ("mandant", "gebaeude") if name in found):
        theirs = next((column.theirs for column in view.columns if column.ours == "quelle_erp"), None)
        if theirs is not None and not view.is_empty:
            with database.explained(view.what):
                column: sa.ColumnElement[Any] = sa.column(theirs)
                query: sa.Select[Any] = sa.select(column).select_from(view.relation).distinct()
                values: Sequence[Any] = database.connection.execute(query).scalars().all()
            named = {str(value or "").strip() or quelle_erp for value in values}
            return named.pop() if len(named) == 1 else ""
    return quelle_erp


# The rows


def _table_data(database: _Database, view: _View, wanted: Wanted, noticed: list[str]) -> TableData:
    since = None
    if view.changed_at and view.table in wanted.marks:
        since = _since(wanted.marks[view.table]) - wanted.overlap
    where = f"{view.what} in {database.origin}"
    checks = RowChecks(where, tables()[view.table], view.names, "row {}".format, noticed)
    return TableData(
        where=where,
        columns=view.names,
        size=1,
        is_empty=view.is_empty,
        read=checks.checked(partial(_read, database, view, since)),
        changes_only=since is not None,
        mark=partial(_mark, database, view),
        kinds={column.ours: column.kind for column in view.columns},
    )


def _query(dialect: Dialect, view: _View, since: datetime | None) -> sa.Select[Any]:
    """All rows, or those changed since a moment (and those that do not say when), under our names."""
    query: sa.Select[Any] = sa.select(
        *(dialect.value(sa.column(column.theirs), column).label(column.ours) for column in view.columns)
    ).select_from(view.relation)
    if since is None or view.changed_at is None:
        return query
    stamp: sa.ColumnElement[Any] = sa.column(view.changed_at.theirs)
    return query.where(sa.or_(stamp >= _literal(since), stamp.is_(None)))


def _read(database: _Database, view: _View, since: datetime | None) -> Iterator[pa.RecordBatch]:
    query = _query(database.dialect, view, since)
    described = sa.MetaData()
    sa.Table(view.table, described, *(sa.Column(name, sa.Text) for name in view.names))
    with database.explained(view.what):
        rows = sql_table(
            database.connection.engine,
            table=view.table,
            metadata=described,
            backend="pyarrow",
            query_adapter_callback=lambda *_: query,
            table_loader_class=database.dialect.loader,
            backend_kwargs={
                "reader": database.reader,
                "times": frozenset(column.ours for column in view.columns if column.kind == TIME),
            },
        )
        keys = [column.ours for column in view.columns if column.kind == NUMBER and is_key(column.ours)]
        for batch in rows:
            yield from _with_whole_keys(batch, keys).to_batches()


def _with_whole_keys(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """A key out of a column of type NUMERIC(10,2) is the same as one out of a column of whole numbers."""
    for name in keys:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, pc.replace_substring_regex(rows[name], r"\.0+$", ""))
    return rows


def _mark(database: _Database, view: _View) -> str | None:
    """The last change in the snapshot. One in the future would hide all that come before it."""
    if view.changed_at is None:
        return None
    stamp: sa.ColumnElement[Any] = sa.column(view.changed_at.theirs)
    with database.explained(view.what):
        last = database.connection.execute(
            sa.select(sa.func.max(stamp))
            .select_from(view.relation)
            .where(stamp <= sa.func.current_timestamp())
        ).scalar()
    if isinstance(last, date) and not isinstance(last, datetime):
        last = datetime.combine(last, time())
    return last.isoformat() if isinstance(last, datetime) else None


def _since(mark: str) -> datetime:
    with suppress(ValueError):
        return datetime.fromisoformat(mark)
    raise MarkExpired("the mark of the last load cannot be read")


def _literal(moment: datetime) -> sa.ColumnElement[Any]:
    return sa.literal(moment, sa.TIMESTAMP(timezone=moment.tzinfo is not None))
