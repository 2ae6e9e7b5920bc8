"""What each partner holds, as far as the partner has confirmed it, and the fold that moves it.

Tables in the schema `sync`: `ledger` (one row a record that was ever planned), `attempts` (every outcome),
`plans`, `plan_partners` and `plan` (see `plan.py`), `allowances` (guards lifted for one plan, by whom),
`onboarded` and `pushed` (what guards compare with), `builds` (what dbt said last),
`systems` (which address the ledger of a partner speaks of).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import StammdatenError
from pipelines.push.journal import Journal
from pipelines.settings import database, memory_limit

FOLD_MEMORY = "50MB"

SCHEMA = """
create schema if not exists sync;
create table if not exists sync.ledger (
    partner varchar not null, entity varchar not null, id_space varchar not null, external_id varchar not null,
    remote_id varchar, state varchar not null, reason varchar, fields varchar,
    payload varchar, refs varchar, payload_hash varchar,
    tries integer not null default 0, tried_hash varchar,
    last_run_id varchar, last_synced_at timestamptz
);
create table if not exists sync.attempts (
    plan_id varchar, seq bigint, partner varchar, entity varchar, operation varchar, external_id varchar,
    state varchar, reason varchar, fields varchar, http_status integer, requests integer, settled_at timestamptz
);
create table if not exists sync.plans (
    plan_id varchar, run_id varchar, created_at timestamptz, stichtag date, load_id varchar
);
create table if not exists sync.plan_partners (
    plan_id varchar, partner varchar, status varchar, ledger_state varchar, mart_state varchar
);
create table if not exists sync.plan_counts (
    plan_id varchar, partner varchar, entity varchar, position integer, in_mart bigint, creates bigint,
    updates bigint, withdrawals bigint, unchanged bigint, given_up bigint
);
create table if not exists sync.allowances (
    plan_id varchar, partner varchar, guard varchar, allowed_at timestamptz, allowed_by varchar
);
create table if not exists sync.onboarded (partner varchar, entity varchar, since timestamptz);
create table if not exists sync.pushed (partner varchar, load_id varchar, pushed_at timestamptz);
create table if not exists sync.builds (
    started_at timestamptz, finished_at timestamptz, failures varchar
);
create table if not exists sync.plan (
    plan_id varchar, seq bigint, partner varchar, entity varchar, id_space varchar, level integer,
    operation varchar, external_id varchar, remote_id varchar, payload varchar, refs varchar,
    changed_fields varchar[], payload_hash varchar, confirmed boolean, sends boolean, parents varchar,
    digest varchar
);
create table if not exists sync.systems (partner varchar, address varchar, since timestamptz);
"""

# Outcomes that were folded before (a run may die between the commit here and the clearing of the journal) are skipped.
DONE = """
create or replace temp table done as
select
    o.plan_id, o.seq, o.state, o.reason, o.fields, o.http_status, o.requests, o.remote_id as new_remote_id,
    to_timestamp(o.settled_at) as settled_at,
    p.partner, p.entity, p.id_space, p.operation, p.external_id, p.remote_id, p.payload, p.refs, p.payload_hash,
    n.run_id
from outcomes as o
inner join sync.plan as p on o.plan_id = p.plan_id and o.seq = p.seq
inner join sync.plans as n on o.plan_id = n.plan_id
anti join (
    from sync.attempts where seq between $first and $last
) as a on o.plan_id = a.plan_id and o.seq = a.seq
where p.seq between $first and $last
"""

FOLD = """
insert into sync.attempts
select plan_id, seq, partner, entity, operation, external_id, state, reason, fields, http_status, requests, settled_at
from done;

merge into sync.ledger as l
using done as d
    on l.partner = d.partner and l.id_space = d.id_space and l.external_id = d.external_id
when matched and d.state = 'synced' then update set
    entity = d.entity, remote_id = coalesce(d.new_remote_id, d.remote_id, l.remote_id), state = 'synced',
    reason = null, fields = null, payload = d.payload, refs = d.refs, payload_hash = d.payload_hash,
    tries = 0, tried_hash = null, last_run_id = d.run_id, last_synced_at = d.settled_at
when matched and d.state = 'withdrawn' and d.reason = 'deleted' then update set
    remote_id = null, state = 'withdrawn', reason = d.reason, fields = null, payload = null, refs = null,
    payload_hash = null, tries = 0, tried_hash = null, last_run_id = d.run_id, last_synced_at = d.settled_at
