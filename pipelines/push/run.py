"""Plan and push for one `STAMMDATEN_HOME`: first what an interrupted run left, then the plan, then the sending."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from pipelines.errors import SettingsError, StammdatenError
from pipelines.push.client import PartnerStopped
from pipelines.push.connector import Connector, LookupFailed, connector
from pipelines.push.contract import Contract, load_contract
from pipelines.push.destination import COLUMNS, Sender, push_partner
from pipelines.push.journal import Journal, Outcome
from pipelines.push.ledger import create_tables, fold, one
from pipelines.push.plan import Plan, make_plan
from pipelines.settings import database, is_loopback


@dataclass(frozen=True)
class Line:
    """One line of the closing table: what became of the rows of one entity."""

    partner: str
    entity: str
    in_mart: int = 0
    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    rejected: int = 0
    blocked: int = 0
    pending: int = 0
    seconds: float = 0.0

    @property
    def undelivered(self) -> int:
        """Rows that should be at the partner, or gone from there, and are not."""
        return self.rejected + self.blocked + self.pending


@contextmanager
def open_database(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB file with the tables of the schema `sync`, closed again when done."""
    try:
        db = duckdb.connect(str(database(home)))
    except duckdb.IOException:
        raise StammdatenError(
            f"{database(home)} is held by another program; close its connection and run again"
        ) from None
    try:
        create_tables(db)
        yield db
    finally:
        db.close()


def settle_former(home: Path, active: list[str]) -> int:
    """Settles what an earlier run left open; returns how many rows were looked up at partners.

    Outcomes that were not folded are folded. Intents without an outcome are in doubt: creates are looked up at the
    partner, changes and withdrawals are simply planned again, as they can be sent twice without harm.
    """
    if not (home / "journal.sqlite").exists():
        return 0
    journal = Journal(home / "journal.sqlite")
    try:
        looked_up = 0
        for partner, keys in journal.in_doubt().items():
            looked_up += _settle_partner(home, journal, partner, keys, partner in active)
        with open_database(home) as db:
            fold(db, journal)
        return looked_up
    finally:
        journal.close()


def _settle_partner(
    home: Path, journal: Journal, partner: str, keys: list[tuple[str, int]], active: bool
) -> int:
    if not active:
        return 0
    with open_database(home) as db:
        rows = [row for plan_id, seq in keys for row in _plan_row(db, plan_id, seq)]
    sender = Sender("", connector(partner), journal)
    looked_up = 0
    try:
        for row in rows:
            sender.plan_id = row.pop("plan_id")
            if row["operation"] != "create":
                sender.settle(row, Outcome("pending", "interrupted", row["remote_id"]))
                continue
            looked_up += 1
            sender.settle(row, look_up(sender, row))
    except (PartnerStopped, LookupFailed) as problem:
        raise StammdatenError(
            f"{partner}: {len(rows)} records of the last run are in doubt, and {problem}"
        ) from None
    finally:
        sender.close()
    return looked_up


def look_up(sender: Sender, row: dict[str, Any]) -> Outcome:
    """What became of a create that was under way when a run ended."""
    operation, missing = sender.operation(row)
    if missing:
        return Outcome("pending", "interrupted")
    if operation.entity.created_with:
        return Outcome("pending", "interrupted")
    found, sent = sender.connector.find(operation)
    if len(found) > 1:
        return Outcome("rejected", "ambiguous", requests=sent)
    # The next plan sends all fields once more: only part of the record may have arrived.
    return Outcome("pending", "interrupted", found[0] if found else None, requests=sent)


def _plan_row(db: duckdb.DuckDBPyConnection, plan_id: str, seq: int) -> list[dict[str, Any]]:
    found = db.execute(
        f"select plan_id, {COLUMNS} from sync.plan where plan_id = ? and seq = ?", [plan_id, seq]
    )
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def plan(home: Path, partners: list[str], stichtag: date) -> Plan:
    """Writes the plan for these partners. Everything of former runs must be settled."""
    with open_database(home) as db:
        return make_plan(db, [load_contract(name) for name in partners], stichtag, uuid.uuid4().hex[:12])


