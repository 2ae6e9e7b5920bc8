"""Plan and push against the sandbox, over real HTTP, with marts made by hand."""

import pytest

from pipelines.api.connector import once_a_run
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.ledger.target_systems import check_systems
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.readback.verify import verify
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.stock import FACILIOO, HOUSE, KIWI, PLENTIFIC


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("partner", "rows"),
    [("etg24", HOUSE), ("facilioo", FACILIOO), ("plentific", PLENTIFIC), ("kiwi", KIWI)],
)
def test_a_second_push_of_the_same_sends_not_even_a_login(site: Site, partner: str, rows: Rows) -> None:
    site.sync(partner, rows)
    before = site.sent(partner)
    assert all(int(line.rsplit(" ", 1)[1]) < 300 for line in before), before
    again = site.sync(partner, rows)
    assert site.sent(partner) == before
    assert (
        sum(line.created + line.updated + line.withdrawn + line.undelivered for line in again.values()) == 0
    )
    assert {name: line.unchanged for name, line in again.items() if line.unchanged} == {
        name: len(found) for name, found in rows.items()
    }


def test_the_steps_of_one_run_share_a_connector_and_its_login(site: Site) -> None:
    make = once_a_run()
    with open_database(site.home) as db:
        write_marts(db, "facilioo", FACILIOO)
    made = engine.plan(site.home, ["facilioo"], TODAY)
    assert engine.push(site.home, made.plan_id, ["facilioo"], DEFAULTS, make=make).is_complete
    verify(site.home, make("facilioo"))
    assert [line.split(" ")[1] for line in site.sent("facilioo")].count("/api/auth/login") == 1


def test_one_ledger_is_not_used_for_two_systems(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    check_systems(site.home, ["etg24"])
    monkeypatch.setenv("DESTINATION__ETG24__BASE_URL", "https://etg24.example")
    with pytest.raises(
        SettingsError, match=r"the ledger under .* speaks of this machine, not of etg24\.example"
    ):
        check_systems(site.home, ["etg24"])


@pytest.mark.sampled
@pytest.mark.parametrize(
    "fault", ["error_after_rate", "cut_after_rate", "error_rate", "cut_before_rate", "html_rate"]
)
def test_a_create_whose_answer_fails_is_delivered_once(
    site: Site, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This partner shows at once what it took, so that nobody has to wait for it.
    monkeypatch.setenv("DESTINATION__ETG24__LOOK_AGAIN", "0")
    monkeypatch.setenv("DESTINATION__ETG24__ABSENT_AFTER", "0")
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sandbox.set_option("etg24", "fault_on", "^POST ")
    site.sandbox.set_option("etg24", fault, "30")
    # Each run tries a create that is surely not there once more; which ones fail again is chance, by the seed.
    for _ in range(6):
        lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert {
        name: len(site.sandbox.records("etg24", name)) for name in ("einheiten", "mieter", "objekte")
    } == {
        "einheiten": 3,
        "mieter": 3,
        "objekte": 2,
    }
