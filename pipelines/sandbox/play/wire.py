"""What goes over the wire between the sandbox and its callers, whatever the partner."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn

from pipelines.sandbox.play.resources import Violation


@dataclass(frozen=True)
class Option:
    """A switch of the sandbox; without `choices` and `form` it takes a whole number or a text, like its default."""

    default: str
    help: str
    choices: tuple[str, ...] = ()
    form: Literal["", "percent", "pattern"] = ""


@dataclass(frozen=True)
class Call:
    """One request; `path` begins after the partner's name and is percent-encoded, `params` are the values in it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartnerAnswer:
    """What goes back: a JSON body, bytes that are no JSON, or nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal; how it looks on the wire is the partner's matter."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        refused: Iterable[Violation] = (),
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.refused, self.headers = tuple(refused), headers or {}


Handler = Callable[[Call], PartnerAnswer]


@dataclass(frozen=True)
class PartnerPage:
    """A piece of a list; `next` is the address of the one behind it, for partners that give links."""

    limit: int
    offset: int
    next: str = ""

    @property
    def number(self) -> int:
        """Which page it is, from 1."""
        return self.offset // self.limit + 1

    def pages(self, total: int) -> int:
        """How many pages a list of so many records has."""
        return -(-total // self.limit)


def parsed(body: bytes) -> Any:
    """The JSON of a request. Raises `ValueError` for what is none: also `NaN`, `1e999`, half a character, any depth."""
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\u" in body:
        json.dumps(value, ensure_ascii=False).encode()  # half a character cannot be written
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is too large")
    return number


def stamp(at: float) -> str:
    """A moment as the partners write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bearer(call: Call) -> str:
    """The bearer token of a request; empty without one."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
