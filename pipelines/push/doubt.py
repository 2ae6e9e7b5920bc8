"""Looking for the records of creates that were never answered: all rows in doubt together, one record for one row.

Looked up one after the other, two rows with equal natural keys would both find the first record. So rows that one
look-up serves are matched with what it shows as a whole, and only when none of them is on its way any more.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipelines.api.connector import Connector, LookupFailed
from pipelines.api.lookup import HeldByAnother, external_ids_of
from pipelines.api.protocols.protocol import Json, Operation, filled
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.contract.contract import Entity, Find

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 16.0


@dataclass(frozen=True)
class Found:
    """What a look-up says of one row.

    `one`: its record. `none`: the partner shows no record that could be its own. `several`: it cannot be told which.
    `gone`: it is to be withdrawn, and the partner says that there is no parent of it any more.
    `unknown`: the look-up got no usable answer, or was not asked, so nothing may be concluded.
    """

    what: Literal["one", "none", "several", "gone", "unknown"]
    remote_id: str | None = None
    requests: int = 0


UNKNOWN = Found("unknown")


def pauses(total: float) -> Iterator[float]:
    """Growing pauses, 1, 2, 4 … seconds, that add up to `total`; none at all for 0."""
    pause = FIRST_PAUSE
    while total > 0:
        yield min(pause, total)
        total -= pause
        pause = min(2 * pause, LONGEST_PAUSE)


def look_for(
    connector: Connector, operations: Sequence[Operation], until: float | None = None
) -> list[Found]:
    """What became of some creates, none of which is on its way any more; in the order of the operations.

    By external id where the partner keeps one; else, among records without one that no other row holds, by the
    natural key, one to one. A record that was not shown when it was to be changed or withdrawn is looked for first
    under the id that it is known under, and when it is to go, by no natural key. No further look-up is begun after
    `until` (of `time.monotonic`). Raises `PartnerStopped`.
    """
    found: dict[int, Found] = {}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, operation in enumerate(operations):
        if until is not None and time.monotonic() > until:
            found[place] = UNKNOWN
            continue
        found[place] = _by_external_id(connector, operation)
        has_key = operation.entity.natural_key and operation.kind != "withdraw"
        if found[place].what == "none" and operation.entity.candidates and has_key:
            groups.setdefault(connector.candidates_key(operation), []).append(place)
    for places in groups.values():
        late = until is not None and time.monotonic() > until
        own = [operations[place] for place in places]
        matches = [UNKNOWN] * len(own) if late else _by_natural_key(connector, own)
        for place, match in zip(places, matches, strict=True):
            found[place] = replace(match, requests=match.requests + found[place].requests)
    return [found[place] for place in range(len(operations))]


def _by_external_id(connector: Connector, operation: Operation) -> Found:
    try:
        look = connector.find_known if operation.remote_id else connector.find_by_external_id
        ids, sent = look(operation)
    except LookupFailed as failed:
        has_no_parent = connector.judge(operation, failed.answer).reason == "unknown_parent"
        is_gone = operation.kind == "withdraw" and has_no_parent
        return Found("gone" if is_gone else "unknown", requests=failed.answer.requests)
    except HeldByAnother as held:
        return Found("several", requests=held.requests)
    if len(ids) > 1:
        return Found("several", requests=sent)
    return Found("one", ids[0], sent) if ids else Found("none", requests=sent)


def _by_natural_key(connector: Connector, operations: list[Operation]) -> list[Found]:
    """Rows that one look-up serves, matched with the records that it shows; its requests count with the first."""
    try:
        records, sent = connector.candidates(operations)
        found = [_carrying(connector, operation, records) for operation in operations]
        left = [row for row, one in enumerate(found) if one.what == "none"]
        nameless = [r for r in records if not external_ids_of(operations[0].entity, r)]
        for row, one in zip(
            left, _alike_matched(connector, [operations[r] for r in left], nameless), strict=True
        ):
            found[row] = one
    except LookupFailed as failed:
        return [replace(UNKNOWN, requests=failed.answer.requests), *[UNKNOWN] * (len(operations) - 1)]
    return [replace(found[0], requests=sent), *found[1:]]


def _carrying(connector: Connector, operation: Operation, records: list[Json]) -> Found:
    """What records with a row's own id say of it: a list may show what a search by it did not tell."""
    entity, ours = operation.entity, operation.external_id
    ids = [str(checked_id(r.get(entity.id))) for r in records if ours in external_ids_of(entity, r)]
    free = connector.claims.free(entity, list(dict.fromkeys(ids)), ours)
    if not ids:
        return Found("none")
    return Found("one", free[0]) if len(free) == 1 else Found("several")


