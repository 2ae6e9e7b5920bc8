"""What the answers to logins hold: tokens and when they run out, checked before they are used."""

import math
import time
from collections.abc import Iterable
from datetime import datetime

from pipelines.api.http.client import Answer, Client
from pipelines.contract.contract import dig

LONGEST_TOKEN = 16_384
A_MINUTE, AN_HOUR, TEN_YEARS = 60.0, 3600.0, 10 * 366 * 86_400.0


def token_of(client: Client, answer: Answer, *paths: str) -> str:
    """The token at the first of these dotted paths that has one.

    A token is a text of printable ASCII, as it goes into a header. Stops the partner where there is none.
    """
    found = usable(dig(answer.body, path) for path in paths) if answer.ok else None
    if found is None:
        client.stop_for_login(answer.status)
    return found or ""


def usable(values: Iterable[object]) -> str | None:
    """The first of some values that can be a token; None without one."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and 0 < len(value) <= LONGEST_TOKEN and _is_plain(value):
            return value
    return None


def expires_in(value: object, otherwise: float) -> float:
    """The moment (epoch seconds) that lies so many seconds ahead; `otherwise` where the value is no such number."""
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
        )
    except (ValueError, OverflowError):
        seconds = 0.0
    return time.time() + (seconds if math.isfinite(seconds) and 0 < seconds <= TEN_YEARS else otherwise)


def expires_at(value: object, otherwise: float = AN_HOUR) -> float:
    """The moment (epoch seconds) of an ISO time stamp or a number; `otherwise` from now where it cannot be right."""
    now = time.time()
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = float(value)
        else:
            moment = datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return now + otherwise
    return moment if now < moment <= now + TEN_YEARS else now + otherwise


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and bool(text.strip())
