"""Writes `sync.plan`: the operations of a partner in the order in which they are sent. Nothing else writes it."""

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.ledger import one
from pipelines.plan.mart_columns import MART_SCHEMA
from pipelines.sql_file import read_sql

DEPTHS = """
create or replace temp table depth (entity varchar, withdrawn boolean, external_id varchar, depth integer)
"""
# From the topmost rows down. What is never reached hangs in a circle, or below one; an id counts once.
WALK = """
insert into depth
with recursive

above as (
    select external_id, min(parent) as parent from ({parents}) group by external_id
),

walk as (
    select a.external_id, 0 as depth
    from above as a
    left join above as p on a.parent = p.external_id
    where p.external_id is null
    union all
    select a.external_id, w.depth + 1
    from walk as w
    inner join above as a on w.external_id = a.parent
)

select '{entity}', {withdrawn}, external_id, depth from walk
"""

# A record that is only ended stays in the way of the deletion of what it hangs on.
WITH_PARENT = """
update sync.plan as p set with_parent = true
from (
    select distinct unnest(children) as seq from sync.plan
    where plan_id = $plan_id and partner = $partner and list_contains($deleted, entity)
) as c
where p.plan_id = $plan_id and p.partner = $partner and p.operation = 'withdraw' and p.seq = c.seq
"""


def write_operations(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str) -> None:
    """Writes the operations in the order of sending: parents first, withdrawals the other way round.

    One entity at a time, so that memory does not grow with the number of entities.
    """
    last = one(db, "select coalesce(max(seq), 0) from sync.plan")[0]
    order = [
        (level, contract.entities[name]) for level, names in enumerate(contract.levels) for name in names
    ]
    differing = set(db.execute("select distinct entity, operation = 'withdraw' from diff").fetchall())
    db.execute(DEPTHS)
    below = 0
    for place, (level, entity) in enumerate(order):
        order[place] = (level + below, entity)
        if entity.self_parent and {(entity.name, True), (entity.name, False)} & differing:
            below += _write_depths(db, contract, entity)
    for withdrawn, entities in ((False, order), (True, order[::-1])):
        for level, entity in entities:
            if (entity.name, withdrawn) in differing:
                last += _write_entity(db, contract, plan_id, entity, level, withdrawn, last)


def note_children(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str) -> None:
    """Notes with each record that is to be deleted what hangs on it at the partner, and with that, that it goes along.

    Reads `parent_field`.
    """
    [deletes] = one(
        db,
        "select count(*) from sync.plan where plan_id = ? and partner = ? and operation = 'withdraw' and sends",
        [plan_id, contract.partner],
    )
    if not deletes:
        return
    kinds = {name: entity.withdraw.kind for name, entity in contract.entities.items()}
    whose = {
        "plan_id": plan_id,
        "partner": contract.partner,
        "deleted": [name for name, kind in kinds.items() if kind == "delete"],
    }
    ended = [name for name, kind in kinds.items() if kind == "end"]
    db.execute(read_sql(__file__, "children"), {**whose, "ended": ended})
    db.execute(WITH_PARENT, whose)


def forget_gone_children(db: duckdb.DuckDBPyConnection, plan_id: str) -> None:
    """Takes out of a plan's children those that an earlier push of it has moved or withdrawn."""
    db.execute(
        """
        update sync.plan as p set children = c.left_over
        from (
            select r.seq, list(r.child) filter (a.seq is null) as left_over
            from (
                select seq, unnest(children) as child from sync.plan where plan_id = $plan_id and children is not null
            ) as r
            left join sync.attempts as a
                on a.plan_id = $plan_id and r.child = a.seq and a.state in ('synced', 'withdrawn', 'delivered')
            group by r.seq
        ) as c
        where p.plan_id = $plan_id and p.seq = c.seq
        """,
        {"plan_id": plan_id},
    )


def _write_depths(db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity) -> int:
    """Notes how deep the rows of an entity lie that hang on rows of their own kind; returns the greatest depth.

    Rows in the mart by the mart, rows that are withdrawn by what the ledger says of them.
    """
    field = entity.self_parent.field if entity.self_parent else ""
    mart = f"""{MART_SCHEMA}."{contract.partner}__{entity.name}\""""
    gone = f"""select external_id, json_extract_string(refs, '$."{field}"') as parent from diff
        where entity = '{entity.name}' and operation = 'withdraw'"""
    is_there = one(
        db,
        "select count(*) from diff where entity = ? and operation <> 'withdraw'",
        [entity.name],
    )[0]
    rows = [(gone, "true")]
    if is_there:
        rows.append((f"select external_id, {entity.name}_external_id as parent from {mart}", "false"))
    for parents, withdrawn in rows:
        db.execute(WALK.format(parents=parents, entity=entity.name, withdrawn=withdrawn))
    return int(one(db, "select coalesce(max(depth), 0) from depth where entity = ?", [entity.name])[0])


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
    spaces = sorted({(p.field, contract.entities[p.entity].id_space, p.in_path) for p in entity.parents})
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
            "in_depth": entity.self_parent is not None,
        },
    )
    return int(written)
