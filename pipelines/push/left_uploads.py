"""Files of documents that were begun and whose row has left its mart since: no record will ever use them."""

from collections.abc import Collection

import duckdb

from pipelines.api.uploads import left_by
from pipelines.contract.contract import Contract
from pipelines.ledger.journal import Journal, noting


def give_up_uploads(
    db: duckdb.DuckDBPyConnection,
    journal: Journal,
    contract: Contract,
    also: Collection[tuple[str, str]] = (),
) -> bool:
    """Notes what was left by uploads of which neither ledger nor plan knows a row, or that are `also` given up.

    After a plan was made. `also` has id space and external id. True when files are to be taken out at the partner.
    """
    spaces = {entity.id_space: entity for entity in contract.entities.values() if entity.content}
    if not spaces:
        return False
    with noting():
        begun = [one for one in journal.begun_uploads(contract.partner) if one[0] in spaces]
    known = set(
        db.execute(
            "select id_space, external_id from sync.ledger where partner = $partner"
            " and list_contains($ids, external_id)"
            " union select id_space, external_id from sync.plan where partner = $partner"
            " and list_contains($ids, external_id)",
            {"partner": contract.partner, "ids": [external_id for _, external_id, _ in begun]},
        ).fetchall()
        if begun
        else []
    )
    for space, external_id, upload in begun:
        if (space, external_id) not in known or (space, external_id) in also:
            with noting():
                journal.note_unused(contract.partner, spaces[space].name, left_by(upload))
                journal.forget_upload(contract.partner, space, external_id)
    with noting():
        return bool(journal.unused(contract.partner))
