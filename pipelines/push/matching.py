"""Rows whose records the partner makes itself: matched with what it has, one record for one row. Nothing is written.

By our external id where a record carries it, else, of records without any external id, by the natural key. Two rows
that fit one record, or two records that fit one row, are `ambiguous`: none of them is taken, by no row.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from pipelines.api.connector import Connector, LookupFailed
from pipelines.api.lookup import HeldByAnother, external_ids_of
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import Json, Operation
from pipelines.contract.contract import Entity

Map = Callable[[Callable[[Operation], Any], Iterable[Operation]], Iterable[Any]]
AMBIGUOUS, NOT_MADE = Outcome("rejected", "ambiguous"), Outcome("blocked", "not_made_yet")
BY_ANOTHER = Outcome("rejected", "held_by_another")


def match_rows(connector: Connector, operations: Sequence[Operation], run: Map = map) -> list[Outcome]:
    """What became of each row, in their order. Raises `PartnerStopped`. `run` may look rows up side by side."""
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, operation in enumerate(operations):
        groups[operation.entity.name, json.dumps(dict(operation.path), sort_keys=True)].append(place)
    found: dict[int, Outcome] = {}
    for places in groups.values():
        own = [operations[place] for place in places]
        try:
            outcomes = _match(connector, own, run)
        except LookupFailed as failed:
            outcomes = [replace(connector.judge(o, failed.answer), requests=0) for o in own]
            outcomes[0] = replace(outcomes[0], requests=failed.answer.requests)
        found |= dict(zip(places, outcomes, strict=True))
    return [found[place] for place in range(len(operations))]


def _match(connector: Connector, operations: list[Operation], run: Map) -> list[Outcome]:
    """Rows of one list. Its requests count with the first."""
    entity = operations[0].entity
    records, sent = connector.listed(operations[0])
    by_id = {remote_id: record for remote_id, record in records if entity.holds(record)}
    carried: defaultdict[str, list[str]] = defaultdict(list)
    for remote_id, record in by_id.items():
        for external_id in external_ids_of(entity, record):
            carried[external_id].append(remote_id)
    outcomes: dict[str, Outcome] = {}
    ids: dict[str, str] = {}
    told: set[str] = set()
    # A list may not show all of them.
    left = [o for o in operations if not carried[o.external_id]]
    looked_up = dict(zip((o.external_id for o in left), run(_looker(connector), left), strict=True))
    for operation in operations:
        ours = operation.external_id
        hits, requests, why = looked_up.get(ours, (carried[ours], 0, None))
        told |= set(hits)
        free = connector.claims.free(entity, hits, ours)
        if why is not None or len(hits) > 1 or (hits and not free):
            outcomes[ours] = replace(why or (AMBIGUOUS if len(hits) > 1 else BY_ANOTHER), requests=requests)
        elif hits:
            ids[ours] = hits[0]
        else:
            outcomes[ours] = replace(NOT_MADE, requests=requests)
    nameless = [o for o in operations if outcomes.get(o.external_id, AMBIGUOUS).reason == NOT_MADE.reason]
    for ours, match in _by_natural_key(connector, entity, nameless, by_id, told).items():
        if match is None:
            outcomes[ours] = replace(AMBIGUOUS, requests=outcomes[ours].requests)
        else:
            ids[ours] = match
    spent = {ours: outcome.requests for ours, outcome in outcomes.items()}
    done = [
        connector.matched(o, ids[o.external_id], spent.get(o.external_id, 0))
        if o.external_id in ids
        else outcomes[o.external_id]
        for o in operations
    ]
    return [replace(done[0], requests=done[0].requests + sent), *done[1:]]


def _looker(connector: Connector) -> Callable[[Operation], tuple[list[str], int, Outcome | None]]:
    """Looks a row up by its external id: ids, requests, and an outcome where nothing may be concluded."""

    def look(operation: Operation) -> tuple[list[str], int, Outcome | None]:
        try:
            found, sent = connector.find_by_external_id(operation)
        except LookupFailed as failed:
            return [], failed.answer.requests, connector.judge(operation, failed.answer)
        except HeldByAnother as held:
            return [], held.requests, BY_ANOTHER
        return found, sent, None

    return look


def _by_natural_key(
    connector: Connector,
    entity: Entity,
    operations: list[Operation],
    by_id: dict[str, Json],
    told: set[str],
) -> dict[str, str | None]:
    """External id → record for rows that fit one record and no other; None where it cannot be told.

    `told`: records that a look-up by external id has shown, if only for a row that got none of them.
    """
    keys = [key for key in entity.natural_key if not operations or key not in operations[0].path]
    wanted = {o.external_id: _key(keys, o.body) for o in operations}
    open_ = [i for i, r in by_id.items() if i not in told and not external_ids_of(entity, r)]
    free = set(connector.claims.free(entity, open_))
    shown: defaultdict[str, list[str]] = defaultdict(list)
    for remote_id in open_:
        if remote_id in free and (key := _key(keys, by_id[remote_id])):
            shown[key].append(remote_id)
    rows = Counter(key for key in wanted.values() if key)
    return {
        external_id: shown[key][0] if len(shown[key]) == 1 and rows[key] == 1 else None
        for external_id, key in wanted.items()
        if key and shown[key]
    }


def _key(fields: Sequence[str], values: Any) -> str | None:
    """A natural key as text; None where a part of it is empty, as that identifies nothing."""
    parts = [values.get(name) for name in fields]
    return None if not parts or any(p in (None, "") for p in parts) else json.dumps(parts, sort_keys=True)
