"""What a run believes of a partner: whether it keeps our external id on an entity where that is only assumed.

A refusal of a value is that row's. That a partner does not know the field follows from several rows whose answers say
so and that are accepted without it, and never once a record was taken with it.
"""

import threading
from collections.abc import Iterable

import duckdb

# One answer is no evidence: so many rows must say the same before others are sent without their id.
EVIDENCE = 3
WITHOUT = "without_external_id"
TO_SEND = "external_id_to_send"


class ExternalIds:
    """Entity by entity: taken with our id, believed not to know it, and rows that were sent without. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._unknown: set[str] = set()
        self._witnesses: dict[str, set[str]] = {}
        self._bare: set[tuple[str, str]] = set()

    def is_unknown(self, entity: str) -> bool:
        """Whether the partner is believed not to know our id on this entity."""
        return entity in self._unknown

    def is_taken(self, entity: str) -> bool:
        """Whether a record of this entity was taken with our id, or is shown with one."""
        return entity in self._taken

    def taken(self, entity: str) -> None:
        """A record was taken with our id: the partner knows it, whatever other answers said."""
        with self._lock:
            self._taken.add(entity)
            self._unknown.discard(entity)

    def refused(self, entity: str, external_id: str) -> None:
        """A row whose id was refused as unknown was accepted without it."""
        with self._lock:
            self._bare.add((entity, external_id))
            witnesses = self._witnesses.setdefault(entity, set())
            witnesses.add(external_id)
            if len(witnesses) >= EVIDENCE and entity not in self._taken:
                self._unknown.add(entity)

    def left_out(self, entity: str, external_id: str) -> None:
        """A row was sent without its id because the partner is believed not to know it."""
        with self._lock:
            self._bare.add((entity, external_id))

    def given(self, entity: str, external_id: str) -> None:
        """A row was sent with its id."""
        with self._lock:
            self._bare.discard((entity, external_id))

    def is_bare(self, entity: str, external_id: str) -> bool:
        """Whether the row was sent without its id in this run."""
        return (entity, external_id) in self._bare

    def bare(self, entity: str) -> int:
        """How many rows of an entity were sent without their id in this run."""
        return sum(name == entity for name, _ in self._bare)

    @property
    def unknown(self) -> frozenset[str]:
        """Entities on which the partner is believed not to know our id."""
        return frozenset(self._unknown)

    @property
    def known(self) -> frozenset[str]:
        """Entities of which a record was taken with our id in this run."""
        return frozenset(self._taken)


def resend(db: duckdb.DuckDBPyConnection, partner: str, entities: Iterable[str]) -> int:
    """Lets records that were made without their external id be sent whole by the next plan; returns how many.

    `entities` are those on which the partner has turned out to take it. What must be settled before: the fold.
    """
    # Without payload and hash the next update sends everything, the external id too.
    rows = db.execute(
        "update sync.ledger set state = 'pending', reason = ?,"
        " payload = null, refs = null, payload_hash = null"
        " where partner = ? and list_contains(?, entity) and state = 'synced' and reason = ? returning 1",
        [TO_SEND, partner, sorted(entities), WITHOUT],
    ).fetchall()
    return len(rows)


def in_words(title: str, entity: str, rows: int) -> str:
    """What is believed of a partner, for people."""
    return (
        f"{title} takes no external id on {entity}: {rows} were sent without it in this run, and are found by their"
        " natural key alone; they get it by themselves once the partner takes it"
    )
