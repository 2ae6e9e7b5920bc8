"""What an interrupted run left open is settled before anything is planned."""

import json
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import StammdatenError
from pipelines.push.client import PartnerStopped
from pipelines.push.connector import LookupFailed, connector
from pipelines.push.destination import COLUMNS, Sender
from pipelines.push.journal import Journal, Outcome, noting
from pipelines.push.ledger import open_database, take_over


def settle_former(home: Path, active: list[str]) -> int:
    """Settles what an earlier run left open; returns how many rows were looked up at partners.

    Outcomes that were not folded are folded. Intents without an outcome are in doubt: creates are looked up at the
    partner, what can be sent twice without harm is simply planned again: changes, withdrawals, upserts.
    """
    if not (home / "journal.sqlite").exists():
        return 0
    with noting():
        journal = Journal(home / "journal.sqlite")
    try:
        looked_up = 0
        with noting():
            in_doubt = journal.in_doubt()
        for partner, keys in in_doubt.items():
            if partner in active:
                looked_up += _settle_partner(home, journal, partner, keys)
        with open_database(home) as db:
            take_over(db, journal)
        return looked_up
    finally:
        journal.close()


def _settle_partner(home: Path, journal: Journal, partner: str, keys: list[tuple[str, int]]) -> int:
    with open_database(home) as db:
        rows = [row for plan_id, seq in keys for row in _plan_row(db, plan_id, seq)]
    sender = Sender("", connector(partner), journal)
    looked_up = 0
    try:
        for row in rows:
            sender.plan_id = row.pop("plan_id")
            if row["operation"] != "create" or sender.connector.contract.entities[row["entity"]].upsert:
                sender.settle(row, Outcome("pending", "interrupted", row["remote_id"]))
                continue
            looked_up += 1
            sender.settle(row, look_up(sender, row))
    except (PartnerStopped, LookupFailed) as problem:
        raise StammdatenError(
            f"{partner}: {len(rows)} records of the last run are in doubt, and {problem}"
        ) from None
    finally:
        sender.close()
    return looked_up


def look_up(sender: Sender, row: dict[str, Any]) -> Outcome:
    """What became of a create that was under way when a run ended."""
    operation, missing = sender.operation(row)
    if missing or operation.entity.created_with:
        return Outcome("pending", "interrupted")
    found, sent = sender.connector.find(operation)
    if len(found) > 1:
        return Outcome("rejected", "ambiguous", requests=sent)
    # The next plan sends all fields once more: only part of the record may have arrived.
    return Outcome("pending", "interrupted", found[0] if found else None, requests=sent)


def _plan_row(db: duckdb.DuckDBPyConnection, plan_id: str, seq: int) -> list[dict[str, Any]]:
    """The plan row, with the ids of parents that reached the partner after the plan was made."""
    found = db.execute(
        f"select plan_id, partner, {COLUMNS} from sync.plan where plan_id = ? and seq = ?", [plan_id, seq]
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        parents = json.loads(row["parents"])
        for parent in parents:
            parent["remote_id"] = parent["remote_id"] or _remote_id(db, row["partner"], parent)
        row["parents"] = json.dumps(parents)
    return rows


def _remote_id(db: duckdb.DuckDBPyConnection, partner: str, parent: dict[str, Any]) -> str | None:
    row = db.execute(
        "select remote_id from sync.ledger where partner = ? and id_space = ? and external_id = ?",
        [partner, parent["id_space"], parent["external_id"]],
    ).fetchone()
    return row[0] if row else None
