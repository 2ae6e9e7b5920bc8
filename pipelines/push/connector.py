"""How operations become requests, as the partner's contract says. A partner's own file adds login and quirks."""

import importlib
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import quote

from pipelines.errors import SettingsError
from pipelines.push.client import READ_TIMEOUT, TRIES, Answer, Client, PartnerStopped, pause_before
from pipelines.push.contract import Contract, Entity, Find, Limits, dig, load_contract
from pipelines.push.journal import Outcome
from pipelines.push.reasons import REASONS, Refusal, classify, words_of
from pipelines.settings import check_url, check_variable, config_value, is_loopback, setting_name

# More hits than this of a look-up by external id mean that the partner did not filter at all.
FEW = 20


@dataclass(frozen=True)
class Operation:
    """One row of a plan, with the parents' ids filled in as JSON values.

    `body` holds the fields of the partner that the request carries; `path` the ids that stand in the address.
    """

    seq: int
    entity: Entity
    kind: str
    external_id: str
    remote_id: str | None
    body: Mapping[str, Any]
    path: Mapping[str, Any]
    payload: Mapping[str, Any]
    changed: tuple[str, ...]
    confirmed: bool


class Connector:
    """Creates, changes, withdraws and finds records of one partner.

    A partner's file subclasses it: `login` at least, and whatever its API does differently.
    """

    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        self.contract = contract
        self.settings = settings
        self.limits = effective_limits(contract, settings)
        self.client = Client(
            contract.partner,
            contract.base_url(settings),
            self.limits,
            self.login,
            self.headers,
            timeout=float(settings.get("timeout", READ_TIMEOUT)),
        )
        self._lookups: dict[tuple[str, str], Any] = {}
        self._lookup_lock = threading.Lock()
        # Entities whose external id this partner turned out not to take (seen in this run).
        self._without_external_id: set[str] = set()

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """Headers that identify us, and until when (epoch seconds; None: for ever)."""
        raise NotImplementedError

    def carry_out(self, operation: Operation) -> Outcome:
        """Sends one operation and returns what became of it. Never raises for a row."""
        try:
            match operation.kind:
                case "create":
                    return self.create(operation)
                case "update":
                    return self.change(operation)
                case _:
                    return self.withdraw(operation)
        except LookupFailed as failed:
            return self.judge(operation, failed.answer)

    def create(self, operation: Operation) -> Outcome:
        """POST; a lost answer or a refused duplicate is looked up before anything else is sent."""
        entity = operation.entity
        if entity.created_with:
            return self._complete_implicit(operation)
        sent = 0
        for attempt in range(TRIES):
            answer = self.client.call(
                "post", self.fill(entity.collection, operation), self.create_body(operation), repeat=False
            )
            if self._refuses_external_id(entity, answer):
                self._without_external_id.add(entity.name)
                sent += answer.requests
                answer = self.client.call(
                    "post", self.fill(entity.collection, operation), self.create_body(operation), repeat=False
                )
            sent += answer.requests
            if answer.ok:
                return self._created(operation, answer, sent)
            if answer.lost:
                # The partner may need a moment until what it took can be found.
                time.sleep(pause_before(attempt, random.random()))
            if answer.status == 409 or answer.lost or self._may_be_there(entity, answer):
                found, more = self._find_after(operation, answer)
                sent += more
                if found:
                    return self._take_up(operation, found, sent)
            if not answer.lost:
                break
        return replace(self.judge(operation, answer), requests=sent)

    def after_create(self, operation: Operation, outcome: Outcome) -> Outcome:
        """Replaces the record's list of external ids, where the partner keeps them behind a route of their own."""
        path = operation.entity.external_ids
        if path is None or outcome.state != "synced":
            return outcome
        answer = self.client.call(
            "put", self.fill(path, operation, outcome.remote_id or ""), [operation.external_id]
        )
        sent = outcome.requests + answer.requests
        if answer.ok:
            return replace(outcome, requests=sent)
        return replace(self.judge(operation, answer), remote_id=outcome.remote_id, requests=sent)

    def change(self, operation: Operation) -> Outcome:
        """An update as planned: the changed fields; all of them when the partner never confirmed any."""
        remote_id = operation.remote_id or ""
        if operation.confirmed:
            return self.update(operation, remote_id, only=operation.changed)
        return self.after_create(operation, self.update(operation, remote_id))

    def update(self, operation: Operation, remote_id: str, only: tuple[str, ...] | None = None) -> Outcome:
        """PATCH with the changed fields only (`only=None`: with all)."""
        body = (
            self.create_body(operation)
            if only is None
            else {k: v for k, v in operation.body.items() if k in only}
        )
        if not body:
            return Outcome("synced", None, remote_id)
        path = self.fill(operation.entity.record, operation, remote_id)
        answer = self.client.call("patch", path, body)
        if only is None and self._refuses_external_id(operation.entity, answer):
            self._without_external_id.add(operation.entity.name)
            answer = self.client.call("patch", path, self.create_body(operation))
        if answer.status == 404:
            return Outcome("pending", "missing_at_partner", None, 404, requests=answer.requests)
        if answer.ok:
            return Outcome("synced", None, remote_id, answer.status, requests=answer.requests)
        return self.judge(operation, answer)

    def withdraw(self, operation: Operation) -> Outcome:
        """Takes a record out of use, in the way that the contract states for the entity."""
        kind = operation.entity.withdraw.kind
        if kind == "keep":
            return Outcome("withdrawn", "kept")
        path = self.fill(operation.entity.record, operation, operation.remote_id or "")
        if kind == "delete":
            answer = self.client.call("delete", path)
        else:
            answer = self.client.call("patch", path, dict(operation.payload))
        if answer.ok or answer.status == 404:
            done = {"delete": "deleted", "end": "ended", "deactivate": "deactivated", "detach": "detached"}[
                kind
            ]
            return Outcome("withdrawn", done, None, answer.status, requests=answer.requests)
        return self.judge(operation, answer)

    def find(self, operation: Operation) -> tuple[list[str], int]:
        """Ids of the records at the partner that are this one, and how many requests that took.

        By external id where the partner keeps one; else, among records without one, by the natural key.
        """
        entity = operation.entity
        found, sent = self._find_by_external_id(operation)
        if found or not entity.candidates:
            return found, sent
        records, more = self._read_candidates(operation, entity.candidates)
        return [
            str(r[entity.id])
            for r in records
            if entity.holds(r) and not self._external_id(entity, r) and self._fits(operation, r)
        ], sent + more

    def _find_by_external_id(self, operation: Operation) -> tuple[list[str], int]:
        entity = operation.entity
        if not entity.external_id or not entity.find or entity.name in self._without_external_id:
            return [], 0
        try:
            records, sent = self.read(entity, self._filled(entity.find, operation), operation.external_id)
        except LookupFailed as failed:
            if failed.answer.status not in (400, 404, 405, 422) or not self._is_assumed(entity):
                raise
            # The partner knows no external id on this entity, so it cannot be looked up by it.
            self._without_external_id.add(entity.name)
            return [], failed.answer.requests
        found = [str(r[entity.id]) for r in records if self._external_id(entity, r) == operation.external_id]
        if not found and entity.external_ids and len(records) <= FEW:
            found, more = self._find_in_lists(operation, records)
            sent += more
        return found, sent

    def _is_assumed(self, entity: Entity) -> bool:
        """Whether it is only assumed that this entity carries our external id."""
        return self.contract.confidence(entity.name, entity.external_id or "") == "assumed"

    def _find_after(self, operation: Operation, answer: Answer) -> tuple[list[str], int]:
        """`find` after a create: without an answer to it, a create that may have arrived stays in doubt."""
        try:
            return self.find(operation)
        except PartnerStopped as stop:
            raise PartnerStopped(str(stop), lost=answer.lost) from None
        except LookupFailed:
            if answer.lost:
                raise InDoubt from None
            raise

    def _find_in_lists(self, operation: Operation, records: list[dict[str, Any]]) -> tuple[list[str], int]:
        """Those of a few records whose list of external ids, behind a route of its own, holds ours."""
        entity, found, sent = operation.entity, [], 0
        for record in records:
            answer = self.client.call(
                "get", self.fill(entity.external_ids or "", operation, str(record[entity.id]))
            )
            sent += answer.requests
            ids = dig(answer.body, entity.items) if isinstance(answer.body, dict) else answer.body
            if answer.ok and operation.external_id in (ids or []):
                found.append(str(record[entity.id]))
        return found, sent

    def _read_candidates(self, operation: Operation, candidates: Find) -> tuple[list[dict[str, Any]], int]:
        wanted = {**operation.body, **operation.path}
        parameter = candidates.query or candidates.body
        value = wanted.get(parameter) if parameter else None
        return self.read(operation.entity, self._filled(candidates, operation), value)

    def _fits(self, operation: Operation, record: Mapping[str, Any]) -> bool:
        keys = [key for key in operation.entity.natural_key if key not in operation.path]
        return all(_same(record.get(key), operation.body.get(key)) for key in keys)

    def _filled(self, find: Find, operation: Operation) -> Find:
        return replace(find, path=self.fill(find.path, operation))

    @staticmethod
    def _external_id(entity: Entity, record: Mapping[str, Any]) -> str | None:
        """Our id on a record of the partner; a list of one counts as its only id."""
        value = record.get(entity.external_id or "")
        if isinstance(value, list):
            return str(value[0]) if len(value) == 1 else None
        return str(value) if value not in (None, "") else None

    def read(self, entity: Entity, find: Find, value: Any) -> tuple[list[dict[str, Any]], int]:
        """All records of a look-up, page by page, and the number of requests."""
        found: list[dict[str, Any]] = []
        sent = 0
        for answer in self.pages(find, value):
            sent += answer.requests
            page = dig(answer.body, entity.items) if entity.items else answer.body
            found += [r for r in page or [] if isinstance(r, dict)] if isinstance(page, list) else []
        return found, sent

    def pages(self, find: Find, value: Any) -> Iterator[Answer]:
        """Answers of a list or search request, one a page."""
        paging = self.contract.paging
        number = 0
        while True:
            query = {find.query: value} if find.query and value is not None else {}
            body = {find.body: value} if find.body else ({} if find.method == "post" else None)
            headers = {}
            if paging.style == "page":
                query |= {paging.page: number + 1, paging.size: paging.max_size}
            else:
                headers = {paging.limit: str(paging.max_size), paging.offset: str(number * paging.max_size)}
            answer = self.client.call(find.method, find.path, body, query, headers)
            if not answer.ok:
                raise LookupFailed(answer)
            yield answer
            number += 1
            if number >= self._page_count(answer):
                return

    def remote_id(self, entity: Entity, answer: Answer) -> str | None:
        """The partner's id in the answer to a create: from the body, else from the Location header."""
        record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
        for candidate in (record, answer.body):
            if isinstance(candidate, dict) and candidate.get(entity.id) is not None:
                return str(candidate[entity.id])
        location = answer.headers.get("Location", "").rstrip("/")
        return location.rsplit("/", 1)[-1] or None

    def create_body(self, operation: Operation) -> dict[str, Any]:
        """All fields of a new record: mart, parents, external id, ids out of the partner's catalogues."""
        entity = operation.entity
        body = dict(operation.body)
        if entity.external_id and entity.name not in self._without_external_id:
            body[entity.external_id] = operation.external_id
        return {**body, **{look.field: self._looked_up(entity, look.field) for look in entity.lookups}}

    def fill(self, path: str, operation: Operation, remote_id: str = "") -> str:
        """The path with the ids in braces filled in and percent-encoded."""
        for name, value in {**operation.path, "id": remote_id}.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return path

    def judge(self, operation: Operation, answer: Answer) -> Outcome:
        """What a refused or failed request means for its row. Field names only, never values or free text."""
        parents = operation.entity.parents
        fields = self.refused_fields(answer)
        refusal = Refusal(
            operation.kind,
            answer.status,
            answer.problem,
            words_of(answer.body),
            fields,
            tuple(parent.field for parent in parents),
            any(parent.in_path for parent in parents),
            answer.body is None and "html" in answer.headers.get("Content-Type", ""),
        )
        code = classify(refusal)
        return Outcome(REASONS[code].state, code, None, answer.status, fields, answer.requests)

    def refused_fields(self, answer: Answer) -> tuple[str, ...]:
        """Names of fields in an error answer, only those that look like names."""
        _, _, fields = self.contract.error.read(answer.body)
        return tuple(
            f
            for f in fields
            if f.replace("_", "").replace(".", "").replace("/", "").isalnum() and len(f) < 60
        )

    def _refuses_external_id(self, entity: Entity, answer: Answer) -> bool:
        """Whether exactly our external id was refused as unknown (etg24 without it on this entity)."""
        return (
            answer.status in (400, 422)
            and entity.external_id is not None
            and entity.name not in self._without_external_id
            and self._is_assumed(entity)
            and set(self.refused_fields(answer)) == {entity.external_id}
        )

    def _may_be_there(self, entity: Entity, answer: Answer) -> bool:
        """Whether a number that is unique at the partner was refused: then the record may be there already."""
        return answer.status in (400, 422) and entity.unique_field in self.refused_fields(answer)

    def _created(self, operation: Operation, answer: Answer, sent: int) -> Outcome:
        remote_id = self.remote_id(operation.entity, answer)
        if remote_id is None:
            found, more = self.find(operation)
            sent += more
            if len(found) != 1:
                return Outcome("pending", "unreadable_answer", None, answer.status, requests=sent)
            remote_id = found[0]
        return self.after_create(operation, Outcome("synced", None, remote_id, answer.status, requests=sent))

    def _take_up(self, operation: Operation, found: list[str], sent: int) -> Outcome:
        """Continues with the record that a look-up found instead of creating a second one."""
        if len(found) > 1:
            return Outcome("rejected", "ambiguous", requests=sent)
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

    def _page_count(self, answer: Answer) -> int:
        paging = self.contract.paging
        if paging.style == "offset_headers":
            return -(-int(answer.headers.get(paging.count, 0)) // paging.max_size)
        if paging.total_pages:
            return int(dig(answer.body, paging.total_pages) or 0)
        return -(-int(dig(answer.body, paging.total) or 0) // paging.max_size)


class InDoubt(Exception):
    """A create may have arrived, and nobody could tell; the next run looks it up before anything is sent."""


class LookupFailed(Exception):
    """A look-up got no usable answer, so nothing may be concluded from it."""

    def __init__(self, answer: Answer):
        super().__init__(f"look-up answered {answer.status}")
        self.answer = answer


def connector(partner: str) -> Connector:
    """The connector of a partner, with its settings.

    Raises `SettingsError` naming the first credential or address that is missing or wrong.
    """
    contract = load_contract(partner)
    settings = partner_settings(contract)
    module = importlib.import_module(f"pipelines.partners.{partner}")
    made: Connector = module.Connector(contract, settings)
    return made


def partner_settings(contract: Contract) -> dict[str, str]:
    """Values of `DESTINATION__<PARTNER>__…`: address, credentials, server variables, limits."""
    prefix = f"destination.{contract.partner}."
    values: dict[str, str] = {}
    missing = []
    for key in contract.credentials:
        value = config_value(prefix + key)
        if value is None:
            missing.append(setting_name(prefix + key))
        else:
            values[key] = value
    if missing:
        raise SettingsError(
            f"{', '.join(missing)}: missing; set it in the environment or in .dlt/secrets.toml,"
            f" or switch {contract.partner} off (partners.{contract.partner}.aktiv: false)"
        )
    if base_url := config_value(prefix + "base_url"):
        values["base_url"] = check_url(prefix + "base_url", base_url)
    for key in ("environment", *server_variables(contract)):
        if (value := config_value(prefix + key)) is not None:
            values[key] = check_variable(prefix + key, value)
    for key in ("in_flight", "per_second", "per_minute", "per_day", "timeout"):
        if value := config_value(prefix + key):
            values[key] = _number(prefix + key, value)
    return values


def server_variables(contract: Contract) -> list[str]:
    """Names of what varies in the partner's address."""
    return sorted({name for server in contract.document["servers"] for name in server.get("variables", {})})


def effective_limits(contract: Contract, settings: Mapping[str, str]) -> Limits:
    """Limits of the contract, lowered or raised by settings.

    A rate that we only assume is courtesy towards the partner's own hosts; it does not slow a server on this machine.
    """
    limits = contract.limits
    if is_loopback(contract.base_url(settings)) and limits.confidence == "assumed":
        limits = Limits(in_flight=limits.in_flight)
    given: dict[str, Any] = {
        k: float(settings[k]) for k in ("per_second", "per_minute", "per_day") if k in settings
    }
    in_flight = int(float(settings["in_flight"])) if "in_flight" in settings else limits.in_flight
    return replace(limits, in_flight=in_flight or 1, **given)


def _number(key: str, value: str) -> str:
    try:
        if float(value) > 0:
            return value
    except ValueError:
        pass
    raise SettingsError(f"{setting_name(key)}: a number above 0 is needed")


def _same(left: Any, right: Any) -> bool:
    return left == right or (left in (None, "") and right in (None, ""))
