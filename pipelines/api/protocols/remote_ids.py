"""Ids that a partner gives: what may be one, and what a `Location` header says of it. Pure functions."""

import re
import unicodedata
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines.api.http.bodies import REPLACEMENT

LONGEST = 255


# Larger ones fit no integer field of a partner.
WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


def checked_id(value: Any, whole: bool = False) -> str | None:
    """The id as text: a non-empty text or a whole number of at most 255 characters that can stand in a path, or None.

    No truth value, no fraction, no control character, no lone surrogate (nor what stands for one once an answer has
    been read), not `.` or `..`: those would address another record, a collection, or nothing. `whole`: its ids
    are whole numbers, so that children name them as such.
    """
    text = _as_text(value)
    return None if text is None or (whole and not WHOLE.fullmatch(text)) else text


def _as_text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**LONGEST else None
    if not isinstance(value, str) or len(value) > LONGEST or value.strip() in ("", ".", ".."):
        return None
    is_odd = REPLACEMENT in value or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value)
    return None if is_odd else value


def id_in_location(
    address: str, base_url: str, templates: tuple[str, ...], whole: bool = False
) -> str | None:
    """The id in an absolute address that a partner gave for a new record, or None.

    `templates` are paths with `{id}` behind the base address; its own path may be absent, as behind a proxy. Query
    and fragment are no part of an id.
    """
    path, prefix = urlsplit(address).path, urlsplit(base_url).path.rstrip("/")
    for template in templates:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template).replace(r"\{id\}", "(?P<id>[^/]+)"))
        found = re.fullmatch(f"(?:{re.escape(prefix)})?{pattern}/?", path)
        if found:
            return checked_id(_decoded(found["id"]), whole)
    return None


def _decoded(part: str) -> str | None:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        return None
