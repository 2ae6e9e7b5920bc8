"""Works off the plan rows of one partner: sends them, and notes each outcome before the next level begins.

Nothing here raises for a row, and nothing goes without its intent. What fails beyond a row stops this partner alone.
"""

import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.api.batches import carry_out_together
from pipelines.api.claims import Claims
from pipelines.api.connector import Connector, InDoubt, Operation
from pipelines.api.http.client import PartnerStopped
from pipelines.api.outcome import Outcome, Upload
from pipelines.api.protocols.protocol import LookupFailed
from pipelines.api.uploads import ReadsContent
from pipelines.contract.contract import Contract, Entity
from pipelines.contract.schema.json_schema import is_list
from pipelines.database import said
from pipelines.errors import JournalError, SettingsError, StammdatenError
from pipelines.ledger.holders import holders_of
from pipelines.ledger.journal import Journal, noting
from pipelines.push.doubt import look_for, pauses
from pipelines.push.matching import match_rows

Row = dict[str, Any]
T = TypeVar("T")

# Rows that are noted as intended at once.
INTENDED = 500
# New records whose ids are compared with those of other rows at once.
COMPARED = 5_000
# What of a row its outcome is noted under.
NOTED = ("seq", "entity", "id_space", "external_id")


class Feed:
    """Hands the rows of a level to the threads that send. Some hundred at a time are intended before they go."""

    def __init__(
        self, requests: Iterator[list[Row]], intend: Callable[[list[Row]], None], is_over: Callable[[], bool]
    ):
        self._requests = requests
        self._intend = intend
        self._is_over = is_over
        self._lock = threading.Lock()
        self._ready: deque[list[Row]] = deque()

    def next(self) -> list[Row] | None:
        """Rows of the next request; None when nothing is left, or nothing more may go."""
        with self._lock:
            if not self._ready and not self._is_over():
                self._fill()
            return self._ready.popleft() if self._ready else None

    def done(self, rows: int, progress: Callable[[int], None]) -> None:
        """Tells the progress, one thread at a time. A display that fails is no reason to stop."""
        with self._lock, suppress(Exception):
            progress(rows)

    def _fill(self) -> None:
        requests: list[list[Row]] = []
        # The rows of a request that several share are noted by themselves: a kill leaves these in doubt, and no others.
        while (
            sum(map(len, requests)) < INTENDED
            and not any(len(together) > 1 for together in requests)
            and (together := next(self._requests, None))
        ):
            requests.append(together)
        if requests:
            # Only what is noted as intended may go.
            self._intend([row for together in requests for row in together])
            self._ready.extend(requests)


@dataclass(frozen=True)
class Doubt:
    """A create of which nobody can tell whether the partner took it; `outcome` is noted when it stays unknown."""

    row: Row
    operation: Operation
    outcome: Outcome | None


# Whoever reads an address takes them for the folder itself and the one above.
STEPS = (".", "..")
IN_DOUBT = Outcome("pending", "in_doubt")
# Stands for an outcome that is not known before the end of the level.
NOT_YET = Outcome("pending", "in_doubt")


class UploadNotes:
    """How far the bytes of a partner's records have got, in the journal."""

    def __init__(self, partner: str, journal: Journal):
        self._partner, self._journal = partner, journal

    def read(self, operation: Operation) -> Upload | None:
        """What was noted last; None: nothing."""
        with noting():
            return self._journal.upload(self._partner, operation.entity.id_space, operation.external_id)

    def write(self, operation: Operation, upload: Upload) -> None:
        """Replaces it."""
        with noting():
            self._journal.note_upload(self._partner, operation.entity.id_space, operation.external_id, upload)

    def forget(self, operation: Operation) -> None:
        """Takes it out."""
        with noting():
            self._journal.forget_upload(self._partner, operation.entity.id_space, operation.external_id)

    def unused(self, operation: Operation, files: Sequence[Mapping[str, str]]) -> None:
        """Notes files that no record uses any more."""
        with noting():
            self._journal.note_unused(self._partner, operation.entity.name, files)


