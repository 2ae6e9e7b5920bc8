"""Reading a list page by page, in each of the ways in which partners page. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.push.client import Answer
from pipelines.push.contract import Paging, dig


@dataclass(frozen=True)
class Turn:
    """What the request for one page adds: query parameters, dotted places in the body, headers."""

    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def turn(paging: Paging, number: int) -> Turn:
    """The request for the page `number`, from 0; links are followed instead from the second page on."""
    size, offset = paging.max_size, number * paging.max_size
    match paging.style:
        case "page":
            return Turn(query={paging.page: number + 1, paging.size: size})
        case "next_link":
            return Turn(query={paging.size: size} if paging.size else {})
        case "offset":
            return Turn(query={paging.limit: size, paging.offset: offset})
        case "offset_headers":
            return Turn(headers={paging.limit: str(size), paging.offset: str(offset)})
        case "offset_body" | "skip_take":
            return Turn(body={paging.limit: size, paging.offset: offset})


def total(paging: Paging, answer: Answer) -> int | None:
    """How many records the list has, as far as the answer says so."""
    told = answer.headers.get(paging.count) if paging.count else dig(answer.body, paging.total)
    return int(told) if told is not None and paging.style not in ("next_link", "skip_take") else None


def is_last(paging: Paging, answer: Answer, number: int, records: int) -> bool:
    """Whether the page `number`, which shows so many records, ends the list. Links tell it themselves."""
    if paging.style == "skip_take":
        return records < paging.max_size
    if paging.total_pages:
        return number + 1 >= int(dig(answer.body, paging.total_pages) or 0)
    return (number + 1) * paging.max_size >= (total(paging, answer) or 0)


def next_link(paging: Paging, answer: Answer) -> str | None:
    """The link to the next page, for partners that give one."""
    found = dig(answer.body, paging.next) if paging.style == "next_link" else None
    return str(found) if found else None