def push(
    home: Path,
    plan_id: str,
    partners: list[str],
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[list[Line], dict[str, str]]:
    """Sends a plan and folds what came of it.

    Returns the closing table, and for each partner that was stopped the reason.
    """
    stopped: dict[str, str] = {}
    seconds: dict[str, float] = {}
    with open_database(home) as db:
        sizes = dict(
            db.execute(
                "select partner, count(*) from sync.plan where plan_id = ? group by partner", [plan_id]
            ).fetchall()
        )
        status = db.execute("select status from sync.plans where plan_id = ?", [plan_id]).fetchone()
        if status is None or status[0] != "open":
            raise StammdatenError(
                f"plan {plan_id} is {status[0] if status else 'unknown'}; make a new one: stammdaten plan"
            )
    connectors = {name: connector(name) for name in partners if sizes.get(name)}
    journal = Journal(home / "journal.sqlite")
    try:
        for name, made in connectors.items():
            seconds[name], why = _push_one(home, plan_id, made, journal, sizes[name], progress)
            if why:
                stopped[name] = why
        with open_database(home) as db:
            fold(db, journal)
            db.execute("update sync.plans set status = 'pushed' where plan_id = ?", [plan_id])
            return closing_table(db, plan_id, partners, seconds), stopped
    finally:
        journal.close()


def _push_one(
    home: Path,
    plan_id: str,
    made: Connector,
    journal: Journal,
    size: int,
    progress: Callable[[str, int, int], None],
) -> tuple[float, str | None]:
    name = made.contract.partner
    started = datetime.now(UTC)
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        progress(name, done, size)

    sender = Sender(plan_id, made, journal, advance)
    try:
        push_partner(database(home), home / "dlt", sender)
    finally:
        sender.close()
    return (datetime.now(UTC) - started).total_seconds(), sender.stopped


def check_systems(home: Path, partners: list[str]) -> None:
    """Refuses to use a ledger against another system than the one it speaks of.

    Test servers on this machine count as one system. Raises `SettingsError` with the remedy.
    """
    with open_database(home) as db:
        known = dict(db.execute("select partner, address from sync.systems").fetchall())
        for name in partners:
            address = system_of(load_contract(name), connector(name))
            if known.get(name, address) != address:
                raise SettingsError(
                    f"DESTINATION__{name.upper()}__BASE_URL: the ledger under {home} speaks of {known[name]}, not of"
                    f" {address}; name another STAMMDATEN_HOME for another system, or, if the same system has moved,"
                    f" say so with: stammdaten partners --moved {name}"
                )
            if name not in known:
                db.execute("insert into sync.systems values (?, ?, now())", [name, address])


def moved(home: Path, partner: str) -> str:
    """Lets the ledger of a partner speak of the address that is set now; returns that address."""
    address = system_of(load_contract(partner), connector(partner))
    with open_database(home) as db:
        db.execute("delete from sync.systems where partner = ?", [partner])
        db.execute("insert into sync.systems values (?, ?, now())", [partner, address])
    return address


def system_of(contract: Contract, made: Connector) -> str:
    """Host that a ledger speaks of; `this machine` for any loopback address."""
    url = contract.base_url(made.settings)
    return "this machine" if is_loopback(url) else str(urlsplit(url).netloc)


def closing_table(
    db: duckdb.DuckDBPyConnection, plan_id: str | None, partners: list[str], seconds: dict[str, float]
) -> list[Line]:
    """What each partner holds after a push, entity by entity, in order of levels."""
    lines = []
    for partner in partners:
        contract = load_contract(partner)
        for entity in [name for level in contract.levels for name in level]:
            lines.append(_line(db, plan_id, partner, entity))
        if lines and partner in seconds:
            total = (
                sum(line.created + line.updated + line.withdrawn for line in lines if line.partner == partner)
                or 1
            )
            lines = [
                replace(
                    line, seconds=seconds[partner] * (line.created + line.updated + line.withdrawn) / total
                )
                if line.partner == partner
                else line
                for line in lines
            ]
    return lines


def _line(db: duckdb.DuckDBPyConnection, plan_id: str | None, partner: str, entity: str) -> Line:
    done: dict[tuple[str, bool], int] = {
        (operation, state in ("synced", "withdrawn")): number
        for operation, state, number in db.execute(
            "select p.operation, coalesce(a.state, 'pending'), count(*) from sync.plan as p"
            " left join sync.attempts as a on p.plan_id = a.plan_id and p.seq = a.seq"
            " where p.plan_id = ? and p.partner = ? and p.entity = ?"
            " and (p.sends or p.operation = 'withdraw' or a.state not in ('synced', 'withdrawn')) group by all",
            [plan_id, partner, entity],
        ).fetchall()
        if state in ("synced", "withdrawn")
    }
    in_mart = one(db, f'select count(*) from partners."{partner}__{entity}"')[0]
    states = dict(
        db.execute(
            "select state, count(*) from sync.ledger where partner = ? and entity = ? group by state",
            [partner, entity],
        ).fetchall()
    )
    waiting = one(
        db,
        "select count(*) from sync.plan as p anti join sync.attempts as a on p.plan_id = a.plan_id and p.seq = a.seq"
        " where p.plan_id = ? and p.partner = ? and p.entity = ?",
        [plan_id, partner, entity],
    )[0]
    created, updated, withdrawn = (done.get((kind, True), 0) for kind in ("create", "update", "withdraw"))
    rejected, blocked = states.get("rejected", 0), states.get("blocked", 0)
    pending = states.get("pending", 0) + waiting
    return Line(
        partner,
        entity,
        in_mart,
        created,
        updated,
        withdrawn,
        max(0, states.get("synced", 0) - created - updated),
        rejected,
        blocked,
        pending,
    )


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    """The closing table for machines."""
    return [json.loads(json.dumps(line.__dict__)) for line in lines]
