"""How operations become requests, as the partner's contract says. A partner's own file adds login and quirks."""

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from pipelines.api.beliefs import WITHOUT, in_words
from pipelines.api.classify import Refusal, classify, says_unknown_field, words_of
from pipelines.api.compare import Permitted, end_at_begin, may_change, permitted
from pipelines.api.http.client import (
    TRIES,
    Answer,
    PartnerStopped,
    pause_before,
)
from pipelines.api.imports import Imports
from pipelines.api.lookup import Finder, HeldByAnother, external_ids_of, is_html
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import Json, LookupFailed, Operation
from pipelines.api.reasons import STATE_FORBIDS, WITHOUT_TAKEN
from pipelines.api.refusals import Refusals, Withheld
from pipelines.api.settings import (
    effective_patience,
    partner_settings,
    with_settings,
)
from pipelines.api.uploads import Uploads, without_content
from pipelines.contract.contract import Contract, ContractError, Entity, Find, dig, load_contract
from pipelines.contract.partner_code import partner_module

__all__ = ["Connector", "InDoubt", "LookupFailed", "MakesConnectors", "Operation", "connector", "once_a_run"]

# Neither `find` nor `list` shows the record now.
NOT_SHOWN = Outcome("pending", "not_shown")
WITHDRAWN_AS = {"delete": "deleted", "end": "ended", "deactivate": "deactivated", "detach": "detached"}


class InDoubt(Exception):
    """The record of a create may be at the partner, and nobody could tell under which id.

    It is looked for again at the end of its level, and not sent again in this run. `outcome` is what is noted when it
    stays unknown; None: the row stays in doubt.
    """

    def __init__(self, outcome: Outcome | None = None, requests: int = 0):
        super().__init__("a create without an answer")
        self.outcome, self.requests = outcome, requests


