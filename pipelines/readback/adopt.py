"""Takes up what a partner holds already, so that nothing is created twice. Nothing is written at the partner.

Rows of the marts that the ledger has no record for are matched with records at the partner: by external id, else by
the natural key of the contract, parents before children. `apply` writes the matches into the ledger as what the
partner holds; the next plan then changes what differs and creates only what is not there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import current_run
from pipelines.api.compare import differing, differing_references, without_overruled
from pipelines.api.connector import Connector
from pipelines.contract.contract import Contract, Entity
from pipelines.contract.model import Content
from pipelines.ledger.ledger import open_database
from pipelines.plan.marts import render_marts
from pipelines.plan.plan import GIVE_UP_AFTER
from pipelines.progress import Progress
from pipelines.readback.contents import adopted_bytes, without_bytes
from pipelines.readback.snapshot import (
    attach,
    count,
    held,
    in_batches,
    read_back,
    scratch,
    strangers_sql,
    visible_fields,
    write_kinds,
    write_references,
)

# More pairs than these of one natural key are for a person to look at.
LARGEST_GROUP = 10_000

ADOPTED = pa.schema(
    [
        (name, pa.string())
        for name in (
            "entity",
            "id_space",
            "external_id",
            "remote_id",
            "payload",
            "refs",
            "payload_hash",
            "content",
        )
    ]
)


@dataclass(frozen=True)
class AdoptionCounts:
    """One line of an adoption: rows of one mart by what was found for them, and records that are not ours.

    `differing` are matches of which the next plan changes something.
    """

    entity: str
    in_mart: int = 0
    in_ledger: int = 0
    by_external_id: int = 0
    by_natural_key: int = 0
    differing: int = 0
    ambiguous: int = 0
    to_create: int = 0
    strangers: int = 0
    not_made: int = 0
    """Rows whose record the partner makes itself, and that it does not have."""


@dataclass(frozen=True)
class Ambiguous:
    """A mart row and a record at the partner that fit, as others do too."""

    entity: str
    external_id: str
    remote_id: str


@dataclass(frozen=True)
class UnmanagedRecord:
    """A record at the partner that is no row of ours, with the external ids that it carries."""

    entity: str
    remote_id: str
    external_ids: tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """One of several records of one natural key. `parents_of`: our ids of the parents of what hangs on it."""

    body: Mapping[str, Any] = field(repr=False)
    has_children: bool = False
    parents_of: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Adoption:
    """What a partner holds already, seen from the marts."""

    partner: str
    counts: tuple[AdoptionCounts, ...]
    ambiguous: tuple[Ambiguous, ...] = field(repr=False)
    strangers: tuple[UnmanagedRecord, ...] = field(repr=False)
    applied: bool


def adopt(home: Path, connector: Connector, apply: bool, progress: Progress = lambda *_: None) -> Adoption:
    """Matches the marts with what the partner holds; `apply` writes the matches into the ledger.

    Everything of former runs must be settled. Raises `BuildError` when a mart is missing, `StammdatenError` when the
    partner cannot be read.
    """
    contract = connector.contract
    with scratch(home) as path:
        with open_database(home) as db, attach(db, path, read_only=False):
            _write_ours(db, contract)
        read_back(path, connector, progress)
        with open_database(home) as db, attach(db, path):
            _match(db, contract)
            counts = _compare(db, contract, progress)
            found = Adoption(contract.partner, counts, _ambiguous(db), _strangers(db, contract), apply)
            if apply:
                _write_ledger(db, contract)
            return found


def _write_ours(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Puts into the scratch database which external ids are ours."""
    _write_rows(db, contract)
    db.execute(
        """
        create table back.ours as
        select id_space, external_id, null::varchar as kind, null::varchar as remote_id, null::varchar as parent_id
        from mart_row
        union
        select id_space, external_id, null, null, null from sync.ledger where partner = ?
        """,
        [contract.partner],
    )


