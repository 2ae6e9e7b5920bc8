"""Which external ids hold a record of a partner: by the ledger, and by the journal since the last fold."""

from collections.abc import Collection
from pathlib import Path

import duckdb

from pipelines.api.claims import Holders
from pipelines.api.http.client import Answer
from pipelines.api.protocols.protocol import LookupFailed
from pipelines.contract.contract import Entity
from pipelines.database import connect
from pipelines.errors import StammdatenError
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import in_little_memory


def holders_of(partner: str, journal: Journal, database: Path) -> Holders:
    """Reads who holds records of this partner each time it is asked.

    It raises `LookupFailed` when the ledger cannot be read: then nothing may be concluded.
    """

    def read(entities: Collection[Entity], remote_ids: Collection[str]) -> list[tuple[str, str]]:
        ids = list(remote_ids)
        spaces = {entity.id_space for entity in entities}
        return [
            *_in_ledger(database, partner, [entity.name for entity in entities], ids),
            *journal.holders(partner, spaces, ids),
        ]

    return read


def _in_ledger(
    database: Path, partner: str, entities: list[str], remote_ids: list[str]
) -> list[tuple[str, str]]:
    if not database.exists():
        return []
    with _reading(database) as db:
        query = (
            "select remote_id, external_id from sync.ledger"
            " where partner = ? and list_contains(?, entity) and list_contains(?, remote_id)"
        )
        found = in_little_memory(db, lambda: db.execute(query, [partner, entities, remote_ids]).fetchall())
    return [(remote_id, external_id) for remote_id, external_id in found]


def _reading(database: Path) -> duckdb.DuckDBPyConnection:
    """The DuckDB file, to read only: nobody of this program writes while it talks to partners."""
    try:
        return connect(database, read_only=True)
    except StammdatenError:
        # As good as a partner that does not answer: whose a record is, nobody can tell.
        raise LookupFailed(Answer(None, None, {}, 0)) from None
