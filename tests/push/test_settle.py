"""What an interrupted run left open, rebuilt by hand: a create that was sent and never answered."""

import pytest

from pipelines.ledger.journal import Journal
from pipelines.push.recovery import recover
from tests.push.site import Rows, Site
from tests.push.stock import FACILIOO, HOUSE, KIWI, PLENTIFIC


def forget_outcome(site: Site, partner: str, entity: str) -> int:
    """Makes one delivered create look as if the run had died before its answer; returns how many rows that are."""
    ((plan_id, seq, external_id),) = site.ledger(
        f"select plan_id, seq, external_id from sync.plan where partner = '{partner}' and entity = '{entity}'"
        " order by seq limit 1"
    )
    site.ledger(f"delete from sync.attempts where seq = {seq}")
    site.ledger(f"delete from sync.ledger where entity = '{entity}' and external_id = '{external_id}'")
    journal = Journal(site.home / "journal.sqlite")
    journal.intend(plan_id, partner, [seq])
    journal.close()
    return len(site.sandbox.records(partner, entity))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("partner", "entity", "rows", "mode"),
    [
        ("etg24", "einheiten", HOUSE, "everywhere"),
        ("etg24", "einheiten", HOUSE, "documented"),
        ("etg24", "mieter", HOUSE, "documented"),
        ("etg24", "objekt_adressen", HOUSE, "documented"),
        ("facilioo", "parteien_mieter", FACILIOO, "everywhere"),
        ("facilioo", "kontaktdaten", FACILIOO, "everywhere"),
        ("facilioo", "eingaenge", FACILIOO, "everywhere"),
        ("plentific", "unterobjekte", PLENTIFIC, "everywhere"),
        ("kiwi", "mietvertraege", KIWI, "everywhere"),
    ],
)
def test_a_create_without_an_answer_is_found_and_not_sent_again(
    site: Site, partner: str, entity: str, rows: Rows, mode: str
) -> None:
    site.sandbox.set_option("etg24", "external_ids", mode)
    site.sync(partner, rows)
    held = forget_outcome(site, partner, entity)
    assert recover(site.home, [partner]) == 1
    assert recover(site.home, [partner]) == 0
    posts = [line for line in site.sent(partner) if line.startswith("POST")]
    lines = site.sync(partner, rows)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records(partner, entity)) == held
    new = [line for line in site.sent(partner) if line.startswith("POST")][len(posts) :]
    assert [
        line
        for line in new
        if "search" not in line and "session" not in line and "login" not in line and "token" not in line
    ] == []
