"""Finding records at a partner, and judging what it answers: what a connector needs before it writes anything."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pipelines.api.beliefs import ExternalIds
from pipelines.api.claims import Claims
from pipelines.api.classify import Refusal, classify, says_unknown_field, words_of
from pipelines.api.compare import differing
from pipelines.api.http.client import READ_TIMEOUT, Answer, Client, LoggedIn
from pipelines.api.known_ids import KnownIds
from pipelines.api.logins import log_in
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import LookupFailed, Operation, Page, PartnerProtocol, filled
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.api.protocols.rest import Rest
from pipelines.api.reasons import REASONS
from pipelines.api.settings import effective_limits
from pipelines.contract.contract import Contract, Entity, Find, dig

# A list that loses records between two pages is read again so often before it is believed to be cut.
READS = 3
# More hits than this of a look-up by external id mean that the partner did not filter at all.
FEW = 20


class HeldByAnother(Exception):
    """What a look-up found for a row belongs to another row of ours."""

    def __init__(self, requests: int):
        super().__init__("the record belongs to another row")
        self.requests = requests


class Finder:
    """Finds records of one partner, by our external id, by their natural key, or in lists. Writes nothing."""

    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        self.contract = contract
        self.settings = settings
        self.limits = effective_limits(contract, settings)
        self.client, self.protocol = self._connect()
        self._held = KnownIds(self._read_list, contract.entities.values())
        # Entities of which this partner has shown a record with our id in this run.
        self._with_external_id: set[str] = set()
        # Whoever sends names the claims of ledger and journal here.
        self.claims = Claims(contract)
        self.external_ids_known = ExternalIds()
        # Entities that cannot be searched by our id.
        self._not_searched: set[str] = set()
        self._field_names = {e.name: _field_names(contract, e) for e in contract.entities.values()}

    def login(self, client: Client) -> LoggedIn:
        """Headers that identify us, and until when (epoch seconds; None: for ever); or `Credentials`.

        As `x-partner.login` of the contract says; a partner that logs in otherwise says how in its own file.
        """
        if self.contract.login is None:
            raise NotImplementedError
        return log_in(client, self.contract, self.settings)

    def judge(self, operation: Operation, answer: Answer) -> Outcome:
        """What a refused or failed request means for its row. Field names only, never values or free text."""
        parents = operation.entity.parents
        fields = self.refused_fields(answer)
        # An upsert that is answered with 404 misses a parent, not the record.
        kind = "create" if operation.entity.upsert and operation.kind == "update" else operation.kind
        refusal = Refusal(
            kind,
            answer.status,
            answer.problem,
            words_of(answer.body),
            fields,
            tuple(parent.field for parent in parents),
            any(parent.in_path for parent in parents) or (operation.entity.upsert and bool(parents)),
            is_html(answer),
            operation.entity.sent_id,
        )
        code = classify(refusal)
        known = self._known_fields(operation.entity, fields)
        return Outcome(REASONS[code].state, code, None, answer.status, known, answer.requests)

    def _known_fields(self, entity: Entity, fields: tuple[str, ...]) -> tuple[str, ...]:
        """The refused fields that the contract has, in its spelling: anything else may be a value."""
        names = self._field_names[entity.name]
        found = []
        for field in fields:
            steps = [step for step in re.split(r"[./\[\]]+", field) if step and not step.isdigit()]
            if steps and all(step.lower() in names for step in steps):
                found.append(".".join(names[step.lower()] for step in steps))
        return tuple(dict.fromkeys(found))

    def refused_fields(self, answer: Answer) -> tuple[str, ...]:
        """Names of fields in an error answer, only those that look like names."""
        _, _, fields = self.contract.error.read(answer.body)
        return tuple(
            f
            for f in fields
            if f.replace("_", "").replace(".", "").replace("/", "").isalnum() and len(f) < 60
        )

    def find_by_external_id(self, operation: Operation) -> tuple[list[str], int]:
        """Ids of the records at the partner that carry this row's id, and how many requests that took."""
        entity = operation.entity
        if (
            not entity.external_id
            or not entity.find
            or self.external_ids_known.is_unknown(entity.name)
            or entity.name in self._not_searched
        ):
            return [], 0
        try:
            records, sent = self.read(entity, self._at(entity.find, operation), operation.external_id)
        except LookupFailed as failed:
            if not self._knows_no_search(operation, failed.answer):
                raise
            # The partner cannot be asked by external id here; what it takes with a record is another matter.
            self._not_searched.add(entity.name)
            return [], failed.answer.requests
        ours = operation.external_id
        found = list(
            dict.fromkeys(self._id(entity, r) for r in records if ours in external_ids_of(entity, r))
        )
        if found:
            self._with_external_id.add(entity.name)
        if not found and entity.external_ids and len(records) <= FEW:
            found, more = self._find_in_lists(operation, records)
            sent += more
        return self._unclaimed(operation, found, sent), sent

    def _unclaimed(self, operation: Operation, found: list[str], sent: int) -> list[str]:
        """Those that belong to no other row. Raises HeldByAnother when nothing is left of what was found."""
        entity = operation.entity
        # A record that names several of our ids in its own list serves several rows.
        if not found or entity.external_ids:
            return found
        free = self.claims.free(entity, found, operation.external_id)
        if not free:
            raise HeldByAnother(sent)
        return free

    def _held_before(self, operation: Operation) -> tuple[list[str], int]:
        """Ids of the records that are there before a create, where the partner would make a second one."""
        entity = operation.entity
        match entity.before_create:
            case "look_up":
                return self.find_by_external_id(operation)
            case "list":
                below = entity.list_below
                parent = next((p.field for p in entity.parents if below and p.entity == below.entity), "")
                parent_id = operation.body.get(parent)
                found, sent = self._held.ids(
                    entity, operation.external_id, None if parent_id is None else str(parent_id)
                )
                return self._unclaimed(operation, found, sent), sent
        return [], 0

    def external_ids(self, entity: Entity, remote_id: str) -> tuple[list[str], Answer]:
        """The whole list of external ids of a record, behind a route of its own. Raises LookupFailed."""
        found: list[str] = []
        answer = Answer(404, None, {}, 0)
        path = filled(entity.external_ids or "", {"id": remote_id})
        for page in self.pages(entity, Find("get", path)):
            answer = replace(page.answer, requests=answer.requests + page.answer.requests)
            ids = dig(answer.body, entity.items) if isinstance(answer.body, dict) else answer.body
            if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                raise LookupFailed(answer)
            found += ids
        return list(dict.fromkeys(found)), answer

    def _find_in_lists(self, operation: Operation, records: list[dict[str, Any]]) -> tuple[list[str], int]:
        """Those of a few records whose list of external ids, behind a route of its own, holds ours."""
        entity, found, sent = operation.entity, [], 0
        for remote_id in dict.fromkeys(self._id(entity, record) for record in records):
            try:
                ids, answer = self.external_ids(entity, remote_id)
            except LookupFailed as failed:
                if failed.answer.status not in (404, 410):
                    raise
                ids, answer = [], failed.answer
            sent += answer.requests
            if operation.external_id in ids:
                found.append(remote_id)
        return found, sent

    def _knows_no_search(self, operation: Operation, answer: Answer) -> bool:
        """Whether a look-up was refused because the partner does not know our id as something to search by.

        A list that is not there (404, 405) tells nothing of the field. Then nobody can say what the partner holds.
        """
        entity = operation.entity
        if answer.status not in (400, 422) or not self._is_assumed(entity):
            return False
        names = {entity.external_id, entity.find.query if entity.find else None}
        fields = set(self.refused_fields(answer))
        return says_unknown_field(words_of(answer.body)) and (not fields or fields <= names)

    def _is_assumed(self, entity: Entity) -> bool:
        """Whether it is only assumed that this entity carries our external id."""
        return self.contract.confidence(entity.name, entity.external_id or "") == "assumed"

    def _id(self, entity: Entity, record: Mapping[str, Any]) -> str:
        """The id of a record that is looked for. Raises LookupFailed when it is none: nothing may be concluded."""
        found = checked_id(record.get(entity.id), entity.name in self.contract.whole_ids)
        if found is None:
            raise LookupFailed(Answer(200, None, {}, 0))
        return found

    def candidates(self, operations: list[Operation]) -> tuple[list[dict[str, Any]], int]:
        """Records without any external id, among which the natural key decides, and those with one of the operations.

        Raises LookupFailed.
        """
        first = operations[0]
        entity = first.entity
        if not entity.candidates:
            return [], 0
        records, sent = self._read_candidates(first, entity.candidates)
        ours = {operation.external_id for operation in operations}
        shown = [(r, external_ids_of(entity, r)) for r in records if entity.holds(r)]
        found = [record for record, ids in shown if not ids or ours & set(ids)]
        for record in found:
            if any(self.fits(o, record) for o in operations) or external_ids_of(entity, record):
                self._id(entity, record)
        return found, sent

    def candidates_key(self, operation: Operation) -> tuple[Any, ...]:
        """What is asked for candidates: the same for operations that one look-up serves."""
        find = operation.entity.candidates
        if find is None:
            return (operation.entity.name, operation.external_id)
        at = self._at(find, operation)
        return (operation.entity.name, at.method, at.path, str(self._candidates_value(operation, find)))

    def _read_candidates(self, operation: Operation, candidates: Find) -> tuple[list[dict[str, Any]], int]:
        value = self._candidates_value(operation, candidates)
        return self.read(operation.entity, self._at(candidates, operation), value)

    @staticmethod
    def _candidates_value(operation: Operation, candidates: Find) -> Any:
        parameter = candidates.query or candidates.body
        return {**operation.body, **operation.path}.get(parameter) if parameter else None

    def listed(self, operation: Operation) -> tuple[list[tuple[str, dict[str, Any]]], int]:
        """Id and record of all that the list shows in which a row's record would stand, and the number of requests.

        Raises LookupFailed.
        """
        entity = operation.entity
        records, sent = self.read(entity, self._at(entity.listing, operation), None)
        return [(self._id(entity, record), record) for record in records], sent

    def seen(self, operation: Operation, remote_id: str) -> tuple[Answer, dict[str, Any] | None]:
        """The record under an id of the partner as it is now, or None; out of its lists where it shows none alone.

        An answer of 200 without a record: `find` and `list` do not show it now, which is no proof that it is gone.
        Raises LookupFailed.
        """
        entity = operation.entity
        paths = self.contract.document["paths"]
        if entity.mutation or "get" in paths.get(entity.record, {}):
            return self.protocol.one(entity, remote_id, operation.external_id, operation.path)
        shown, sent = self._shown(operation, remote_id)
        record = shown.get(remote_id)
        return Answer(200, record, {}, sent), record

    def find_known(self, operation: Operation) -> tuple[list[str], int]:
        """The id that a row's record is known under if `find` or `list` shows it, else those that carry the row's id.

        Raises LookupFailed, and HeldByAnother.
        """
        remote_id, ours = operation.remote_id or "", operation.external_id
        shown, sent = self._shown(operation, remote_id)
        if remote_id in shown:
            return [remote_id], sent
        carrying = [one for one, record in shown.items() if ours in external_ids_of(operation.entity, record)]
        return self._unclaimed(operation, carrying, sent), sent

    def _shown(self, operation: Operation, remote_id: str) -> tuple[dict[str, dict[str, Any]], int]:
        """What `find` shows and, unless the record that is wanted is among that, `list`: records by their ids."""
        entity, sent = operation.entity, 0
        shown: dict[str, dict[str, Any]] = {}
        for find, value in ((entity.find, operation.external_id), (entity.listing, None)):
            if find is None or remote_id in shown:
                continue
            records, more = self.read(entity, self._at(find, operation), value)
            sent += more
            shown |= {self._id(entity, record): record for record in records}
        return shown, sent

    def fits(self, operation: Operation, record: Mapping[str, Any]) -> bool:
        """Whether a record has the natural key of a row, as far as that does not stand in the address."""
        keys = [key for key in operation.entity.natural_key if key not in operation.path]
        return all(_same(record.get(key), operation.body.get(key)) for key in keys)

    def equals(self, operation: Operation, record: Mapping[str, Any]) -> bool:
        """Whether a record shows in all fields what would be sent for a row."""
        schema = self.contract.schema(operation.entity.name, "create")
        return not differing(operation.body, record, schema, record.keys())

    def read(self, entity: Entity, find: Find, value: Any) -> tuple[list[dict[str, Any]], int]:
        """All records of a look-up, page by page, and the number of requests.

        It is read again where the number of records changed meanwhile: one may have slipped over the edge of a page.
        Raises LookupFailed where it changes each time, and also where the last page speaks of more records than there
        were: of a list of fewer, of a search (which may count what it does not show) of none at all.
        """
        sent = 0
        for _ in range(READS):
            found: list[dict[str, Any]] = []
            last, totals = None, set[int | None]()
            for page in self.pages(entity, find, value):
                sent += page.answer.requests
                found += page.known()
                last = page
                totals.add(page.total)
            if len(totals - {None}) < 2:
                break
        else:
            raise LookupFailed(Answer(None, None, {}, sent, problem="cut"))
        shown = len({str(record.get(entity.id)) for record in found}) if value is None else len(found)
        if last and last.total and shown < (last.total if value is None else 1):
            raise LookupFailed(replace(last.answer, problem="unusable"))
        return found, sent

    def pages(self, entity: Entity, find: Find, value: Any = None) -> Iterator[Page]:
        """A list or search, one page after the other. Raises LookupFailed."""
        return self.protocol.pages(entity, find, value)

    def _read_list(self, entity: Entity, parent_id: str | None) -> tuple[list[dict[str, Any]], int]:
        """All records of an entity; where its list shows the children of one parent, those of this one."""
        if not entity.list_below:
            return self.read(entity, entity.listing, None)
        return self.read(entity, replace(entity.listing, query=entity.list_below.query), parent_id)

    def fill(self, path: str, operation: Operation, remote_id: str = "") -> str:
        """The path with the ids in braces filled in and percent-encoded."""
        return filled(path, {**operation.path, "id": remote_id})

    def _at(self, find: Find, operation: Operation) -> Find:
        return replace(find, path=self.fill(find.path, operation))

    def _connect(self) -> tuple[Client, PartnerProtocol]:
        """The client, and what is spoken over it."""
        contract = self.contract
        address, timeout = contract.base_url(self.settings), float(self.settings.get("timeout", READ_TIMEOUT))
        if contract.protocol == "rest":
            client = Client(
                contract.partner,
                address,
                self.limits,
                self.login,
                self.headers,
                timeout,
                version_ended=contract.version_ended,
            )
            named = {k: self.settings[k] for k in (*contract.credentials, *contract.settings)}
            return client, Rest(contract, client, named)
        from pipelines.api.protocols.graphql import (  # loads a library that no other partner needs
            Graphql,
            transport,
        )

        client = Client(contract.partner, address, self.limits, self.login, self.headers, timeout, transport)
        return client, Graphql(contract, client)


def external_ids_of(entity: Entity, record: Mapping[str, Any]) -> list[str]:
    """The external ids that a record shows: one, several where the partner keeps a list, or none."""
    value = record.get(entity.external_id or "")
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def _same(left: Any, right: Any) -> bool:
    return left == right or (left in (None, "") and right in (None, ""))


def is_html(answer: Answer) -> bool:
    """Whether a web page came in the place of data."""
    return answer.body is None and "html" in answer.headers.get("Content-Type", "")


def _field_names(contract: Contract, entity: Entity) -> dict[str, str]:
    """Names of the fields that are sent for an entity, nested ones too: in lower case → as the contract has them."""
    found: dict[str, str] = {}

    def add(schema: Mapping[str, Any]) -> None:
        for name, part in schema.get("properties", {}).items():
            found.setdefault(str(name).lower(), str(name))
            add(part)
            add(part.get("items", {}))

    add(contract.schema(entity.name, "create"))
    for name in (entity.external_id, *(parent.field for parent in entity.parents)):
        if name:
            found.setdefault(name.lower(), name)
    return found
