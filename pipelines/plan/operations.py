"""Writes `sync.plan`: the operations of a partner in the order in which they are sent. Nothing else writes it."""

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.ledger import one
from pipelines.sql_file import read_sql


def write_operations(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str) -> None:
    """Writes the operations in the order of sending: parents first, withdrawals the other way round.

    One entity at a time, so that memory does not grow with the number of entities.
    """
    last = one(db, "select coalesce(max(seq), 0) from sync.plan")[0]
    order = [
        (level, contract.entities[name]) for level, names in enumerate(contract.levels) for name in names
    ]
    differing = set(db.execute("select distinct entity, operation = 'withdraw' from diff").fetchall())
    for withdrawn, entities in ((False, order), (True, order[::-1])):
        for level, entity in entities:
            if (entity.name, withdrawn) in differing:
                last += _write_entity(db, contract, plan_id, entity, level, withdrawn, last)


def _write_entity(
    db: duckdb.DuckDBPyConnection,
    contract: Contract,
    plan_id: str,
    entity: Entity,
    level: int,
    withdrawn: bool,
    last: int,
) -> int:
    """Writes the operations of one entity, by external id, with the ids of parents that are known; returns how many."""
    spaces = sorted(
        {
            (p.field, contract.entities[p.entity].id_space, "{" + p.field + "}" in entity.record)
            for p in entity.parents
        }
    )
    db.execute("create or replace temp table reference (field varchar, id_space varchar, in_path boolean)")
    if spaces:
        db.executemany("insert into reference values (?, ?, ?)", spaces)
    [written] = one(
        db,
        read_sql(__file__, "operations"),
        {
            "partner": contract.partner,
            "plan_id": plan_id,
            "entity": entity.name,
            "level": level,
            "withdrawn": withdrawn,
            "last": last,
        },
    )
    return int(written)
