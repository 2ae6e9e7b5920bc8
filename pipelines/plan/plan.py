"""What differs between marts and ledger, as rows in the order in which they are sent.

Everything here is SQL over whole marts: one pass hashes every row, a join of the hashes leaves out what is alike, and
only what differs is rendered. A plan row is exactly one operation; `push` sends these rows and nothing else.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime
from typing import cast

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.former_ids import move_former_ids
from pipelines.ledger.ledger import IDS_IN, one, retry_freed
from pipelines.plan.by_law import find_by_law, forget_former, has_law, no_law, note_by_law, release
from pipelines.plan.counts import PlanCounts
from pipelines.plan.difference import empty_difference, take_along, write_difference
from pipelines.plan.endings import write_endings
from pipelines.plan.held import find_held, hold, hold_creates, write_held
from pipelines.plan.mart_columns import MART_SCHEMA as MART_SCHEMA
from pipelines.plan.marts import hash_marts, mart_rows, mart_state, marts_sql
from pipelines.plan.operations import note_children, write_operations
from pipelines.plan.renumbered import note_renumbered

GIVE_UP_AFTER = 3
# Sixteen bytes a row, so that marts of ten million rows are compared in memory; too long to be the same by chance.
AS_IT_IS = "hash(entity, external_id)::uhugeint * 18446744073709551616 + hash(payload_hash)"


@dataclass(frozen=True)
class Plan:
    """A plan as it lies in `sync.plan`: its id and its counts by partner and entity, in order of levels."""

    plan_id: str
    counts: tuple[PlanCounts, ...]

    @property
    def operations(self) -> int:
        """Number of rows that a push works off."""
        return sum(c.create + c.match + c.update + c.withdraw for c in self.counts)


def make_plan(
    db: duckdb.DuckDBPyConnection,
    contracts: list[Contract],
    stichtag: date,
    run_id: str,
    use_case: str | None = None,
) -> Plan:
    """Compares the marts of these partners with the ledger and writes `sync.plan`.

    With a `use_case` nothing is planned but its entities, and no others are looked at but their parents. A former plan
    that was not pushed is replaced where it has one of the same entities. Raises `BuildError` when a mart does not fit
    its contract.
    """
    contracts = [contract for contract in contracts if contract.of_use_case(use_case)]
    plan_id = uuid.uuid4().hex[:12]
    db.execute(IDS_IN)
    db.execute("begin")
    for contract in contracts:
        move_former_ids(db, contract)
    retry_freed(db, [contract.partner for contract in contracts])
    for contract in contracts:
        _replace_former(db, contract, use_case)
    counts = [
        line for contract in contracts for line in _plan_partner(db, contract, plan_id, stichtag, use_case)
    ]
    _note_plan(db, plan_id, run_id, stichtag, counts, last_load(db), use_case)
    db.execute("commit")
    return Plan(plan_id, tuple(counts))


def _replace_former(db: duckdb.DuckDBPyConnection, contract: Contract, use_case: str | None) -> None:
    """Takes out former plans with any of these entities, and all rows of the entities.

    Rows of others stay: an interrupted push of theirs may still have to be settled. So do creates in doubt: they are
    looked for by what was sent.
    """
    planned = {"partner": contract.partner, "entities": sorted(contract.of_use_case(use_case))}
    db.execute(
        "delete from sync.plan as p where partner = $partner and list_contains($entities, entity) and not exists ("
        "from sync.ledger as l where p.partner = l.partner and p.id_space = l.id_space"
        " and p.external_id = l.external_id and l.reason = 'in_doubt' and p.operation = 'create')",
        planned,
    )
    db.execute(
        "delete from sync.plan_renumbered where partner = $partner and list_contains($entities, entity)",
        planned,
    )
    db.execute(
        "update sync.plan_partners as p set status = 'replaced' from sync.plans as n"
        " where p.plan_id = n.plan_id and p.status = 'open' and p.partner = $partner"
        " and coalesce(n.use_case = $use_case, true)",
        {"partner": contract.partner, "use_case": use_case},
    )


def use_case_of(db: duckdb.DuckDBPyConnection, plan_id: str) -> str | None:
    """The use case that a plan is limited to; None where it is of all."""
    row = db.execute("select use_case from sync.plans where plan_id = ?", [plan_id]).fetchone()
    return row[0] if row else None


def plan_withdrawals(
    db: duckdb.DuckDBPyConnection,
    contracts: list[Contract],
    records: Collection[tuple[str, str, str]],
    stichtag: date,
    run_id: str,
) -> Plan:
    """Writes a plan that withdraws these records (partner, id space, external id) as of the key date, nothing else.

    Marts, holds and what the delivery says of an end count for nothing here; other plans stay as they are.
    """
    plan_id = uuid.uuid4().hex[:12]
    db.execute(IDS_IN)
    db.execute("begin")
    db.execute("create or replace temp table chosen (partner varchar, id_space varchar, external_id varchar)")
    if records:
        db.executemany("insert into chosen values (?, ?, ?)", [list(record) for record in records])
    counts = [line for contract in contracts for line in _withdraw_chosen(db, contract, plan_id, stichtag)]
    _note_plan(db, plan_id, run_id, stichtag, counts, None)
    db.execute("commit")
    return Plan(plan_id, tuple(counts))


def _note_plan(
    db: duckdb.DuckDBPyConnection,
    plan_id: str,
    run_id: str,
    stichtag: date,
    counts: list[PlanCounts],
    load_id: str | None,
    use_case: str | None = None,
) -> None:
    db.execute(
        "insert into sync.plans (plan_id, run_id, created_at, stichtag, load_id, use_case)"
        " values (?, ?, ?, ?, ?, ?)",
        [plan_id, run_id, datetime.now(UTC), stichtag, load_id, use_case],
    )
    lines = [[plan_id, c.partner, c.entity, place, *astuple(c)[2:]] for place, c in enumerate(counts)]
    if lines:  # none when tests keep every partner back
        db.executemany(
            "insert into sync.plan_counts (plan_id, partner, entity, position, in_mart, creates, updates, withdrawals,"
            " unchanged, given_up, held, matches, delivered, by_law, documents, bytes)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            lines,
        )


def read_counts(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> list[PlanCounts]:
    """The counts of one partner in a plan, in order of levels."""
    found = db.execute(
        "select partner, entity, in_mart, creates, updates, withdrawals, unchanged, given_up, coalesce(held, 0),"
        " coalesce(matches, 0), coalesce(delivered, 0), coalesce(by_law, 0),"
        " coalesce(documents, 0), coalesce(bytes, 0) from sync.plan_counts"
        " where plan_id = ? and partner = ? order by position",
        [plan_id, partner],
    )
    return [PlanCounts(*row) for row in found.fetchall()]


def _plan_partner(
    db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str, stichtag: date, use_case: str | None
) -> list[PlanCounts]:
    empty_difference(db)
    counts: dict[str, PlanCounts] = {}
    before, mart_states = ledger_state(db, contract, use_case), list[str]()
    find_held(db, contract, contract.needed_by(use_case))
    find_by_law(db, contract)
    forget_former(db, contract.partner)
    for space, entities in _spaces(contract, use_case).items():
        hash_marts(db, contract, entities)
        rows = mart_rows(db)
        mart_states.append(mart_state(rows))
        in_mart = {entity: number for entity, (number, _) in rows.items()}
        differ = _diff_space(db, contract, space, entities, stichtag)
        if differ and has_law(contract):
            note_by_law(db, contract, plan_id, space)
        counts.update(_count(contract, entities, _compared(db, contract) if differ else {}, in_mart))
    counts.update(_count_content(db, contract, counts))
    for name, more in take_along(db, contract, counts).items():
        counts[name] = replace(counts[name], withdraw=counts[name].withdraw + more)
    write_operations(db, contract, plan_id)
    note_children(db, contract, plan_id)
    write_held(db, contract, plan_id, contract.of_use_case(use_case))
    note_renumbered(db, contract, plan_id)
    db.execute(
        "insert into sync.plan_partners values (?, ?, 'open', ?, ?)",
        [plan_id, contract.partner, before, " ".join(mart_states)],
    )
    return [counts[name] for level in contract.levels for name in level if name in counts]


def _withdraw_chosen(
    db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str, stichtag: date
) -> list[PlanCounts]:
    empty_difference(db)
    no_law(db)
    counts: dict[str, PlanCounts] = {}
    db.execute(
        "create or replace temp table rendered"
        " (entity varchar, external_id varchar, payload varchar, refs varchar)"
    )
    for space, entities in _spaces(contract).items():
        db.execute(
            "create or replace temp table compared as select entity, external_id, false as is_in_mart,"
            " null::varchar as payload_hash, remote_id, state, reason, 'withdraw' as operation from sync.ledger"
            " semi join chosen using (partner, id_space, external_id)"
            " where partner = $partner and id_space = $space and remote_id is not null and state <> 'withdrawn'",
            {"partner": contract.partner, "space": space},
        )
        write_endings(db, contract, space, entities, stichtag, by_delivery=False)
        write_difference(db, contract, space, entities, stichtag)
        cut = [e.name for e in entities if e.withdraw.mutation]
        # The lease of a person who is erased has not ended for that.
        db.execute(
            "update diff set payload = '{}', payload_hash = sha256('{}'), changed_fields = []::varchar[],"
            " is_whole = false, sends = true where list_contains(?, entity)",
            [cut],
        )
        counts.update(_count(contract, entities, _compared(db, contract), {}))
    write_operations(db, contract, plan_id)
    db.execute(
        "insert into sync.plan_partners (plan_id, partner, status) values (?, ?, 'open')",
        [plan_id, contract.partner],
    )
    return [counts[name] for level in contract.levels for name in level]


def states(db: duckdb.DuckDBPyConnection, contract: Contract, use_case: str | None = None) -> tuple[str, str]:
    """What the ledger and the marts of a partner are now, to compare with what a plan was made from."""
    mart_states = []
    for entities in _spaces(contract, use_case).values():
        hash_marts(db, contract, entities)
        mart_states.append(mart_state(mart_rows(db)))
    return ledger_state(db, contract, use_case), " ".join(mart_states)


def last_load(db: duckdb.DuckDBPyConnection) -> str | None:
    """The id of the delivery that lies in the raw layer, or None."""
    if not one(
        db, "select count(*) from duckdb_tables() where schema_name = 'sync' and table_name = 'loads'"
    )[0]:
        return None
    return cast(str | None, one(db, "select max_by(load_id, loaded_at) from sync.loads")[0])


def _spaces(contract: Contract, use_case: str | None = None) -> dict[str, list[Entity]]:
    """Entities by the space of external ids that they share."""
    spaces: dict[str, list[Entity]] = {}
    for name, entity in contract.entities.items():
        if name in contract.of_use_case(use_case):
            spaces.setdefault(entity.id_space, []).append(entity)
    return spaces


def ledger_state(db: duckdb.DuckDBPyConnection, contract: Contract, use_case: str | None = None) -> str:
    """What the ledger of a partner is now, of the entities of a use case."""
    return "{}-{}".format(
        *one(
            db,
            "select count(*), bit_xor(hash(id_space, external_id, remote_id, state, payload_hash)) from sync.ledger"
            " where partner = ? and (? or list_contains(?, id_space))",
            [contract.partner, use_case is None, list(_spaces(contract, use_case))],
        )
    )


def _diff_space(
    db: duckdb.DuckDBPyConnection, contract: Contract, space: str, entities: list[Entity], stichtag: date
) -> bool:
    """Finds what differs in one space of external ids, where a record may pass from one entity to another.

    `compared` leaves out what the mart and the partner have alike, which is nearly all; False where that is all.
    """
    db.execute(
        f"""
        create or replace temp table compared as
        with
        in_mart as not materialized (select *, {AS_IT_IS} as as_it_is from mart_hash),
        in_ledger as not materialized (
            select
                *,
                -- An upsert without an answer that is to be believed: what it may have made has our id.
                remote_id is null and state = 'pending' and coalesce(reason, '') <> 'not_tried'
                and list_contains($named_by_us, entity) as may_be_there,
                case
                    when state = 'synced' and remote_id is not null and payload_hash is not null then {AS_IT_IS}
                end as as_it_is
            from sync.ledger where partner = $partner and id_space = $space
        ),
        m as (from in_mart anti join in_ledger using (as_it_is)),
        l as (
            from in_ledger
            where
                as_it_is is null
                or as_it_is not in (select as_it_is from in_mart)
                -- An id that a mart has twice, once as it is, is no new record.
                or external_id in (select external_id from m)
        )

        select
            coalesce(m.entity, l.entity) as entity, coalesce(m.external_id, l.external_id) as external_id,
            m.external_id is not null as is_in_mart, m.payload_hash, l.state, l.reason,
            case when l.may_be_there and m.external_id is null then l.external_id else l.remote_id end as remote_id,
            case
                -- It may be at the partner: neither made once more nor forgotten before that is known.
                when l.reason = 'in_doubt' and l.remote_id is null then 'in_doubt'
                when m.external_id is null and l.state = 'withdrawn' then 'gone'
                when m.external_id is null and l.remote_id is null and not l.may_be_there then 'gone'
                when m.external_id is null then 'withdraw'
                -- What the partner makes itself is looked for until it is there, however often it was not.
                when list_contains($made_there, m.entity) and l.remote_id is null then 'match'
                when list_contains($read_only, m.entity) and l.state = 'synced' then 'unchanged'
                when l.state = 'rejected' and l.reason = 'ambiguous' and l.remote_id is null then 'ambiguous'
                when l.state = 'rejected' and l.tried_hash = m.payload_hash and l.tries >= $give_up then 'given_up'
                when l.remote_id is null then 'create'
                when l.state = 'withdrawn' or l.entity <> m.entity then 'update'
                when l.payload_hash is distinct from m.payload_hash then 'update'
                -- It is again what the partner confirmed once; what was sent since was refused, or may have arrived.
                when l.state in ('pending', 'rejected', 'blocked') then 'update'
                else 'unchanged'
            end as operation
        from m
        full outer join l on m.external_id = l.external_id
        """,
        {
            "partner": contract.partner,
            "space": space,
            "give_up": GIVE_UP_AFTER,
            "made_there": [e.name for e in entities if e.made_by],
            "read_only": [e.name for e in entities if e.is_read_only],
            "named_by_us": [e.name for e in entities if e.upsert and e.id_is_ours],
        },
    )
    rows, differ, given_up, gone = one(
        db,
        "select count(*), count(*) filter (operation <> 'unchanged'), count(*) filter (operation = 'given_up'),"
        " count(*) filter (operation = 'gone') from compared",
    )
    if not differ:
        return bool(rows)
    hold(db, contract, space)
    if has_law(contract):
        release(db, space)
    write_endings(db, contract, space, entities, stichtag)
    db.execute(
        "create or replace temp table rendered as "
        + marts_sql(db, contract, entities, only="operation in ('create', 'match', 'update', 'given_up')")
    )
    hold_creates(db, space)
    if given_up:
        _retry_given_up(db, contract, entities)
    if gone:
        # A row that never reached the partner and left the mart leaves the ledger too.
        db.execute(
            """
            delete from sync.ledger as l using compared as c
            where l.partner = $partner and l.id_space = $space and l.external_id = c.external_id
                and c.operation = 'gone' and l.remote_id is null and l.state <> 'withdrawn'
            """,
            {"partner": contract.partner, "space": space},
        )
    write_difference(db, contract, space, entities, stichtag)
    return True


def _retry_given_up(db: duckdb.DuckDBPyConnection, contract: Contract, entities: list[Entity]) -> None:
    """Lets a row that was given up go again once one of its parents has changed since."""
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


def _compared(db: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, list[int]]:
    """By entity of `compared`: the counts of `PlanCounts`, from `in_mart` to `by_law`."""
    is_by_law = (
        "exists (from by_law as b where b.entity = compared.entity and b.external_id = compared.external_id)"
        if has_law(contract)
        else "false"
    )
    return {
        entity: values
        for entity, *values in db.execute(
            "select entity, count(*) filter (is_in_mart), count(*) filter (operation = 'create'),"
            " count(*) filter (operation = 'update'), count(*) filter (operation = 'withdraw'),"
            " count(*) filter (operation = 'unchanged'),"
            " count(*) filter (operation in ('given_up', 'ambiguous', 'in_doubt')),"
            " count(*) filter (operation = 'held'), count(*) filter (operation = 'match'),"
            " count(*) filter (operation = 'unchanged' and state = 'delivered' or operation = 'gone' and"
            " reason in ('removal_delivered', 'confirmation_overdue')),"
            f" count(*) filter (operation = 'withdraw' and {is_by_law}) from compared group by entity"
        ).fetchall()
    }


def _count(
    contract: Contract, entities: list[Entity], compared: Mapping[str, list[int]], in_mart: Mapping[str, int]
) -> dict[str, PlanCounts]:
    """By entity; of the rows `in_mart` those that were not `compared` are unchanged."""
    counts = [PlanCounts(contract.partner, e.name, *compared.get(e.name, [])) for e in entities]
    left_out = {line.entity: in_mart.get(line.entity, 0) - line.in_mart for line in counts}
    return {
        line.entity: replace(
            line,
            in_mart=line.in_mart + left_out[line.entity],
            unchanged=line.unchanged + left_out[line.entity],
        )
        for line in counts
    }


def _count_content(
    db: duckdb.DuckDBPyConnection, contract: Contract, counts: Mapping[str, PlanCounts]
) -> dict[str, PlanCounts]:
    """The counts of entities with bytes, with how many documents are to be read and how large they are."""
    found = {}
    for name in counts:
        content = contract.entities[name].content
        if content is None:
            continue
        documents, size = one(
            db,
            """
            select
                count(*),
                coalesce(sum(json_extract_string(payload, '$."' || $field || '".groesse_bytes')::bigint), 0)
            from diff
            where entity = $entity and sends and operation in ('create', 'update')
                and (not confirmed or list_contains(changed_fields, $field))
            """,
            {"entity": name, "field": content.field},
        )
        found[name] = replace(counts[name], documents=documents, bytes=int(size))
    return found
