"""What each partner holds, as far as the partner has confirmed it, and the fold that moves it.

Tables in the schema `sync`: `ledger` (one row a record that was ever planned), `attempts` (every outcome),
`plans`, `plan_partners` and `plan` (see `plan.py`), `allowances` (guards lifted for one plan, by whom),
`onboarded` and `pushed` (what guards compare with), `builds` (what dbt said last), `made` (what the last build was
made of, see `pipelines/still_current`), `held` (what the last plan leaves at the partner as it is, see `held.py`),
`by_law` (what it withdraws whatever guards say, see `by_law.py`),
`systems` (which address the ledger of a partner speaks of), `feedback` (which files of a partner were read, see
`pipelines/push/feedback.py`),
`plan_renumbered` (see `renumbered.py`: two rows a pair, so that erasing a person by its ids finds both).
`restored` (which partners wait after a restore, see `restored.py`).
`runs` and `run_…` are filled by `pipelines/history`, `alerts` by `pipelines/alerts`.
`schema` tells for which version of these tables the file was made.
`use_case` in some of them is that of a run which was limited to one; NULL: it was of all.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from pipelines.api.reasons import WITHOUT_TAKEN
from pipelines.database import connect, said
from pipelines.errors import StammdatenError
from pipelines.ledger.former_columns import rename_columns
from pipelines.ledger.journal import Journal
from pipelines.settings import database, memory_limit
from pipelines.sql_file import read_sql
from pipelines.unexpected import explained

# What the books need that are kept part by part, however long a push was.
LITTLE_MEMORY = "24MB"
# What the last checkpoint of a push needs.
CLOSING_MEMORY = "16MB"
# Checkpoints while outcomes are folded take as much again: they are few.
FOLDED_AT_ONCE = "128MB"
T = TypeVar("T")

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
create table if not exists sync.held (
    plan_id varchar, partner varchar, entity varchar, id_space varchar, external_id varchar, rule varchar,
    table_name varchar, reason varchar
);
alter table sync.plan_counts add column if not exists held bigint;
alter table sync.plan_counts add column if not exists matches bigint;
alter table sync.plans add column if not exists use_case varchar;
alter table sync.pushed add column if not exists use_case varchar;
alter table sync.builds add column if not exists use_case varchar;
create table if not exists sync.made (
    code varchar, read varchar, raw varchar, notes varchar, stichtag date, changes_on date, result varchar
);
alter table sync.plan_counts add column if not exists delivered bigint;
create table if not exists sync.plan_renumbered (
    plan_id varchar, partner varchar, entity varchar, id_space varchar, external_id varchar, pair integer,
    root integer, side varchar
);
create table if not exists sync.by_law (
    plan_id varchar, partner varchar, entity varchar, id_space varchar, external_id varchar, rule varchar,
    reason varchar
);
alter table sync.plan_counts add column if not exists by_law bigint;
alter table sync.plan add column if not exists children bigint[];
alter table sync.plan_counts add column if not exists documents bigint;
alter table sync.plan_counts add column if not exists bytes bigint;
alter table sync.ledger add column if not exists content varchar;
alter table sync.plan add column if not exists content varchar;
alter table sync.plan add column if not exists with_parent boolean;
create table if not exists sync.rekeyed (partner varchar, former varchar, now varchar);
create table if not exists sync.restored (
    partner varchar, taken_at timestamptz, restored_at timestamptz, compared_at timestamptz, compared_by varchar
);
create table if not exists sync.systems (partner varchar, address varchar, since timestamptz);
create table if not exists sync.feedback (
    partner varchar, name varchar, size bigint, modified timestamptz, hash varchar, read_at timestamptz, note varchar
);
create table if not exists sync.runs (
    run_id varchar not null, number bigint not null, command varchar not null, use_case varchar,
    begun_at timestamptz not null, last_seen_at timestamptz not null, ended_at timestamptz, seconds double,
    exit integer, message varchar, settings varchar, stichtag varchar, load_id varchar, plan_id varchar,
    versions varchar, steps varchar, report varchar
);
alter table sync.runs add column if not exists is_refused boolean;
alter table sync.runs add column if not exists limited_to varchar;
create table if not exists sync.run_partners (
    run_id varchar, position integer, partner varchar, result varchar, why varchar
);
create table if not exists sync.run_entities (
    run_id varchar, position integer, partner varchar, entity varchar, in_mart bigint, created bigint,
    updated bigint, withdrawn bigint, unchanged bigint, rejected bigint, blocked bigint, pending bigint,
    held bigint, delivered bigint, seconds double, requests bigint
);
create table if not exists sync.run_rules (
    run_id varchar, position integer, rule varchar, table_name varchar, partner varchar, row_count bigint
);
create table if not exists sync.run_states (
    run_id varchar, position integer, partner varchar, entity varchar, state varchar, reason varchar,
    row_count bigint
);
alter table sync.run_states add column if not exists there_count bigint;
create table if not exists sync.run_flow (
    run_id varchar, position integer, station varchar, table_name varchar, rule varchar, partner varchar,
    entity varchar, row_count bigint
);
alter table sync.made add column if not exists seeds varchar;
alter table sync.made add column if not exists statements blob;
create table if not exists sync.alerts (
    alert_id bigint, kind varchar, partner varchar, what varchar, text varchar, begun_at timestamptz,
    over_at timestamptz, over_text varchar, begin_sent_to varchar[], end_sent_to varchar[]
);
"""

