"""Documents in a database: one query a document, whose bytes come in pieces where the database can cut them out."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sqlalchemy as sa

from pipelines.erp.content.document import MISSING, UNREADABLE, Document
from pipelines.erp.content.source import SourceGone, Stream
from pipelines.erp.database.dialects import Dialect, dialect_of, engine_to, origin_of
from pipelines.erp.database.errors import VALUE, DatabaseError, explained
from pipelines.erp.delivery.encrypted import Line
from pipelines.errors import ContentProblem

PARAMETER = "dokument_nr"
# The parameter of a query, and nothing else that has a colon in front.
_PARAMETER = re.compile(rf"(?<![:\w]):{PARAMETER}\b")


@dataclass(frozen=True)
class Wish:
    """What holds a document's bytes: a relation with one column. `setting` is the name that messages give it."""

    relation: sa.FromClause
    column: str | None
    setting: str


def by_query(statement: str, setting: str) -> Wish:
    """The one column of a SELECT with the parameter `:dokument_nr`, which the driver binds."""
    pieces = [piece.replace(":", r"\:") for piece in _PARAMETER.split(statement)]
    # A blank behind: `:dokument_nr::integer` is a parameter and a cast. The line break ends a comment.
    text = sa.text(f":{PARAMETER} ".join(pieces) + "\n").bindparams(
        sa.bindparam(PARAMETER, type_=sa.String())
    )
    return Wish(text.columns().subquery("document"), None, setting)


def has_parameter(statement: str) -> bool:
    """Whether a SELECT asks for one document."""
    return bool(_PARAMETER.search(statement))


def by_column(view: str, column: str, setting: str) -> Wish:
    """A column of a view that has `dokument_nr` as well; the view may have its schema in front."""
    *schema, name = view.split(".")
    number: sa.ColumnElement[str] = sa.column(PARAMETER, sa.String())
    relation: sa.Select[Any] = (
        sa.select(sa.column(column))
        .select_from(sa.table(name, schema=".".join(schema) or None))
        .where(number == sa.bindparam(PARAMETER, type_=sa.String()))
    )
    return Wish(relation.subquery("document"), column, setting)


class DatabaseSource:
    """A database with documents. `credentials` names the setting of its address; `line` is how it is reached."""

    attempts = 2

    def __init__(self, line: Line, wish: Wish, credentials: str) -> None:
        self._wish, self._credentials = wish, credentials
        self._dialect, self._origin = dialect_of(line.url), origin_of(line.url)
        # As many connections as threads; one that broke meanwhile is made anew.
        self._engine = engine_to(line, max_overflow=-1, pool_pre_ping=True)
        self._column = wish.column

    @contextmanager
    def opened(self, document: Document) -> Iterator[Stream]:
        """The bytes of the one row of a document."""
        value = {PARAMETER: document.dokument_nr}
        with self._explained(), self._connected() as connection:
            column = self._named(connection, value)
            rows = connection.execute(looked_for(self._wish, column, self._dialect), value).all()
            if not rows or rows[0][1]:
                raise ContentProblem(
                    MISSING, f"{self._wish.setting} gives no bytes for it; deliver them, or mend the document"
                )
            if len(rows) > 1:
                raise ContentProblem(
                    MISSING, f"{self._wish.setting} gives several rows for it; give one row a document"
                )
            size = None if rows[0][0] is None else int(rows[0][0])
            yield Stream(_reader(connection, self._wish.relation, column, value, self._dialect), size)

    def forget(self) -> None:
        """Connections are looked at before each use."""

    def close(self) -> None:
        """Ends all connections."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            if self._dialect.is_allowed is None and self._dialect.snapshot:
                connection = connection.execution_options(**self._dialect.snapshot)
            yield connection

    def _named(self, connection: sa.Connection, value: dict[str, str]) -> sa.ColumnElement[Any]:
        """The column with the bytes; what a SELECT calls it is asked once."""
        if self._column is None:
            query = sa.select(sa.text("*")).select_from(self._wish.relation).limit(0)
            names = list(connection.execute(query, value).keys())
            if len(names) != 1:
                raise SourceGone(
                    f"{self._wish.setting}: selects {len(names)} columns; select the one with bytes"
                )
            self._column = names[0]
        return sa.column(self._column, sa.LargeBinary())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self._origin, self._wish.setting, self._wish.setting, self._credentials):
                yield
            return
        except DatabaseError as problem:
            is_its_own, message = problem.cause == VALUE, str(problem)
        raise ContentProblem(UNREADABLE, message) if is_its_own else SourceGone(message)


def looked_for(wish: Wish, column: sa.ColumnElement[Any], dialect: Dialect) -> sa.Select[Any]:
    """The query for the length of a document, NULL where it is not known, and 1 where there are no bytes at all."""
    length = _called(dialect.length, column) if dialect.length else sa.null()
    is_nothing = sa.case((column.is_(None), 1), else_=0)
    return sa.select(length, is_nothing).select_from(wish.relation).limit(2)


def _called(name: str, *arguments: Any) -> sa.ColumnElement[Any]:
    """A function of the database, also one with the name of a package in front."""
    function: Any = reduce(getattr, name.split("."), sa.func)
    called: sa.ColumnElement[Any] = function(*arguments)
    return called


def _reader(
    connection: sa.Connection,
    relation: sa.FromClause,
    column: sa.ColumnElement[Any],
    value: dict[str, str],
    dialect: Dialect,
) -> Callable[[int], bytes]:
    """Gives the bytes in pieces; where the database cuts none out, the whole value is fetched at once."""
    first, wanted = sa.bindparam("first", type_=sa.Integer()), sa.bindparam("wanted", type_=sa.Integer())
    cut = _called(dialect.piece, column, first, wanted) if dialect.piece else column
    query = sa.select(cut).select_from(relation)
    place, whole = 0, b""

    def read_piece(size: int) -> bytes:
        nonlocal place
        piece = _bytes(connection.execute(query, {**value, "first": place + 1, "wanted": size}).scalar())
        place += len(piece)
        return piece

    def read_of_whole(size: int) -> bytes:
        nonlocal place, whole
        if place == 0:
            whole = _bytes(connection.execute(query, value).scalar())
        piece = whole[place : place + size]
        place += len(piece)
        return piece

    return read_piece if dialect.piece else read_of_whole


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise ContentProblem(UNREADABLE, "its column holds no bytes; select the bytes themselves")