when matched and d.state = 'withdrawn' and d.reason = 'detached' and d.payload = '{}' then update set
    state = 'withdrawn', reason = d.reason, fields = null, payload = null, refs = null, payload_hash = null,
    tries = 0, tried_hash = null, last_run_id = d.run_id, last_synced_at = d.settled_at
when matched and d.state = 'withdrawn' then update set
    state = 'withdrawn', reason = d.reason, fields = null, payload = json_merge_patch(l.payload, d.payload),
    tries = 0, tried_hash = null, last_run_id = d.run_id, last_synced_at = d.settled_at
when matched and d.reason = 'missing_at_partner' then update set
    remote_id = null, payload = null, refs = null, payload_hash = null, state = d.state, reason = d.reason,
    fields = null
when matched then update set
    remote_id = coalesce(d.new_remote_id, l.remote_id), state = d.state, reason = d.reason, fields = d.fields,
    tries = case when l.tried_hash = d.payload_hash then l.tries + 1 else 1 end, tried_hash = d.payload_hash
when not matched then insert (
    partner, entity, id_space, external_id, remote_id, state, reason, fields, payload, refs, payload_hash,
    tries, tried_hash, last_run_id, last_synced_at
) values (
    d.partner, d.entity, d.id_space, d.external_id, d.new_remote_id, d.state, d.reason, d.fields,
    case when d.state = 'synced' then d.payload end, case when d.state = 'synced' then d.refs end,
    case when d.state = 'synced' then d.payload_hash end,
    case when d.state = 'synced' then 0 else 1 end, case when d.state <> 'synced' then d.payload_hash end,
    case when d.state = 'synced' then d.run_id end, case when d.state = 'synced' then d.settled_at end
);
"""


@contextmanager
def open_database(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB file with the tables of the schema `sync`, closed again when done.

    Raises `StammdatenError` when another program has it open.
    """
    try:
        db = duckdb.connect(str(database(home)))
    except duckdb.IOException:
        raise StammdatenError(
            f"{database(home)} is held by another program; close its connection and run again"
        ) from None
    try:
        # What has an order says so in SQL; kept insertion order would make large tables one-threaded.
        db.execute(f"set preserve_insertion_order = false; set memory_limit = '{memory_limit()}'")
        create_tables(db)
        yield db
    finally:
        db.close()


def create_tables(db: duckdb.DuckDBPyConnection) -> None:
    """Creates the tables of the schema `sync` that are not there yet."""
    db.execute(SCHEMA)


def fold(db: duckdb.DuckDBPyConnection, journal: Journal) -> int:
    """Moves all outcomes of the journal into ledger and attempts, some thousand a transaction; returns how many.

    Only a confirmed send moves what the ledger says the partner holds. Folding twice changes nothing, so a fold that
    was interrupted is simply done again.
    """
    total = 0
    # The ledger is read through once for each part, so little memory is enough, however long the push was.
    db.execute(f"set threads = 1; set memory_limit = '{FOLD_MEMORY}'")
    try:
        for table in journal.outcomes():
            total += _fold_part(db, table)
        db.execute("drop table if exists temp.done")
    finally:
        db.execute(f"reset threads; set memory_limit = '{memory_limit()}'")
    journal.clear()
    return total


def _fold_part(db: duckdb.DuckDBPyConnection, outcomes: pa.Table) -> int:
    # Named as a range, they let DuckDB pass over the rest of the plan and of the attempts, however many there are.
    limits = pc.min_max(outcomes["seq"]).as_py()
    db.register("outcomes", outcomes)
    try:
        _fold_rows(db, limits["min"], limits["max"])
    except duckdb.OutOfMemoryException:
        # Records far larger than usual: rather more memory than an outcome that is lost.
        db.execute("rollback")
        db.execute(f"set memory_limit = '{memory_limit()}'")
        _fold_rows(db, limits["min"], limits["max"])
    finally:
        db.unregister("outcomes")
    return int(outcomes.num_rows)


def _fold_rows(db: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    db.execute("begin")
    db.execute(DONE, {"first": first, "last": last})
    db.execute(FOLD)
    db.execute("commit")


def one(
    db: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | dict[str, Any] | None = None
) -> tuple[Any, ...]:
    """The first row of a query that always has one."""
    row = db.execute(sql, parameters or []).fetchone()
    return tuple(row or ())
