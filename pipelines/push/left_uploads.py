"""Files of documents that were begun and whose row has left its mart since: nothing would ever use them."""

from dataclasses import dataclass

import duckdb

from pipelines.api.outcome import Upload
from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.journal import Journal, noting


@dataclass(frozen=True)
class LeftUpload:
    """An upload that nobody goes on with: its entity, our id, and what it has left at the partner."""

    entity: Entity
    external_id: str
    upload: Upload


def left_uploads(db: duckdb.DuckDBPyConnection, journal: Journal, contract: Contract) -> list[LeftUpload]:
    """The uploads of a partner that are not whole and of which neither ledger nor plan knows a row, after a plan."""
    spaces = {entity.id_space: entity for entity in contract.entities.values() if entity.content}
    if not spaces:
        return []
    with noting():
        begun = [one for one in journal.begun_uploads(contract.partner) if one[0] in spaces]
    if not begun:
        return []
    known = set(
        db.execute(
            "select id_space, external_id from sync.ledger where partner = $partner"
            " and list_contains($ids, external_id)"
            " union select id_space, external_id from sync.plan where partner = $partner"
            " and list_contains($ids, external_id)",
            {"partner": contract.partner, "ids": [external_id for _, external_id, _ in begun]},
        ).fetchall()
    )
    return [
        LeftUpload(spaces[space], external_id, upload)
        for space, external_id, upload in begun
        if (space, external_id) not in known
    ]
