"""Days as moments, as a partner writes them. The marts do the same in SQL (`macros/facilioo_ende.sql`)."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo


def as_end(day: date, schema: dict[str, Any]) -> str:
    """A day as the value of a field that ends a record: the day itself, or its last second in a `date-time`.

    `x-time-zone` of the field says whose day it is; without one it is a day in UTC.
    """
    if schema.get("format") != "date-time":
        return day.isoformat()
    zone = schema.get("x-time-zone")
    if zone is None:
        return f"{day}T23:59:59Z"
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).isoformat()
