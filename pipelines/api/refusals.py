"""Counts what a partner refuses and what fails, entity by entity: when to give an entity up, and what to tell people.

What is systematic is not tried hundreds of times: some partners block callers for that. The entity is given up and not
the partner, as the form of others may be right; what hangs on its records is blocked then.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field

from pipelines.api.outcome import Outcome

# Refusals that depend on the single record, however many records have them.
OF_THE_RECORD = frozenset({"sync_off", "unknown_parent", "login_expired", "locked", "throttled"})
# The partner's, though they have no status: where it wants bytes to be sent is the same for all.
OF_THE_PARTNER = frozenset({"content_address"})
Key = tuple[str, str]


@dataclass
class _Tally:
    accepted: int = 0
    alike: Counter[tuple[str, tuple[str, ...], int]] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    why: tuple[str, tuple[str, ...], int] | None = None


class Withheld:
    """The fields that rows were sent without in this run, as they were refused as taken. Thread-safe."""

    def __init__(self) -> None:
        self._fields: dict[Key, tuple[str, ...]] = {}

    def note(self, entity: str, external_id: str, fields: tuple[str, ...]) -> None:
        """A row was accepted without these fields; with all that was to be sent when there are none."""
        if fields:
            self._fields[entity, external_id] = fields
        else:
            self._fields.pop((entity, external_id), None)

    def of(self, entity: str, external_id: str) -> tuple[str, ...]:
        """The fields that a row was sent without."""
        return self._fields.get((entity, external_id), ())


class Refusals:
    """For each entity and kind of operation: accepted, refused alike, not tried any more. Thread-safe."""

    def __init__(self, most: int):
        self._most = most
        self._lock = threading.Lock()
        self._tallies: dict[Key, _Tally] = {}

    def skips(self, entity: str, kind: str) -> bool:
        """Whether rows like this one are not tried any more; counts the row if so."""
        with self._lock:
            tally = self._tallies.get((entity, kind))
            if tally is None or tally.why is None:
                return False
            tally.skipped += 1
            return True

    def note(self, entity: str, kind: str, outcome: Outcome) -> None:
        """Notes what became of a row. So many refused alike, and none accepted, end the entity."""
        with self._lock:
            tally = self._tallies.setdefault((entity, kind), _Tally())
            if outcome.state in ("synced", "withdrawn", "delivered"):
                tally.accepted += 1
                return
            status, reason = outcome.http_status or 0, outcome.reason or ""
            tally.failing[reason] += 1
            is_refusal = 400 <= status < 500 or reason in OF_THE_PARTNER
            if not is_refusal or reason in OF_THE_RECORD or tally.accepted:
                return
            alike = (reason, outcome.fields, status)
            tally.alike[alike] += 1
            if tally.alike[alike] >= self._most:
                tally.why = alike

    def failing(self, entity: str) -> tuple[int, str] | None:
        """How many rows of an entity were not accepted, and the commonest reason."""
        with self._lock:
            found: Counter[str] = Counter()
            for (name, _), tally in self._tallies.items():
                if name == entity:
                    found += tally.failing
            return (found.total(), found.most_common(1)[0][0]) if found else None

    def notes(self) -> list[str]:
        """For people: what was given up, why, and how many rows were not tried."""
        with self._lock:
            return [
                f"{entity}: {self._most} of them were refused alike on {kind} ({status} {reason}"
                + (f": {', '.join(fields)}" if fields else "")
                + f") and none was accepted; {tally.skipped} more were not tried in this run"
                for (entity, kind), tally in self._tallies.items()
                if tally.why
                for reason, fields, status in [tally.why]
            ]
