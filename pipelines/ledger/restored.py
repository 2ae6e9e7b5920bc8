"""A ledger that came out of a backup may be older than the partners: nothing is sent before somebody has compared them.

What was created after the backup was taken is not in it, and would be created once more. So each partner waits until
`verify` finds nothing there that the ledger does not know, or `adopt` has taken it up.
"""

from pathlib import Path

import duckdb

from pipelines.errors import SettingsError
from pipelines.ledger.ledger import create_tables, open_database


def note_restored(db: duckdb.DuckDBPyConnection, partners: list[str], taken_at: str) -> None:
    """Lets these partners wait until they are compared, and all that are in the ledger."""
    create_tables(db)
    in_ledger = [name for (name,) in db.execute("select distinct partner from sync.ledger").fetchall()]
    db.execute("delete from sync.restored")
    db.executemany(
        "insert into sync.restored (partner, taken_at, restored_at) values (?, ?, now())",
        [[name, taken_at] for name in sorted({*partners, *in_ledger})],
    )


def check_restored(home: Path, partners: list[str]) -> None:
    """Raises `SettingsError` with the next command for a partner that was not compared since a restore."""
    with open_database(home) as db:
        waiting = waiting_partners(db)
    for name in partners:
        if name in waiting:
            raise SettingsError(
                f"{name}: the ledger was restored from a backup of {waiting[name]} and may be older than what {name}"
                f" holds; nothing is sent before they are compared: stammdaten verify {name}"
            )


def waiting_partners(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Partners that have not been compared since the ledger was restored → when the backup was taken."""
    found = db.execute(
        "select partner, strftime(taken_at at time zone 'UTC', '%Y-%m-%d %H:%M UTC') from sync.restored"
        " where compared_at is null"
    )
    return dict(found.fetchall())


def note_compared(home: Path, partner: str, by: str) -> bool:
    """Lets a partner be sent to again; `by` says how it was compared. False where it did not wait."""
    with open_database(home) as db:
        if partner not in waiting_partners(db):
            return False
        db.execute(
            "update sync.restored set compared_at = now(), compared_by = ? where partner = ?", [by, partner]
        )
        return True


def is_waiting(home: Path, partner: str) -> bool:
    """Whether a partner has not been compared since the ledger was restored."""
    with open_database(home) as db:
        return partner in waiting_partners(db)
