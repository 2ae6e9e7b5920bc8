"""A database that dbt built for the tests, in which one mart at a time is replaced by a mutant."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from tests.mutants.mapping import Mutant, mutants, swaps
from tests.mutants.sql import Select, same

ASIDE = "as_built__"


@dataclass(frozen=True)
class Relation:
    """A table or view of the database; `types` are those that dbt's contract gave its columns."""

    name: str
    kind: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class Stock:
    """One partner's models in one database: `compiled` is the SELECT of each, as dbt compiled it for this stock."""

    database: duckdb.DuckDBPyConnection
    partner: str
    compiled: Mapping[str, str] = field(repr=False)

    @cached_property
    def mutants(self) -> Mapping[str, Mutant]:
        """By name: the mutants of the marts, and of what they only pass through from models of the partner."""
        found: dict[str, Mutant] = {}
        passed: dict[tuple[str, str], None] = {}
        for mart in self.marts:
            select = Select(self.database, self.compiled[mart])
            found |= {mutant.name: mutant for mutant in mutants(mart, select, self._are_one)}
            names = [column.name for column in select.columns if column.name != "external_id"]
            passed |= dict.fromkeys(self._origins(mart, names))
        for model, column in passed:
            select = Select(self.database, self.compiled[model])
            found |= {mutant.name: mutant for mutant in swaps(model, select, column, self._are_one)}
        return found

    @cached_property
    def marts(self) -> list[str]:
        """The partner's marts in this database."""
        return sorted(name for name in self._relations if name.startswith(f"{self.partner}__"))

    @contextmanager
    def having(self, mutant: Mutant | None) -> Iterator[None]:
        """The database with the mutant, and all that is made of it made again; None: as it was, made again.

        It is committed, so that a test may have transactions of its own; what the tests saw before is put aside.
        """
        order = self._order([mutant.model] if mutant else list(self.marts))
        with _whole(self.database):
            for model in order:
                self._rename(model, ASIDE + model)
                sql = mutant.sql if mutant and model == mutant.model else self.compiled[model]
                self._make(model, sql, is_changed=bool(mutant and model == mutant.model))
        try:
            yield
        finally:
            with suppress(duckdb.TransactionException):  # a test that failed may have left its own open
                self.database.rollback()
            with _whole(self.database):
                for model in order:
                    self.database.execute(f"drop {self._relations[model].kind} {self._relations[model].name}")
                    self._rename(ASIDE + model, model)

    def _origins(self, model: str, columns: list[str]) -> Iterator[tuple[str, str]]:
        """Models of the partner, and their columns, that columns of a model are passed through from."""
        select = Select(self.database, self.compiled[model])
        for column in columns:
            origin = select.relation_of(column)
            if origin and origin[0] in self.compiled and f"{self.partner}__" in origin[0]:
                yield origin
                yield from self._origins(origin[0], [origin[1]])

    def _are_one(self, select: Select, names: tuple[str, ...], other: str) -> bool:
        """Whether two columns of a relation are the same expression in the model of the partner behind it."""
        table = select.table_of(names)
        if table not in self._relations:
            return False
        expressions = Select(self.database, self.compiled[table]).expressions
        return {names[-1], other} <= set(expressions) and same(expressions[names[-1]], expressions[other])

    def _order(self, changed: list[str]) -> list[str]:
        """The changed models and all that are made of them, each after what it is made of."""
        open_ = set(changed)
        while more := {m for m in self._relations if m not in open_ and self._reads(m) & open_}:
            open_ |= more
        done: list[str] = []
        while open_:
            ready = sorted(model for model in open_ if not self._reads(model) & (open_ - {model}))
            assert ready, f"models form a circle: {open_}"
            done += ready
            open_ -= set(ready)
        return done

    def _reads(self, model: str) -> set[str]:
        return {other for other in self._relations if f'"{other}"' in self.compiled[model]} - {model}

    @cached_property
    def _relations(self) -> Mapping[str, Relation]:
        """The partner's models that are in this database, without its findings: nothing reads those."""
        columns = self.database.execute(
            """
            select table_name, table_type, column_name, data_type, table_schema
            from information_schema.tables
            inner join information_schema.columns using (table_catalog, table_schema, table_name)
            order by table_name, ordinal_position
            """
        ).fetchall()
        types: dict[str, dict[str, str]] = {}
        kinds = {}
        for table, kind, column, data_type, schema in columns:
            if table in self.compiled and f"{self.partner}__" in table and not table.endswith("__findings"):
                types.setdefault(table, {})[column] = data_type
                kinds[table] = (f"{schema}.{table}", "view" if kind == "VIEW" else "table")
        return {table: Relation(*kinds[table], types[table]) for table in kinds}

    def _make(self, model: str, sql: str, *, is_changed: bool) -> None:
        """The mutant keeps its own types, so that a wrong one is not mended by the way; all else has dbt's."""
        relation = self._relations[model]
        columns = [
            f'"{name}"' if is_changed else f'cast("{name}" as {kind}) as "{name}"'
            for name, kind in relation.types.items()
        ]
        self.database.execute(
            f"create {relation.kind} {relation.name} as select {', '.join(columns)} from (\n{sql}\n)"
        )

    def _rename(self, one: str, other: str) -> None:
        relation = self._relations[one.removeprefix(ASIDE)]
        schema = relation.name.split(".")[0]
        self.database.execute(f'alter {relation.kind} {schema}."{one}" rename to "{other}"')


@contextmanager
def _whole(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: all of it, or nothing."""
    database.begin()
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()
