"""Feedback files (`openimmo_feedback` 1.2.5): which objects they show to be there, and which they refuse.

What they say of persons is passed over while it is read, and kept nowhere. Pure functions.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from xml.parsers import expat
from zoneinfo import ZoneInfo

from pipelines.settings import TIME_ZONE

ROOT = "openimmo_feedback"
OBJECT = (ROOT, "objekt")
ERROR = (ROOT, "fehlerliste", "fehler")
DATE = (ROOT, "sender", "datum")
NUMBER, REFUSED, CODE, PERSON = (
    (*OBJECT, "oobj_id"),
    (*ERROR, "objekt_id"),
    (*ERROR, "fehlernr"),
    "interessent",
)
READ = (DATE, NUMBER, REFUSED, CODE)
# No number of ours is longer, and no feedback is nested deeper.
LONGEST, DEEPEST = 255, 30
ZONE = ZoneInfo(TIME_ZONE)
# ISO 8601 apart, dates come like this.
GERMAN = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")


class NoFeedbackError(ValueError):
    """The file is none that may be read, and why."""


@dataclass(frozen=True)
class Feedback:
    """What a file says. Keys are our numbers of objects.

    `there`: whether somebody asks for it; `refused`: numbers of the errors; `nameless`: errors that name no object.
    `earliest` and `latest`: between which moments it was written by what it says itself; None where it does not say.
    """

    there: Mapping[str, bool]
    refused: Mapping[str, tuple[str, ...]]
    nameless: int
    earliest: datetime | None
    latest: datetime | None


def read_feedback(content: bytes) -> Feedback:
    """What a feedback file says.

    Raises `NoFeedbackError` for what is not well-formed, has a DOCTYPE (and with it entities), or is another document.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as problem:
        if isinstance(problem, NoFeedbackError):
            raise
        raise NoFeedbackError("is not well-formed, or only a part of it is there") from None
    return Feedback(reader.there, reader.refused, reader.nameless, *_written(reader.date))


class _Reader:
    """Hears the elements of a file, and keeps the few texts that are of use."""

    def __init__(self) -> None:
        self.there: dict[str, bool] = {}
        self.refused: dict[str, tuple[str, ...]] = {}
        self.nameless = 0
        self.date = ""
        self._path: tuple[str, ...] = ()
        self._texts: dict[tuple[str, ...], str] = {}
        self._is_asked_for = False

    def start(self, name: str, _: Mapping[str, str]) -> None:
        self._path = (*self._path, name)
        if self._path[0] != ROOT:
            raise NoFeedbackError("is no OpenImmo feedback")
        if len(self._path) > DEEPEST:
            raise NoFeedbackError("is nested too deep")
        if self._path in (OBJECT, ERROR):
            self._texts, self._is_asked_for = {}, False
        self._is_asked_for = self._is_asked_for or self._path == (*OBJECT, PERSON)

    def text(self, text: str) -> None:
        if self._path in READ:
            # One that is longer is no number of ours, and stays longer.
            self._texts[self._path] = (self._texts.get(self._path, "") + text)[: 2 * LONGEST]

    def end(self, _: str) -> None:
        if self._path == DATE:
            self.date = self._texts.get(DATE, "").strip()
        elif self._path == OBJECT and (number := self._texts.get(NUMBER, "").strip()):
            self.there[number] = self.there.get(number, False) or self._is_asked_for
        elif self._path == ERROR:
            self._end_error(self._texts.get(REFUSED, "").strip(), self._texts.get(CODE, "").strip())
        self._path = self._path[:-1]

    def _end_error(self, number: str, code: str) -> None:
        if not number:
            self.nameless += 1
            return
        codes = self.refused.get(number, ())
        is_code = re.fullmatch(r"-?[0-9]{1,9}", code) and code not in codes
        self.refused[number] = (*codes, code)[:5] if is_code else codes


def _refuse_doctype(*_: object) -> None:
    raise NoFeedbackError("has a DOCTYPE, which may hide anything")


def _written(text: str) -> tuple[datetime | None, datetime | None]:
    """Between which moments a file with this date was written: a day, or a moment; German time if it has no zone."""
    moment, is_day = _moment(text), len(text) <= len("31.01.2026")
    if moment is None or not 2000 <= moment.year < 2100:
        return None, None
    if is_day:
        return _start(moment.date()), _start(moment.date() + timedelta(days=1))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
    return moment, moment


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in GERMAN:
        with suppress(ValueError):
            return datetime.strptime(text, form)
    return None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
