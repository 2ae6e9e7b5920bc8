"""What a connector says to a partner, whatever the protocol: operations as requests, and what comes back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

from pipelines.api.http.client import Answer
from pipelines.api.http.streams import Stream
from pipelines.contract.contract import Entity, Find

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One row of a plan, with the parents' ids filled in as JSON values.

    `body` holds the fields of the partner that the request carries; `path` the ids that stand in the address.
    `content`: what is known of the bytes that the partner has for it, as JSON; `stream`: bytes that go in the request.
    `with_parent`: what the record hangs on is deleted by the same plan.
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
    content: str | None = None
    stream: Stream | None = None
    with_parent: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a list. `records` None: the answer holds no list of records; `total` None: not told how many."""

    answer: Answer
    records: list[Json] | None
    total: int | None

    def known(self) -> list[Json]:
        """The records. Raises LookupFailed: an answer without a list is no empty list."""
        if self.records is None:
            raise LookupFailed(replace(self.answer, problem="unusable"))
        return self.records


class LookupFailed(Exception):
    """A look-up got no usable answer, so nothing may be concluded from it."""

    def __init__(self, answer: Answer):
        super().__init__(f"look-up answered {answer.status}")
        self.answer = answer


class PartnerProtocol(Protocol):
    """Requests of one protocol. An answer's status says what became of the row, its body why."""

    def create(self, operation: Operation, body: Json) -> Answer:
        """Makes a record; an upsert also replaces one."""

    def create_many(
        self, rows: Sequence[tuple[Operation, Json]], repeat: bool = True
    ) -> tuple[list[Answer | None], Answer]:
        """Several upserts in one request: what is told of each row, None where nothing is, and the answer as a whole.

        Its requests are counted in the whole alone. `repeat=False`: not sent again once it may have been processed.
        """

    def change(self, operation: Operation, remote_id: str, body: Json) -> Answer:
        """Changes fields of a record."""

    def remove(self, operation: Operation) -> Answer:
        """Deletes a record, or cuts its link to us where that is a call of its own."""

    def remote_id(self, entity: Entity, answer: Answer) -> str | None:
        """The partner's id in the answer to a create."""

    def pages(self, entity: Entity, find: Find, value: Any) -> Iterator[Page]:
        """A list or search, page by page. Raises LookupFailed."""

    def one(
        self, entity: Entity, remote_id: str, external_id: str | None, path: Mapping[str, Any]
    ) -> tuple[Answer, Json | None]:
        """The record under an id of the partner, or None when it is not there."""


def filled(path: str, names: Mapping[str, Any]) -> str:
    """A path with the names in braces filled in and percent-encoded."""
    for name, value in names.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    return path
