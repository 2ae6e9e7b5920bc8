"""Reading a list page by page, in each of the ways in which partners page. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.api.http.client import Answer
from pipelines.contract.contract import Paging, dig


@dataclass(frozen=True)
class Turn:
    """What the request for one page adds: query parameters, dotted places in the body, headers."""

    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def turn(paging: Paging, number: int, shown: int, cursor: str | None = None) -> Turn:
    """The request for the page `number`, from 0; links are followed instead from the second page on.

    `shown` records are on the pages before, which is the offset: a page may be smaller than was asked for. `cursor` is
    the one that the page before gave, for partners that page so.
    """
    size = paging.max_size
    match paging.style:
        case "page":
            return Turn(query={paging.page: number + paging.first, paging.size: size})
        case "cursor":
            sized = {paging.size: size} if paging.size else {}
            return Turn(query=sized | ({} if cursor is None else {paging.cursor: cursor}))
        case "next_link":
            return Turn(query={paging.size: size} if paging.size else {})
        case "offset":
            return Turn(query={paging.limit: size, paging.offset: shown})
        case "offset_headers":
            return Turn(headers={paging.limit: str(size), paging.offset: str(shown)})
        case "offset_body" | "skip_take":
            return Turn(body={paging.limit: size, paging.offset: shown})


# A list of more is none that we could have made.
MOST_RECORDS = 100_000_000
MOST_PAGES = 100_000
# So many pages in a row that show nothing new are no list that ends.
STALE, EMPTY = 3, 20


class Watch:
    """Notices a paging that goes on without showing anything new.

    One page of records that were there before may be chance, where records move while they are read.
    """

    def __init__(self) -> None:
        self._first: frozenset[str] | None = None
        self._before: frozenset[str] = frozenset()
        # Whole pages as numbers: some pages that come round and round are a circle, too.
        self._shown: set[int] = set()
        self._pages = self._stale = self._empty = 0
        # Whether some page showed nothing new: a number of pages is not to be believed any more.
        self.was_stale = False

    def is_circle(self, records: Any, id_field: str) -> bool:
        """Whether the page just read shows, once more, that no end is to be expected."""
        found = records if isinstance(records, list) else []
        ids = frozenset(str(r.get(id_field) if isinstance(r, Mapping) else r) for r in found)
        first = self._first if self._first is not None else frozenset()
        is_old = ids <= (first | self._before) or hash(ids) in self._shown
        self._stale = self._stale + 1 if ids and is_old else 0
        self.was_stale = self.was_stale or self._stale > 0
        self._shown.add(hash(ids))
        self._empty = 0 if ids else self._empty + 1
        self._first, self._before = (ids if self._first is None else self._first), ids
        self._pages += 1
        return self._stale >= STALE or self._empty >= EMPTY or self._pages >= MOST_PAGES


def total(paging: Paging, answer: Answer) -> int | None:
    """How many records the list has, as far as the answer says so in a number that can be true."""
    if paging.style in ("next_link", "skip_take") or not (paging.count or paging.total):
        return None
    return _count(answer.headers.get(paging.count) if paging.count else dig(answer.body, paging.total))


def is_last(
    paging: Paging, answer: Answer, number: int, records: int, shown: int, was_stale: bool = False
) -> bool:
    """Whether the page `number`, with so many records of `shown` so far, ends the list. Links tell it themselves.

    Without a total that can be true, only an empty page ends it: a page may be smaller than was asked for, a total
    of fewer records than were shown tells nothing, and pages of which one showed nothing new are not counted.
    """
    if paging.style == "skip_take":
        return records < paging.max_size
    if was_stale:
        return records == 0
    told = _count(dig(answer.body, paging.total_pages)) if paging.total_pages else None
    if told is not None and (told or not records):
        return number + 1 >= told
    return records == 0 or shown == total(paging, answer)


def _count(told: Any) -> int | None:
    """A number of records or pages; None for what cannot be one."""
    if isinstance(told, str):
        told = int(told) if len(told) < 10 and told.isascii() and told.strip().isdigit() else None
    if isinstance(told, float):
        told = int(told) if told.is_integer() else None
    is_number = isinstance(told, int) and not isinstance(told, bool)
    return int(told) if is_number and 0 <= told <= MOST_RECORDS else None


def next_place(paging: Paging, answer: Answer, records: int) -> str | None:
    """The link to the next page or its cursor, for partners that give one; None behind the last page.

    Raises ValueError where the answer does not tell which: a cursor that is none, a full page without any word of it.
    """
    found = dig(answer.body, paging.next)
    if paging.style == "next_link":
        return str(found) if found else None
    if isinstance(found, bool) or not isinstance(found, str | int | None):
        raise ValueError("no cursor")
    if found is None or found == "":
        if found is None and records >= paging.max_size and not _is_told(answer.body, paging.next):
            raise ValueError("no word of a cursor")
        return None
    return str(found)


def _is_told(body: Any, path: str) -> bool:
    """Whether the last step of a dotted path is there, be it null."""
    above, _, name = path.rpartition(".")
    place = dig(body, above) if above else body
    return isinstance(place, Mapping) and name in place


# Refusals that say something of the login or of the moment, not of the page.
NOT_OF_THE_PAGE = (401, 403, 408, 429)


def broken_off(answer: Answer, number: int) -> Answer:
    """An answer that ends a list before its end. Behind the first page "not found" is not said of the list.

    A cursor that has expired, a page that is gone: what was read so far says nothing of what else there is.
    """
    refused = answer.status is not None and 400 <= answer.status < 500
    if number and refused and answer.status not in NOT_OF_THE_PAGE:
        return replace(answer, status=None, problem="cut")
    return answer
