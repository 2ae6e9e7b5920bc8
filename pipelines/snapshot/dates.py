"""Days of birth and death: another day of the same year, in the spelling of the original (rule C2)."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipelines.snapshot.permutation import permuted
from pipelines.snapshot.text import Masker

_ISO = r"(?P<y1>[0-9]{4})(?P<s1>-?)(?P<m1>[0-9]{2})(?P=s1)(?P<d1>[0-9]{2})"
_GERMAN = r"(?P<d2>[0-9]{1,2})[.](?P<m2>[0-9]{1,2})[.](?P<y2>[0-9]{4})"
_TIME = r"(?P<hour>[01]?[0-9]|2[0-3])(?=:[0-9]{2})"
_ZONE = r"(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)"
_DATE = re.compile(rf"(?:{_ISO}|{_GERMAN})(?:(?:T| +){_TIME}(?P<rest>[0-9:.,]*) ?{_ZONE}?)?")

# How people write days in texts: 1950-02-01, 19500201, 1.2.1950, 01_02_50, 500201, 010250, 1. Februar 1950.
_SIGN = r"(?P<sign>\s?[./_ -]\s?|%20)"
MONTHS = ("jan", "feb", "m[äa]r|mrz", "apr", "ma[iy]", "jun", "jul", "aug", "sep", "o[kc]t", "nov", "de[zc]")
FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?P<y>[0-9]{{4}}){_SIGN}(?P<m>[0-9]{{1,2}})(?P=sign)(?P<d>[0-9]{{1,2}})",
        rf"(?P<d>[0-9]{{1,2}}){_SIGN}(?P<m>[0-9]{{1,2}})(?P=sign)(?P<y>[0-9]{{4}}|[0-9]{{2}})",
        rf"(?P<m>[0-9]{{1,2}}){_SIGN}(?P<d>[0-9]{{1,2}})(?P=sign)(?P<y>[0-9]{{4}}|[0-9]{{2}})",
        r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
        r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})",
        r"(?P<y>[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
        r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{2})",
    )
)
_MAY_BE_DAY = re.compile(
    r"(?<![0-9])(?:[0-9]{1,4}(\s?[./_ -]\s?|%20)[0-9]{1,2}\1[0-9]{1,4}|[0-9]{8}|[0-9]{6})(?![0-9])"
)
# As SQL understands it, too: which texts are looked at.
MONTH_BESIDE = f"[0-9][. _-]{{0,3}}(?i:{'|'.join(MONTHS)})"
_NAMED_MONTH = re.compile(
    rf"(?<![0-9])(?P<d>[0-9]{{1,2}})(?P<between>[. _-]{{0,3}})(?P<name>(?:{'|'.join(MONTHS)})[a-zä]*)"
    r"(?P<behind>[. _-]{0,3})(?P<y>[0-9]{4}|[0-9]{2})(?![0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Days:
    """Replaces days under the key of the masker; `zone` is the one in which the rules read moments."""

    masker: Masker
    zone: ZoneInfo

    def day(self, day: date) -> date:
        """Another day of the year; each day has its own, and none is itself."""
        days = 366 if day.year % 4 == 0 and (day.year % 100 or day.year % 400 == 0) else 365
        listed = permuted(self.masker.key, f"year{day.year}", days)
        first = date(day.year, 1, 1)
        return first + timedelta(days=listed[(day - first).days])

    def text(self, text: str, day: date | None, attempt: int = 0) -> str:
        """The text with the day that stands for `day`, as the rules read the text.

        Where they read none, it is no day: digits and letters are replaced, so that it stays none.
        """
        if day is None:
            if attempt < 2:
                return self.masker.text(text, attempt)
            return re.sub("[0-9]", "9", self.masker.text(text, attempt))
        other, found = self.day(day), _DATE.search(text)
        if found is None or attempt:
            return other.isoformat()
        try:
            return self._written(text, found, day, other)
        except ValueError:
            return other.isoformat()

    def day_of_month(self, day: date) -> date:
        """Another day of the month."""
        last = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)).day
        byte = self.masker.key.stream("month", day.isoformat(), 1)[0]
        return day.replace(day=1 + (day.day + byte % (last - 1)) % last)

    def known_days(self, text: str, known: Collection[date]) -> str:
        """A text in which each day of `known` is another one, however it is written; other digits are as they are."""

        def replaced(found: re.Match[str]) -> str:
            for form in FORMS:
                parts = form.fullmatch(found[0])
                for day in _meant(parts.groupdict()) if parts else ():
                    if parts and day in known:
                        return _rewritten(found[0], parts, self.day(day))
            return found[0]

        def with_month(found: re.Match[str]) -> str:
            month = next(
                n for n, name in enumerate(MONTHS, 1) if re.match(name, found["name"], re.IGNORECASE)
            )
            for day in _meant({**found.groupdict(), "m": str(month)}):
                if day in known:
                    # The month stays, so that a word need not be as long as another one.
                    other = self.day_of_month(day)
                    return found[0].replace(found["d"], _as_long(other.day, found["d"]), 1)
            return found[0]

        return _NAMED_MONTH.sub(with_month, _MAY_BE_DAY.sub(replaced, text))

    def _written(self, text: str, found: re.Match[str], day: date, other: date) -> str:
        parts = found.groupdict()
        form = "1" if parts["y1"] else "2"
        written = date(*(int(parts[name + form]) for name in "ymd"))
        hour = parts["hour"]
        if parts["zone"] and hour:
            # The clocks may have another offset on the other day.
            offset = _offset(parts["zone"])
            moment = datetime(written.year, written.month, written.day, int(hour), tzinfo=offset)
            local = moment.astimezone(self.zone)
            moved = datetime(other.year, other.month, other.day, local.hour, local.minute, tzinfo=self.zone)
            shifted = moved.astimezone(UTC).astimezone(offset)
            new, hour = shifted.date(), f"{shifted.hour:0{len(hour)}d}"
        else:
            new = other + (written - day)
        spans = {
            "y": f"{new.year:04d}",
            "m": _as_long(new.month, parts["m" + form]),
            "d": _as_long(new.day, parts["d" + form]),
        }
        places = [(found.span(name + form), value) for name, value in spans.items()]
        if parts["hour"]:
            places.append((found.span("hour"), str(hour)))
        for (start, end), value in sorted(places, reverse=True):
            text = text[:start] + value + text[end:]
        return text


def _as_long(number: int, written: str) -> str:
    """With a zero in front where the text is of that spelling; 1.2. may become 11.2."""
    return f"{number:02d}" if written.startswith("0") or len(written) == 2 else str(number)


def _offset(zone: str) -> timezone:
    if zone in "Zz":
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-distance if zone[0] == "-" else distance)


def _meant(parts: Mapping[str, str]) -> Iterator[date]:
    """The days that a year of two or four digits may mean."""
    years = [int(parts["y"])] if len(parts["y"]) == 4 else [1900 + int(parts["y"]), 2000 + int(parts["y"])]
    for year in years:
        with suppress(ValueError):
            yield date(year, int(parts["m"]), int(parts["d"]))


def _rewritten(text: str, found: re.Match[str], other: date) -> str:
    """The day in the spelling that was found."""
    for name, number in sorted(
        (("y", other.year), ("m", other.month), ("d", other.day)), key=lambda part: -found.start(part[0])
    ):
        start, end = found.span(name)
        own = f"{number:04d}"[-(end - start) :] if name == "y" else _as_long(number, text[start:end])
        text = text[:start] + own + text[end:]
    return text