SCHEMA_DIGEST = hashlib.sha256(SCHEMA.encode()).hexdigest()[:16]

# Outcomes that were folded before (a run may die between the commit here and the clearing of the journal) are skipped.
DONE = """
create or replace temp table done as
select
    o.plan_id, o.seq, o.state, o.reason, o.fields, o.http_status, o.requests, o.remote_id as new_remote_id,
    to_timestamp(o.settled_at) as settled_at, o.content,
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

MOVED = read_sql(__file__, "moved")

FOLD = """
insert into sync.attempts
select plan_id, seq, partner, entity, operation, external_id, state, reason, fields, http_status, requests, settled_at
from done;

merge into sync.ledger as l
using moved as m
    on l.partner = m.partner and l.id_space = m.id_space and l.external_id = m.external_id
when matched then update set
    entity = m.entity, remote_id = m.remote_id, state = m.state, reason = m.reason, fields = m.fields,
    payload = m.payload, refs = m.refs, payload_hash = m.payload_hash, tries = m.tries, tried_hash = m.tried_hash,
    last_run_id = m.last_run_id, last_synced_at = m.last_synced_at, content = m.content
when not matched then insert by name;
"""


# The ids that `field` of a JSON object holds, one or a list of them; NULL where it holds none. For one connection.
IDS_IN = """
create or replace temp macro ids_in(body, field) as case
    when json_type(body, '$."' || field || '"') = 'ARRAY' then json_extract(body, '$."' || field || '"')::varchar[]
    when json_extract_string(body, '$."' || field || '"') is not null
        then [json_extract_string(body, '$."' || field || '"')]
end
"""


@contextmanager
def open_database(home: Path, is_memory_tight: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB file with the tables of the schema `sync`, closed again when done.

    `is_memory_tight`: closed in little memory, by the only one who has it open; a checkpoint that needs more is left to
    whoever opens it next.
    Raises like `connect`: `BusyError` when another program holds it for too long; `StammdatenError` for a full disk.
    """
    db = connect(database(home))
    try:
        # What has an order says so in SQL; kept insertion order would make large tables one-threaded.
        db.execute(f"set preserve_insertion_order = false; set memory_limit = '{memory_limit()}'")
        create_tables(db)
        yield db
    except (duckdb.IOException, duckdb.OutOfMemoryException) as problem:
        what = explained(problem) or f"{said(problem)}; free disk or memory and run again"
        raise StammdatenError(f"{database(home)}: {what}") from None
    finally:
        if is_memory_tight:
            with suppress(duckdb.Error):
                db.execute(f"set threads = 1; set memory_limit = '{CLOSING_MEMORY}'")
        db.close()


def create_tables(db: duckdb.DuckDBPyConnection) -> None:
    """Gives a new file, or one of an earlier version, the tables of the schema `sync`, named as they are now."""
    try:
        # Looking through all tables would take longer than the rest of opening the file.
        is_made = db.execute("select digest from sync.schema").fetchall() == [(SCHEMA_DIGEST,)]
    except duckdb.CatalogException:
        is_made = False
    if not is_made:
        db.execute(SCHEMA)
        rename_columns(db)
        # Last, so that who is killed before does all of it again.
        db.execute(f"create or replace table sync.schema as select '{SCHEMA_DIGEST}' as digest")


