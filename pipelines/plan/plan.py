"""What differs between marts and ledger, as rows in the order in which they are sent.

Everything here is SQL over whole marts: one pass hashes every row, one full join of the hashes finds what differs, and
only what differs is rendered. A plan row is exactly one operation; `push` sends these rows and nothing else.
"""

import json
import uuid
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.former_ids import move_former_ids
from pipelines.ledger.ledger import one
from pipelines.plan.endings import end_body, write_endings
from pipelines.plan.held import find_held, hold, hold_creates, write_held
from pipelines.plan.mart_columns import MART_SCHEMA as MART_SCHEMA
from pipelines.plan.mart_columns import mart_columns
from pipelines.plan.mart_columns import reference_columns as reference_columns
from pipelines.plan.renumbered import note_renumbered

GIVE_UP_AFTER = 3


@dataclass(frozen=True)
class Counts:
    """One line of a plan: rows of one entity by what happens to them."""

    partner: str
    entity: str
    in_mart: int = 0
    create: int = 0
    update: int = 0
    withdraw: int = 0
    unchanged: int = 0
    given_up: int = 0
    held: int = 0


@dataclass(frozen=True)
class Plan:
    """A plan as it lies in `sync.plan`: its id and its counts by partner and entity, in order of levels."""

    plan_id: str
    counts: tuple[Counts, ...]

    @property
    def operations(self) -> int:
        """Number of rows that a push works off."""
        return sum(c.create + c.update + c.withdraw for c in self.counts)


def make_plan(db: duckdb.DuckDBPyConnection, contracts: list[Contract], stichtag: date, run_id: str) -> Plan:
    """Compares the marts of these partners with the ledger and writes `sync.plan`.

    A former plan that was not pushed is replaced. Raises `BuildError` when a mart does not fit its contract.
    """
    plan_id = uuid.uuid4().hex[:12]
    db.execute("begin")
    for contract in contracts:
        move_former_ids(db, contract)
    # Rows of other partners stay: an interrupted push of theirs may still have to be settled.
    names = [contract.partner for contract in contracts]
    # So do creates in doubt: they are looked for by what was sent.
    db.execute(
        "delete from sync.plan as p where list_contains(?, partner) and not exists ("
        "from sync.ledger as l where p.partner = l.partner and p.id_space = l.id_space"
        " and p.external_id = l.external_id and l.reason = 'in_doubt' and p.operation = 'create')",
        [names],
    )
    db.execute("delete from sync.plan_renumbered where list_contains(?, partner)", [names])
    db.execute(
        "update sync.plan_partners set status = 'replaced' where status = 'open' and list_contains(?, partner)",
        [names],
    )
    db.execute(
        "insert into sync.plans values (?, ?, ?, ?, ?)",
        [plan_id, run_id, datetime.now(UTC), stichtag, last_load(db)],
    )
    counts = [line for contract in contracts for line in _plan_partner(db, contract, plan_id, stichtag)]
    lines = [[plan_id, c.partner, c.entity, place, *astuple(c)[2:]] for place, c in enumerate(counts)]
    if lines:  # none when tests keep every partner back
        db.executemany(
            "insert into sync.plan_counts (plan_id, partner, entity, position, in_mart, creates, updates, withdrawals,"
            " unchanged, given_up, held) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            lines,
        )
    db.execute("commit")
    return Plan(plan_id, tuple(counts))