class Sender:
    """Works off the plan rows of one partner: groups that may run side by side, one group after the other."""

    def __init__(
        self,
        plan_id: str,
        connector: Connector,
        journal: Journal,
        progress: Callable[[int], None] = lambda _: None,
        database: Path | None = None,
        only_by_law: bool = False,
        contents: ReadsContent | None = None,
    ):
        # Of a plan that a guard keeps back, what it may not keep back.
        self.only_by_law = only_by_law
        if database is not None:
            holders = holders_of(connector.contract.partner, journal, database)
            connector.claims = Claims(connector.contract, holders)
        connector.uploads.source = contents
        connector.uploads.notes = UploadNotes(connector.contract.partner, journal)
        self._doubts: list[Doubt] = []
        # New records since their ids were compared with those of other rows.
        self._made: list[tuple[Row, Outcome]] = []
        self._doubt_lock = threading.Lock()
        self.plan_id = plan_id
        self.connector = connector
        self.journal = journal
        self.progress = progress
        self.requests = 0
        self.has_begun = False
        self._pool = ThreadPoolExecutor(
            connector.limits.in_flight or 1, thread_name_prefix=connector.contract.partner
        )
        contract = connector.contract
        self._integers = {
            name: _integer_fields(contract.schema(name, "create")) for name in contract.entities
        }
        self._takes_ours = {name: _takes_ours(contract, entity) for name, entity in contract.entities.items()}

    @property
    def stopped(self) -> str | None:
        """Why the partner was given up in this run, or None."""
        return self.connector.client.stopped

    def give_up(self, problem: BaseException) -> None:
        """Stops this partner, and no other: what has an intent and no outcome is looked up by the next run."""
        self.connector.client.stop(_reason(problem))

    def close(self) -> None:
        """Ends the threads and connections."""
        self._pool.shutdown()
        self.connector.client.close()
        self.connector.uploads.close()

    def take_out_unused(self) -> None:
        """Takes files out that no record uses; one that stays is tried again by the next push."""
        contract = self.connector.contract
        with noting():
            left = self.journal.unused(contract.partner)
        for name, kept in left:
            content = contract.entities[name].content if name in contract.entities else None
            if self.stopped:
                return
            with suppress(PartnerStopped):
                if content is None or not content.remove or self.connector.uploads.take_out(content, kept):
                    with noting():
                        self.journal.forget_unused(contract.partner, name, kept)

    def send_file(self, file: Path) -> None:
        """Sends the plan rows of a file, once; never raises. `stopped` says what went wrong."""
        if self.has_begun:
            return
        self.has_begun = True
        try:
            self.send(rows_of(file))
        except Exception as problem:
            self.give_up(problem)

    def send(self, rows: Iterator[Row]) -> None:
        """Sends plan rows as they come. Rows of one level go side by side, levels one after the other.

        Creates without an answer are looked for at the end of their level, before children go, and once more at the
        end; what is not found then stays in doubt.
        """
        has_looked = True
        for (is_withdrawal, _), level in groupby(
            rows, key=lambda row: (row["operation"] == "withdraw", row["level"])
        ):
            if self.stopped:
                break
            before = len(self._doubts)
            self._send_level(level, is_withdrawal)
            made, self._made = self._made, []
            self._check_made(made)
            has_looked = len(self._doubts) > before
            if has_looked:
                self._look_again(pauses(self.connector.patience.look_again))
                made, self._made = self._made, []
                self._check_made(made)
        self._end_doubts(looks=not has_looked)

    def _look_again(self, waits: Iterable[float]) -> None:
        """Looks for the records of rows in doubt, after each of these pauses, until all are found."""
        until = time.monotonic() + 2 * self.connector.patience.look_again + 1
        for wait in (0.0, *waits):
            if not self._doubts or self.stopped or time.monotonic() > until:
                return
            self.connector.client.rest(wait)
            try:
                self._look_once(until)
            except PartnerStopped:
                return

    def _look_once(self, until: float) -> None:
        doubts, self._doubts = self._doubts, []
        try:
            found = look_for(self.connector, [doubt.operation for doubt in doubts], until)
        except BaseException:
            self._doubts = doubts
            raise
        for doubt, one in zip(doubts, found, strict=True):
            self.requests += one.requests
            if one.what == "one":
                operation = replace(doubt.operation, remote_id=one.remote_id)
                self._note(doubt.row, self._guarded(doubt.row, partial(self._carry, doubt.row, operation)))
            elif one.what == "several" and doubt.outcome is not None:
                self._note(doubt.row, Outcome("rejected", "ambiguous"))
            else:
                self._doubts.append(doubt)

    def _end_doubts(self, looks: bool) -> None:
        """Notes what is known of the rows that stayed in doubt; the next run looks for them again."""
        if looks:
            self._look_again(())
        doubts, self._doubts = self._doubts, []
        for doubt in doubts:
            self._note(doubt.row, doubt.outcome or IN_DOUBT)

    def _carry(self, row: Row, operation: Operation) -> Outcome:
        """Carries out an operation; a create of which nobody can tell is kept until the end of its level."""
        try:
            return self.connector.carry_out(operation)
        except InDoubt as doubt:
            self._doubt(row, operation, doubt.outcome, doubt.requests)
        except PartnerStopped as stop:
            # What cannot be repeated is looked up by the next run.
            if not (stop.lost and operation.kind == "create" and not operation.entity.upsert):
                raise
            self._doubt(row, operation, None, 0)
        except (JournalError, sqlite3.Error):
            raise
        except Exception as bug:
            # It may have come after the answer: a create is looked for, not sent again.
            if operation.kind != "create" or operation.entity.upsert or operation.entity.created_with:
                raise
            self._doubt(row, operation, Outcome("pending", "in_doubt", fields=(type(bug).__name__,)), 0)
        return NOT_YET

    def _doubt(self, row: Row, operation: Operation, outcome: Outcome | None, requests: int) -> None:
        with self._doubt_lock:
            self.requests += requests
            self._doubts.append(Doubt(row, replace(operation, remote_id=None), outcome))

    def _send_level(self, level: Iterator[Row], is_withdrawal: bool) -> None:
        """Keeps every connection busy to the end of the level."""
        matches: list[Row] = []
        requests = self._requests(_without_matches(level, matches), is_withdrawal)
        feed = Feed(requests, self._intend, lambda: self.stopped is not None)
        threads = [
            self._pool.submit(self._work_off, feed) for _ in range(self.connector.limits.in_flight or 1)
        ]
        for thread in threads:
            thread.result()
        if matches and not self.stopped:
            self._match(matches)

    def _match(self, rows: list[Row]) -> None:
        """Looks for the records of rows that the partner makes itself, all of a level together."""
        self._intend(rows)
        ready = [(row, self._guarded(row, partial(self._ready, row))) for row in rows]
        for row, outcome in ready:
            if isinstance(outcome, Outcome):
                self._note(row, outcome)
        going = [(row, operation) for row, operation in ready if isinstance(operation, Operation)]
        try:
            outcomes = match_rows(self.connector, [operation for _, operation in going], self._pool.map)
        except PartnerStopped:
            outcomes = [Outcome("pending", "stopped") for _ in going]
        for (row, operation), outcome in zip(going, outcomes, strict=True):
            if outcome.reason == "not_made_yet":
                self.connector.not_made[operation.entity.name] += 1
            self._note(row, outcome)
        with suppress(Exception):
            self.progress(len(rows))

    def _requests(self, level: Iterator[Row], is_withdrawal: bool) -> Iterator[list[Row]]:
        """The rows of a level by the request or file that they share; of one entity, where it takes no others."""
        entities = self.connector.contract.entities
        for name, rows in groupby(level, key=self._shares_with):
            size = partial(self._together, entities.get(name), is_withdrawal)
            yield from _parts(rows, size)

    def _shares_with(self, row: Row) -> str:
        entity = self._entity(row)
        return entity.name if entity.bulk or entity.openimmo else ""

    def _together(self, entity: Entity | None, is_withdrawal: bool) -> int:
        if entity and entity.openimmo:
            return entity.openimmo.objects
        return 1 if is_withdrawal else self.connector.batch_size(entity)

    def _work_off(self, feed: "Feed") -> None:
        try:
            while rows := feed.next():
                self._carry_out(rows)
                feed.done(len(rows), self.progress)
        except Exception as problem:
            self.give_up(problem)

    def _intend(self, rows: list[Row]) -> None:
        with noting():
            self.journal.intend(
                self.plan_id, self.connector.contract.partner, [row["seq"] for row in rows if row["sends"]]
            )

    def _carry_out(self, rows: list[Row]) -> None:
        """Works off rows that share a request, or one row alone; notes what became of each."""
        going: list[tuple[Row, Operation]] = []
        for row in rows:
            ready = self._guarded(row, partial(self._ready, row))
            if isinstance(ready, Operation):
                going.append((row, ready))
            else:
                self._note(row, ready)
        if going and going[0][1].entity.openimmo:
            self._hand_over(going)
        elif len(going) > 1:
            self._carry_out_together(going)
        for row, operation in going if len(going) == 1 and not going[0][1].entity.openimmo else ():
            self._note(row, self._guarded(row, partial(self._carry, row, operation)))

    def _hand_over(self, going: list[tuple[Row, Operation]]) -> None:
        """One file. What was taken and has no outcome yet is noted before that is waited for, with where to ask."""

        def tell(outcomes: Sequence[Outcome | None]) -> None:
            for (row, _), outcome in zip(going, outcomes, strict=True):
                if outcome is not None:
                    self.settle(row, outcome)

        try:
            outcomes = self.connector.imports.hand_over([operation for _, operation in going], tell)
        except (JournalError, sqlite3.Error, SettingsError):
            raise
        except Exception as bug:
            # It may have come after the file was taken: a new object is not sent as new again.
            name = type(bug).__name__
            outcomes = [
                Outcome("pending", "internal_error", row["remote_id"] or row["external_id"], fields=(name,))
                for row, _ in going
            ]
        for (row, operation), outcome in zip(going, outcomes, strict=True):
            self.connector.noted(operation, outcome)
            self._note(row, outcome)

    def _carry_out_together(self, going: list[tuple[Row, Operation]]) -> None:
        try:
            outcomes = carry_out_together(self.connector, [operation for _, operation in going])
        except (JournalError, sqlite3.Error):
            raise
        except Exception:  # of one row only: the others go alone
            for row, operation in going:
                self._note(row, self._guarded(row, partial(self._carry, row, operation)))
            return
        for (row, _), outcome in zip(going, outcomes, strict=True):
            self._note(row, outcome)

    def _guarded(self, row: Row, work: Callable[[], T]) -> T | Outcome:
        """The result of some work for a row; what it raises as an outcome."""
        try:
            return work()
        except PartnerStopped:
            return Outcome("pending", "stopped", row["remote_id"])
        except (JournalError, sqlite3.Error):
            raise
        except Exception as bug:  # one row's bug must not cost the others
            return Outcome("pending", "internal_error", fields=(type(bug).__name__,))

    def _note(self, row: Row, outcome: Outcome) -> None:
        if outcome is NOT_YET:
            return
        self.requests += outcome.requests
        self.settle(row, outcome)
        entity = self._entity(row)
        if (
            row["operation"] == "create"
            and outcome.state == "synced"
            and not (entity.id_is_ours or entity.external_ids)
        ):
            with self._doubt_lock:
                # Thousands wait to be compared: without their payloads.
                self._made.append(({name: row[name] for name in NOTED}, outcome))
                made, self._made = (self._made, []) if len(self._made) >= COMPARED else ([], self._made)
            self._check_made(made)

    def _check_made(self, made: list[tuple[Row, Outcome]]) -> None:
        """Takes an id back that the partner has given to another row before, as one that merges on create does."""
        for entity in {row["entity"]: self._entity(row) for row, _ in made}.values():
            own = [(row, outcome) for row, outcome in made if row["entity"] == entity.name]
            given = [(outcome.remote_id or "", row["external_id"]) for row, outcome in own]
            try:
                twice = self.connector.claims.doubly_given(entity, given)
            except LookupFailed:
                self.connector.client.stop("the ledger is held by another program; close it and run again")
                return
            for place in twice:
                row, outcome = own[place]
                self.settle(row, replace(outcome, state="rejected", reason="held_by_another", remote_id=None))

    def settle(self, row: Row, outcome: Outcome) -> None:
        """Notes the outcome of a plan row in the journal."""
        with noting():
            self.journal.settle(
                self.plan_id,
                row["seq"],
                self.connector.contract.partner,
                row["id_space"],
                row["external_id"],
                outcome,
            )

    def _ready(self, row: Row) -> Operation | Outcome:
        """The row as an operation, or its outcome where nothing is to be sent."""
        operation, missing = self.operation(row)
        if row["level"] is None:
            return Outcome("blocked", "parent_circle")
        if operation.entity.id_is_ours and row["external_id"] in STEPS:
            return Outcome("rejected", "unusable_id")
        lacks_path = any(
            f"{{{p.field}}}" in operation.entity.record and p.field not in operation.path
            for p in operation.entity.parents
        )
        if (missing and row["operation"] != "withdraw") or (lacks_path and row["sends"]):
            return Outcome("blocked", "parent_missing", fields=(missing,) if missing else ())
        if not row["sends"] and row["operation"] == "update":
            return Outcome("synced", None, row["remote_id"])
        if row["children"] and not self._have_left(row["children"]):
            return Outcome("blocked", "children_left")
        if not row["sends"]:
            return Outcome("withdrawn", "kept" if operation.entity.withdraw.kind == "keep" else "ended")
        return operation

    def _have_left(self, children: list[int]) -> bool:
        """Whether all that hung on a record has been moved or withdrawn in this run."""
        with noting():
            return self.journal.is_done(self.plan_id, children)

    def operation(self, row: Row) -> tuple[Operation, str | None]:
        """The row as an operation, and the first parent that is not at the partner (`id_space external_id`)."""
        entity = self._entity(row)
        payload = json.loads(row["payload"])
        found: dict[str, Any] = {}
        missing = None
        for parent in json.loads(row["parents"]):
            field = parent["field"]
            remote_id = parent["remote_id"] or self._made_id(parent["id_space"], parent["external_id"])
            if remote_id is None:
                missing = missing or f"{parent['id_space']} {parent['external_id']}"
                continue
            taken = parent["external_id"] if field in self._takes_ours[entity.name] else remote_id
            found.setdefault(field, []).append(self._typed(entity, field, taken))
        many = {p.field for p in entity.parents if p.many}
        in_path = {p.field for p in entity.parents if p.in_path}
        ids = {name: values if name in many else values[0] for name, values in found.items()}
        kept = {p.field for p in entity.parents if p.required} | entity.fixed.keys()
        ids |= _cleared(row, ids.keys() | kept, many)
        return Operation(
            seq=row["seq"],
            entity=entity,
            kind=row["operation"],
            external_id=row["external_id"],
            remote_id=row["remote_id"],
            body={**payload, **{k: v for k, v in ids.items() if k not in in_path}},
            path={k: v for k, v in ids.items() if k in in_path},
            payload=payload,
            changed=tuple(row["changed_fields"] or ()),
            confirmed=row["confirmed"],
            content=row["content"],
            with_parent=bool(row["with_parent"]),
        ), missing

    def _made_id(self, id_space: str, external_id: str) -> str | None:
        """The partner's id of a parent that was sent since the plan was made."""
        with noting():
            return self.journal.remote_id(self.connector.contract.partner, id_space, external_id)

    def _entity(self, row: Row) -> Entity:
        return self.connector.contract.entities[row["entity"]]

    def _typed(self, entity: Entity, name: str, remote_id: str) -> Any:
        """The id as the contract has it; one that is no number goes as it is, for the partner to judge."""
        is_number = remote_id.isascii() and remote_id.isdecimal()
        return int(remote_id) if is_number and name in self._integers[entity.name] else remote_id


