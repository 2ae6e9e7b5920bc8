"""Reads a partner back and says where it differs from the ledger. Changes nothing; `repair` corrects the ledger.

Compared is what was sent: the fields of the ledger's payload, the references, the external id where the partner keeps
one. Of a withdrawn record only what the withdrawal has set is compared; a record that still waits to be sent is only
looked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from pipelines.api.compare import differing, differing_references, without_overruled
from pipelines.api.connector import Connector
from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.ledger import IDS_IN, open_database
from pipelines.progress import Progress
from pipelines.readback.contents import differing_bytes, to_send_anew, without_bytes
from pipelines.readback.reader import to_read
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

MENDED = pa.schema(
    [
        (name, pa.string())
        for name in ("kind", "id_space", "external_id", "payload", "refs", "payload_hash", "content")
    ]
)


@dataclass(frozen=True)
class Change:
    """A field that somebody changed at the partner: what the ledger says, and what the partner shows."""

    name: str
    held: Any = field(repr=False)
    shown: Any = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """A record that is not as the ledger says. `mended` is the ledger row as the partner holds it."""

    kind: Literal["missing", "changed", "unknown"]
    entity: str
    id_space: str
    external_id: str | None
    remote_id: str
    changes: tuple[Change, ...] = ()
    mended: Mapping[str, str | None] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class VerificationCounts:
    """One line of a verification."""

    entity: str
    in_ledger: int = 0
    at_partner: int = 0
    missing: int = 0
    changed: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Verification:
    """What a partner holds against what the ledger says."""

    partner: str
    counts: tuple[VerificationCounts, ...]
    findings: tuple[Finding, ...] = field(repr=False)


@dataclass(frozen=True)
class _Traits:
    """What comparing records of one entity needs: schema, fields that the partner shows, whether it keeps our id."""

    entity: Entity
    schema: dict[str, Any]
    visible: frozenset[str]
    keeps_id: bool


def verify(
    home: Path, connector: Connector, progress: Progress = lambda *_: None, use_case: str | None = None
) -> Verification:
    """Compares a partner with the ledger, in all or in the records of one use case.

    Findings in the order missing, changed, unknown, each by entity and id. Everything of former runs must be settled.
    Raises `StammdatenError` when the partner cannot be read.
    """
    contract = connector.contract
    names, needed = sorted(contract.of_use_case(use_case)), to_read(contract, use_case)
    with scratch(home) as path:
        with open_database(home) as db, attach(db, path, read_only=False):
            _write_held(db, contract)
            db.execute(
                "create table back.ours as select id_space, external_id, kind, remote_id, parent_id from held"
                " where list_contains(?, entity)",
                [sorted(needed)],
            )
        read_back(path, connector, progress, needed, confirm=True)
        with open_database(home) as db, attach(db, path):
            _write_held(db, contract)
            findings = [
                *_missing(db, names), *_changed(db, contract, names, progress), *_unknown(db, contract, names)
            ]  # fmt: skip
            counts = tuple(line for line in _count(db, contract, findings) if line.entity in names)
            return Verification(contract.partner, counts, tuple(findings))


def repair(home: Path, contract: Contract, findings: tuple[Finding, ...]) -> int:
    """Corrects the ledger by what was found missing or changed, so that the next plan restores it.

    What refers to a missing record gets its reference anew, as the record will come back under another id. Returns
    how many rows were corrected. Unknown records stay as they are.
    """
    rows = [
        {"kind": f.kind, "id_space": f.id_space, "external_id": f.external_id, **f.mended}
        for f in findings
        if f.kind != "unknown"
    ]
    with open_database(home) as db:
        db.register("mended", pa.Table.from_pylist(rows, MENDED))
        db.execute(IDS_IN)
        db.execute("begin")
        for parent in sorted(
            {
                (entity.name, parent.field, contract.entities[parent.entity].id_space)
                for entity in contract.entities.values()
                for parent in entity.parents
                if not parent.in_path
            }
        ):
            _forget_reference(db, contract.partner, *parent)
        db.execute(
            """
            update sync.ledger as l set
                remote_id = case when m.kind = 'changed' then l.remote_id end, payload = m.payload, refs = m.refs,
                payload_hash = m.payload_hash, content = m.content, state = 'pending',
                reason = case when m.kind = 'changed' then $changed else $missing end,
                fields = null, tries = 0, tried_hash = null
            from mended as m
            where l.partner = $partner and l.id_space = m.id_space and l.external_id = m.external_id
            """,
            {"partner": contract.partner, "changed": "changed_at_partner", "missing": "missing_at_partner"},
        )
        db.execute("commit")
    return len(rows)


def _forget_reference(
    db: duckdb.DuckDBPyConnection, partner: str, entity: str, name: str, id_space: str
) -> None:
    """Lets the ledger no longer say that records refer to one that is missing."""
    db.execute(
        """
        update sync.ledger as l set
            refs = json_merge_patch(l.refs, $patch),
            payload_hash = sha256(l.payload || json_merge_patch(l.refs, $patch))
        where l.partner = $partner and l.entity = $entity and l.state = 'synced' and l.payload is not null
            and list_has_any(ids_in(l.refs, $name), (
                select coalesce(list(m.external_id), []) from mended as m
                where m.kind = 'missing' and m.id_space = $id_space
            ))
        """,
        {
            "partner": partner,
            "entity": entity,
            "name": name,
            "id_space": id_space,
            "patch": json.dumps({name: None}),
        },
    )


def _write_held(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """The ledger rows with a record at the partner, and the id of the parent in its path, in the temp table `held`."""
    write_kinds(db, contract)
    db.execute("create or replace temp table path_parent (entity varchar, field varchar, id_space varchar)")
    in_path = {
        (entity.name, parent.field, contract.entities[parent.entity].id_space)
        for entity in contract.entities.values()
        for parent in entity.above
        if parent.field == entity.above[-1].field
    }
    if in_path:
        db.executemany("insert into path_parent values (?, ?, ?)", sorted(in_path))
    db.execute(
        """
        create or replace temp table held as
        select
            l.entity, l.id_space, l.external_id, e.kind, l.remote_id, l.state, l.payload, l.refs, l.payload_hash,
            l.content, p.remote_id as parent_id
        from sync.ledger as l
        inner join entity_kind as e on l.entity = e.entity
        left join path_parent as i on l.entity = i.entity
        left join sync.ledger as p
            on l.partner = p.partner and i.id_space = p.id_space
            and p.external_id = json_extract_string(l.refs, '$."' || i.field || '"')
        where l.partner = ? and l.remote_id is not null
        """,
        [contract.partner],
    )


def _missing(db: duckdb.DuckDBPyConnection, names: list[str]) -> list[Finding]:
    """Records that are no longer there; one that was withdrawn may go."""
    rows = db.execute(
        """
        select h.entity, h.id_space, h.external_id, h.remote_id, h.content
        from held as h
        anti join (from back.record where not gone) as b on h.kind = b.kind and h.remote_id = b.remote_id
        where h.state <> 'withdrawn' and list_contains(?, h.entity)
        order by all
        """,
        [names],
    ).fetchall()
    nothing = {"payload": None, "refs": None, "payload_hash": None}
    return [
        Finding(
            "missing", entity, id_space, external_id, remote_id,
            mended={**nothing, "content": to_send_anew(content)},
        )
        for entity, id_space, external_id, remote_id, content in rows
    ]  # fmt: skip


def _changed(
    db: duckdb.DuckDBPyConnection, contract: Contract, names: list[str], progress: Progress
) -> list[Finding]:
    """Records that no longer hold what they were sent."""
    write_references(db, "held")
    db.execute(
        """
        create or replace temp table found as
        select
            row_number() over (order by h.entity, h.external_id) as n, h.*, b.body, b.shown_ids,
            coalesce(f.refs, '{}') as shown_refs, c.external_id is not null as carries_id
        from held as h
        inner join back.record as b on h.kind = b.kind and h.remote_id = b.remote_id and not b.gone
        left join back_refs as f on h.kind = f.kind and h.remote_id = f.remote_id
        left join back.carried as c
            on h.kind = c.kind and h.remote_id = c.remote_id and h.external_id = c.external_id
        where h.payload is not null and h.state in ('synced', 'withdrawn') and list_contains(?, h.entity)
        """,
        [names],
    )
    carrying = {kind for (kind,) in db.execute("select distinct kind from back.carried").fetchall()}
    seen = visible_fields(db)
    traits = {
        entity.name: _Traits(
            entity,
            contract.schema(entity.name, "create"),
            frozenset(seen.get(entity.record, ())),
            entity.external_id is not None and entity.record in carrying,
        )
        for entity in contract.entities.values()
    }
    total, done, findings = count(db, "from found"), 0, []
    for batch in in_batches(db, "found"):
        findings += [f for row in batch if (f := _compare(row, traits[row["entity"]]))]
        done += len(batch)
        progress(f"{contract.partner}: comparing", done, total)
    return findings


def _compare(row: dict[str, Any], traits: _Traits) -> Finding | None:
    """What differs in one record, or None. Of a record that was cut from us nothing is ours any more."""
    if row["state"] == "withdrawn" and traits.entity.withdraw.mutation:
        return None
    content, body = traits.entity.content, json.loads(row["body"])
    payload, refs = json.loads(row["payload"]), json.loads(row["refs"] or "{}")
    of_bytes = {} if row["state"] == "withdrawn" else differing_bytes(content, row["content"], body)
    if row["state"] == "withdrawn":
        sent: Mapping[str, Any] = _set_by_withdrawal(traits.entity, payload)
        links: dict[str, Any] = {}
    else:
        sent = without_overruled(payload, refs)
        links = differing_references(refs, json.loads(row["shown_refs"]), traits.visible, sent)
    fields = differing(without_bytes(content, sent), body, traits.schema, traits.visible)
    changes = [
        Change(name, {**refs, **payload}.get(name), shown) for name, shown in {**fields, **links}.items()
    ]
    changes += [Change(name, ours, shown) for name, (ours, shown) in of_bytes.items()]
    lost_id = traits.keeps_id and not row["carries_id"] and row["state"] != "withdrawn"
    if lost_id:
        changes.append(Change(traits.entity.external_id or "", row["external_id"], _only(row["shown_ids"])))
    if not changes:
        return None
    # Without payload and hash the next update sends everything, the external id too.
    mended: Mapping[str, str | None] = (
        {"payload": None, "refs": None, "payload_hash": None}
        if lost_id
        else held({**(without_bytes(content, payload) if of_bytes else payload), **fields}, {**refs, **links})
    )
    # Bytes that are others there, or under another file, are sent anew.
    mended = {**mended, "content": to_send_anew(row["content"]) if of_bytes else row["content"]}
    names = (row["entity"], row["id_space"], row["external_id"], row["remote_id"])
    return Finding("changed", *names, tuple(changes), mended)


def _set_by_withdrawal(entity: Entity, payload: dict[str, Any]) -> dict[str, Any]:
    names = {entity.withdraw.field, *entity.withdraw.values}
    return {name: value for name, value in payload.items() if name in names}


def _only(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values or None


def _unknown(db: duckdb.DuckDBPyConnection, contract: Contract, names: list[str]) -> list[Finding]:
    """Records that the ledger does not know, with the external id that they carry."""
    rows = db.execute(
        f"""
        select s.entity, e.id_space, min(c.external_id), s.remote_id
        from ({strangers_sql(contract, "held")}) as s
        inner join entity_kind as e on s.entity = e.entity
        left join back.carried as c on s.kind = c.kind and s.remote_id = c.remote_id
        where list_contains(?, s.entity)
        group by s.entity, e.id_space, s.remote_id
        order by all
        """,
        [names],
    ).fetchall()
    return [Finding("unknown", *row) for row in rows]


def _count(
    db: duckdb.DuckDBPyConnection, contract: Contract, findings: list[Finding]
) -> tuple[VerificationCounts, ...]:
    in_ledger = dict(
        db.execute("select entity, count(*) from held where state <> 'withdrawn' group by entity").fetchall()
    )
    at_partner = dict(
        db.execute(
            """
            select coalesce(h.entity, b.entity) as entity, count(*)
            from back.record as b
            left join held as h on b.kind = h.kind and b.remote_id = h.remote_id
            where not b.gone and coalesce(h.entity, b.entity) is not null
            group by 1
            """
        ).fetchall()
    )
    found: dict[tuple[str, str], int] = {}
    for finding in findings:
        found[finding.entity, finding.kind] = found.get((finding.entity, finding.kind), 0) + 1
    return tuple(
        VerificationCounts(
            name,
            in_ledger.get(name, 0),
            at_partner.get(name, 0),
            *(found.get((name, kind), 0) for kind in ("missing", "changed", "unknown")),
        )
        for level in contract.levels
        for name in level
    )
