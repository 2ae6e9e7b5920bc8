"""A value that is taken back in the ERP while what became of the change is not known, or was a refusal."""

import copy

import pytest

from tests.push.site import Rows, Site
from tests.push.stock import KIWI
from tests.push.test_doubt import lose

CHANGED: Rows = copy.deepcopy(KIWI)
CHANGED["mieter"][0]["email"] = "ada.muster@example.org"


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["error_after_rate", "cut_after_rate"])
def test_a_change_that_may_have_arrived_is_taken_back_at_the_partner_too(site: Site, fault: str) -> None:
    site.sync("kiwi", KIWI)
    [before] = [record["email"] for record in site.sandbox.records("kiwi", "mieter")]
    lose(site, "kiwi", fault, "^PATCH /v1/tenants/", times=99)
    lines = site.sync("kiwi", CHANGED)
    assert lines["mieter"].pending == 1
    assert [record["email"] for record in site.sandbox.records("kiwi", "mieter")] == [
        "ada.muster@example.org"
    ]
    site.sandbox.set_option("kiwi", fault, "0")
    lines = site.sync("kiwi", KIWI)
    assert (lines["mieter"].updated, lines["mieter"].pending) == (1, 0)
    assert [record["email"] for record in site.sandbox.records("kiwi", "mieter")] == [before]
    sent = site.sent("kiwi")
    assert site.sync("kiwi", KIWI)["mieter"].unchanged == 1
    assert site.sent("kiwi") == sent


def test_an_end_that_may_have_arrived_is_taken_back_when_the_lease_returns(site: Site) -> None:
    site.sync("kiwi", KIWI)
    lose(site, "kiwi", "error_after_rate", "^PATCH /v1/leases/", times=99)
    site.sync("kiwi", {**KIWI, "mietvertraege": []})
    assert [lease["ends_at"] for lease in site.sandbox.records("kiwi", "mietvertraege")] == ["2026-11-21"]
    site.sandbox.set_option("kiwi", "error_after_rate", "0")
    site.sync("kiwi", KIWI)
    assert [lease["ends_at"] for lease in site.sandbox.records("kiwi", "mietvertraege")] == [
        KIWI["mietvertraege"][0]["ends_at"]
    ]


def test_a_change_that_was_refused_and_is_taken_back_leaves_nothing_to_do(site: Site) -> None:
    site.sync("kiwi", KIWI)
    site.ledger(
        "update sync.ledger set state = 'rejected', reason = 'value_refused', tries = 1, tried_hash = 'another'"
        " where entity = 'mieter'"
    )
    sent = site.sent("kiwi")
    lines = site.sync("kiwi", KIWI)
    assert (lines["mieter"].rejected, lines["mieter"].unchanged) == (0, 1)
    assert site.sent("kiwi") == sent
    assert site.ledger("select state, reason from sync.ledger where entity = 'mieter'") == [("synced", None)]