def read_counts(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> list[Counts]:
    """The counts of one partner in a plan, in order of levels."""
    found = db.execute(
        "select partner, entity, in_mart, creates, updates, withdrawals, unchanged, given_up, coalesce(held, 0)"
        " from sync.plan_counts"
        " where plan_id = ? and partner = ? order by position",
        [plan_id, partner],
    )
    return [Counts(*row) for row in found.fetchall()]


def _plan_partner(
    db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str, stichtag: date
) -> list[Counts]:
    db.execute(
        "create or replace temp table diff (entity varchar, id_space varchar, external_id varchar, operation varchar,"
        " remote_id varchar, payload varchar, refs varchar, payload_hash varchar, changed_fields varchar[],"
        " confirmed boolean, sends boolean, is_whole boolean)"
    )
    counts: dict[str, Counts] = {}
    ledger_state, mart_states = _ledger_state(db, contract), []
    find_held(db, contract)
    for space, entities in _spaces(contract).items():
        _hash_marts(db, contract, entities)
        mart_states.append(_mart_state(db))
        _diff_space(db, contract, space, entities, stichtag)
        counts.update(_count(db, contract, entities))
    _write(db, contract, plan_id)
    write_held(db, contract, plan_id)
    note_renumbered(db, contract, plan_id)
    db.execute(
        "insert into sync.plan_partners values (?, ?, 'open', ?, ?)",
        [plan_id, contract.partner, ledger_state, " ".join(mart_states)],
    )
    return [counts[name] for level in contract.levels for name in level]


def states(db: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[str, str]:
    """What the ledger and the marts of a partner are now, to compare with what a plan was made from."""
    mart_states = []
    for entities in _spaces(contract).values():
        _hash_marts(db, contract, entities)
        mart_states.append(_mart_state(db))
    return _ledger_state(db, contract), " ".join(mart_states)


def last_load(db: duckdb.DuckDBPyConnection) -> str | None:
    """The id of the delivery that lies in the raw layer, or None."""
    if not one(
        db, "select count(*) from duckdb_tables() where schema_name = 'sync' and table_name = 'loads'"
    )[0]:
        return None
    return cast(str | None, one(db, "select max_by(load_id, loaded_at) from sync.loads")[0])


def _spaces(contract: Contract) -> dict[str, list[Entity]]:
    """Entities by the space of external ids that they share."""
    spaces: dict[str, list[Entity]] = {}
    for entity in contract.entities.values():
        spaces.setdefault(entity.id_space, []).append(entity)
    return spaces


def _ledger_state(db: duckdb.DuckDBPyConnection, contract: Contract) -> str:
    return "{}-{}".format(
        *one(
            db,
            "select count(*), bit_xor(hash(id_space, external_id, remote_id, state, payload_hash)) from sync.ledger"
            " where partner = ?",
            [contract.partner],
        )
    )


def _mart_state(db: duckdb.DuckDBPyConnection) -> str:
    return "{}-{}".format(
        *one(db, "select count(*), bit_xor(hash(entity, external_id, payload_hash)) from mart_hash")
    )


def render_marts(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> None:
    """Puts all rows of these entities into the temp table `mart`, payload and references as JSON, with their hash."""
    db.execute(
        "create or replace temp table mart as select *, sha256(payload || refs) as payload_hash from ("
        + _marts_sql(db, contract, entities)
        + ")"
    )


def _hash_marts(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> None:
    """Puts the hash of each row into the temp table `mart_hash`; payloads of a whole mart are never kept."""
    db.execute(
        "create or replace temp table mart_hash as"
        " select entity, external_id, sha256(payload || refs) as payload_hash from ("
        + _marts_sql(db, contract, entities)
        + ")"
    )


def _marts_sql(
    db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity], only: str | None = None
) -> str:
    return "\nunion all\n".join(_mart_sql(db, contract, entity, only) for entity in entities)


def _diff_space(
    db: duckdb.DuckDBPyConnection, contract: Contract, space: str, entities: list[Entity], stichtag: date
) -> None:
    """Finds what differs in one space of external ids, where a record may pass from one entity to another."""
    db.execute(
        """
        create or replace temp table compared as
        select
            coalesce(m.entity, l.entity) as entity, coalesce(m.external_id, l.external_id) as external_id,
            m.external_id is not null as is_in_mart, m.payload_hash, l.remote_id, l.state,
            case
                -- It may be at the partner: neither made once more nor forgotten before that is known.
                when l.reason = 'in_doubt' and l.remote_id is null then 'in_doubt'
                when m.external_id is null and l.state = 'withdrawn' then 'gone'
                when m.external_id is null and l.remote_id is null then 'gone'
                when m.external_id is null then 'withdraw'
                when l.state = 'rejected' and l.reason = 'ambiguous' and l.remote_id is null then 'ambiguous'
                when l.state = 'rejected' and l.tried_hash = m.payload_hash and l.tries >= $give_up then 'given_up'
                when l.remote_id is null then 'create'
                when l.state = 'withdrawn' or l.entity <> m.entity then 'update'
                when l.payload_hash is distinct from m.payload_hash then 'update'
                else 'unchanged'
            end as operation
        from mart_hash as m
        full outer join (
            from sync.ledger where partner = $partner and id_space = $space
        ) as l on m.external_id = l.external_id
        """,
        {"partner": contract.partner, "space": space, "give_up": GIVE_UP_AFTER},
    )
    if not one(db, "select count(*) from compared where operation <> 'unchanged'")[0]:
        return
    hold(db, contract, space)
    write_endings(db, contract, space, entities, stichtag)
    ends = {e.name: e.withdraw.end for e in entities if e.withdraw.end}
    keeps = [e.name for e in entities if e.withdraw.kind == "keep"]
    bodies = {e.name: withdraw_body(contract, e, stichtag) for e in entities}
    # An upsert takes all fields, also the one that ends a record.
    whole = [e.name for e in entities if e.upsert and bodies[e.name]]
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
        "create or replace temp table rendered as "
        + _marts_sql(db, contract, entities, only="operation in ('create', 'update', 'given_up')")
    )
    hold_creates(db, space)
    # A row that was given up goes again once one of its parents has changed since.
    db.execute(
        """
        update compared as c
        set operation = case when c.remote_id is null then 'create' else 'update' end
        from (
            select distinct g.external_id
            from (
                select
                    r.external_id,
                    unnest(
                        list_concat(json_extract_string(r.refs, '$.*'), json_extract_string(r.refs, '$.*[*]'))
                    ) as parent
                from rendered as r
                semi join (from compared where operation = 'given_up') as u
                    on r.entity = u.entity and r.external_id = u.external_id
            ) as g
            inner join (
                select external_id, max(settled_at) as tried_at
                from sync.attempts
                where partner = $partner and list_contains($entities, entity)
                group by external_id
            ) as a on g.external_id = a.external_id
            inner join sync.ledger as p
                on p.partner = $partner and g.parent = p.external_id and p.last_synced_at > a.tried_at
        ) as again
        where c.operation = 'given_up' and c.external_id = again.external_id
        """,
        {"partner": contract.partner, "entities": [e.name for e in entities]},
    )
    # A row that never reached the partner and left the mart leaves the ledger too.
    db.execute(
        """
        delete from sync.ledger as l using compared as c
        where l.partner = $partner and l.id_space = $space and l.external_id = c.external_id
            and c.operation = 'gone' and l.remote_id is null and l.state <> 'withdrawn'
        """,
        {"partner": contract.partner, "space": space},
    )
    db.execute(
        """
        insert into diff
        with

        changed as (
            select
                c.entity, c.external_id, c.operation, c.remote_id, r.refs, w.keeps, w.end_field,
                json_extract_string(l.payload, '$."' || w.end_field || '"') as held_end,
                json_extract_string(e.body, '$."' || w.end_field || '"') as end_value, e.body = '{}' as deletes,
                l.payload as held, l.refs as held_refs, l.payload_hash as held_hash,
                json_keys(coalesce(e.body, w.body)) as withdraw_fields,
                c.operation = 'withdraw' and w.is_whole as is_whole,
                -- Its link to us was cut, so that it is not told by what the ledger says of its fields.
                coalesce(l.state = 'withdrawn' and l.reason = 'detached', false) as is_detached,
                case
                    when c.operation <> 'withdraw' then r.payload
                    when w.is_whole then json_merge_patch(coalesce(l.payload, '{}'), coalesce(e.body, w.body))
                    else coalesce(e.body, w.body)
                end as payload,
                case when c.operation = 'withdraw' then sha256(coalesce(e.body, w.body)) else c.payload_hash end
                    as payload_hash,
                -- A field that is null is one that is not there: a column more changes nothing as long as it is empty.
                list_filter(
                    json_keys(r.payload),
                    lambda k: nullif(json_extract(r.payload, '$."' || k || '"')::varchar, 'null')
                        is distinct from nullif(json_extract(l.payload, '$."' || k || '"')::varchar, 'null')
                ) as payload_fields,
                list_filter(
                    json_keys(r.refs),
                    lambda k: json_extract(r.refs, '$."' || k || '"')
                        is distinct from json_extract(l.refs, '$."' || k || '"')
                ) as ref_fields
            from compared as c
            inner join withdrawal as w on c.entity = w.entity
            left join ending as e on c.entity = e.entity and c.external_id = e.external_id
            left join rendered as r on c.entity = r.entity and c.external_id = r.external_id
            left join sync.ledger as l
                on l.partner = $partner and l.id_space = $space and c.external_id = l.external_id
            where c.operation in ('create', 'update', 'withdraw')
        )

        select
            entity, $space, external_id, operation, remote_id, payload, coalesce(refs, held_refs, '{}') as refs,
            payload_hash,
            case operation
                when 'update' then list_concat(
                    payload_fields, list_filter(ref_fields, lambda k: not list_contains(payload_fields, k))
                )
                when 'withdraw' then withdraw_fields
            end as changed_fields,
            held_hash is not null and not is_detached as confirmed,
            case operation
                when 'create' then true
                when 'update' then len(payload_fields) + len(ref_fields) > 0 or is_detached
                -- An end that is past stays, and so does one that is the right one.
                else not keeps and (
                    coalesce(deletes, false)
                    or (
                        coalesce(left(held_end, 10) > $day, true)
                        and (held_end is null or held_end is distinct from end_value)
                    )
                )
            end as sends,
            is_whole
        from changed
        """,
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


def _mart_sql(
    db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity, only: str | None = None
) -> str:
    """Select of one mart: external_id, payload and references as JSON, keys as the partner spells them.

    `only` is a condition on `compared`: rows for which it does not hold are left out before anything is rendered.
    """
    mart = f"{contract.partner}__{entity.name}"
    source = f"{MART_SCHEMA}.{_q(mart)}"
    columns = mart_columns(db, contract, entity)
    references = reference_columns(entity)
    known = {"external_id", *(column for columns_ in references.values() for column in columns_)}
    if only:
        source = (
            f"(from {source} semi join (from compared where entity = '{entity.name}' and {only}) as c"
            f" on {_q(mart)}.external_id = c.external_id)"
        )
    payload = ", ".join(f"{_q(c)} := {_q(c)}" for c in columns if c not in known)
    refs = ", ".join(
        f"{_q(name)} := coalesce({', '.join(_q(c) for c in columns_)})"
        for name, columns_ in references.items()
    )
    return (
        f"select '{entity.name}' as entity, external_id, to_json(struct_pack({payload}))::varchar as payload, "
        + (f"to_json(struct_pack({refs}))::varchar" if refs else "'{}'")
        + f" as refs from {source}"
    )


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


def _count(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> dict[str, Counts]:
    found = {
        entity: values
        for entity, *values in db.execute(
            "select entity, count(*) filter (is_in_mart), count(*) filter (operation = 'create'),"
            " count(*) filter (operation = 'update'), count(*) filter (operation = 'withdraw'),"
            " count(*) filter (operation = 'unchanged'),"
            " count(*) filter (operation in ('given_up', 'ambiguous', 'in_doubt')),"
            " count(*) filter (operation = 'held')"
            " from compared group by entity"
        ).fetchall()
    }
    return {e.name: Counts(contract.partner, e.name, *found.get(e.name, [])) for e in entities}


def _write(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str) -> None:
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
    spaces = sorted({(p.field, contract.entities[p.entity].id_space) for p in entity.parents})
    db.execute("create or replace temp table reference (field varchar, id_space varchar)")
    if spaces:
        db.executemany("insert into reference values (?, ?)", spaces)
    [written] = one(
        db,
        """
        insert into sync.plan
        with

        operation as (
            from diff where entity = $entity and (operation = 'withdraw') = $withdrawn
        ),

        single as (
            select o.external_id as child, f.field, f.id_space, unnest(
                case json_type(o.refs, '$."' || f.field || '"')
                    when 'ARRAY' then json_extract(o.refs, '$."' || f.field || '"')::varchar[]
                    when 'VARCHAR' then [json_extract_string(o.refs, '$."' || f.field || '"')]
                end
            ) as external_id
            from operation as o
            cross join reference as f
            where o.operation <> 'withdraw' or o.is_whole
        ),

        resolved as (
            select
                s.child,
                to_json(list(
                    struct_pack(
                        field := s.field, id_space := s.id_space, external_id := s.external_id,
                        remote_id := l.remote_id
                    )
                    order by s.field, s.external_id
                ))::varchar as parents
            from single as s
            left join sync.ledger as l
                on l.partner = $partner and s.id_space = l.id_space and s.external_id = l.external_id
            group by s.child
        )

        select
            $plan_id, $last + row_number() over (order by o.external_id) as seq, $partner, o.entity, o.id_space, $level,
            o.operation, o.external_id, o.remote_id, o.payload, o.refs, o.changed_fields, o.payload_hash, o.confirmed,
            o.sends, coalesce(r.parents, '[]'),
            sha256(concat_ws('|', o.entity, o.operation, o.external_id, o.payload_hash))
        from operation as o
        left join resolved as r on o.external_id = r.child
        """,
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


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
