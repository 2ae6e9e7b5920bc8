"""Reads one list so that no row is missed, although rows move between the pages while it is read.

OpenWOWI promises no order and no total. A list is therefore read until two passes hold the same rows:

1. In one pass no row may come on two pages. Then the pass has as many different rows as the list had places when its
   last page was read.
2. A later pass meets every one of these rows again, so all of them still stood in the list at that moment. As many
   rows as places, all of them there: no place is left for a row that was missed, however rows were inserted, deleted
   or reordered in between.

The passes cut their pages at different places, so that a fault that always hits the same boundary shows too.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.erp.openwowi.client import OpenWowiClient, Row
from pipelines.erp.openwowi.endpoints import Endpoint
from pipelines.errors import DeliveryError

# Rows of the first page in each pass; the others have 100.
FIRST_PAGES = (100, 67, 34, 89)

Rows = Counter[tuple[Any, ...]]


def read_list(
    client: OpenWowiClient, endpoint: Endpoint, folder: Path, say: Callable[[str], None] = lambda _: None
) -> Path:
    """Writes all rows of a list as JSON lines into `folder` and returns the file; `say` is told after each page.

    Raises `DeliveryError` when no two of four passes hold the same rows, and what the client raises.
    """
    path = folder / f"{endpoint.name}.jsonl"
    steady: list[Rows] = []
    for first in FIRST_PAGES:
        rows = _read_once(client, endpoint, first, path, say)
        if rows is not None and rows in steady:
            return path
        if rows is not None:
            steady.append(rows)
    raise DeliveryError(
        f"OpenWOWI {endpoint.path}: rows change while they are read ({len(FIRST_PAGES)} passes, no two alike); "
        "nothing was loaded, load again when nobody works there"
    )


def _read_once(
    client: OpenWowiClient, endpoint: Endpoint, first: int, path: Path, say: Callable[[str], None]
) -> Rows | None:
    """The rows of one pass, or None when a row came on two pages.

    A row that stands twice on one page is the ERP's own doing and stays.
    """
    seen: Rows = Counter()
    read = 0
    with path.open("w", encoding="utf-8") as file:
        for page in client.pages(endpoint, first):
            rows = Counter(_key(row, endpoint) for row in page)
            if not seen.keys().isdisjoint(rows):
                return None
            seen.update(rows)
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in page)
            read += len(page)
            say(f"reading {endpoint.name}: {read:,} rows")
    return seen


def _key(row: Row, endpoint: Endpoint) -> tuple[Any, ...]:
    """What tells a row apart: its key fields, or all of it when it has none of them."""
    if not isinstance(row, dict):
        raise DeliveryError(
            f"OpenWOWI {endpoint.path}: the answer is no list of rows with names; load again later"
        )
    values = tuple(_field(row, name) for name in endpoint.key)
    if any(value is not None for value in values):
        return values
    return (json.dumps(row, sort_keys=True),)


def _field(row: Row, name: str) -> str | None:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)
