"""Operations as REST requests."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipelines.push import paging as paging_
from pipelines.push.client import Answer, Client
from pipelines.push.contract import Contract, Entity, Find, Paging, dig
from pipelines.push.contract_model import put
from pipelines.push.nulls import Nulls
from pipelines.push.speech import Json, LookupFailed, Operation, Page, filled


class Rest:
    """POST, PATCH and DELETE, or PUT under an id of ours, on the paths of the contract."""

    def __init__(self, contract: Contract, client: Client):
        self.contract, self.client, self.nulls = contract, client, Nulls(contract)

    def create(self, operation: Operation, body: Json) -> Answer:
        """POST on the collection, sent once; an upsert is a PUT on the record, which may be repeated."""
        entity = operation.entity
        body = self.nulls.written(operation, body)
        if entity.upsert:
            return self.client.call("put", self._record(operation, operation.external_id), body)
        return self.client.call("post", filled(entity.collection, operation.path), body, repeat=False)

    def change(self, operation: Operation, remote_id: str, body: Json) -> Answer:
        """PATCH on the record."""
        body = self.nulls.changed(operation, body)
        return self.client.call("patch", self._record(operation, remote_id), body)

    def remove(self, operation: Operation) -> Answer:
        """DELETE on the record."""
        return self.client.call("delete", self._record(operation, operation.remote_id or ""))

    def remote_id(self, entity: Entity, answer: Answer) -> str | None:
        """From the body, else from the Location header."""
        record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
        for candidate in (record, answer.body):
            if isinstance(candidate, dict) and candidate.get(entity.id) is not None:
                return str(candidate[entity.id])
        location = answer.headers.get("Location", "").rstrip("/")
        return location.rsplit("/", 1)[-1] or None

    def pages(self, entity: Entity, find: Find, value: Any) -> Iterator[Page]:
        """Page by page, by number, offset or link; a link to another host is not followed."""
        how = find.paging or self.contract.paging
        number, link, seen = 0, None, set[str]()
        while True:
            answer = self._ask(find, value, paging_.turn(how, number), link)
            if not answer.ok:
                raise LookupFailed(answer)
            page = _page(entity, how, answer)
            yield page
            number += 1
            if how.style != "next_link":
                if paging_.is_last(how, answer, number - 1, len(page.records or ())):
                    return
                continue
            given = paging_.next_link(how, answer)
            if given is None:
                return
            link = self.client.follow(given)
            if link is None or link in seen:
                raise LookupFailed(
                    replace(answer, status=None, problem="foreign" if link is None else "circle")
                )
            seen.add(link)

    def one(
        self, entity: Entity, remote_id: str, external_id: str | None, path: Mapping[str, Any]
    ) -> tuple[Answer, Json | None]:
        """GET on the record."""
        answer = self.client.call("get", filled(entity.record, {**path, "id": remote_id}))
        record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
        is_it = answer.ok and isinstance(record, dict) and str(record.get(entity.id)) == remote_id
        return answer, entity.as_sent(record) if is_it else None

    def _ask(self, find: Find, value: Any, turn: paging_.Turn, link: str | None) -> Answer:
        if link is not None:
            return self.client.call("get", link)
        query: Json = {**(find.values if find.method == "get" else {}), **turn.query}
        if find.query and value is not None:
            query[find.query] = value
        if find.method == "get":
            return self.client.call("get", find.path, None, query, turn.headers)
        body: Json = {}
        places = {**find.values, **({find.body: value} if find.body else {}), **turn.body}
        for place, part in places.items():
            put(body, place, part)
        return self.client.call("post", find.path, body, query, turn.headers)

    @staticmethod
    def _record(operation: Operation, remote_id: str) -> str:
        return filled(operation.entity.record, {**operation.path, "id": remote_id})


def _page(entity: Entity, how: Paging, answer: Answer) -> Page:
    found = dig(answer.body, entity.items) if entity.items else answer.body
    if not isinstance(found, list):
        return Page(answer, None, None)
    return Page(answer, [entity.as_sent(r) for r in found if isinstance(r, dict)], paging_.total(how, answer))
