"""What an interrupted run left open, and what stayed in doubt, is settled before anything is planned."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import current_run
from pipelines.api.connector import Connector, MakesConnectors, connector
from pipelines.api.http.client import PartnerStopped
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import Operation
from pipelines.api.settings import reads_feedback
from pipelines.contract.contract import load_contract
from pipelines.ledger.journal import Journal, noting
from pipelines.ledger.ledger import open_database, take_over
from pipelines.progress import Progress
from pipelines.push.delivered import ask_for_outcomes, note_overdue, unconfirmed
from pipelines.push.destination import COLUMNS
from pipelines.push.doubt import UNKNOWN, Found, look_for, pauses
from pipelines.push.feedback import read_feedback_files
from pipelines.push.sender import IN_DOUBT, Row, Sender
from pipelines.settings import database

# No run waits longer than this for a create that was sent a moment ago.
LONGEST_WAIT = 90.0


@dataclass(frozen=True)
class Sent:
    """A create that was never answered, as it was sent. `since`: when that was at the latest (epoch seconds).

    Or what was to be done to a record that the partner did not show; its operation has the id that it is known under.
    `is_folded`: the ledger says already that it is in doubt, so that its outcome is written there.
    """

    row: Row
    operation: Operation
    since: float
    is_folded: bool


@current_run.step("recover")
def recover(
    home: Path,
    active: list[str],
    progress: Progress = lambda *_: None,
    make: MakesConnectors = connector,
) -> int:
    """Settles what earlier runs left open; returns how many rows were looked up at partners.

    `progress` hears which partner is asked, how many creates in doubt are cleared up, and of how many.

    Outcomes that were not folded are folded. Intents without an outcome are in doubt: creates are looked up at the
    partner, what can be sent twice without harm is simply planned again: changes, withdrawals, upserts. A create
    that is not found is planned again only when the partner had time to show it; else it stays in doubt. So it is
    with records that were not shown when they were to be changed or withdrawn.
    """
    if not (home / "journal.sqlite").exists() and not database(home).exists():
        return 0
    with noting():
        journal = Journal(home / "journal.sqlite")
    try:
        with noting():
            left = journal.in_doubt()
        with open_database(home) as db:
            rows = {partner: _plan_rows(db, keys) for partner, keys in left.items() if partner in active}
            doubtful = {partner: _rows_in_doubt(db, partner) for partner in active}
        looked_up = sum(
            _settle_partner(home, journal, make(partner), rows.get(partner, []), doubtful[partner], progress)
            for partner in active
            if rows.get(partner) or doubtful[partner]
        )
        with open_database(home) as db:
            take_over(db, journal)
            # Also what a run that was killed had handed over.
            delivered = {partner: unconfirmed(db, load_contract(partner)) for partner in active}
        for partner in active:
            if any(one.import_id for one in delivered[partner]):
                ask_for_outcomes(home, make(partner), delivered[partner], progress)
            if reads_feedback(load_contract(partner)):
                read_feedback_files(home, make(partner), progress)
        with open_database(home) as db:
            for partner in active:
                note_overdue(db, load_contract(partner))
        return looked_up
    finally:
        journal.close()


def _settle_partner(
    home: Path,
    journal: Journal,
    made: Connector,
    rows: list[Row],
    doubtful: list[tuple[Row, float]],
    progress: Progress,
) -> int:
    sender = Sender("", made, journal, database=database(home))
    last = journal.last_outcome(made.contract.partner) or 0.0
    sent: list[Sent] = []
    settled = 0
    try:
        for row in rows:
            entity = sender.connector.contract.entities[row["entity"]]
            operation, missing = sender.operation(row)
            if row["operation"] != "create" or entity.upsert:
                # A file may have been taken: the object is not sent as a new one again.
                may_be_there = row["external_id"] if entity.openimmo else None
                _settle(sender, row, Outcome("pending", "interrupted", row["remote_id"] or may_be_there))
            elif missing or entity.created_with:
                settled += 1
                _settle(sender, row, Outcome("pending", "interrupted"))
            else:
                since = max(journal.intended_at(row["plan_id"], row["seq"]) or 0.0, last)
                sent.append(Sent(row, operation, since, is_folded=False))
        sent += [Sent(row, sender.operation(row)[0], since, is_folded=True) for row, since in doubtful]
        outcomes = [(one, _outcome(sender, one, found)) for one, found in _looked_for(sender, sent, progress)]
        for one, outcome in outcomes:
            if not one.is_folded:
                _settle(sender, one.row, outcome)
    finally:
        sender.close()
    with open_database(home) as db:
        _write(db, [(one.row, outcome) for one, outcome in outcomes if one.is_folded])
    return settled + len(sent)


def _settle(sender: Sender, row: Row, outcome: Outcome) -> None:
    sender.plan_id = row["plan_id"]
    sender.settle(row, outcome)


def _looked_for(sender: Sender, sent: list[Sent], progress: Progress) -> list[tuple[Sent, Found]]:
    """What is found of each, all looked for together; again after growing pauses where it was sent just now."""
    found = [UNKNOWN] * len(sent)
    for wait in (0.0, *pauses(_worth_waiting(sender, sent))):
        left = [place for place, one in enumerate(found) if one.what in ("none", "unknown")]
        if wait:
            left = [place for place in left if not _is_absent(sender, sent[place], found[place])]
        if not left:
            break
        what = f"{sender.connector.contract.partner}, creates in doubt"
        again = f" · looking again in {wait:.0f} s" if wait else ""
        progress(what + again, len(sent) - len(left), len(sent))
        sender.connector.client.rest(wait)
        try:
            news = look_for(sender.connector, [sent[place].operation for place in left])
        except PartnerStopped:
            break
        for place, one in zip(left, news, strict=True):
            found[place] = one
            if one.remote_id is not None:
                operation = sent[place].operation
                sender.connector.claims.take(operation.entity, one.remote_id, operation.external_id)
    return list(zip(sent, found, strict=True))


def _worth_waiting(sender: Sender, sent: list[Sent]) -> float:
    """Seconds after which absence can be concluded of rows that were sent just now; 0 when that would take too long."""
    ages = [time.time() - one.since for one in sent if not sender.connector.refuses_twins(one.operation)]
    short = [
        left for age in ages if 0 < (left := sender.connector.patience.absent_after - age) <= LONGEST_WAIT
    ]
    return max(short, default=0.0)


def _is_absent(sender: Sender, sent: Sent, found: Found) -> bool:
    """Whether a record that a look-up does not show may be made (again), or counts as gone."""
    operation = sent.operation
    # What is known under an id is looked for in the list, too.
    can_find = operation.remote_id or sender.connector.can_find(operation.entity)
    if found.what != "none" or not can_find:
        return False
    is_over = time.time() - sent.since >= sender.connector.patience.absent_after
    return is_over or (operation.kind != "withdraw" and sender.connector.refuses_twins(operation))


def _outcome(sender: Sender, sent: Sent, found: Found) -> Outcome:
    """What the next plan makes of a create that was never answered, or of a record that was not shown."""
    operation = sent.operation
    if found.what == "gone" or (operation.remote_id and _is_absent(sender, sent, found)):
        is_gone = operation.kind == "withdraw"
        state, reason = ("withdrawn", "deleted") if is_gone else ("pending", "missing_at_partner")
        return Outcome(state, reason, requests=found.requests)
    # One that is to go is not forgotten because it cannot be told which it is.
    if found.what == "several" and operation.kind != "withdraw":
        return Outcome("rejected", "ambiguous", requests=found.requests)
    if found.what == "one" or _is_absent(sender, sent, found):
        # The next plan sends all fields once more: only part of the record may have arrived.
        return Outcome("pending", "interrupted", found.remote_id, requests=found.requests)
    return IN_DOUBT


def _plan_rows(db: duckdb.DuckDBPyConnection, keys: list[tuple[str, int]]) -> list[Row]:
    """Plan rows, with the ids of parents that reached the partner after the plan was made."""
    return [row for plan_id, seq in keys for row in _read(db, "plan_id = ? and seq = ?", [plan_id, seq])]


def _rows_in_doubt(db: duckdb.DuckDBPyConnection, partner: str) -> list[tuple[Row, float]]:
    """Creates that the ledger holds to be in doubt and rows whose record was not shown: as sent, and when that was."""
    found = db.execute(
        "select p.plan_id, p.seq, l.remote_id, max(epoch(a.settled_at)) from sync.plan as p"
        " inner join sync.ledger as l"
        " on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id"
        " left join sync.attempts as a on p.plan_id = a.plan_id and p.seq = a.seq"
        " where p.partner = ? and (p.operation = 'create' and l.reason = 'in_doubt' and l.remote_id is null"
        " or l.reason = 'not_shown' and a.reason = 'not_shown')"
        " group by all order by all",
        [partner],
    ).fetchall()
    return [
        ({**row, "remote_id": remote_id}, since or 0.0)
        for plan_id, seq, remote_id, since in found
        for row in _read(db, "plan_id = ? and seq = ?", [plan_id, seq])
    ]


def _read(db: duckdb.DuckDBPyConnection, where: str, values: list[Any]) -> list[Row]:
    found = db.execute(f"select plan_id, partner, {COLUMNS} from sync.plan where {where}", values)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        parents = json.loads(row["parents"])
        for parent in parents:
            parent["remote_id"] = parent["remote_id"] or _remote_id(db, row["partner"], parent)
        row["parents"] = json.dumps(parents)
    return rows


def _remote_id(db: duckdb.DuckDBPyConnection, partner: str, parent: dict[str, Any]) -> str | None:
    row = db.execute(
        "select remote_id from sync.ledger where partner = ? and id_space = ? and external_id = ?",
        [partner, parent["id_space"], parent["external_id"]],
    ).fetchone()
    return row[0] if row else None


def _write(db: duckdb.DuckDBPyConnection, outcomes: list[tuple[Row, Outcome]]) -> None:
    """Moves rows of the ledger that were in doubt, and notes the look-up among the attempts."""
    db.execute("begin")
    for row, outcome in outcomes:
        if outcome is IN_DOUBT:
            continue
        db.execute(
            # Another record may not show what was confirmed of the former one, and of none nothing is there.
            "update sync.ledger set state = $state, reason = $reason, remote_id = $remote_id,"
            " payload = if($remote_id is null, null, payload), refs = if($remote_id is null, null, refs),"
            " payload_hash = if(remote_id is distinct from $remote_id, null, payload_hash)"
            " where partner = $partner and id_space = $id_space and external_id = $external_id"
            " and (reason = 'in_doubt' and remote_id is null or reason = 'not_shown')",
            {
                "state": outcome.state, "reason": outcome.reason, "remote_id": outcome.remote_id,
                **{name: row[name] for name in ("partner", "id_space", "external_id")},
            },
        )  # fmt: skip
        db.execute(
            "insert into sync.attempts select plan_id, seq, partner, entity, operation, external_id, ?, ?, null, null,"
            " ?, ? from sync.plan where plan_id = ? and seq = ?",
            [
                outcome.state, outcome.reason, outcome.requests, datetime.now(UTC),
                row["plan_id"], row["seq"],
            ],
        )  # fmt: skip
    db.execute("commit")
