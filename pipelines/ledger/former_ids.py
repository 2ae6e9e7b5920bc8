"""Ids of ours that an update of this project writes otherwise: the ledger follows, so that no record is made anew."""

import duckdb

from pipelines.contract.contract import Contract
from pipelines.ledger.ledger import one

LEDGER = """
update sync.ledger
set external_id = regexp_replace(external_id, $pattern, $new)
where
    partner = $partner and entity = $entity and regexp_full_match(external_id, $pattern)
    and regexp_replace(external_id, $pattern, $new) not in (
        select external_id from sync.ledger where partner = $partner and entity = $entity
    )
"""
ATTEMPTS = """
update sync.attempts
set external_id = regexp_replace(external_id, $pattern, $new)
where partner = $partner and entity = $entity and regexp_full_match(external_id, $pattern)
"""


def move_former_ids(db: duckdb.DuckDBPyConnection, contract: Contract) -> int:
    """Renames external ids in ledger and attempts as `former_ids` of the contract says; returns how many records.

    An id that the ledger has in its new form already is left alone. Doing it twice changes nothing.
    """
    moved = 0
    for entity in contract.entities.values():
        for pattern, new in entity.former_ids.items():
            values = {"partner": contract.partner, "entity": entity.name, "pattern": pattern, "new": new}
            moved += one(db, LEDGER, values)[0]
            db.execute(ATTEMPTS, values)
    return moved
