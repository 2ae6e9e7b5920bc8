"""Plan and push for one `STAMMDATEN_HOME`. What an interrupted run left must be settled before (`settle.py`)."""

import getpass
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines import current_run
from pipelines.api.beliefs import resend
from pipelines.api.connector import Connector, MakesConnectors, connector
from pipelines.api.uploads import ReadsContent
from pipelines.contract.contract import load_contract
from pipelines.contract.rhythms import STAMMDATEN
from pipelines.database import said
from pipelines.errors import SentError, StammdatenError
from pipelines.ledger.journal import Journal, noting
from pipelines.ledger.ledger import in_little_memory, one, open_database, retry_withheld, take_over
from pipelines.plan.by_law import leave_rest_open, planned_by_law
from pipelines.plan.guards import (
    OF_BYTES,
    Limit,
    TrippedGuard,
    check_counted,
    check_counts,
    check_renumbered,
    check_tables,
    guarded_tables,
    is_onboarded,
)
from pipelines.plan.mart_columns import MART_SCHEMA, misfits
from pipelines.plan.operations import forget_gone_children
from pipelines.plan.plan import Plan, last_load, ledger_state, make_plan, read_counts, states, use_case_of
from pipelines.plan.renumbered import count_renumbered, read_renumbered
from pipelines.progress import Progress
from pipelines.push.delivered import retry_overdue
from pipelines.push.destination import push_partner
from pipelines.push.feedback import take_notes
from pipelines.push.left_uploads import give_up_uploads
from pipelines.push.result_line import ResultLine
from pipelines.push.result_table import closing_table, withheld_notes
from pipelines.push.sender import Sender
from pipelines.settings import database

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class HeldBack:
    """Why a guard keeps a partner's plan back: the guards that tripped, and keys of some rows for each."""

    tripped: tuple[TrippedGuard, ...]
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Push:
    """What a push did: the closing table, partners given up in mid-push, and partners kept back by guards.

    `notes`: what it came to believe of partners, and entities that it gave up, for people.
    """

    lines: list[ResultLine]
    stopped: dict[str, str]
    held: dict[str, HeldBack]
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything is at the partners that should be."""
        return not (self.stopped or self.held or sum(line.undelivered for line in self.lines))


@current_run.step("plan")
def plan(
    home: Path,
    partners: list[str],
    stichtag: date,
    retry_rejected: bool = False,
    use_case: str | None = None,
) -> Plan:
    """Writes the plan for these partners, of one use case or of all. Everything of former runs must be settled.

    `retry_rejected` lets rows go once more that were given up after several refusals, what was handed over and not
    confirmed in time, and fields that were left out.
    """
    contracts = [load_contract(name) for name in partners]
    with open_database(home) as db:
        for contract in contracts if retry_rejected else ():
            db.execute(
                "update sync.ledger set tries = 0 where state = 'rejected' and partner = ?"
                " and list_contains(?, entity)",
                [contract.partner, sorted(contract.of_use_case(use_case))],
            )
            retry_overdue(db, contract.partner, sorted(contract.of_use_case(use_case)))
        if retry_rejected:
            retry_withheld(db, partners)
        return make_plan(db, contracts, stichtag, current_run.run_id(), use_case)


def misfitting(home: Path, partners: list[str], use_case: str | None = None) -> dict[str, str]:
    """Partners whose marts do not have the columns of their contract, and what is wrong."""
    with open_database(home) as db:
        found = {name: misfits(db, load_contract(name), use_case) for name in partners}
    return {name: why for name, why in found.items() if why}


def check_plan(home: Path, plan_id: str, partners: list[str]) -> list[str]:
    """Partners of these that the plan holds and that may still be pushed exactly as planned.

    Raises `StammdatenError` with the reason when the plan is used, or ledger or marts are not what it was made from.
    """
    with open_database(home) as db:
        found = db.execute(
            "select partner, status, ledger_state, mart_state from sync.plan_partners where plan_id = ?",
            [plan_id],
        ).fetchall()
        if not found:
            raise StammdatenError(f"plan {plan_id}: unknown; make a new one: stammdaten plan")
        still_open = []
        for partner, status, ledger_state, mart_state in found:
            if partner not in partners:
                continue
            if status == "open":
                _check_unmoved(db, plan_id, partner, (ledger_state, mart_state))
                still_open.append(partner)
        if not still_open:
            what = ", ".join(f"{partner} {status}" for partner, status, _, _ in found)
            raise StammdatenError(
                f"plan {plan_id}: nothing is open in it ({what}); make a new one: stammdaten plan"
            )
        return still_open


def _check_unmoved(
    db: duckdb.DuckDBPyConnection, plan_id: str, partner: str, planned: tuple[str, str]
) -> None:
    ledger_state, mart_state = states(db, load_contract(partner), use_case_of(db, plan_id))
    if ledger_state != planned[0]:
        raise StammdatenError(
            f"plan {plan_id}: the ledger of {partner} has moved since; make a new one: stammdaten plan"
        )
    if mart_state != planned[1]:
        raise StammdatenError(
            f"plan {plan_id}: the marts of {partner} were rebuilt with other rows since;"
            " make a new one: stammdaten plan"
        )


@current_run.step("push")
def push(
    home: Path,
    plan_id: str,
    partners: list[str],
    guards: Mapping[str, Limit],
    allowed: frozenset[str] = frozenset(),
    progress: Progress = lambda *_: None,
    make: MakesConnectors = connector,
    contents: ReadsContent | None = None,
) -> Push:
    """Sends a plan to these partners, side by side, and folds what came of it.

    A partner whose plan trips a guard gets nothing but the withdrawals that the law asks for, unless the guard is in
    `allowed` (noted with time and user). `contents` reads the bytes of documents.
    Raises `SentError` when something was sent and its outcomes could not be folded: they wait in the journal.
    """
    with open_database(home) as db:
        forget_gone_children(db, plan_id)
        held = {name: why for name in partners if (why := _held(db, plan_id, name, guards, allowed))}
        going = [name for name in partners if name not in held]
        by_law = {name: found for name in held if (found := planned_by_law(db, plan_id, name))}
        sizes = {**_sizes(db, plan_id), **{name: list(found.items()) for name, found in by_law.items()}}
    with noting():
        journal = Journal(home / "journal.sqlite")
    with open_database(home) as db:
        with_files = {name for name in going if give_up_uploads(db, journal, load_contract(name))}
    connectors = [make(name) for name in (*going, *by_law) if sizes.get(name) or name in with_files]
    stopped: dict[str, str] = {}
    seconds: dict[str, float] = {}
    try:
        # One slow partner delays no other.
        with ThreadPoolExecutor(max(len(connectors), 1), thread_name_prefix="partner") as pool:
            senders = [
                Sender(
                    plan_id,
                    made,
                    journal,
                    _counter(made, sizes.get(made.contract.partner, []), progress),
                    database(home),
                    only_by_law=made.contract.partner in by_law,
                    contents=contents,
                )
                for made in connectors
            ]
            try:
                spent = list(pool.map(lambda sender: _push_one(home, sender, sizes), senders))
            except KeyboardInterrupt:
                for sender in senders:
                    sender.connector.client.stop("interrupted")
                raise
            for sender, time_spent in zip(senders, spent, strict=True):
                name = sender.connector.contract.partner
                seconds[name] = time_spent
                if sender.stopped:
                    stopped[name] = sender.stopped
        has_sent = any(sender.has_begun for sender in senders)
        with after_sending(has_sent, stopped), open_database(home, is_memory_tight=bool(connectors)) as db:
            take_over(db, journal)
            for made in connectors:
                resend(db, made.contract.partner, made.external_ids_known.known)
            delivered = [name for name in going if name not in stopped]
            in_little_memory(db, partial(_note_pushed, db, plan_id, delivered))
            lines = in_little_memory(db, partial(closing_table, db, plan_id, [*going, *by_law], seconds))
            for name in by_law:
                leave_rest_open(
                    db, plan_id, name, ledger_state(db, load_contract(name), use_case_of(db, plan_id))
                )
            notes = [note for made in connectors for note in made.notes()] + withheld_notes(db, going)
            notes += [_although_held(name, found) for name, found in by_law.items()]
            notes += take_notes(db, partners)
            return Push(lines, stopped, held, tuple(notes))
    finally:
        journal.close()


def _although_held(partner: str, found: Mapping[str, int]) -> str:
    """What went to a partner that a guard keeps back, for people."""
    rows = ", ".join(f"{number} of {entity}" for entity, number in found.items())
    return f"{partner}: withdrawals that the law asks for went, although a guard keeps the rest back: {rows}"


def _sizes(db: duckdb.DuckDBPyConnection, plan_id: str) -> dict[str, list[tuple[str, int]]]:
    """By partner: entity and number of rows, in the order of sending."""
    found: dict[str, list[tuple[str, int]]] = {}
    for partner, entity, rows in db.execute(
        "select partner, entity, count(*) from sync.plan where plan_id = ?"
        " group by partner, entity, operation = 'withdraw' order by partner, min(seq)",
        [plan_id],
    ).fetchall():
        found.setdefault(partner, []).append((entity, rows))
    return found


def _counter(made: Connector, sizes: list[tuple[str, int]], progress: Progress) -> Callable[[int], None]:
    """Tells the progress: partner and entity, how far that is, and what is failing (after each failed request too)."""
    total, lock = sum(rows for _, rows in sizes), threading.Lock()
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        with lock:
            done += rows
            entity, within, size = _place(sizes, done)
            trouble = made.trouble(entity)
            what = f"{made.contract.partner} · {entity} {within}/{size}"
            progress(f"{what} ({trouble})" if trouble else what, done, total)

    made.client.on_trouble = lambda: advance(0)
    return advance


def _place(sizes: list[tuple[str, int]], done: int) -> tuple[str, int, int]:
    """The entity whose turn it is after so many rows, how many of its rows are done, and how many it has."""
    for entity, size in sizes[:-1]:
        if done < size:
            return entity, done, size
        done -= size
    entity, size = sizes[-1] if sizes else ("", 0)
    return entity, done, size


def _push_one(home: Path, sender: Sender, sizes: Mapping[str, object]) -> float:
    """Seconds that it took. What fails stops this partner alone."""
    started, name = time.monotonic(), sender.connector.contract.partner
    try:
        if sizes.get(name):
            push_partner(database(home), home / "dlt", sender)
        sender.take_out_unused()
    except Exception as problem:
        sender.give_up(problem)
    finally:
        sender.close()
    return time.monotonic() - started


@contextmanager
def after_sending(has_sent: bool = True, stopped: Mapping[str, str] | None = None) -> Iterator[None]:
    """What fails in here fails after something was sent: a `SentError` then, which says how it goes on."""
    try:
        yield
    except (StammdatenError, duckdb.Error, sqlite3.Error, OSError) as problem:
        why = str(problem) if isinstance(problem, StammdatenError) else said(problem)
        given_up = "".join(f" {name}: {reason}." for name, reason in (stopped or {}).items())
        if not has_sent:
            raise StammdatenError(f"{why}.{given_up}" if given_up else why) from None
        raise SentError(
            f"operations were sent, and then: {why}. What became of them is kept, run again to go on.{given_up}"
        ) from None


def _held(
    db: duckdb.DuckDBPyConnection,
    plan_id: str,
    partner: str,
    guards: Mapping[str, Limit],
    allowed: frozenset[str],
) -> HeldBack | None:
    """The guards that keep a partner back; None when there are none, or all are lifted for this plan."""
    tripped = find_tripped_guards(db, plan_id, partner, guards)
    lifted = {trip.guard for trip in tripped} & allowed
    for guard in sorted(lifted):
        db.execute(
            "insert into sync.allowances values (?, ?, ?, ?, ?)",
            [plan_id, partner, guard, datetime.now(UTC), getpass.getuser()],
        )
    left = tuple(trip for trip in tripped if trip.guard not in lifted)
    if not left:
        return None
    return HeldBack(
        left, {trip.message: _sample(db, plan_id, trip) for trip in left if trip.guard != "shrink"}
    )


def find_tripped_guards(
    db: duckdb.DuckDBPyConnection, plan_id: str, partner: str, guards: Mapping[str, Limit]
) -> list[TrippedGuard]:
    """All guards that a partner's plan trips. Creates that were tried before and never arrived are no new ones."""
    onboarded = {
        name
        for (name,) in db.execute("select entity from sync.onboarded where partner = ?", [partner]).fetchall()
    }
    held = dict(
        db.execute(
            "select entity, count(*) from sync.ledger where partner = ? and remote_id is not null"
            " and state <> 'withdrawn' group by entity",
            [partner],
        ).fetchall()
    )
    tried, counts = _tried(db, plan_id, partner), read_counts(db, plan_id, partner)
    tripped = check_counted(partner, _planned(db, plan_id, partner), [line.entity for line in counts])
    tripped += [
        trip
        for line in counts
        for trip in check_counts(
            replace(line, create=line.create - tried.get(line.entity, 0)),
            held.get(line.entity, 0),
            line.entity in onboarded,
            guards,
        )
    ]
    tripped += check_renumbered(partner, count_renumbered(db, plan_id, partner), held, guards)
    use_case = use_case_of(db, plan_id)
    now = _rows_of(db, last_load(db), use_case)
    return tripped + check_tables(partner, _rows_at_last_push(db, partner, use_case), now, guards)


