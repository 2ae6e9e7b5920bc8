"""Whether a mart has the columns that its contract speaks of: its fields, our id, a reference for each parent."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from pipelines.contract.content import COLUMNS as CONTENT_COLUMNS
from pipelines.contract.contract import Contract, Entity
from pipelines.contract.schema.json_schema import is_list
from pipelines.errors import BuildError

MART_SCHEMA = "partners"
Json = dict[str, Any]


def mart_columns(db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity) -> list[str]:
    """The columns of a mart. Raises `BuildError` naming mart and column where they do not fit the contract."""
    mart = f"{contract.partner}__{entity.name}"
    source = f'{MART_SCHEMA}."{mart}"'
    try:
        relation = db.sql(f"from {source} limit 0")
    except duckdb.CatalogException:
        raise BuildError(f"{mart}: the mart is not there; run `stammdaten build` first") from None
    columns = list(relation.columns)
    own = ["external_id", *(column for columns_ in entity.reference_columns.values() for column in columns_)]
    for column in own:
        if column not in columns:
            raise BuildError(f"{mart}: the column {column} is missing; add it to the model")
    # What describes the bytes is no field of the partner.
    own += [entity.content.field] if entity.content else []
    schema = contract.schema(entity.name, "create")
    fields = {name: kind for name, kind in zip(columns, relation.types, strict=True) if name not in own}
    for name in _unknown(fields, schema):
        raise BuildError(
            f"{mart}: the contract does not know the column {name}; take it out of the model or add it to"
            f" partners/{contract.partner}/contract.yaml"
        )
    return columns


def misfits(db: duckdb.DuckDBPyConnection, contract: Contract, use_case: str | None = None) -> str | None:
    """What does not fit between the marts of a partner (of one use case) and its contract; None where all does.

    A required field without a column too: no record of that mart could be created.
    """
    entities = contract.of_use_case(use_case)
    for entity in (entity for name, entity in contract.entities.items() if name in entities):
        try:
            columns = mart_columns(db, contract, entity)
        except BuildError as problem:
            return str(problem)
        if entity.content and (lacks := _lacks_of_content(db, contract, entity.name, entity.content.field)):
            return lacks
        missing = _required(entity, contract.schema(entity.name, "create")) - set(columns)
        if missing:
            mart = f"{contract.partner}__{entity.name}"
            return f"{mart}: {contract.title} requires {sorted(missing)[0]}; add that column to the model"
    if any(entity.by_law for entity in contract.entities.values()):
        return _lacking(db, f"{contract.partner}__by_law", ("entity", "external_id", "rule", "reason"))
    return None


def _lacks_of_content(
    db: duckdb.DuckDBPyConnection, contract: Contract, name: str, column: str
) -> str | None:
    """What is missing in the column that describes the bytes of a record."""
    mart = f"{contract.partner}__{name}"
    relation = db.sql(f'from {MART_SCHEMA}."{mart}" limit 0')
    kind = dict(zip(relation.columns, relation.types, strict=True)).get(column)
    there = [part for part, _ in kind.children] if kind is not None and kind.id == "struct" else []
    missing = [part for part in CONTENT_COLUMNS if part not in there]
    if not missing:
        return None
    return (
        f"{mart}: the column {column}, a struct that describes the bytes, has no {missing[0]}; it needs"
        f" {', '.join(CONTENT_COLUMNS)}"
    )


def _lacking(db: duckdb.DuckDBPyConnection, model: str, columns: tuple[str, ...]) -> str | None:
    """What a model that the plan reads does not have."""
    try:
        there = db.sql(f'from {MART_SCHEMA}."{model}" limit 0').columns
    except duckdb.CatalogException:
        return f"{model}: the model is not there; run `stammdaten build`, or take by_law out of the contract"
    return next((f"{model}: the column {name} is missing" for name in columns if name not in there), None)


def _unknown(fields: Mapping[str, Any], schema: Json, above: str = "") -> Iterator[str]:
    """Fields, and fields within objects, that a schema does not have; what it leaves open is not looked into."""
    known = schema.get("properties")
    if not isinstance(known, Mapping) or (above and schema.get("additionalProperties")):
        return
    for name, kind in fields.items():
        if name not in known:
            yield f"{above}{name}"
        elif kind.id == "struct":
            yield from _unknown(dict(kind.children), known[name], f"{above}{name}.")
        elif kind.id == "list" and is_list(known[name]):
            inner = dict(kind.children)["child"]
            if inner.id == "struct":
                yield from _unknown(dict(inner.children), known[name].get("items", {}), f"{above}{name}.")


def _required(entity: Entity, schema: Json) -> set[str]:
    """Fields that the mart has to have, because nothing else fills them in."""
    filled_in = {parent.field for parent in entity.parents} | {look.field for look in entity.lookups}
    filled_in |= {entity.external_id or "", *entity.fixed}
    return set(schema.get("required", [])) - filled_in
