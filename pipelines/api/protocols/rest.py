"""Operations as REST requests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.api.http.client import Answer, Client, Read
from pipelines.api.http.streams import multipart
from pipelines.api.protocols import paging as paging_
from pipelines.api.protocols.answers import (
    a_list,
    about_one,
    describes_record,
    own_names,
    the_record,
    understood,
)
from pipelines.api.protocols.bulk import body_of, readable, told
from pipelines.api.protocols.nulls import Nulls
from pipelines.api.protocols.protocol import Json, LookupFailed, Operation, Page, filled
from pipelines.api.protocols.remote_ids import checked_id, id_in_location
from pipelines.contract.contract import Contract, ContractError, Entity, Find, Paging, dig
from pipelines.contract.model import put


class Rest:
    """POST, PATCH and DELETE, or PUT under an id of ours, on the paths of the contract."""

    def __init__(self, contract: Contract, client: Client, settings: Mapping[str, str] | None = None):
        # Settings may stand in a path, as ids of parents do.
        self._settings = dict(settings or {})
        self.contract, self.client, self.nulls = contract, client, Nulls(contract)
        self._described: dict[tuple[str, str], bool] = {}
        self._own: dict[str, frozenset[str]] = {}

    def create(self, operation: Operation, body: Json) -> Answer:
        """POST on the collection, sent once; an upsert is a PUT on the record, which may be repeated."""
        entity = operation.entity
        if entity.bulk:
            [own], whole = self.create_many([(operation, body)])
            return replace(own, requests=whole.requests) if own else whole
        body = self.nulls.written(operation, body)
        if entity.upsert:
            return self._about_one("put", operation, operation.external_id, body)

        def read(answer: Answer) -> Answer:
            return understood(answer, self.contract, self._names(entity))

        path = filled(entity.collection, {**self._settings, **operation.path})
        return self._write("post", path, operation, body, repeat=False, read=read)

    def create_many(
        self, rows: Sequence[tuple[Operation, Json]], repeat: bool = True
    ) -> tuple[list[Answer | None], Answer]:
        """Upserts of one entity in one PUT."""
        bulk = rows[0][0].entity.bulk
        if bulk is None:
            raise ContractError(f"{rows[0][0].entity.name}: the contract names no bulk.")
        ids = [operation.external_id for operation, _ in rows]

        def read(answer: Answer) -> Answer:
            return readable(answer, self.contract, bulk, ids)

        body = body_of(bulk, [self.nulls.written(operation, body) for operation, body in rows])
        answer = self.client.call("put", bulk.path, body, repeat=repeat, read=read, is_write=True)
        return told(bulk, answer, ids), answer

    def change(self, operation: Operation, remote_id: str, body: Json) -> Answer:
        """PATCH on the record; lists that are to be empty go before bytes, whose body of parts cannot say them."""
        body = self.nulls.changed(operation, body)
        emptied = {name: value for name, value in body.items() if value == []} if operation.stream else {}
        if not emptied:
            return self._about_one("patch", operation, remote_id, body)
        # First: nobody sees new bytes whom the record does not belong to any more.
        done = self._about_one("patch", replace(operation, stream=None), remote_id, emptied)
        if not done.ok:
            return done
        rest = {name: value for name, value in body.items() if name not in emptied}
        answer = self._about_one("patch", operation, remote_id, rest)
        return replace(answer, requests=answer.requests + done.requests)

    def remove(self, operation: Operation) -> Answer:
        """DELETE on the record."""
        return self._about_one("delete", operation, operation.remote_id or "", None)

    def _about_one(self, method: str, operation: Operation, remote_id: str, body: Json | None) -> Answer:
        """A write to a record that is there, or to one under our id."""
        entity = operation.entity
        key = (entity.record, method)
        if key not in self._described:
            self._described[key] = describes_record(self.contract, entity, *key)

        def read(answer: Answer) -> Answer:
            wanted = remote_id if self._described[key] else None
            return about_one(answer, self.contract, entity, self._names(entity), wanted)

        path = self._record(operation, remote_id)
        return self._write(method, path, operation, body, read=read)

    def _write(
        self, method: str, path: str, operation: Operation, body: Json | None, read: Read, repeat: bool = True
    ) -> Answer:
        """One request that writes a record: JSON, or several parts where its bytes go along."""
        content, stream = operation.entity.content, operation.stream
        if content is None or stream is None or body is None:
            return self.client.call(method, path, body, repeat=repeat, read=read, is_write=True)
        fields = {key: value for key, value in body.items() if key != content.field}
        parts = multipart(fields, content.field, str(operation.body[content.field]), stream)
        return self.client.call(
            method,
            path,
            parts,
            headers={"Content-Type": parts.kind},
            repeat=repeat,
            read=read,
            is_write=True,
            seconds=parts.seconds,
        )

    def remote_id(self, entity: Entity, answer: Answer) -> str | None:
        """From the body, else from a Location header that leads to a record of this entity."""
        whole = entity.name in self.contract.whole_ids
        record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
        for candidate in (record, answer.body):
            found = checked_id(candidate.get(entity.id), whole) if isinstance(candidate, dict) else None
            if found is not None:
                return found
        address = self.client.follow(answer.headers.get("Location") or "")
        places = (entity.record, entity.collection + "/{id}")
        return id_in_location(address, self.client.base_url, places, whole) if address else None

    def pages(self, entity: Entity, find: Find, value: Any) -> Iterator[Page]:
        """Page by page, by number, offset, cursor or link; a link to another host is not followed."""
        how = find.paging or self.contract.paging
        find = replace(find, path=filled(find.path, self._settings))
        number, shown, watch = 0, 0, paging_.Watch()
        place, seen = None, set[str]()
        while True:
            link = place if how.style == "next_link" else None
            answer = self._ask(entity, find, value, paging_.turn(how, number, shown, place), link)
            if not answer.ok:
                raise LookupFailed(paging_.broken_off(answer, number))
            yield _page(entity, how, answer)
            found = dig(answer.body, entity.items)
            records = len(found) if isinstance(found, list) else 0
            number, shown = number + 1, shown + records
            if watch.is_circle(found, entity.id):
                raise LookupFailed(replace(answer, status=None, problem="circle"))
            if how.style not in ("next_link", "cursor"):
                if paging_.is_last(how, answer, number - 1, records, shown, watch.was_stale):
                    return
                continue
            place = self._next_place(how, answer, records)
            if place is None:
                return
            if place in seen:
                raise LookupFailed(replace(answer, status=None, problem="circle"))
            seen.add(place)

    def _next_place(self, how: Paging, answer: Answer, records: int) -> str | None:
        """The address or the cursor of the next page; None behind the last. Raises LookupFailed."""
        try:
            given = paging_.next_place(how, answer, records)
        except ValueError:
            raise LookupFailed(replace(answer, problem="unusable")) from None
        if given is None or how.style == "cursor":
            return given
        link = self.client.follow(given)
        if link is None:
            raise LookupFailed(replace(answer, status=None, problem="foreign"))
        return link

    def one(
        self, entity: Entity, remote_id: str, external_id: str | None, path: Mapping[str, Any]
    ) -> tuple[Answer, Json | None]:
        """GET on the record."""

        def read(answer: Answer) -> Answer:
            return the_record(answer, self.contract, entity, self._names(entity), remote_id)

        address = filled(entity.record, {**self._settings, **path, "id": remote_id})
        answer = self.client.call("get", address, read=read)
        if not answer.ok:
            return answer, None
        record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
        return answer, entity.as_sent(record if isinstance(record, dict) else answer.body)

    def _ask(self, entity: Entity, find: Find, value: Any, turn: paging_.Turn, link: str | None) -> Answer:
        def read(answer: Answer) -> Answer:
            return a_list(answer, self.contract, entity.items)

        if link is not None:
            return self.client.call("get", link, read=read)
        query: Json = {**(find.values if find.method == "get" else {}), **turn.query}
        if find.query and value is not None:
            query[find.query] = value
        if find.method == "get":
            return self.client.call("get", find.path, None, query, turn.headers, read=read)
        body: Json = {}
        places = {**find.values, **({find.body: value} if find.body else {}), **turn.body}
        for place, part in places.items():
            put(body, place, part)
        return self.client.call("post", find.path, body, query, turn.headers, read=read)

    def _names(self, entity: Entity) -> frozenset[str]:
        """Names of a record's own fields, which tell nothing of errors."""
        if entity.name not in self._own:
            self._own[entity.name] = own_names(self.contract, entity)
        return self._own[entity.name]

    def _record(self, operation: Operation, remote_id: str) -> str:
        names = {**self._settings, **operation.path, "id": remote_id}
        return filled(operation.entity.record, names)


def _page(entity: Entity, how: Paging, answer: Answer) -> Page:
    found = dig(answer.body, entity.items) if entity.items else answer.body
    # What is no record among them may have been the one that is looked for.
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        return Page(answer, None, None)
    return Page(answer, [entity.as_sent(record) for record in found], paging_.total(how, answer))
