"""Several upserts in one request, for partners that take that. Each row keeps an outcome of its own.

What a request does not tell of a row goes again in halves, so that one bad row costs one row: upserts may be repeated.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from pipelines.api.connector import Connector
from pipelines.api.http.client import Answer, PartnerStopped
from pipelines.api.http.retry import is_transient
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.bulk import NARROWED
from pipelines.api.protocols.protocol import Operation

TOO_LARGE = 413


def carry_out_together(connector: Connector, operations: Sequence[Operation]) -> list[Outcome]:
    """Sends rows in one request and returns what became of each, in their order. Never raises for a row.

    A partner that is given up meanwhile leaves the rows that nothing is known of pending.
    """
    return _Batch(connector, operations).outcomes()


class _Batch:
    """The rows of one request, and of the smaller ones that it is taken apart into."""

    def __init__(self, connector: Connector, operations: Sequence[Operation]):
        self._connector, self._operations = connector, operations
        self._found: dict[int, Outcome] = {}
        # Requests that several rows shared, by the first of them, with which they are counted.
        self._shared: Counter[int] = Counter()

    def outcomes(self) -> list[Outcome]:
        """What became of each row."""
        # Breadth first: a half that goes through shows that the partner is well.
        waiting = deque([list(range(len(self._operations)))])
        try:
            while waiting:
                places = waiting.popleft()
                waiting += _halves(self._send(places))
        except PartnerStopped:
            for place, operation in enumerate(self._operations):
                self._found.setdefault(place, Outcome("pending", "stopped", operation.remote_id))
        found = [self._found[place] for place in range(len(self._operations))]
        return [replace(one, requests=one.requests + self._shared[p]) for p, one in enumerate(found)]

    def _send(self, places: list[int]) -> list[int]:
        """Sends these rows; returns the places of those of which nothing is known yet."""
        if len(places) == 1:
            self._found[places[0]] = self._connector.carry_out(self._operations[places[0]])
            return []
        going = [place for place in places if not self._is_given_up(place)]
        if not going:
            return []
        connector, rows = self._connector, [self._operations[place] for place in going]
        # Once more as a whole, and not each of its parts: twenty failures in a row give the partner up.
        is_whole = len(places) == len(self._operations)
        bodies = [(row, connector.upsert_body(row)) for row in rows]
        answers, whole = connector.protocol.create_many(bodies, repeat=is_whole)
        self._shared[going[0]] += whole.requests
        if whole.status == TOO_LARGE:
            connector.takes_fewer(rows[0].entity, than=len(going))
        if _concerns_all(whole):
            answers = [replace(whole, requests=0)] * len(going)
        left = []
        for place, row, answer in zip(going, rows, answers, strict=True):
            if answer is None or answer.problem or _is_passing(answer.status):
                left.append(place)
            else:
                self._found[place] = connector.noted(row, connector.upserted(row, answer))
        return left

    def _is_given_up(self, place: int) -> bool:
        """Whether rows like this one are not tried any more in this run; notes it if so."""
        row = self._operations[place]
        if not self._connector.refusals.skips(row.entity.name, row.kind):
            return False
        self._found[place] = Outcome("pending", "not_tried", row.remote_id)
        return True


def _halves(places: list[int]) -> list[list[int]]:
    middle = (len(places) + 1) // 2
    return [half for half in (places[:middle], places[middle:]) if half]


def _concerns_all(whole: Answer) -> bool:
    """Whether a refusal is about the request as such (its address, the rights of its caller), whatever its rows."""
    is_refusal = whole.status is not None and not whole.is_good and whole.problem is None
    return is_refusal and whole.status not in NARROWED and not _is_passing(whole.status)


def _is_passing(status: int | None) -> bool:
    """Whether an answer like this says nothing of its row."""
    return status is None or is_transient(status) or status == 401