def _write_rows(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """The rows of all marts with kind and id space, in the temp table `mart_row`."""
    write_kinds(db, contract)
    render_marts(db, contract, list(contract.entities.values()))
    db.execute(
        "create or replace temp table mart_row as"
        " select m.*, e.id_space, e.kind from mart as m inner join entity_kind as e on m.entity = e.entity"
    )


def _match(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Fills `known` (rows with their record, and how it was found) and `ambiguous` (pairs that are not alone)."""
    _write_rows(db, contract)
    db.execute(
        """
        create or replace temp table known as
        select l.id_space, l.external_id, e.kind, l.remote_id, 'ledger' as how
        from sync.ledger as l
        inner join entity_kind as e on l.entity = e.entity
        where l.partner = ? and l.remote_id is not null
        """,
        [contract.partner],
    )
    db.execute(
        "create or replace temp table ambiguous"
        " (entity varchar, id_space varchar, external_id varchar, kind varchar, remote_id varchar)"
    )
    rows, records = (
        "select *, external_id as key from mart_row",
        "select *, external_id as key from back.carried",
    )
    _pair(db, "external_id", rows, records)
    _pair_shared(db, contract)
    for name in (name for level in contract.levels for name in level):
        entity = contract.entities[name]
        if not (entity.natural_key or entity.created_with):
            continue
        matched = -1
        # Below what was found more may be found, where records hang on records of the same kind.
        while matched != (matched := count(db, "from known")):
            _pair(db, "natural_key", _row_keys(contract, entity), _record_keys(entity))
            # What somebody made by hand is taken up only where it can be told whose it is.
            if not entity.made_by:
                _match_alike(db, contract, entity)
            if entity.self_parent is None:
                break


def _pair(db: duckdb.DuckDBPyConnection, how: str, rows: str, records: str) -> None:
    """Joins rows and records by their `key`, as far as neither has a partner yet.

    A pair that is the only one of both sides is known from then on; the others are ambiguous.
    """
    db.execute(
        f"""
        create or replace temp table pair as
        with

        open_row as (
            select r.* from ({rows}) as r
            anti join known as k on r.id_space = k.id_space and r.external_id = k.external_id
            anti join ambiguous as a on r.id_space = a.id_space and r.external_id = a.external_id
        ),

        open_record as (
            select c.* from ({records}) as c
            semi join (from back.record where not gone) as b on c.kind = b.kind and c.remote_id = b.remote_id
            anti join known as k on c.kind = k.kind and c.remote_id = k.remote_id
            anti join ambiguous as a on c.kind = a.kind and c.remote_id = a.remote_id
        )

        select
            r.entity, r.id_space, r.external_id, c.kind, c.remote_id, c.key,
            count(*) over (partition by r.id_space, r.external_id) = 1
                and count(*) over (partition by c.kind, c.remote_id) = 1 as is_only_one
        from open_row as r
        inner join open_record as c on r.kind = c.kind and r.key = c.key
        """
    )
    db.execute(
        "insert into known select id_space, external_id, kind, remote_id, ? from pair where is_only_one",
        [how],
    )
    db.execute(
        "insert into ambiguous select entity, id_space, external_id, kind, remote_id from pair where not is_only_one"
    )


def _match_alike(db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity) -> None:
    """Matches rows and records of one natural key one to one, as far as it can be told which belong together."""
    schema = contract.schema(entity.name, "create")
    groups = db.execute(
        "select key, count(distinct external_id), count(distinct remote_id) from pair where not is_only_one"
        " group by key order by key"
    ).fetchall()
    for key, rows, records in groups:
        if rows * records > LARGEST_GROUP:
            continue
        found = alike(_rows_alike(db, key), _records_alike(db, entity, key), schema)
        for external_id, remote_id in found.items():
            db.execute(
                "insert into known values (?, ?, ?, ?, 'natural_key')",
                [entity.id_space, external_id, entity.record, remote_id],
            )
        taken = [list(found), list(found.values())]
        db.execute(
            "delete from ambiguous where entity = ? and (list_contains(?, external_id) or list_contains(?, remote_id))",
            [entity.name, *taken],
        )


def alike(
    rows: Mapping[str, Mapping[str, Any]], records: Mapping[str, Alike], schema: Mapping[str, Any]
) -> dict[str, str]:
    """External id → remote id for rows and records of one natural key, as far as it can be told which belong together.

    A record under which children of one row lie is that row's. Of the others one is matched that alone shows all that
    would be sent; and, when there are no more of them than rows, the rest in their order. When something unknown
    hangs on one, nobody can tell whose it is.
    """
    found: dict[str, str] = {}
    for external_id in rows:
        own = [one for one, record in records.items() if external_id in record.parents_of]
        if len(own) == 1 and records[own[0]].parents_of == {external_id}:
            found[external_id] = own[0]
    left = {one: r for one, r in records.items() if one not in found.values() and not r.has_children}
    open_rows = {external_id: row for external_id, row in rows.items() if external_id not in found}
    if len(left) + len(found) < len(records):
        return found
    is_enough = len(left) <= len(open_rows)
    for external_id, row in open_rows.items():
        equal = [one for one, r in left.items() if not differing(row, r.body, schema, r.body.keys())]
        if len(equal) == 1 or (equal and is_enough):
            found[external_id] = equal[0]
            del left[equal[0]]
    rest = [external_id for external_id in open_rows if external_id not in found]
    return found | dict(zip(rest, left, strict=False)) if len(left) <= len(rest) else found


def _rows_alike(db: duckdb.DuckDBPyConnection, key: list[str]) -> dict[str, dict[str, Any]]:
    found = db.execute(
        "select distinct m.external_id, m.payload from mart_row as m"
        " semi join (from pair where not is_only_one and key = ?) as p"
        " on m.id_space = p.id_space and m.external_id = p.external_id order by m.external_id",
        [key],
    ).fetchall()
    return {external_id: json.loads(payload) for external_id, payload in found}


def _records_alike(db: duckdb.DuckDBPyConnection, entity: Entity, key: list[str]) -> dict[str, Alike]:
    """The records of a natural key: what they show, and whose rows' children hang on them."""
    found = db.execute(
        """
        with wanted as (select distinct remote_id from pair where not is_only_one and key = $key)
        select
            b.remote_id, any_value(b.body), count(l.remote_id) > 0,
            list(distinct json_extract_string(m.refs, '$."' || l.field || '"')) filter (m.refs is not null)
        from back.record as b
        semi join wanted as w on b.remote_id = w.remote_id
        left join back.link as l on b.kind = l.parent_kind and b.remote_id = l.parent_id
        left join back.carried as c on l.kind = c.kind and l.remote_id = c.remote_id
        left join mart_row as m on c.kind = m.kind and c.external_id = m.external_id
        where b.kind = $kind
        group by b.remote_id
        order by b.remote_id
        """,
        {"key": key, "kind": entity.record},
    ).fetchall()
    return {
        remote_id: Alike(json.loads(body), has_children, frozenset(owners or ()))
        for remote_id, body, has_children, owners in found
    }


def _pair_shared(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Rows whose id stands in the list of a record that another row has: the partner made two records one."""
    kinds = sorted({entity.record for entity in contract.entities.values() if entity.external_ids})
    db.execute(
        """
        insert into known
        select r.id_space, r.external_id, c.kind, min(c.remote_id), 'external_id'
        from mart_row as r
        inner join back.carried as c on r.kind = c.kind and r.external_id = c.external_id
        semi join (from back.record where not gone) as b on c.kind = b.kind and c.remote_id = b.remote_id
        anti join known as k on r.id_space = k.id_space and r.external_id = k.external_id
        where list_contains(?, r.kind)
        group by r.id_space, r.external_id, c.kind
        having count(*) = 1
        """,
        [kinds],
    )
    db.execute(
        "delete from ambiguous as a using known as k"
        " where a.id_space = k.id_space and a.external_id = k.external_id"
    )


def _row_keys(contract: Contract, entity: Entity) -> str:
    """Select of the rows of an entity whose parents are known, with the natural key as the partner shows it."""
    parents = {parent.field for parent in entity.parents}
    joins, parts = [], []
    for place, name in enumerate(_key_fields(entity)):
        if name not in parents:
            parts.append(_plain("r.payload", name))
            continue
        targets = [contract.entities[p.entity] for p in entity.parents if p.field == name]
        spaces = sorted({target.id_space for target in targets})
        ours = targets[0].refer_by == "external_id"
        parent = f"json_extract_string(r.refs, '$.\"{name}\"')"
        known = f"k{place}.external_id" if ours else f"k{place}.remote_id"
        # The topmost record has no parent to be known.
        is_self = entity.self_parent is not None and entity.self_parent.field == name
        parts.append(f"if({parent} is null, '', {known})" if is_self else known)
        joins.append(
            f"{'left' if is_self else 'inner'} join known as k{place}"
            f" on list_contains({spaces!r}, k{place}.id_space) and k{place}.external_id = {parent}"
        )
    return (
        f"select r.*, [{', '.join(parts)}] as key from mart_row as r {' '.join(joins)}"
        f" where r.entity = '{entity.name}'"
    )


def _record_keys(entity: Entity) -> str:
    """Select of the records of an entity with their natural key, without those that carry an id of ours."""
    parents = {parent.field: parent for parent in entity.parents}
    parts = [
        _plain("b.body", name)
        if name not in parents
        else "b.parent_id"
        if parents[name].in_path
        else f"coalesce(json_extract_string(b.body, '$.\"{name}\"'), '')"
        if parents[name].entity == entity.name
        else f"json_extract_string(b.body, '$.\"{name}\"')"
        for name in _key_fields(entity)
    ]
    # A record that came into being with its parent has the parent's id.
    key = "b.remote_id" if entity.created_with else ", ".join(parts)
    return f"""
        select b.kind, b.remote_id, [{key}] as key
        from back.record as b
        anti join (
            select c.kind, c.remote_id from back.carried as c
            semi join mart_row as m on m.id_space = '{entity.id_space}' and c.external_id = m.external_id
        ) as ours on b.kind = ours.kind and b.remote_id = ours.remote_id
        where b.entity = '{entity.name}'
    """


def _key_fields(entity: Entity) -> tuple[str, ...]:
    if entity.created_with:
        return tuple(parent.field for parent in entity.parents if parent.entity == entity.created_with)
    return entity.natural_key


def _plain(column: str, name: str) -> str:
    """SQL of a field as text: 7 is 7.0, nothing is an empty text."""
    path = f"{column}, '$.\"{name}\"'"
    return (
        f"case when json_type({path}) in ('DOUBLE', 'BIGINT', 'UBIGINT') then json_extract({path})::double::varchar"
        f" else coalesce(json_extract_string({path}), '') end"
    )


def _compare(
    db: duckdb.DuckDBPyConnection, contract: Contract, progress: Progress
) -> tuple[AdoptionCounts, ...]:
    """Fills `adopted` with the ledger rows of the matches, and counts."""
    write_references(db, "known")
    db.execute(
        """
        create or replace temp table found as
        select
            row_number() over () as n, m.entity, m.id_space, m.external_id, m.payload, m.refs, m.payload_hash,
            k.kind, k.remote_id, b.body, coalesce(f.refs, '{}') as shown_refs,
            c.external_id is not null as carries_id
        from known as k
        inner join mart_row as m on k.id_space = m.id_space and k.external_id = m.external_id
        inner join back.record as b on k.kind = b.kind and k.remote_id = b.remote_id
        left join back_refs as f on k.kind = f.kind and k.remote_id = f.remote_id
        left join back.carried as c
            on k.kind = c.kind and k.remote_id = c.remote_id and k.external_id = c.external_id
        where k.how <> 'ledger'
        """
    )
    db.register("no_rows", ADOPTED.empty_table())
    db.execute("create or replace temp table adopted as select * from no_rows")
    db.unregister("no_rows")
    seen = visible_fields(db)
    traits = {
        entity.name: _Traits(
            contract.schema(entity.name, "create"),
            frozenset(seen.get(entity.record, ())),
            entity.content,
            _keeps_id(contract, entity, seen.get(entity.record, set())),
        )
        for entity in contract.entities.values()
    }
    total, done = count(db, "from found"), 0
    for batch in in_batches(db, "found"):
        rows = [_as_held(row, traits[row["entity"]]) for row in batch]
        db.register("rows", pa.Table.from_pylist(rows, ADOPTED))
        db.execute("insert into adopted select * from rows")
        db.unregister("rows")
        done += len(batch)
        progress(f"{contract.partner}: comparing", done, total)
    return _count(db, contract)


@dataclass(frozen=True)
class _Traits:
    """What comparing records of one entity needs: schema, fields that the partner shows, whether it keeps our id."""

    schema: dict[str, Any]
    visible: frozenset[str]
    content: Content | None
    keeps_id: bool


def _as_held(row: dict[str, Any], traits: _Traits) -> dict[str, Any]:
    """The ledger row of a match: the mart's fields, with the partner's value where that means something else.

    Without payload where our external id is still to be written to the record: all fields are sent then.
    """
    kept = {name: row[name] for name in ("entity", "id_space", "external_id", "remote_id")}
    body, content = json.loads(row["body"]), traits.content
    kept["content"] = adopted_bytes(content, body)
    if traits.keeps_id and not row["carries_id"]:
        return {**kept, "payload": None, "refs": None, "payload_hash": None}
    payload, refs = json.loads(row["payload"]), json.loads(row["refs"])
    sent = without_bytes(content, without_overruled(payload, refs))
    fields = differing(sent, body, traits.schema, traits.visible)
    links = differing_references(refs, json.loads(row["shown_refs"]), traits.visible, sent)
    if not fields and not links and content is None:
        return {**kept, **{name: row[name] for name in ("payload", "refs", "payload_hash")}}
    # Whose bytes those are nobody can tell: the next plan reads and sends ours.
    return {**kept, **held({**without_bytes(content, payload), **fields}, {**refs, **links})}


def _keeps_id(contract: Contract, entity: Entity, visible: set[str]) -> bool:
    """Whether the partner keeps our external id on records of an entity; where that is assumed, its answers decide."""
    name = entity.external_id
    return name is not None and (name in visible or contract.confidence(entity.name, name) != "assumed")


def _count(db: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[AdoptionCounts, ...]:
    """Counts by entity, in order of levels."""
    _write_claimed(db)
    by_entity = {
        "in_mart": "select entity, count(*) from mart_row group by entity",
        "in_ledger": _known("ledger"),
        "by_external_id": _known("external_id"),
        "by_natural_key": _known("natural_key"),
        "differing": "select a.entity, count(*) from adopted as a"
        " inner join mart_row as m on a.id_space = m.id_space and a.external_id = m.external_id"
        " where a.payload_hash is distinct from m.payload_hash group by a.entity",
        "ambiguous": "select entity, count(distinct external_id) from ambiguous group by entity",
        "to_create": "select m.entity, count(*) from mart_row as m"
        " anti join known as k on m.id_space = k.id_space and m.external_id = k.external_id"
        " anti join ambiguous as a on m.id_space = a.id_space and m.external_id = a.external_id group by m.entity",
        "strangers": f"select entity, count(*) from ({strangers_sql(contract, 'claimed')}) group by entity",
    }
    found = {name: dict(db.execute(sql).fetchall()) for name, sql in by_entity.items()}
    made_there = {entity.name for entity in contract.entities.values() if entity.made_by}
    found["not_made"] = {name: found["to_create"].pop(name, 0) for name in made_there}
    return tuple(
        AdoptionCounts(entity, **{name: numbers.get(entity, 0) for name, numbers in found.items()})
        for level in contract.levels
        for entity in level
    )


def _known(how: str) -> str:
    return (
        "select m.entity, count(*) from mart_row as m"
        " inner join known as k on m.id_space = k.id_space and m.external_id = k.external_id"
        f" where k.how = '{how}' group by m.entity"
    )


def _write_claimed(db: duckdb.DuckDBPyConnection) -> None:
    """Records that are ours, or may be, in the temp table `claimed`."""
    db.execute(
        "create or replace temp table claimed as"
        " select kind, remote_id from known union select kind, remote_id from ambiguous"
    )


def _ambiguous(db: duckdb.DuckDBPyConnection) -> tuple[Ambiguous, ...]:
    rows = db.execute("select entity, external_id, remote_id from ambiguous order by all").fetchall()
    return tuple(Ambiguous(*row) for row in rows)


def _strangers(db: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[UnmanagedRecord, ...]:
    rows = db.execute(
        f"""
        select s.entity, s.remote_id, list(c.external_id order by c.external_id) filter (c.external_id is not null)
        from ({strangers_sql(contract, "claimed")}) as s
        left join back.carried as c on s.kind = c.kind and s.remote_id = c.remote_id
        group by s.entity, s.remote_id
        order by all
        """
    ).fetchall()
    return tuple(UnmanagedRecord(entity, remote_id, tuple(ids or ())) for entity, remote_id, ids in rows)


def _write_ledger(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Writes matches as held by the partner; rows that fit several records are given up until somebody has looked."""
    names = {"partner": contract.partner, "run": current_run.run_id(), "now": datetime.now(UTC)}
    db.execute("begin")
    db.execute(
        """
        merge into sync.ledger as l
        using adopted as a
            on l.partner = $partner and l.id_space = a.id_space and l.external_id = a.external_id
        when matched then update set
            entity = a.entity, remote_id = a.remote_id, state = 'synced', reason = null, fields = null,
            payload = a.payload, refs = a.refs, payload_hash = a.payload_hash, content = a.content, tries = 0,
            tried_hash = null,
            last_run_id = $run, last_synced_at = $now
        when not matched then insert (
            partner, entity, id_space, external_id, remote_id, state, payload, refs, payload_hash, content,
            tries, last_run_id, last_synced_at
        ) values (
            $partner, a.entity, a.id_space, a.external_id, a.remote_id, 'synced', a.payload, a.refs, a.payload_hash,
            a.content, 0, $run, $now
        )
        """,
        names,
    )
    db.execute(
        """
        delete from sync.ledger as l
        where l.partner = $partner and l.remote_id is null
            and (l.reason = 'ambiguous' or exists (
                from ambiguous as a where l.id_space = a.id_space and l.external_id = a.external_id
            ))
        """,
        {"partner": contract.partner},
    )
    db.execute(
        """
        insert into sync.ledger (
            partner, entity, id_space, external_id, state, reason, tries, tried_hash
        )
        select distinct $partner, m.entity, m.id_space, m.external_id, 'rejected', 'ambiguous', $tries, m.payload_hash
        from mart_row as m
        semi join ambiguous as a on m.id_space = a.id_space and m.external_id = a.external_id
        """,
        {"partner": contract.partner, "tries": GIVE_UP_AFTER},
    )
    db.execute("commit")
