"""SELECTs taken apart by DuckDB's own parser: their columns, the columns these are made of, one of them swapped."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
from duckdb.sqltypes import DuckDBPyType

Node = dict[str, Any]
PLACES = ("query_location", "query_location_length", "alias")


@dataclass(frozen=True)
class Column:
    """A column of a relation: its name and its type."""

    name: str
    type: DuckDBPyType


@dataclass(frozen=True)
class Select:
    """One SELECT, with or without CTEs, over the tables of a database."""

    database: duckdb.DuckDBPyConnection
    sql: str

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        found = self.database.sql(self.sql)
        return tuple(Column(name, kind) for name, kind in zip(found.columns, found.types, strict=True))

    @cached_property
    def expressions(self) -> Mapping[str, Node]:
        """By column: what it is made of. Empty where the SELECT is no plain one (a union, a star)."""
        found = self._node.get("select_list", [])
        if len(found) != len(self.columns) or any(entry["class"] == "STAR" for entry in found):
            return {}
        return dict(zip((column.name for column in self.columns), found, strict=True))

    def sources(self, column: str) -> list[tuple[str, ...]]:
        """The columns of relations that a column is made of, each once, as they are written."""
        found = (tuple(ref["column_names"]) for ref in _references(self.expressions.get(column, {})))
        return [names for names in dict.fromkeys(found) if self._relation(names) is not None]

    def neighbour(self, names: tuple[str, ...]) -> str | None:
        """The next column of the same type in the same relation, after the last comes the first; None without one."""
        relation = self._relation(names)
        known = self._described(relation) if relation else ()
        position = [column.name for column in known].index(names[-1])
        same = [c.name for c in (*known[position + 1 :], *known[:position]) if c.type == known[position].type]
        return same[0] if same else None

    def relation_of(self, column: str) -> tuple[str, str] | None:
        """Relation and column behind a column that is passed through as it is, without a CTE's name in between."""
        expression = self.expressions.get(column, {})
        if expression.get("class") != "COLUMN_REF":
            return None
        table = self.table_of(tuple(expression["column_names"]))
        return (table, expression["column_names"][-1]) if table else None

    def table_of(self, names: tuple[str, ...]) -> str | None:
        """The table behind a column of a relation, where its CTE only imports one."""
        relation = self._relation(names)
        cte = self._ctes.get(relation["table_name"]) if relation else None
        if cte is None or cte.get("from_table", {}).get("type") != "BASE_TABLE":
            return None
        return str(cte["from_table"]["table_name"])

    def swapped(self, column: str, names: tuple[str, ...], other: str) -> str:
        """The same SELECT, in which one column is made of another column of the same relation."""
        changed = deepcopy(self._statement)
        position = [known.name for known in self.columns].index(column)
        expression = changed["node"]["select_list"][position]
        for reference in _references(expression):
            if tuple(reference["column_names"]) == names:
                reference["column_names"][-1] = other
        expression["alias"] = column
        return self._written(changed)

    @cached_property
    def _statement(self) -> Node:
        (text,) = self.database.execute("select json_serialize_sql($1)", [self.sql]).fetchone() or ("{}",)
        parsed = json.loads(text)
        assert not parsed["error"], parsed
        (statement,) = parsed["statements"]
        return {**statement, "node": _last_step(dict(statement["node"]))}

    @property
    def _node(self) -> Node:
        return dict(self._statement["node"])

    @property
    def _ctes(self) -> Mapping[str, Node]:
        return {entry["key"]: _query(entry["value"]) for entry in self._node["cte_map"]["map"]}

    def _relation(self, names: tuple[str, ...]) -> Node | None:
        """The table or CTE in FROM that has the column; a name alone is looked for where there is one relation."""
        tables = {table["alias"] or table["table_name"]: table for table in _tables(self._node["from_table"])}
        if len(names) == 1 and len(tables) == 1:
            (found,) = tables.values()
        else:
            found = tables.get(names[0]) if len(names) == 2 else None
        known = {column.name for column in self._described(found)} if found else set()
        return found if names[-1] in known else None

    def _described(self, table: Node) -> tuple[Column, ...]:
        everything = deepcopy(self._statement)
        node = everything["node"]
        star = json.loads(
            self.database.execute("select json_serialize_sql('select * from x')").fetchall()[0][0]
        )
        plain = star["statements"][0]["node"]
        everything["node"] = {**plain, "cte_map": node["cte_map"], "from_table": table}
        return Select(self.database, self._written(everything)).columns

    def _written(self, statement: Node) -> str:
        text = json.dumps({"error": False, "statements": [statement]})
        ((found,),) = self.database.execute("select json_deserialize_sql($1::json)", [text]).fetchall()
        return str(found)


def same(one: Node, other: Node) -> bool:
    """Whether two expressions are one, whatever they are called and wherever they stand."""
    return _bare(one) == _bare(other)


def is_null(expression: Node | None) -> bool:
    """Whether an expression is nothing but NULL, cast to whatever."""
    while expression and expression["class"] == "CAST":
        expression = expression["child"]
    return bool(expression) and expression.get("literal", {}).get("kind") == "NULL_LITERAL"


def member(expression: Node, path: tuple[str, ...]) -> Node | None:
    """The expression of a nested field, where the struct is written out field by field."""
    for name in path:
        arguments = (
            expression.get("arguments", []) if expression.get("function_name") == "struct_pack" else []
        )
        found = [argument["expression"] for argument in arguments if argument["name"] == name]
        if not found:
            return None
        expression = found[0]
    return expression


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(part) for key, part in value.items() if key not in PLACES}
    return [_bare(part) for part in value] if isinstance(value, list) else value


def _last_step(node: Node) -> Node:
    """The SELECT of the last CTE where the statement only says `select * from` it, as every model of ours does."""
    ctes = node.get("cte_map", {}).get("map", [])
    columns, table = node.get("select_list", []), node.get("from_table", {})
    if not ctes or [column["class"] for column in columns] != ["STAR"]:
        return node
    last = _query(ctes[-1]["value"])
    if table.get("table_name") != ctes[-1]["key"] or last.get("type") != "SELECT_NODE":
        return node
    return {**last, "cte_map": {**node["cte_map"], "map": ctes[:-1]}}


def _query(cte: Node) -> Node:
    """The SELECT of a CTE, wherever this version of DuckDB keeps it."""
    query = cte.get("query_node") or cte["query"]
    return dict(query.get("node", query))


def _references(value: Any) -> Iterator[Node]:
    """All references to columns in an expression; sub-selects have a scope of their own and are left out."""
    if isinstance(value, dict):
        if value.get("class") == "COLUMN_REF":
            yield value
        elif value.get("class") != "SUBQUERY":
            for part in value.values():
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _tables(table: Node) -> Iterator[Node]:
    if table["type"] == "BASE_TABLE":
        yield table
    elif table["type"] == "JOIN":
        yield from _tables(table["left"])
        yield from _tables(table["right"])
