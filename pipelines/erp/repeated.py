"""Whether a delivery is byte for byte the one that was loaded last: then its rows lie in the raw layer already.

Who exports nightly and runs hourly, or has not exported since the last run, is spared the load. A row that does not say
when it was read keeps the time of the load that brought it.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb

from pipelines.erp.delivery.schema import PROFILES, TABLES_FILE
from pipelines.settings import project_root
from pipelines.versions import versions

# Of one load alone: the one that the whole raw layer is of.
CREATE_DELIVERED = """
    create schema if not exists sync;
    create table if not exists sync.delivered (
        load_id varchar not null, digest varchar not null, noticed varchar[] not null
    );
"""
REPEATED = "The delivery is byte for byte that of the last load: its rows stay (stammdaten load reads it all the same)"


def same_as(connection: duckdb.DuckDBPyConnection, digest: str) -> tuple[str, tuple[str, ...]] | None:
    """Of the load that read these very bytes as they would be read now: its id, and what it noticed; None without."""
    connection.execute(CREATE_DELIVERED)
    found = connection.execute(
        "select load_id, noticed from sync.delivered where digest = ?", [_with_code(digest)]
    ).fetchone()
    return (str(found[0]), tuple(found[1])) if found else None


def note_delivered(
    connection: duckdb.DuckDBPyConnection, load_id: str, digest: str | None, noticed: Iterable[str]
) -> None:
    """Notes what the raw layer is of now; `digest` None: of several deliveries, or of one that has no bytes."""
    connection.execute(f"{CREATE_DELIVERED} delete from sync.delivered;")
    if digest is not None:
        connection.execute(
            "insert into sync.delivered values (?, ?, ?)", [load_id, _with_code(digest), list(noticed)]
        )


def _with_code(digest: str) -> str:
    return hashlib.sha256(f"{digest} {_code()}".encode()).hexdigest()


@cache
def _code() -> str:
    """Of what reads a delivery: the code of this room, the list of tables and columns, and the libraries."""
    room = Path(__file__).parent
    known = hashlib.sha256(repr(sorted(versions().items())).encode())
    for file in (*sorted(room.rglob("*.py")), PROFILES, project_root() / TABLES_FILE):
        known.update(file.read_bytes())
    return known.hexdigest()