def _planned(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> list[tuple[str, str]]:
    """Entities of a partner's plan with the kinds of their operations, each once."""
    found = db.execute(
        "select distinct entity, operation from sync.plan where plan_id = ? and partner = ? order by all",
        [plan_id, partner],
    ).fetchall()
    return [(entity, operation) for entity, operation in found]


def _tried(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> dict[str, int]:
    """By entity: creates of a plan that a push tried before, and that never were at the partner."""
    return dict(
        db.execute(
            """
            select p.entity, count(*)
            from sync.plan as p
            inner join sync.ledger as l
                on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id
            where p.plan_id = ? and p.partner = ? and p.operation = 'create'
                and l.state in ('rejected', 'blocked', 'pending') and l.last_synced_at is null
            group by p.entity
            """,
            [plan_id, partner],
        ).fetchall()
    )


def _rows_at_last_push(
    db: duckdb.DuckDBPyConnection, partner: str, use_case: str | None
) -> dict[str, int] | None:
    """Rows by table of the delivery that the last push of this use case came from; a push of all is one of each."""
    row = db.execute(
        "select max_by(load_id, pushed_at) from sync.pushed"
        " where partner = ? and coalesce(use_case = ?, true) having count(*) > 0",
        [partner, use_case or STAMMDATEN],
    ).fetchone()
    return _rows_of(db, row[0], use_case) if row and row[0] else None


def _rows_of(db: duckdb.DuckDBPyConnection, load_id: str | None, use_case: str | None) -> dict[str, int]:
    if load_id is None:
        return {}
    return dict(
        db.execute(
            "select table_name, row_count from sync.loads where load_id = ? and list_contains(?, table_name)",
            [load_id, list(guarded_tables(use_case))],
        ).fetchall()
    )


def _sample(db: duckdb.DuckDBPyConnection, plan_id: str, trip: TrippedGuard) -> tuple[str, ...]:
    if trip.guard == "renumber":
        found = read_renumbered(db, plan_id, [trip.partner])
        return tuple(f"{pair.former} → {pair.now}" for pair in found)[:SAMPLE_ROWS]
    kinds = ["create", "update"] if trip.guard in OF_BYTES else [trip.guard]
    rows = db.execute(
        "select external_id from sync.plan where plan_id = ? and partner = ? and entity = ?"
        f" and list_contains(?, operation) order by seq limit {SAMPLE_ROWS}",
        [plan_id, trip.partner, trip.entity, kinds],
    ).fetchall()
    return tuple(external_id for (external_id,) in rows)


def _note_pushed(db: duckdb.DuckDBPyConnection, plan_id: str, partners: list[str]) -> None:
    """Remembers what later guards compare with: entities that went through once, and the delivery they came from."""
    load_id, use_case = one(db, "select load_id, use_case from sync.plans where plan_id = ?", [plan_id])
    now = datetime.now(UTC)
    for partner in partners:
        db.execute(
            "update sync.plan_partners set status = 'pushed' where plan_id = ? and partner = ?",
            [plan_id, partner],
        )
        db.execute(
            "insert into sync.pushed (partner, load_id, pushed_at, use_case) values (?, ?, ?, ?)",
            [partner, load_id, now, use_case],
        )
        for entity in load_contract(partner).of_use_case(use_case):
            if not _is_noted(db, partner, entity) and is_onboarded(*_arrived(db, partner, entity)):
                db.execute("insert into sync.onboarded values (?, ?, ?)", [partner, entity, now])


def _is_noted(db: duckdb.DuckDBPyConnection, partner: str, entity: str) -> bool:
    found = db.execute("from sync.onboarded where partner = ? and entity = ?", [partner, entity])
    return found.fetchone() is not None


def _arrived(db: duckdb.DuckDBPyConnection, partner: str, entity: str) -> tuple[int, int]:
    """Rows of a mart that are at the partner, and all rows of it."""
    arrived, in_mart = one(
        db,
        f"""
        select count(l.external_id), count(*)
        from {MART_SCHEMA}."{partner}__{entity}" as m
        left join (
            from sync.ledger
            where partner = $partner and entity = $entity and remote_id is not null and state <> 'withdrawn'
        ) as l on m.external_id = l.external_id
        """,
        {"partner": partner, "entity": entity},
    )
    return int(arrived), int(in_mart)
