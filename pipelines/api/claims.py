"""Which row a record at the partner belongs to: one record, one row.

What is claimed is asked for only when a look-up has found something, so that a push without trouble reads nothing more
than before: who holds a record (`ledger/holders.py`), and what this process took up.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from pipelines.contract.contract import Contract, Entity

# Of entities of one kind of record, and ids of the partner: each of these ids with an external id that holds it.
Holders = Callable[[Collection[Entity], Collection[str]], Iterable[tuple[str, str]]]


class Claims:
    """The external ids that hold records of one partner. Safe to use from several threads."""

    def __init__(self, contract: Contract, holders: Holders = lambda *_: ()):
        self._contract, self._known = contract, holders
        self._taken: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def take(self, entity: Entity, remote_id: str, external_id: str) -> bool:
        """Takes a record for a row, for the rest of this process. False when another row has it."""
        with self._lock:
            return self._taken.setdefault((entity.record, remote_id), external_id) == external_id

    def free(self, entity: Entity, remote_ids: Collection[str], external_id: str | None = None) -> list[str]:
        """Those of some records that belong to no other row than the one that is named, in the same order.

        Raises `LookupFailed` when the ledger cannot be read: then nothing may be concluded.
        """
        holders = self._holders(entity, remote_ids)
        return [one for one in remote_ids if holders.get(one, set()) <= {external_id}]

    def doubly_given(self, entity: Entity, made: Sequence[tuple[str, str]]) -> set[int]:
        """Places in a list of new records (remote id, external id) whose id the partner gave to another row before."""
        holders = self._holders(entity, list({remote_id for remote_id, _ in made}))
        own: defaultdict[str, list[str]] = defaultdict(list)
        for remote_id, external_id in made:
            own[remote_id].append(external_id)
        return {
            place
            for place, (remote_id, external_id) in enumerate(made)
            if external_id != own[remote_id][0] or holders.get(remote_id, set()) - set(own[remote_id])
        }

    def _holders(self, entity: Entity, remote_ids: Collection[str]) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        if not remote_ids:
            return found
        kin = [e for e in self._contract.entities.values() if e.record == entity.record]
        for remote_id, external_id in self._known(kin, remote_ids):
            found[remote_id].add(external_id)
        with self._lock:
            for remote_id in remote_ids:
                if (entity.record, remote_id) in self._taken:
                    found[remote_id].add(self._taken[entity.record, remote_id])
        return found
