"""What a partner holds already, by our external ids: each list is read once in a run, before the first create needs it.

For partners that do not keep external ids unique and count requests by the day, so that a look-up before each create
would be too dear.
"""

import threading
from collections.abc import Callable, Iterable

from pipelines.api.http.client import Answer
from pipelines.api.protocols.protocol import Json, LookupFailed
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.contract.contract import Entity

# All records of a list (below a parent, where it shows those only), and the number of requests that took.
ReadList = Callable[[Entity, str | None], tuple[list[Json], int]]


class KnownIds:
    """External id → the partner's ids, entity by entity, and parent by parent where lists are asked so."""

    def __init__(self, read: ReadList, entities: Iterable[Entity]):
        self._read = read
        self._parents = {entity.list_below.entity for entity in entities if entity.list_below}
        self._found: dict[tuple[str, str | None], dict[str, list[str]]] = {}
        self._made: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def made(self, entity: Entity, remote_id: str) -> None:
        """Notes a record that was created in this run: nothing hangs below it yet."""
        if entity.name in self._parents:
            self._made.add((entity.name, remote_id))

    def ids(self, entity: Entity, external_id: str, parent_id: str | None) -> tuple[list[str], int]:
        """The partner's ids of the records under an external id, and the number of requests."""
        below = entity.list_below
        if below and parent_id is not None and (below.entity, parent_id) in self._made:
            return [], 0
        key = (entity.name, parent_id if below else None)
        with self._lock:
            sent = 0
            if key not in self._found:
                records, sent = self._read(entity, key[1])
                self._found[key] = _by_external_id(entity, records)
            return self._found[key].get(external_id, []), sent


def _by_external_id(entity: Entity, records: list[Json]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for record in records:
        value = record.get(entity.external_id or "")
        if value not in (None, "") and entity.holds(record):
            remote_id = checked_id(record.get(entity.id))
            if (
                remote_id is None
            ):  # a record that may be ours and cannot be addressed: nothing may be concluded
                raise LookupFailed(Answer(200, None, {}, 0))
            found.setdefault(str(value), []).append(remote_id)
    return found