def _without_matches(rows: Iterator[Row], matches: list[Row]) -> Iterator[Row]:
    """The rows but those that are matched, which are put aside: their records are told apart all together."""
    for row in rows:
        if row["operation"] == "match":
            matches.append(row)
        else:
            yield row


def _parts(rows: Iterator[Row], size: Callable[[], int]) -> Iterator[list[Row]]:
    """The rows in parts, each as large as `size` says when its turn comes."""
    while together := list(islice(rows, size())):
        yield together


def rows_of(file: Path) -> Iterator[Row]:
    """The rows of a Parquet file in their order; no more than some hundred of them are in memory."""
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(INTENDED, use_threads=False):
            yield from batch.to_pylist()


def _reason(problem: BaseException) -> str:
    """Why a partner is stopped, for people: what the innermost known error says, never a value of a row."""
    chain: BaseException | None = problem
    while chain is not None:
        if isinstance(chain, StammdatenError):
            return str(chain)
        problem, chain = chain, chain.__cause__ or chain.__context__
    if isinstance(problem, OSError | pa.ArrowException):
        return (
            f"its part of the plan cannot be read or written ({said(problem)}); free the disk and run again"
        )
    return f"a fault of this program ({said(problem)}); run again, and report it if it stays"


def _cleared(row: Row, known: set[str], many: set[str]) -> dict[str, Any]:
    """References that a row does not have (any more): null, or no ids, which clears them in a record that is there."""
    if row["operation"] == "withdraw":
        return {}
    names = [name for name, ids in json.loads(row["refs"]).items() if not ids and name not in known]
    # A new record has nothing that could be cleared.
    return {
        name: [] if name in many else None
        for name in names
        if name not in many or row["operation"] == "update"
    }


def _integer_fields(schema: dict[str, Any]) -> set[str]:
    """Fields of a body that take a whole number, or a list of them."""
    found = set()
    for name, value in schema.get("properties", {}).items():
        kind = (value.get("items", {}) if is_list(value) else value).get("type")
        if kind == "integer" or (isinstance(kind, list) and "integer" in kind):
            found.add(name)
    return found


def _takes_ours(contract: Contract, entity: Entity) -> set[str]:
    """Fields of an entity that take our id of a parent instead of the partner's."""
    return {p.field for p in entity.parents if contract.entities[p.entity].refer_by == "external_id"}
