"""The rows of marts as JSON, payload and references apart, and their hashes: all SQL over whole marts."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import xor

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.plan.mart_columns import MART_SCHEMA, mart_columns


def render_marts(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> None:
    """Puts all rows of these entities into the temp table `mart`, payload and references as JSON, with their hash."""
    db.execute(
        "create or replace temp table mart as select *, sha256(payload || refs) as payload_hash from ("
        + marts_sql(db, contract, entities)
        + ")"
    )


def hash_marts(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> None:
    """Puts the hash of each row into the temp table `mart_hash`; payloads of a whole mart are never kept."""
    db.execute(
        "create or replace temp table mart_hash as"
        " select entity, external_id, sha256(payload || refs) as payload_hash from ("
        + marts_sql(db, contract, entities)
        + ")"
    )


def mart_rows(db: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """By entity of the temp table `mart_hash`: its number of rows, and one that changes with any of them."""
    found = db.execute(
        "select entity, count(*), bit_xor(hash(entity, external_id, payload_hash)) from mart_hash group by entity"
    )
    return {entity: (rows, state) for entity, rows, state in found.fetchall()}


def mart_state(rows: Mapping[str, tuple[int, int]]) -> str:
    """What `mart_rows` found, as a text to compare."""
    numbers, states = zip(*rows.values(), strict=True) if rows else ((), (None,))
    return f"{sum(numbers)}-{reduce(xor, states)}"


def marts_sql(
    db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity], only: str | None = None
) -> str:
    """Select of some marts: entity, external_id, payload and references; `only` as in `_mart_sql`."""
    return "\nunion all\n".join(_mart_sql(db, contract, entity, only) for entity in entities)


def _mart_sql(
    db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity, only: str | None = None
) -> str:
    """Select of one mart: external_id, payload and references as JSON, keys as the partner spells them.

    `only` is a condition on `compared`: rows for which it does not hold are left out before anything is rendered.
    """
    mart = f"{contract.partner}__{entity.name}"
    source = f"{MART_SCHEMA}.{_q(mart)}"
    columns = mart_columns(db, contract, entity)
    references = entity.reference_columns
    known = {"external_id", *(column for columns_ in references.values() for column in columns_)}
    if only:
        source = (
            f"(from {source} semi join (from compared where entity = '{entity.name}' and {only}) as c"
            f" on {_q(mart)}.external_id = c.external_id)"
        )
    payload = ", ".join(f"{_q(c)} := {_q(c)}" for c in columns if c not in known)
    lists = {parent.field for parent in entity.parents if parent.many}
    refs = ", ".join(
        f"{_q(name)} := {_together(columns_) if name in lists else _first(columns_)}"
        for name, columns_ in references.items()
    )
    return (
        f"select '{entity.name}' as entity, external_id, to_json(struct_pack({payload}))::varchar as payload, "
        + (f"to_json(struct_pack({refs}))::varchar" if refs else "'{}'")
        + f" as refs from {source}"
    )


def _first(columns: Sequence[str]) -> str:
    """The one id that alternatives have."""
    return f"coalesce({', '.join(map(_q, columns))})"


def _together(columns: Sequence[str]) -> str:
    """The ids of all parents that a list field names; null where no column says anything."""
    if len(columns) == 1:
        return _first(columns)
    told = f"list_filter([{', '.join(map(_q, columns))}], lambda ids: ids is not null)"
    return f"if(len({told}) > 0, flatten({told}), null)"


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
