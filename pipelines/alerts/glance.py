"""Whether anything is wrong by the book of alerts, for those who must not wait for what looks into it."""

import sqlite3
from contextlib import closing
from pathlib import Path

FILE = "alerts.sqlite"


def is_any_open(home: Path) -> bool:
    """Whether an alert has begun and is not over; True where that cannot be told."""
    if not (home / FILE).exists():
        return False
    try:
        with closing(sqlite3.connect(f"{(home / FILE).absolute().as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("select 1 from alerts where over_at is null limit 1").fetchone() is not None
    except sqlite3.Error:
        return True
