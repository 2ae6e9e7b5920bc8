"""Days of birth and death: another day of the same year, in the spelling of the original (rule C2)."""

import re
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