class Connector(Finder):
    """Creates, changes and withdraws records of one partner, and finds them.

    A partner's file subclasses it: `login` at least, and whatever its API does differently.
    """

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        super().__init__(contract, settings)
        self._batch = int(settings["batch"]) if "batch" in settings else None
        # Entities of which the partner has refused a request for its size: so many records were taken.
        self._most: dict[str, int] = {}
        self._fixed = {e.name: with_settings(e.fixed, settings) for e in contract.entities.values()}
        self._lookups: dict[tuple[str, str], Any] = {}
        self._lookup_lock = threading.Lock()
        self.patience = effective_patience(contract, settings)
        self._list_locks = [threading.Lock() for _ in range(64)]
        self.refusals = Refusals(contract.equal_refusals)
        self.withheld = Withheld()
        self.imports = Imports(contract, self.client, settings, self.judge)
        self.uploads = Uploads(contract, self.client, settings, self.judge)
        # Entities whose list was looked at for ids of ours.
        self._looked_for_ids: set[str] = set()
        # Rows whose record the partner has not made yet, by entity.
        self.not_made: Counter[str] = Counter()

    def batch_size(self, entity: Entity | None) -> int:
        """How many upserts may share a request now: of an entity that has such requests, else of any."""
        if entity is None or entity.bulk is None:
            return self._batch or self.contract.batch
        most = self._most.get(entity.name, entity.bulk.max)
        return min(most, self._batch or most)

    def takes_fewer(self, entity: Entity, than: int) -> None:
        """Half as many records of this entity share a request from now on, as so many were too many."""
        if entity.bulk:
            self._most[entity.name] = min(max(1, than // 2), self._most.get(entity.name, than))

    def carry_out(self, operation: Operation) -> Outcome:
        """Sends one operation and returns what became of it. Never raises for a row."""
        if self.refusals.skips(operation.entity.name, operation.kind):
            # A record that was found is not forgotten: the row would make a second one.
            return Outcome("pending", "not_tried", operation.remote_id)
        try:
            return self.noted(operation, self._carried_out(operation))
        except InDoubt as doubt:
            if doubt.outcome is not None:  # refused, whatever may be at the partner already
                self.refusals.note(operation.entity.name, operation.kind, doubt.outcome)
            raise

    def noted(self, operation: Operation, outcome: Outcome) -> Outcome:
        """The outcome of a row, counted; of a record that was sent without its external id or a field it says so."""
        self.refusals.note(operation.entity.name, operation.kind, outcome)
        withheld = self.withheld.of(operation.entity.name, operation.external_id)
        if withheld and outcome.state == "synced":
            outcome = replace(outcome, reason=WITHOUT_TAKEN, fields=withheld)
        is_bare = self.external_ids_known.is_bare(operation.entity.name, operation.external_id)
        return replace(outcome, reason=WITHOUT) if is_bare and outcome.state == "synced" else outcome

    def _carried_out(self, operation: Operation) -> Outcome:
        try:
            if operation.entity.openimmo:
                return self.imports.hand_over([operation])[0]
            if operation.entity.content is None:
                return self._written(operation)
            if operation.kind == "withdraw":
                return self.uploads.withdrawn(operation, self._written(without_content(operation)))
            return self.uploads.carry_out(operation, self._written)
        except LookupFailed as failed:
            judged = self.judge(operation, failed.answer)
            if operation.kind == "withdraw" and judged.reason == "unknown_parent":
                # Nothing is left below a parent that the partner does not have.
                return replace(judged, state="withdrawn", reason="deleted")
            return judged
        except HeldByAnother as held:
            return Outcome("rejected", "held_by_another", requests=held.requests)

    def _written(self, operation: Operation) -> Outcome:
        match operation.kind:
            case "create":
                return self.create(operation)
            case "update":
                return self.change(operation)
            case _:
                return self.withdraw(operation)

    def create(self, operation: Operation) -> Outcome:
        """A new record, unless the partner has it already; an upsert decides that itself."""
        entity = operation.entity
        if operation.remote_id and not entity.upsert and not entity.created_with:
            return self._take_up(operation, [operation.remote_id], 0)
        if entity.created_with:
            return self._complete_implicit(operation)
        if entity.upsert:
            return self.upserted(operation, self.protocol.create(operation, self.upsert_body(operation)))
        held, sent = self._held_before(operation)
        if held:
            return self._take_up(operation, held, sent)
        done = self._create(operation)
        return replace(done, requests=done.requests + sent)

    def _create(self, operation: Operation) -> Outcome:
        """POST. One that may have arrived is sent again only where the partner refuses a second record."""
        sent, was_lost = 0, False
        for attempt in range(TRIES):
            create = partial(self.protocol.create, operation)
            answer = self._sent_whole(operation, self.create_body(operation), create)
            sent += answer.requests
            was_lost = was_lost or answer.lost
            if answer.ok:
                return self._created(operation, answer, sent)
            if answer.lost:
                # The partner may need a moment until what it took can be found.
                self.client.rest(pause_before(attempt, random.random()))
            if answer.status == 409 or answer.lost:
                found, more = self._find_after(operation, was_lost, sent)
                sent += more
                if found:
                    return self._take_up(operation, found, sent)
            if not answer.lost or not self.refuses_twins(operation):
                break
        outcome = replace(self.judge(operation, answer), requests=sent)
        if was_lost and not self.refuses_twins(operation):
            raise InDoubt(requests=sent)
        if was_lost or answer.status == 409 or self._may_be_there(operation, answer):
            raise InDoubt(outcome, sent)
        return outcome

    def refuses_twins(self, operation: Operation) -> bool:
        """Whether the partner makes no second record for a row, so that a create may be sent again.

        By its external id, if that is unique and known to be kept, or by a number that it keeps unique.
        """
        entity = operation.entity
        if entity.unique_field and operation.body.get(entity.unique_field) not in (None, ""):
            return True
        is_kept = entity.name in self._with_external_id or not self._is_assumed(entity)
        return entity.unique_external_id and is_kept and not self.external_ids_known.is_unknown(entity.name)

    def can_find(self, entity: Entity) -> bool:
        """Whether there is a look-up for records of an entity, so that absence can be concluded at all."""
        is_searched = not (
            self.external_ids_known.is_unknown(entity.name) or entity.name in self._not_searched
        )
        by_id = entity.external_id and entity.find and is_searched
        return bool(by_id or (entity.candidates and entity.natural_key))

    def upserted(self, operation: Operation, answer: Answer) -> Outcome:
        """What the answer to an upsert means for its row."""
        entity = operation.entity
        if not answer.ok:
            return self.judge(operation, answer)
        if entity.id_is_ours:
            return Outcome("synced", None, operation.external_id, answer.status, requests=answer.requests)
        return self._created(operation, answer, answer.requests)

    def after_create(self, operation: Operation, outcome: Outcome) -> Outcome:
        """Adds our id to the record's list of external ids, where the partner keeps them behind a route of their own.

        A record that the partner merged has ids of several rows: none that is there is taken off.
        """
        if operation.entity.external_ids is None or outcome.state != "synced":
            return outcome
        answer = self._in_list(operation, outcome.remote_id or "", is_there=True)
        sent = outcome.requests + answer.requests
        if answer.ok:
            return replace(outcome, requests=sent)
        return replace(self.judge(operation, answer), remote_id=outcome.remote_id, requests=sent)

    def _in_list(self, operation: Operation, remote_id: str, is_there: bool) -> Answer:
        """Puts our id on a record's list of external ids, or takes it off; nothing is sent when it is so already."""
        ours = operation.external_id
        # The list is replaced as a whole: two rows of one record must not write at the same time.
        with self._list_locks[hash(remote_id) % len(self._list_locks)]:
            ids, read = self.external_ids(operation.entity, remote_id)
            if (ours in ids) == is_there:
                return read
            path = self.fill(operation.entity.external_ids or "", operation, remote_id)
            wanted = [*ids, ours] if is_there else [one for one in ids if one != ours]
            answer = self.client.call("put", path, wanted)
        return replace(answer, requests=answer.requests + read.requests)

    def change(self, operation: Operation) -> Outcome:
        """An update as planned: the changed fields; all of them when the partner never confirmed any."""
        remote_id = operation.remote_id or ""
        if operation.confirmed:
            return self.update(operation, remote_id, only=operation.changed)
        return self.after_create(operation, self.update(operation, remote_id))

    def update(self, operation: Operation, remote_id: str, only: tuple[str, ...] | None = None) -> Outcome:
        """The changed fields only (`only=None`: all); an upsert always takes all."""
        if operation.entity.upsert:
            return self.upserted(operation, self.protocol.create(operation, self.upsert_body(operation)))
        body = (
            self._whole_body(operation)
            if only is None
            else {k: v for k, v in operation.body.items() if k in only}
        )
        if not body or operation.entity.is_read_only:
            return Outcome("synced", None, remote_id)
        if operation.entity.states:
            return self._update_in_state(operation, remote_id, body, is_whole=only is None)
        change = partial(self.protocol.change, operation, remote_id)
        if only is None:
            answer = self._sent_whole(operation, body, change)
        else:
            answer = self._sent(operation, {**self._fixed[operation.entity.name], **body}, change)
        if answer.status in (404, 410):  # also of a record that a look-up had found
            return self.judge(replace(operation, kind="update"), answer)
        if answer.ok:
            return Outcome("synced", None, remote_id, answer.status, requests=answer.requests)
        return self.judge(operation, answer)

    def withdraw(self, operation: Operation) -> Outcome:
        """Takes a record out of use, in the way that the contract states for the entity."""
        withdraw = operation.entity.withdraw
        if withdraw.kind == "keep":
            return Outcome("withdrawn", "kept")
        if operation.entity.external_ids and (shared := self._leave_shared(operation)):
            return shared
        if operation.entity.states:
            return self._withdraw_in_state(operation)
        # Nothing to set in a record that is to end: it has not begun, and goes (rule H3).
        deletes = withdraw.kind == "delete" or (withdraw.kind == "end" and not operation.payload)
        if withdraw.mutation and withdraw.end in operation.changed:
            return self._end_and_detach(operation)
        if deletes or withdraw.mutation:
            answer = self.protocol.remove(operation)
        elif operation.entity.upsert:
            answer = self._put_without_use(operation)
        else:
            answer = self.protocol.change(operation, operation.remote_id or "", dict(operation.payload))
        if answer.ok or (answer.status in (404, 410) and not self._is_broken_route(answer)):
            done = WITHDRAWN_AS["delete" if deletes else withdraw.kind]
            return Outcome("withdrawn", done, None, answer.status, requests=answer.requests)
        return self.judge(operation, answer)

    def _update_in_state(
        self, operation: Operation, remote_id: str, body: Json, is_whole: bool, sent: int = 0
    ) -> Outcome:
        """The fields that the record's state allows, as it is now; the others are named and stay as they are."""
        entity, may_retry = operation.entity, not sent
        seen, record = self.seen(operation, remote_id)
        sent += seen.requests
        states = entity.states
        if record is None and seen.ok:
            return replace(NOT_SHOWN, remote_id=remote_id, http_status=seen.status, requests=sent)
        if record is None or states is None:
            return replace(self.judge(replace(operation, kind="update"), seen), requests=sent)
        allowed = states.allowed(record)
        if allowed is None:
            return Outcome("pending", "state_unknown", remote_id, seen.status, requests=sent)
        fixed = self._fixed[entity.name]
        schema = self.contract.schema(entity.name, "create")
        part: Permitted = permitted(allowed, body, record, schema, is_whole)
        reason = STATE_FORBIDS if part.withheld else None
        if not part.body:
            return Outcome("synced", reason, remote_id, seen.status, part.withheld, sent)
        change = partial(self.protocol.change, operation, remote_id)
        if is_whole:
            answer = self._sent_whole(operation, part.body, change)
        else:
            answer = change({**fixed, **part.body} if allowed.change is None else part.body)
        sent += answer.requests
        if answer.status == 409 and may_retry:  # its state may have changed since it was read
            return self._update_in_state(operation, remote_id, body, is_whole, sent)
        if answer.ok:
            return Outcome("synced", reason, remote_id, answer.status, part.withheld, sent)
        return replace(self.judge(replace(operation, kind="update"), answer), requests=sent)

    def _withdraw_in_state(self, operation: Operation, sent: int = 0) -> Outcome:
        """Deletes or ends a record as far as its state allows it, as it is now."""
        entity, may_retry, remote_id = operation.entity, not sent, operation.remote_id or ""
        seen, record = self.seen(operation, remote_id)
        sent += seen.requests
        if record is None and seen.ok:
            return replace(NOT_SHOWN, http_status=seen.status, requests=sent)
        if entity.states is None or record is None:
            if seen.status in (404, 410) and not self._is_broken_route(seen):
                return Outcome("withdrawn", "deleted", None, seen.status, requests=sent)
            return replace(self.judge(operation, seen), requests=sent)
        allowed = entity.states.allowed(record)
        if allowed is None:
            return Outcome("pending", "state_unknown", None, seen.status, requests=sent)
        if allowed.is_over:
            return Outcome("withdrawn", "ended", None, seen.status, requests=sent)
        deletes = entity.withdraw.kind == "delete" or not operation.payload or operation.with_parent
        end = end_at_begin(entity, operation, record)
        if deletes and allowed.delete:
            answer, done = self.protocol.remove(operation), "deleted"
        elif operation.payload and not operation.changed:  # it has its end already
            return Outcome("withdrawn", "ended", None, seen.status, requests=sent)
        elif end and all(may_change(allowed, name) for name in end):
            answer, done = self.protocol.change(operation, remote_id, end), "ended"
        else:
            return Outcome("rejected", "state_refuses_withdrawal", None, seen.status, requests=sent)
        sent += answer.requests
        if answer.ok or (answer.status in (404, 410) and not self._is_broken_route(answer)):
            return Outcome("withdrawn", done, None, answer.status, requests=sent)
        if answer.status == 409 and may_retry:  # its state may have changed since it was read
            return self._withdraw_in_state(operation, sent)
        return replace(self.judge(operation, answer), requests=sent)

    def matched(self, operation: Operation, remote_id: str, sent: int) -> Outcome:
        """A record that the partner made itself is this row's from now on; its fields go where it takes them."""
        if not operation.entity.is_read_only:
            return self._take_up(operation, [remote_id], sent)
        if not self.claims.take(operation.entity, remote_id, operation.external_id):
            return Outcome("rejected", "held_by_another", requests=sent)
        return Outcome("synced", None, remote_id, requests=sent)

    def _leave_shared(self, operation: Operation) -> Outcome | None:
        """Takes our id off a record that carries others too and stays for them; None when it is ours alone."""
        remote_id = operation.remote_id or ""
        ids, read = self.external_ids(operation.entity, remote_id)
        if not set(ids) - {operation.external_id}:
            return None
        answer = self._in_list(operation, remote_id, is_there=False)
        sent = read.requests + answer.requests
        if answer.ok:
            return Outcome("withdrawn", "detached", None, answer.status, requests=sent)
        return replace(self.judge(operation, answer), requests=sent)

    def _end_and_detach(self, operation: Operation) -> Outcome:
        """Sets the end, then cuts the link; both may be repeated.

        A record that is not found under our id was cut from us before, and an upsert would make a second one.
        """
        seen, record = self.protocol.one(
            operation.entity, operation.remote_id or "", operation.external_id, operation.path
        )
        if record is None and not seen.ok and seen.status != 404:
            return self.judge(operation, seen)
        if record is None:
            return Outcome("withdrawn", "detached", None, seen.status, requests=seen.requests)
        fields = self.contract.schema(operation.entity.name, "create")["properties"]
        shown = {name: record[name] for name in fields if name in record}
        ended = self.protocol.create(operation, {**shown, **self.upsert_body(operation)})
        sent = seen.requests + ended.requests
        if not ended.ok:
            return replace(self.judge(operation, ended), requests=sent)
        answer = self.protocol.remove(operation)
        sent += answer.requests
        if answer.ok or answer.status == 404:
            return Outcome("withdrawn", "detached", None, answer.status, requests=sent)
        return replace(self.judge(operation, answer), requests=sent)

    def _put_without_use(self, operation: Operation) -> Answer:
        """An upsert takes all fields: those last known, else as the partner shows them, with those that end its use."""
        entity, sent = operation.entity, 0
        body = self.upsert_body(operation)
        if entity.withdraw.kind == "detach" and entity.withdraw.field:
            body[entity.withdraw.field] = None
        wanted = {parent.field for parent in entity.parents if parent.required}
        if not operation.confirmed or not wanted <= body.keys():
            answer, record = self.protocol.one(
                entity, operation.remote_id or "", operation.external_id, operation.path
            )
            sent = answer.requests
            if record is None:
                return replace(answer, status=404) if answer.ok else answer
            fields = self.contract.schema(entity.name, "create")["properties"]
            body = {**{name: record[name] for name in fields if name in record}, **body}
        answer = self.protocol.create(operation, body)
        return replace(answer, requests=answer.requests + sent)

    def _find_after(self, operation: Operation, was_lost: bool, sent: int) -> tuple[list[str], int]:
        """By external id, after a create: without an answer, a create that may have arrived stays in doubt."""
        try:
            return self.find_by_external_id(operation)
        except PartnerStopped as stop:
            raise PartnerStopped(str(stop), lost=was_lost) from None
        except LookupFailed as failed:
            if was_lost:
                raise InDoubt(requests=sent + failed.answer.requests) from None
            raise

    def create_body(self, operation: Operation) -> dict[str, Any]:
        """All fields of a new record: mart, parents, external id, constants, ids out of the partner's catalogues."""
        entity = operation.entity
        body = {**self._fixed[entity.name], **operation.body}
        if entity.sent_id and not self.external_ids_known.is_unknown(entity.name):
            body[entity.sent_id] = operation.external_id
        return {**body, **{look.field: self._looked_up(entity, look.field) for look in entity.lookups}}

    def _whole_body(self, operation: Operation) -> dict[str, Any]:
        """All fields of a record that is there; a field for one id would replace its list of external ids."""
        hidden = operation.entity.sent_id if operation.entity.external_ids else None
        return {name: value for name, value in self.create_body(operation).items() if name != hidden}

    def upsert_body(self, operation: Operation) -> dict[str, Any]:
        """All fields, and the partner's id where the record may not carry ours yet and the partner takes its own."""
        entity, body = operation.entity, self.create_body(operation)
        if operation.confirmed or operation.remote_id is None or entity.id_is_ours:
            return body
        takes_it = entity.id in self.contract.schema(entity.name, "create")["properties"]
        return {**body, entity.id: operation.remote_id} if takes_it else body

    def notes(self) -> list[str]:
        """For people: what this run came to believe of the partner, and what it gave up."""
        beliefs, title = self.external_ids_known, self.contract.title
        found = [in_words(title, name, beliefs.bare(name)) for name in sorted(beliefs.unknown)]
        for name, number in sorted(self.not_made.items()):
            entity = self.contract.entities[name]
            found.append(f"{title}: {number:,} × {entity.title} not there; to be made by {entity.made_by}")
        found += [f"{title} {note}" for note in self.refusals.notes()]
        return found + [f"{title}: {note}" for note in self.uploads.remarks()]

    def trouble(self, entity: str) -> str:
        """What is failing, in a few words; empty while nothing is."""
        failing = self.refusals.failing(entity)
        words = f"{failing[0]} failed: {failing[1]}" if failing else ""
        return ", ".join(part for part in (words, self.client.trouble, self.uploads.trouble) if part)

    def _sent_whole(self, operation: Operation, body: Json, send: Callable[[Json], Answer]) -> Answer:
        """Sends all fields of a record (`body`), and once more without our id where the partner says not to know it.

        Only an acceptance shows that it was the field.
        """
        entity, beliefs, ours = operation.entity, self.external_ids_known, operation.external_id
        send = partial(self._sent, operation, send=send)
        answer = send(body)
        if entity.sent_id is None or entity.upsert:
            return answer
        if entity.sent_id not in body:
            if answer.ok:
                beliefs.left_out(entity.name, ours)
            return answer
        if answer.ok:
            beliefs.given(entity.name, ours)
            beliefs.taken(entity.name)
            return answer
        if not self._is_unknown_field(entity, answer) or self._keeps_ids(operation):
            return answer
        bare = send({name: value for name, value in body.items() if name != entity.sent_id})
        requests = answer.requests + bare.requests
        if bare.ok:
            beliefs.refused(entity.name, ours)
        # Without our id another fault may show; one that names our id again was none of the field.
        is_other = bare.ok or bare.lost or entity.sent_id not in self.refused_fields(bare)
        return replace(bare if is_other else answer, requests=requests)

    def _sent(self, operation: Operation, body: Json, send: Callable[[Json], Answer]) -> Answer:
        """Sends a body, and once more without the field that was refused as taken, where the contract says so."""
        entity, answer = operation.entity, send(body)
        field = self._taken_field(operation, answer)
        if field is None or field not in body:
            if answer.ok:
                self.withheld.note(entity.name, operation.external_id, ())
            return answer
        rest = {name: value for name, value in body.items() if name != field}
        # Where nothing else was to be changed, nothing is sent.
        has_more = rest.keys() - self._fixed[entity.name].keys()
        again = send(rest) if has_more else Answer(204, None, {}, 0)
        requests = answer.requests + again.requests
        if again.ok:
            self.withheld.note(entity.name, operation.external_id, (field,))
        # Without the field another fault may show; one that names it again was none of the others.
        is_other = again.ok or again.lost or field not in self.refused_fields(again)
        return replace(again if is_other else answer, requests=requests)

    def _taken_field(self, operation: Operation, answer: Answer) -> str | None:
        """The one field that was refused as taken and may be left out; None where the refusal says anything else."""
        rule = operation.entity.left_out_if_taken
        if rule is None or answer.problem or answer.status not in (400, 409, 422):
            return None
        error = self.contract.error
        code, message, refused = error.read(answer.body)
        said = [said for name in dict.fromkeys(refused) for said in error.said_of(answer.body, name)]
        text = words_of(said or message or answer.body)
        # Without a word of its own, the message must not be about another field.
        own = {name.lower() for name in refused}
        named = (
            set() if said else set(re.findall(r"\w+", text)) & self._field_names[operation.entity.name].keys()
        )
        if named and not named & own:
            return None
        return rule.applies(refused, code, text, {**operation.body, **operation.path})

    def _is_unknown_field(self, entity: Entity, answer: Answer) -> bool:
        """Whether the answer says that the partner does not know the field of our id, and finds no other fault."""
        return (
            answer.status in (400, 422)
            and self._is_assumed(entity)
            and entity.sent_id not in self.contract.schema(entity.name, "create").get("required", [])
            and set(self.refused_fields(answer)) == {entity.sent_id}
            and says_unknown_field(words_of(answer.body))
        )

    def _keeps_ids(self, operation: Operation) -> bool:
        """Whether a record of this entity was ever taken with our id: in this run, or as the partner's list shows."""
        entity = operation.entity
        if entity.name not in self._looked_for_ids and not self.external_ids_known.is_taken(entity.name):
            self._looked_for_ids.add(entity.name)
            try:
                page = next(iter(self.pages(entity, self._at(entity.listing, operation))), None)
                records = page.known() if page else []
            except LookupFailed:
                records = []
            if any(entity.holds(r) and external_ids_of(entity, r) for r in records):
                self.external_ids_known.taken(entity.name)
        return self.external_ids_known.is_taken(entity.name)

    @staticmethod
    def _is_broken_route(answer: Answer) -> bool:
        """Whether a 404 is about the address, not the record."""
        return classify(
            Refusal("update", answer.status, text=words_of(answer.body), html=is_html(answer))
        ) == ("unknown_route")

    def _may_be_there(self, operation: Operation, answer: Answer) -> bool:
        """Whether a number that is unique at the partner was refused: then the record may be there already."""
        field = operation.entity.unique_field
        if answer.status not in (400, 422) or field not in self.refused_fields(answer):
            return False
        # An empty one is nobody's.
        return self.create_body(operation).get(field) not in (None, "")

    def _created(self, operation: Operation, answer: Answer, sent: int) -> Outcome:
        entity = operation.entity
        shown = external_ids_of(entity, _record(entity, answer))
        # A record that carries another id of ours, or of somebody, is not the one that was sent.
        is_another = bool(shown) and operation.external_id not in shown
        remote_id = None if is_another else self.protocol.remote_id(entity, answer)
        if remote_id is None:
            found, more = self._find_after(operation, not entity.upsert, sent)
            sent += more
            if len(found) > 1:
                return Outcome("rejected", "ambiguous", requests=sent)
            if not found and not entity.upsert:
                raise InDoubt(requests=sent)
            if not found:
                return Outcome("pending", "unreadable_answer", None, answer.status, requests=sent)
            remote_id = found[0]
        elif shown:
            self._with_external_id.add(entity.name)
        self._held.made(entity, remote_id)
        return self.after_create(operation, Outcome("synced", None, remote_id, answer.status, requests=sent))

    def _take_up(self, operation: Operation, found: list[str], sent: int) -> Outcome:
        """Continues with the record that a look-up found instead of creating a second one."""
        if len(found) > 1:
            return Outcome("rejected", "ambiguous", requests=sent)
        if not operation.entity.external_ids and not self.claims.take(
            operation.entity, found[0], operation.external_id
        ):
            raise HeldByAnother(sent)
        done = self.update(operation, found[0])
        if done.state == "synced":
            done = self.after_create(operation, replace(done, remote_id=found[0]))
        return replace(done, remote_id=found[0], requests=done.requests + sent)

    def _complete_implicit(self, operation: Operation) -> Outcome:
        """The record came into being with its parent, under the parent's id: it only needs its fields."""
        field = next(p.field for p in operation.entity.parents if p.entity == operation.entity.created_with)
        remote_id = str(operation.body[field])
        own = replace(operation, body={k: v for k, v in operation.body.items() if k != field})
        return self.update(own, remote_id)

    def _looked_up(self, entity: Entity, field: str) -> Any:
        look = next(look for look in entity.lookups if look.field == field)
        with self._lookup_lock:
            if (entity.name, field) not in self._lookups:
                records, _ = self.read(entity, Find("get", look.path), None)
                fitting = [r for r in records if all(r.get(k) == v for k, v in look.where.items())]
                self._lookups[entity.name, field] = fitting[0].get(look.take) if fitting else None
            return self._lookups[entity.name, field]


MakesConnectors = Callable[[str], "Connector"]


def connector(partner: str) -> Connector:
    """The connector of a partner, with its settings.

    Raises `SettingsError` naming the first credential or address that is missing or wrong.
    """
    contract = load_contract(partner)
    settings = partner_settings(contract)
    module = partner_module(partner)
    kind = getattr(module, "Connector", None)
    if kind is None:
        raise ContractError(f"partners/{partner}/__init__.py: a class Connector is needed.")
    made: Connector = kind(contract, settings)
    return made


def _record(entity: Entity, answer: Answer) -> Mapping[str, Any]:
    """The record in an answer about one; empty where there is none."""
    found = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
    return found if isinstance(found, Mapping) else {}


def once_a_run() -> MakesConnectors:
    """Makes the connector of a partner when it is first asked for, and hands out the same one in all steps of a run.

    So logins, learned rates and a partner that was given up are known to the next step.
    """
    return cache(connector)
