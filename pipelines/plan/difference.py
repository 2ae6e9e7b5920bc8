"""What differs, rendered as operations: the temp table `diff`, from which `sync.plan` is written."""

import json
from collections.abc import Collection
from datetime import date
from typing import Any

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.plan.endings import end_body
from pipelines.sql_file import read_sql


def empty_difference(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `diff`, without rows."""
    db.execute(
        "create or replace temp table diff (entity varchar, id_space varchar, external_id varchar, operation varchar,"
        " remote_id varchar, payload varchar, refs varchar, payload_hash varchar, changed_fields varchar[],"
        " confirmed boolean, sends boolean, is_whole boolean, content varchar)"
    )


def write_difference(
    db: duckdb.DuckDBPyConnection, contract: Contract, space: str, entities: list[Entity], stichtag: date
) -> None:
    """Adds one space of ids to `diff`. Needs the temp tables `compared`, `rendered` and `ending`."""
    ends = {e.name: e.withdraw.end for e in entities if e.withdraw.end}
    keeps = [e.name for e in entities if e.withdraw.kind == "keep"]
    bodies = {e.name: withdraw_body(contract, e, stichtag) for e in entities}
    # An upsert takes all fields, also the one that ends a record; so does a file, also of an object that goes.
    whole = [e.name for e in entities if e.upsert and (bodies[e.name] or e.openimmo)]
    db.execute(
        "create or replace temp table withdrawal"
        " (entity varchar, keeps boolean, body varchar, end_field varchar, is_whole boolean)"
    )
    db.executemany(
        "insert into withdrawal values (?, ?, ?, ?, ?)",
        [
            [e.name, e.name in keeps, json.dumps(bodies[e.name]), ends.get(e.name), e.name in whole]
            for e in entities
        ],
    )
    db.execute(
        read_sql(__file__, "difference"),
        {"partner": contract.partner, "space": space, "day": stichtag.isoformat()},
    )
    for entity in entities:
        if entity.withdraw.mutation and entity.withdraw.end:
            _detach(db, contract, entity, stichtag)


def _detach(db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity, stichtag: date) -> None:
    """A record that is cut from us gets its end before, unless the partner holds one on or before the key date."""
    db.execute("update diff set sends = true where entity = ? and operation = 'withdraw'", [entity.name])
    db.execute(
        """
        update diff as d
        set payload = '{}', payload_hash = sha256('{}'), changed_fields = []::varchar[], is_whole = false
        from sync.ledger as l
        where d.entity = $entity and d.operation = 'withdraw'
            and l.partner = $partner and l.id_space = d.id_space and l.external_id = d.external_id
            and left(json_extract_string(l.payload, '$."' || $end || '"'), 10) <= $day
        """,
        {
            "entity": entity.name,
            "partner": contract.partner,
            "end": entity.withdraw.end,
            "day": stichtag.isoformat(),
        },
    )


def take_along(db: duckdb.DuckDBPyConnection, contract: Contract, planned: Collection[str]) -> dict[str, int]:
    """Adds to `diff` what has its end and may still be deleted, where what it hangs on is deleted by the same plan.

    Else such a record would keep its parent there for ever. Its state decides when it is sent; where that does not let
    it be deleted it stays as it is. Returns by entity how many operations are new. Reads `parent_field`.
    """
    ended = [
        (e.name, e.withdraw.end)
        for e in contract.entities.values()
        if e.name in planned and e.withdraw.kind == "end" and e.states and e.states.may_delete
    ]
    deleted = [e.name for e in contract.entities.values() if e.withdraw.kind == "delete"]
    deletes = "select 1 from diff where operation = 'withdraw' and sends and list_contains(?, entity) limit 1"
    if not ended or not db.execute(deletes, [deleted]).fetchone():
        return {}
    db.execute("create or replace temp table ended_kind (entity varchar, end_field varchar)")
    db.executemany("insert into ended_kind values (?, ?)", ended)
    db.execute(read_sql(__file__, "goes_along"), {"partner": contract.partner, "deleted": deleted})
    db.execute(
        "delete from diff as d using along as a where d.id_space = a.id_space and d.external_id = a.external_id"
    )
    db.execute(
        "insert into diff by name select * exclude (is_new), 'withdraw' as operation, sha256(payload) as payload_hash,"
        " []::varchar[] as changed_fields, true as sends, false as is_whole from along"
    )
    return dict(db.execute("select entity, count(*) from along where is_new group by entity").fetchall())


def withdraw_body(contract: Contract, entity: Entity, stichtag: date) -> dict[str, Any]:
    """Fields that the partner's way of withdrawing sets; empty where it sets none."""
    withdraw = entity.withdraw
    if withdraw.kind == "deactivate":
        return dict(withdraw.values)
    if withdraw.end:
        return dict(end_body(contract, entity, stichtag))
    if withdraw.kind == "detach" and withdraw.field:
        return {withdraw.field: None}
    return {}
