"""What partners say in feedback files of objects that were handed over, read before anything is planned.

The table `sync.feedback` has a row for each file that was read, so that none is read twice; `note` is what the next
push is to tell of it. Outcomes and rows are written in one transaction: a kill before it leaves the files to the next
run.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.api.connector import Connector
from pipelines.api.files.inbox import NotRead, Read, read_files
from pipelines.api.files.server import Listed
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.feedback import Feedback, NoFeedbackError, read_feedback
from pipelines.api.protocols.protocol import Operation
from pipelines.contract.contract import Contract, load_contract
from pipelines.ledger.ledger import open_database
from pipelines.progress import Progress
from pipelines.push.delivered import Delivered, unconfirmed, write_outcome

# So many notes are told of a partner; the rest is counted.
SHOWN_NOTES = 20
# The name under which the folder itself has its note.
FOLDER = ""
THERE, REFUSED = "there", "refused"

WORDS = {
    "unknown": "objects that are not ours",
    "both": "objects that it names both as there and as refused",
    "older": "objects that were handed over after it was written, or it does not say when",
    "otherwise": "objects of which it was told otherwise before",
    "asked_for": "removed objects that are still asked for",
    "nameless": "errors without an object",
}


@dataclass
class Known:
    """What is known of a partner: objects without an outcome, words that were believed before, files that were read."""

    waiting: dict[str, Delivered]
    believed: dict[str, tuple[str, datetime | None]]
    numbers: set[str]
    listed: set[tuple[str, int, datetime]]
    contents: dict[str, str]
    done: list[tuple[Operation, Outcome]] = field(default_factory=list)


def read_feedback_files(home: Path, made: Connector, progress: Progress) -> None:
    """Settles objects by the new feedback files of a partner; what they do not settle is noted for the next push."""
    place, partner = made.imports.feedback, made.contract.partner
    if place is None:
        return
    with open_database(home) as db:
        known = _known(db, made.contract)
    rows: list[tuple[Listed, str | None, str | None]] = []
    trouble = None
    try:
        for file in read_files(place, lambda one: (one.name, one.size, one.modified) not in known.listed):
            progress(f"{partner}, feedback files", len(rows), 0)
            rows.append((file.listed, *_settle(known, file)))
    except NotRead as why:
        trouble = str(why)
    if not rows and trouble is None:
        return
    with open_database(home) as db:
        db.execute("begin")
        for operation, outcome in known.done:
            write_outcome(db, partner, operation, outcome)
        if trouble:
            rows.append((Listed(FOLDER, None, None), None, trouble))
        for listed, content, note in rows:
            db.execute("delete from sync.feedback where partner = ? and name = ?", [partner, listed.name])
            db.execute(
                "insert into sync.feedback values (?, ?, ?, ?, ?, ?, ?)",
                [partner, listed.name, listed.size, listed.modified, content, datetime.now(UTC), note],
            )
        db.execute("commit")


def take_notes(db: duckdb.DuckDBPyConnection, partners: list[str]) -> list[str]:
    """What is to be told of feedback files, each once."""
    told = []
    for partner in partners:
        found = db.execute(
            "select name, note from sync.feedback where partner = ? and note is not null order by all",
            [partner],
        ).fetchall()
        title = load_contract(partner).title if found else ""
        told += [
            f"{title}, feedback{f' {name}' if name else ''}: {note}" for name, note in found[:SHOWN_NOTES]
        ]
        if len(found) > SHOWN_NOTES:
            told.append(
                f"{title}, feedback: {len(found) - SHOWN_NOTES:,} more files changed nothing, or not all"
            )
        if found:
            db.execute("delete from sync.feedback where partner = ? and name = ?", [partner, FOLDER])
            db.execute("update sync.feedback set note = null where partner = ?", [partner])
    return told


def _known(db: duckdb.DuckDBPyConnection, contract: Contract) -> Known:
    partner = contract.partner
    entities = [name for name, entity in contract.entities.items() if entity.openimmo]
    numbers, believed = set(), {}
    for number, state, reason, since in db.execute(
        "select external_id, state, reason, last_synced_at from sync.ledger"
        " where partner = ? and list_contains(?, entity)",
        [partner, entities],
    ).fetchall():
        numbers.add(number)
        if state == "synced":
            believed[number] = (THERE, since)
        elif reason == "import_rejected":
            believed[number] = (REFUSED, since)
    files = db.execute(
        "select name, size, modified, hash from sync.feedback where partner = ?", [partner]
    ).fetchall()
    return Known(
        waiting={one.operation.external_id: one for one in unconfirmed(db, contract)},
        believed=believed,
        numbers=numbers,
        listed={(name, size, modified) for name, size, modified, _ in files if modified is not None},
        contents={content: name for name, _, _, content in files if content},
    )


def _settle(known: Known, file: Read) -> tuple[str | None, str | None]:
    """The hash of a file, and what is to be told of it; what it settles is added to what is done."""
    if file.content is None:
        return None, file.why
    content = hashlib.sha256(file.content).hexdigest()
    if before := known.contents.get(content):
        return content, None if before == file.listed.name else "was read before under another name"
    known.contents[content] = file.listed.name
    try:
        feedback = read_feedback(file.content)
    except NoFeedbackError as why:
        return content, f"{why}, and changed nothing"
    written = _written(feedback, file.listed)
    counts = Counter(nameless=feedback.nameless)
    for number in {**feedback.there, **feedback.refused}:
        counts[_settle_one(known, number, feedback, written)] += 1
    told = ", ".join(f"{words} ({counts[what]:,})" for what, words in WORDS.items() if counts[what])
    return content, f"changed nothing for {told}" if told else None


def _settle_one(known: Known, number: str, feedback: Feedback, written: datetime | None) -> str:
    """Which of `WORDS` is to be told of an object; empty where it is settled, or nothing new is said of it."""
    is_there, is_refused = number in feedback.there, number in feedback.refused
    if number not in known.numbers:
        return "unknown"
    if is_there and is_refused:
        return "both"
    word = REFUSED if is_refused else THERE
    one = known.waiting.get(number)
    if one is None:
        before, since = known.believed.get(number, (word, None))
        return "otherwise" if before != word and not _is_older(written, since) else ""
    if _is_older(written, one.since):
        return "older"
    is_removal = one.operation.kind == "withdraw"
    if is_removal and is_there and feedback.there[number]:
        return "asked_for"
    if is_refused:
        # A new object that was refused is not there; one that was changed is, as it was.
        codes = tuple(f"fehlernr {code}" for code in feedback.refused[number])
        outcome = Outcome("rejected", "import_rejected", one.operation.remote_id, fields=codes)
    elif is_removal:
        outcome = Outcome("withdrawn", "deleted")
    else:
        outcome = Outcome("synced", None, number)
    known.done.append((one.operation, outcome))
    known.believed[number] = (word, one.since)
    del known.waiting[number]
    return ""


def _written(feedback: Feedback, listed: Listed) -> datetime | None:
    """When a file was written at the latest, by its own date and that of the file; None where neither is known."""
    if listed.modified is None:
        return feedback.earliest
    return min(listed.modified, feedback.latest or listed.modified)


def _is_older(written: datetime | None, since: datetime | None) -> bool:
    """Whether a file cannot speak of what was handed over then; times of files have no fractions of a second."""
    return written is None or (since is not None and written < since.replace(microsecond=0))
