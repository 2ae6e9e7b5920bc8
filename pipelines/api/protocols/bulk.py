"""What the answer to several upserts in one request says of each. Pure functions; what is odd is not believed.

An entry of the answer counts where its place in the request and our id name the same record; a record counts as
accepted where the whole answer adds up. Of the others nothing is known: they may be sent again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.api.http.client import Answer
from pipelines.api.protocols.answers import REFUSED, understood
from pipelines.contract.contract import Contract, dig
from pipelines.contract.model import Bulk, Json, put

# A refusal with one of these may be about single records of the request, or about their number.
NARROWED = frozenset({400, 409, 413, 414, 422, 431})
MANY = 207


@dataclass(frozen=True)
class _Named:
    """Records that a list of the answer names, by their places; `doubtful` are named twice, or by names that differ.

    `number`: how many records are meant. `is_whole`: every entry names a record of the request; `is_twofold`: one of
    them more than once.
    """

    entries: Mapping[int, Any]
    doubtful: frozenset[int]
    number: int
    is_whole: bool
    is_twofold: bool


def body_of(bulk: Bulk, items: list[Json]) -> Any:
    """The body that carries these records."""
    if not bulk.items:
        return items
    body: Json = {}
    put(body, bulk.items, items)
    return body


def readable(answer: Answer, contract: Contract, bulk: Bulk, ids: Sequence[str]) -> Answer:
    """The answer as its body says it is: unusable where it tells nothing of any record that can be believed."""
    own = {path.split(".")[0] for path in (bulk.rejected, bulk.accepted, *bulk.counts)}
    # Its records are told in the same way, whatever the status of success.
    answer = replace(answer, status=200) if answer.status == MANY else answer
    answer = understood(answer, contract, own)
    if answer.ok and not any(told(bulk, answer, ids)):
        return replace(answer, problem="unusable")
    return answer


def told(bulk: Bulk, answer: Answer, ids: Sequence[str]) -> list[Answer | None]:
    """For each record of the request what became of it, or None. `ids` are our ids in the order of the request."""
    nothing: list[Answer | None] = [None] * len(ids)
    if answer.problem or not (answer.is_good or answer.status in NARROWED):
        return nothing
    rejected = _named(bulk, dig(answer.body, bulk.rejected), ids)
    if rejected is None:
        return nothing
    accepted = _accepted(bulk, answer, rejected, ids) if answer.is_good else frozenset()
    found = list(nothing)
    for place in range(len(ids)):
        if place in rejected.entries and place not in rejected.doubtful | accepted:
            found[place] = replace(answer, status=REFUSED, body=rejected.entries[place], requests=0)
        elif place in accepted and place not in rejected.entries:
            found[place] = replace(answer, status=200, requests=0)
    return found


def _accepted(bulk: Bulk, answer: Answer, rejected: _Named, ids: Sequence[str]) -> frozenset[int]:
    """Places of the records that the answer accepts; none where its numbers do not add up."""
    others = frozenset(range(len(ids))) - rejected.entries.keys()
    value = dig(answer.body, bulk.accepted) if bulk.accepted else None
    if isinstance(value, list):
        named = _named(bulk, value, ids)
        is_odd = named is None or not _adds_up(bulk, answer, len(value))
        return frozenset() if named is None or is_odd else frozenset(named.entries) - named.doubtful
    # An entry that names nobody of the request, or one of them again, may be about any of the others.
    if not rejected.is_whole:
        return frozenset()
    if not bulk.accepted:
        return frozenset() if rejected.is_twofold else others
    is_right = _is_count(value) and value == len(ids) - rejected.number and _adds_up(bulk, answer, value)
    return others if is_right else frozenset()


def _adds_up(bulk: Bulk, answer: Answer, accepted: int) -> bool:
    """Whether the parts of the accepted are as many as all of them; parts that are not told tell nothing."""
    parts = [value for path in bulk.counts if (value := dig(answer.body, path)) is not None]
    return len(parts) < len(bulk.counts) or (all(map(_is_count, parts)) and sum(parts) == accepted)


def _named(bulk: Bulk, entries: Any, ids: Sequence[str]) -> _Named | None:
    """The records that a list names; None where there is no list."""
    if not isinstance(entries, list):
        return None
    where = {ours: place for place, ours in enumerate(ids)}
    named = [_places(bulk, entry, where) for entry in entries]
    times = Counter(place for places in named for place in places)
    unclear = {place for places in named if len(places) > 1 for place in places}
    return _Named(
        entries={place: entry for entry, places in zip(entries, named, strict=True) for place in places},
        doubtful=frozenset(unclear | {place for place in times if times[place] > 1}),
        number=len(set(named)),
        is_whole=all(named),
        is_twofold=len(set(named)) < len(named),
    )


def _places(bulk: Bulk, entry: Any, where: Mapping[str, int]) -> frozenset[int]:
    """Places that an entry names by its index and by our id: one where it is right, two where they differ.

    None of them where one of the two names nothing that was sent.
    """
    index, ours = entry, entry if isinstance(entry, str) else None
    if isinstance(entry, Mapping):
        index, ours = dig(entry, bulk.index), dig(entry, bulk.external_id)
    by_id = where.get(str(ours)) if isinstance(ours, str | int) and not isinstance(ours, bool) else None
    if by_id is not None and (len(where) == 1 or index is None or isinstance(entry, str)):
        return frozenset({by_id})  # of a single record whatever the index: there is no other
    if not _is_count(index) or index >= len(where) or (ours is not None and by_id is None):
        return frozenset()
    return frozenset({index} if by_id is None else {index, by_id})


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
