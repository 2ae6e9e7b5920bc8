"""Lists as the contract describes them: which page is wanted, what it looks like, what a filter means."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pipelines.contract.contract import Paging, dig
from pipelines.contract.model import put
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, PartnerPage

# Everything that an address must not take literally; who sends it back changed gets a refusal.
CURSOR = "after {}+/&=%2B#ü"


def page_of(paging: Paging, call: Call, given: Mapping[str, Any], refuses_large: bool = False) -> PartnerPage:
    """Which page is wanted. `given` is the query, or the body of a search. Raises ApiError for an impossible one."""
    if paging.style in ("page", "next_link", "cursor"):
        size = _whole(given.get(paging.size), paging.size, 1, paging.default_size)
        if size > paging.max_size and refuses_large:
            raise ApiError(400, "invalid_query", f"{paging.size} must be at most {paging.max_size}.")
        size = min(size, paging.max_size)
        if paging.style == "cursor":
            offset = _offset_of(given.get(paging.cursor), paging.cursor)
            return PartnerPage(size, offset, CURSOR.format(offset + size))
        number = _whole(given.get(paging.page), paging.page, paging.first, paging.first)
        return PartnerPage(size, (number - paging.first) * size)
    place = given
    if paging.style == "offset_headers":
        place = {
            paging.limit: call.headers.get(paging.limit.lower()),
            paging.offset: call.headers.get(paging.offset.lower()),
        }
    limit = _whole(dig(place, paging.limit), paging.limit, 1, paging.default_size)
    offset = _whole(dig(place, paging.offset), paging.offset, 0, 0)
    return PartnerPage(min(limit, paging.max_size), offset)


def names(paging: Paging) -> set[str]:
    """Query parameters that page a list and filter nothing."""
    found = (paging.page, paging.size, paging.limit, paging.offset, paging.cursor)
    return {name for name in found if name}


def linked(page: PartnerPage, paging: Paging, address: str, query: Mapping[str, str]) -> PartnerPage:
    """The page with the address of the one behind it, for partners that give links."""
    if paging.style != "next_link":
        return page
    follow = {**query, paging.page or "page": str(page.number + 1)}
    return PartnerPage(page.limit, page.offset, f"{address}?{urlencode(follow)}")


def answer(resource: Resource, items: list[Json], total: int, page: PartnerPage) -> PartnerAnswer:
    """A page of a list in the form that the contract's `paging` describes."""
    paging = resource.paging
    body: Json = {}
    if paging.style == "offset_headers":
        return PartnerAnswer(200, items, {paging.count: str(total)})
    put(body, resource.items, items)
    if paging.total:
        put(body, paging.total, total)
    if paging.total_pages:
        put(body, paging.total_pages, page.pages(total))
    if paging.next:
        put(body, paging.next, page.next if page.offset + page.limit < total else None)
    return PartnerAnswer(200, body)


def filters_in(body: Mapping[str, Any], place: str, fields: Mapping[str, Any]) -> Json:
    """What a search asks for: plain values of known fields, at its top and in the object at `place`."""
    inner = dig(body, place) if place else None
    given = {**body, **(inner if isinstance(inner, Mapping) else {})}
    return {
        name: value
        for name, value in given.items()
        if name in fields and value is not None and not isinstance(value, Mapping | list)
    }


def mentions(shown: Any, words: str) -> bool:
    """Whether a text occurs anywhere in a record, upper and lower case alike."""
    if isinstance(shown, Mapping):
        return any(mentions(part, words) for part in shown.values())
    if isinstance(shown, list):
        return any(mentions(part, words) for part in shown)
    return isinstance(shown, str) and words.lower() in shown.lower()


def merged(before: Any, changes: Any) -> Any:
    """An object with the fields of another put in, objects within it likewise."""
    if not isinstance(before, Mapping) or not isinstance(changes, Mapping):
        return changes
    return {**before, **{name: merged(before.get(name), value) for name, value in changes.items()}}


def _offset_of(cursor: Any, name: str) -> int:
    """Where the page behind a cursor of ours begins."""
    if cursor is None:
        return 0
    place = str(cursor).removeprefix("after ").partition("+")[0]
    if not place.isdecimal() or cursor != CURSOR.format(int(place)):
        raise ApiError(400, "invalid_query", f"{name} must be one that was given out.")
    return int(place)


def _whole(value: Any, name: str, least: int, default: int) -> int:
    if value is None:
        return default
    text = str(value)
    if not text.isdecimal() or int(text) < least:
        raise ApiError(400, "invalid_query", f"{name} must be a whole number of at least {least}.")
    return int(text)