def in_little_memory(db: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """What `work` returns: one transaction that reads large tables through, so that little memory is enough.

    It is done once more with all memory where records are far larger than usual: rather that than a lost outcome.
    """
    db.execute(f"set threads = 1; set memory_limit = '{LITTLE_MEMORY}'")
    try:
        return in_transaction(db, work)
    except duckdb.OutOfMemoryException:
        db.execute(f"set memory_limit = '{memory_limit()}'")
        return in_transaction(db, work)
    finally:
        db.execute(f"reset threads; set memory_limit = '{memory_limit()}'")


def in_transaction(db: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """What `work` returns, done as a whole or not at all."""
    db.execute("begin")
    try:
        result = work()
        db.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has ended the transaction
            db.execute("rollback")
        raise
    return result


def fold(db: duckdb.DuckDBPyConnection, journal: Journal) -> int:
    """Moves all outcomes of the journal into ledger and attempts, some thousand a transaction; returns how many.

    Only a confirmed send moves what the ledger says the partner holds. Folding twice changes nothing, so a fold that
    was interrupted is simply done again.
    """
    total = 0
    db.execute(f"set checkpoint_threshold = '{FOLDED_AT_ONCE}'")
    try:
        for outcomes in journal.outcomes():
            db.register("outcomes", outcomes)
            total += in_little_memory(db, partial(_fold_part, db, outcomes))
            db.unregister("outcomes")
    finally:
        db.execute("reset checkpoint_threshold")
    db.execute("drop table if exists temp.done; drop table if exists temp.moved")
    journal.clear()
    return total


def take_over(db: duckdb.DuckDBPyConnection, journal: Journal) -> int:
    """`fold`; raises `StammdatenError` when it fails, and the outcomes stay in the journal for the next run."""
    try:
        return fold(db, journal)
    except (duckdb.Error, sqlite3.Error, pa.ArrowException, OSError) as problem:
        raise StammdatenError(
            f"the ledger cannot take over the outcomes of the journal ({said(problem)}); they stay there"
        ) from None


def _fold_part(db: duckdb.DuckDBPyConnection, outcomes: pa.Table) -> int:
    # A tenth of a second, which those who fold nothing need not wait.
    import pyarrow.compute as pc

    # Named as a range, they let DuckDB pass over the rest of the plan and of the attempts, however many there are.
    limits = pc.min_max(outcomes["seq"]).as_py()
    db.execute(DONE, {"first": limits["min"], "last": limits["max"]})
    db.execute(MOVED)
    db.execute(FOLD)
    return int(outcomes.num_rows)


def retry_withheld(db: duckdb.DuckDBPyConnection, partners: list[str]) -> None:
    """Lets the fields that records were sent without go once more with the next plan, and nothing else of them."""
    db.execute(
        "update sync.ledger set payload_hash = 'withheld'"
        " where state = 'synced' and reason = ? and payload is not null and list_contains(?, partner)",
        [WITHOUT_TAKEN, partners],
    )


def retry_freed(db: duckdb.DuckDBPyConnection, partners: list[str]) -> None:
    """Lets a field that a record was sent without go again, once another record gave its value of that field up.

    Told by the last plan of the partner, as long as it is there: a change of the field, or a deletion, that arrived.
    """
    withheld = "select count(*) from sync.ledger where reason = ? and list_contains(?, partner)"
    if not one(db, withheld, [WITHOUT_TAKEN, partners])[0]:
        return
    db.execute(
        """
        update sync.ledger as l set payload_hash = 'withheld'
        where l.state = 'synced' and l.reason = $reason and l.payload is not null
            and list_contains($partners, l.partner)
            and exists (
                from sync.plan as p
                inner join sync.attempts as a on p.plan_id = a.plan_id and p.seq = a.seq
                where p.partner = l.partner and p.id_space = l.id_space and p.external_id <> l.external_id
                    and a.fields is null
                    and (
                        (a.state = 'synced' and p.operation = 'update'
                            and list_has_any(p.changed_fields, string_split(l.fields, ', ')))
                        or a.reason = 'deleted'
                    )
            )
        """,
        {"partners": partners, "reason": WITHOUT_TAKEN},
    )


def one(
    db: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | dict[str, Any] | None = None
) -> tuple[Any, ...]:
    """The first row of a query that always has one."""
    row = db.execute(sql, parameters or []).fetchone()
    return tuple(row or ())