def _alike_matched(connector: Connector, operations: list[Operation], records: list[Json]) -> list[Found]:
    """Rows matched one to one with records that carry no id of ours, by their natural keys."""
    if not operations:
        return []
    free = _free(connector, operations, records)
    places: list[int | None] = [None] * len(operations)
    for rows, shown in _alike(connector, operations, free):
        own = [operations[row] for row in rows]
        for row, place in zip(rows, _matched(connector, own, [free[r] for r in shown]), strict=True):
            places[row] = None if place is None else shown[place] if place >= 0 else place
    found = []
    for operation, place in zip(operations, places, strict=True):
        remote_id = (
            checked_id(free[place].get(operation.entity.id)) if place is not None and place >= 0 else None
        )
        what: Any = "none" if place is None else "several" if remote_id is None else "one"
        found.append(Found(what, remote_id))
    return found


def _free(connector: Connector, operations: list[Operation], records: list[Json]) -> list[Json]:
    """Records that fit a row and that no row holds, as the ledger, the journal and this process say."""
    entity = operations[0].entity
    fitting = {
        str(checked_id(record.get(entity.id))): record
        for record in records
        if any(connector.fits(operation, record) for operation in operations)
    }
    return [fitting[one] for one in connector.claims.free(entity, list(fitting))]


def _alike(
    connector: Connector, operations: list[Operation], records: list[Json]
) -> Iterator[tuple[list[int], list[int]]]:
    """Rows with equal natural keys, and the records that have it too, as places in both lists."""
    left = list(range(len(operations)))
    while left:
        keys = operations[left[0]]
        shown = [place for place, record in enumerate(records) if connector.fits(keys, record)]
        rows = [r for r in left if r == left[0] or (_has_key_of(operations[r], keys))]
        left = [r for r in left if r not in rows]
        yield rows, shown


def _has_key_of(operation: Operation, other: Operation) -> bool:
    names = other.entity.natural_key
    left, right = ({**o.body, **o.path} for o in (operation, other))
    return all((left.get(name) or None) == (right.get(name) or None) for name in names)


SEVERAL = -1


def _matched(connector: Connector, rows: list[Operation], records: list[Json]) -> list[int | None]:
    """For each of some rows with one natural key the place of its record, None, or `SEVERAL`.

    A record that shows all that would be sent is preferred. When there are more records than rows, only such a one
    is taken, and of several only one on which nothing hangs: a record that was just made has no children.
    """
    left = list(range(len(records)))
    found: list[int | None] = [None] * len(rows)
    is_enough = len(records) <= len(rows)
    for at, row in enumerate(rows):
        equal = [place for place in left if connector.equals(row, records[place])]
        if len(equal) > 1 and not is_enough:
            equal = [p for p in equal if not has_children(connector, row.entity, records[p])]
        if equal:
            found[at] = equal[0]
            left.remove(equal[0])
    open_rows = [at for at, place in enumerate(found) if place is None]
    for at, place in zip(open_rows, left if len(left) <= len(open_rows) else [], strict=False):
        found[at] = place
    if len(left) > len(open_rows):
        for at in open_rows:
            found[at] = SEVERAL
    return found


def has_children(connector: Connector, entity: Entity, record: Json) -> bool:
    """Whether anything hangs on a record at the partner. Raises LookupFailed."""
    remote_id = checked_id(record.get(entity.id))
    for child, field, find, value in _child_lists(connector, entity, remote_id):
        for page in connector.pages(child, find, value):
            if any(field is None or str(shown.get(field)) == remote_id for shown in page.known()):
                return True
    return False


def _child_lists(
    connector: Connector, entity: Entity, remote_id: str | None
) -> Iterable[tuple[Entity, str | None, Find, Any]]:
    """How the children of a record are listed: below it, by a parameter, or among all that there are."""
    for child in connector.contract.entities.values():
        for parent in child.parents:
            if parent.entity != entity.name or child.created_with == entity.name:
                continue
            if parent.in_path:
                path = filled(child.list, {parent.field: remote_id})
                yield child, None, replace(child.listing, path=path), None
            elif child.list_below and child.list_below.entity == entity.name:
                find = replace(child.listing, query=child.list_below.query)
                yield child, parent.field, find, remote_id
            elif child.candidates and parent.field in (child.candidates.query, child.candidates.body):
                yield child, parent.field, child.candidates, remote_id
            else:
                yield child, parent.field, child.listing, None
