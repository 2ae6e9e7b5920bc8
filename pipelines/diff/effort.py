"""What a difference costs at a partner: requests, and minutes at the limits that its contract names."""

import math
from collections.abc import Iterable

from pipelines.contract.contract import Contract, Limits
from pipelines.contract.model import Entity
from pipelines.plan.counts import PlanCounts
from pipelines.reports.diff import EffortLine

# Seconds of a window of a limit, the word for it, and whether so many requests may go at once in the first of them.
WINDOWS = (
    ("per_second", 1, "a second", False),
    ("per_minute", 60, "a minute", False),
    ("per_hour", 3_600, "an hour", True),
    ("per_day", 86_400, "a day", True),
)


def effort(contract: Contract, counts: Iterable[PlanCounts], silent: dict[str, int]) -> EffortLine | None:
    """Least requests and minutes for these operations; `silent`: by entity, operations for which nothing is sent.

    None where nothing is sent.
    """
    requests = sum(
        _requests(contract, contract.entities[line.entity], line, silent.get(line.entity, 0))
        for line in counts
    )
    if not requests:
        return None
    seconds, limit = _seconds(contract.limits, requests)
    minutes = None if limit is None else round(seconds / 60, 1)
    return EffortLine(partner=contract.partner, requests=requests, minutes=minutes, limit=limit)


def _requests(contract: Contract, entity: Entity, line: PlanCounts, silent: int) -> int:
    sent = max(line.create + line.update + line.withdraw - silent, 0)
    if not sent:
        return 0
    if entity.openimmo:
        return math.ceil(sent / entity.openimmo.objects)
    if entity.bulk:
        return math.ceil(sent / entity.bulk.max)
    if entity.upsert and contract.protocol == "graphql":
        return math.ceil(sent / contract.batch)
    for_each = line.create if entity.before_create == "look_up" else 0
    # A record whose state decides what may be done is read before.
    for_each += line.update + line.withdraw if entity.states else 0
    for_each += 2 * line.create if entity.external_ids else 0
    steps = len(entity.content.before) + len(entity.content.after) if entity.content else 0
    return sent + for_each + line.documents * steps


def _seconds(limits: Limits, requests: int) -> tuple[float, str | None]:
    """How long so many requests take, and the limit that decides it."""
    found = [
        (0.0 if at_once and requests <= most else window * (requests / most), f"{most:,g} {words}")
        for name, window, words, at_once in WINDOWS
        if (most := getattr(limits, name))
    ]
    return max(found, default=(0.0, None), key=lambda one: one[0])
