"""Stocks in which rows cannot be told apart by what they are called, and pushes that are killed on the way."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pipelines.api.connector import connector
from pipelines.api.http.client import Client
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import fold, open_database
from pipelines.push import push as engine
from pipelines.push.destination import COLUMNS
from pipelines.push.recovery import recover
from pipelines.push.sender import Sender
from pipelines.settings import database
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.stock import HOUSE
from tests.push.test_push_pricehubble import dossier


def etg24(groups: int, tenants: int) -> Rows:
    """Groups of one name, each with an Objekt, an address, a flat, a lease, and tenants of one name."""
    ids = [f"00{n}" for n in range(groups)]
    unit, lease, tenant = HOUSE["einheiten"][0], HOUSE["mietvertraege"][0], HOUSE["mieter"][0]
    return {
        "objektgruppen": [{"external_id": id_, "title": "Am Park"} for id_ in ids],
        "objekte": [{"external_id": f"{i}/1", "objektgruppen_external_id": i, "title": "Haus"} for i in ids],
        "einheiten": [{**unit, "external_id": f"{i}/1/1", "objekte_external_id": f"{i}/1"} for i in ids],
        "mietvertraege": [
            {**lease, "external_id": f"{i}/1/1/1", "einheiten_external_id": f"{i}/1/1"} for i in ids
        ],
        "mieter": [
            {**tenant, "external_id": f"{i}/1/1/1/{n}", "mietvertraege_external_id": f"{i}/1/1/1"}
            for i in ids
            for n in range(tenants)
        ],
    }


def pricehubble(groups: int, tenants: int) -> Rows:
    """Dossiers of one title."""
    return {
        "dossiers": [{**dossier(1), "external_id": f"001/1/01/{n}"} for n in range(groups + tenants)],
    }


def quis(groups: int, tenants: int) -> Rows:
    """Groups of one number, each with Exposés of one number."""
    ids = [f"00{n}" for n in range(groups)]
    return {
        "objektgruppen": [{"external_id": id_, "customId": "1"} for id_ in ids],
        "exposes": [
            {"external_id": f"{id_}/{n}", "objektgruppen_external_id": id_, "customId": "1"}
            for id_ in ids
            for n in range(tenants)
        ],
    }


STOCKS = {"etg24": etg24, "pricehubble": pricehubble, "quis": quis}


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def run_killed(site: Site, partner: str, rows: Rows, requests: int, is_after: bool) -> None:
    """Settle, plan and push, gone with request number `requests`: before it goes, or before its answer is read."""
    with open_database(site.home) as db:
        write_marts(db, partner, rows)
    recover(site.home, [partner])
    plan_id = engine.plan(site.home, [partner], TODAY).plan_id
    with open_database(site.home) as db:
        found = db.execute(f"select {COLUMNS} from sync.plan where plan_id = ? order by seq", [plan_id])
        names = [column[0] for column in found.description]
        plan = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    with closing(Journal(site.home / "journal.sqlite")) as journal:
        sender = Sender(plan_id, connector(partner), journal, database=database(site.home))
        _kill_at(sender.connector.client, requests, is_after)
        try:
            sender.send(iter(plan))
        except Killed:
            return
        finally:
            sender.close()
        with open_database(site.home) as db:
            fold(db, journal)


def _kill_at(client: Client, number: int, is_after: bool) -> None:
    exchange, left = client._exchange, iter(range(number))

    def until_then(*arguments: Any) -> Any:
        if next(left, None) is not None:
            return exchange(*arguments)
        if is_after:
            exchange(*arguments)
        raise Killed

    client._exchange = until_then  # type: ignore[method-assign]


def assert_one_record_a_row(site: Site, partner: str, rows: Rows) -> None:
    """As many records as rows, one remote id for each row, every child under its own parent."""
    ids = {
        (entity, external_id): remote_id
        for entity, external_id, remote_id in site.ledger(
            f"select entity, external_id, remote_id from sync.ledger where partner = '{partner}'"
        )
    }
    states = site.ledger("select entity, external_id, state, reason from sync.ledger where state <> 'synced'")
    assert states == []
    contract = connector(partner).contract
    for name, own in rows.items():
        entity = contract.entities[name]
        records = {str(r[entity.id]): r for r in site.sandbox.records(partner, name)}
        assert len(records) == len(own), f"{partner} {name}: {len(records)} records for {len(own)} rows"
        assert {ids[name, row["external_id"]] for row in own} == set(records)
        for row, parent in _references(own, entity.parents):
            record = records[ids[name, row["external_id"]]]
            wanted = ids[parent.entity, row[f"{parent.entity}_external_id"]]
            assert str(record[parent.field]) == wanted, f"{partner} {name}: under another's parent"


def _references(rows: list[dict[str, Any]], parents: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    for row in rows:
        for parent in parents:
            if row.get(f"{parent.entity}_external_id"):
                yield row, parent
