"""What was handed over in files and never confirmed: asked for again before anything is planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.api.connector import Connector
from pipelines.api.http.client import PartnerStopped
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import Operation
from pipelines.api.settings import confirmed_within
from pipelines.contract.contract import Contract
from pipelines.ledger.ledger import open_database
from pipelines.plan.plan import GIVE_UP_AFTER
from pipelines.progress import Progress

# States and reasons of objects without a word of the partner about the very object.
UNCONFIRMED = (
    "(state = 'delivered' or state = 'withdrawn' and reason in ('removal_delivered', 'confirmation_overdue'))"
)
# Those of them that count as not done, because the partner should have confirmed them by now.
OVERDUE = f"({UNCONFIRMED} and reason = 'confirmation_overdue')"


@dataclass(frozen=True)
class Delivered:
    """An object that was handed over, and when; `import_id` is where its outcome can be asked for, if anywhere.

    The operation is the one with which it went last; a new object that has never been taken has no remote id.
    """

    operation: Operation
    import_id: str | None
    since: datetime | None


def unconfirmed(db: duckdb.DuckDBPyConnection, contract: Contract) -> list[Delivered]:
    """Objects that were handed over and never confirmed, by import."""
    if not any(entity.openimmo for entity in contract.entities.values()):
        return []
    found = db.execute(
        "select entity, external_id, remote_id, state, fields, last_synced_at, sent.operation from sync.ledger"
        " left join (select entity, external_id, arg_max(operation, settled_at) as operation from sync.attempts"
        "  where partner = $partner and state = 'delivered' group by all) as sent using (entity, external_id)"
        f" where partner = $partner and {UNCONFIRMED} order by fields, external_id",
        {"partner": contract.partner},
    ).fetchall()
    return [
        Delivered(
            Operation(
                seq=0,
                entity=contract.entities[entity],
                kind="withdraw" if state == "withdrawn" else "create" if sent == "create" else "update",
                external_id=external_id,
                remote_id=None if state == "delivered" and sent == "create" else remote_id,
                body={},
                path={},
                payload={},
                changed=(),
                confirmed=False,
            ),
            import_id,
            since,
        )
        for entity, external_id, remote_id, state, import_id, since, sent in found
        if entity in contract.entities and contract.entities[entity].openimmo
    ]


def ask_for_outcomes(home: Path, made: Connector, delivered: list[Delivered], progress: Progress) -> None:
    """Asks once for each import that was still running, and writes into the ledger what it tells."""
    done: list[tuple[Operation, Outcome]] = []
    imports = list(dict.fromkeys(one.import_id for one in delivered if one.import_id))
    for place, import_id in enumerate(imports, 1):
        progress(f"{made.contract.partner}, imports without an outcome", place, len(imports))
        same = [one for one in delivered if one.import_id == import_id]
        own = [one.operation for one in same]
        since = max((one.since for one in same if one.since), default=None)
        try:
            done += zip(own, made.imports.look_again(own, import_id, since), strict=True)
        except PartnerStopped:
            break
    with open_database(home) as db:
        db.execute("begin")
        for operation, outcome in done:
            write_outcome(db, made.contract.partner, operation, outcome)
        db.execute("commit")


def note_overdue(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Notes on objects, and takes from them, that their confirmation is overdue since they were handed over last."""
    if not any(entity.openimmo for entity in contract.entities.values()):
        return
    within = confirmed_within(contract)
    db.execute(
        f"""
        update sync.ledger
        set reason = case
            when coalesce(last_synced_at < $since, false) then $overdue
            when reason <> $overdue then reason
            when state = 'withdrawn' then 'removal_delivered'
            else if(fields is null, 'not_confirmed', 'import_running')
        end
        where partner = $partner and {UNCONFIRMED}
        """,
        {
            "since": datetime.now(UTC) - within if within else None,
            "overdue": "confirmation_overdue",
            "partner": contract.partner,
        },
    )


def retry_overdue(db: duckdb.DuckDBPyConnection, partner: str, entities: Sequence[str]) -> None:
    """Lets objects whose confirmation is overdue be handed over once more with the next plan, removals too."""
    db.execute(
        f"update sync.ledger set state = 'pending' where partner = ? and list_contains(?, entity) and {OVERDUE}",
        [partner, list(entities)],
    )


def write_outcome(
    db: duckdb.DuckDBPyConnection, partner: str, operation: Operation, outcome: Outcome
) -> None:
    """One object's outcome in the ledger and among the attempts; one that is still to come changes nothing.

    What is refused is given up at once: handed over again, it would count as delivered until it is refused again.
    """
    if outcome.reason == "import_running":
        return
    is_gone = outcome.state == "withdrawn" and outcome.reason == "deleted"
    is_there = outcome.state in ("synced", "delivered", "withdrawn") and not is_gone
    db.execute(
        # What was refused, or is not there, goes again: it is not what the ledger says is at the partner.
        "update sync.ledger set state = $state, reason = $reason, fields = $fields,"
        " remote_id = $remote_id, payload = case when $is_there then payload end,"
        " refs = case when $is_there then refs end, payload_hash = case when $is_there then payload_hash end,"
        " tries = case when $state = 'rejected' then $given_up else 0 end,"
        " tried_hash = case when $state = 'rejected' then payload_hash end"
        " where partner = $partner and id_space = $id_space and external_id = $external_id",
        {
            "state": outcome.state,
            "reason": outcome.reason,
            "fields": ", ".join(outcome.fields) or None,
            "remote_id": outcome.remote_id,
            "is_there": is_there,
            "given_up": GIVE_UP_AFTER,
            "partner": partner,
            "id_space": operation.entity.id_space,
            "external_id": operation.external_id,
        },
    )
    db.execute(
        "insert into sync.attempts select plan_id, seq, partner, entity, operation, external_id, ?, ?, ?, null, 1, ?"
        " from sync.plan where partner = ? and entity = ? and external_id = ? order by seq desc limit 1",
        [
            outcome.state, outcome.reason, ", ".join(outcome.fields) or None, datetime.now(UTC),
            partner, operation.entity.name, operation.external_id,
        ],
    )  # fmt: skip
