"""Plan and push against the sandbox, over real HTTP, with marts made by hand."""

import copy

import duckdb
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


def test_a_first_push_creates_everything_once_and_parents_first(site: Site) -> None:
    lines = site.sync("etg24", HOUSE)
    assert {name: line.created for name, line in lines.items()} == {
        "objektgruppen": 1,
        "objekte": 2,
        "objekt_adressen": 2,
        "einheiten": 3,
        "mietvertraege": 2,
        "eigentuemervertraege": 1,
        "mieter": 3,
        "eigentuemer": 1,
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sent("etg24")) == 15
    units = {unit["extId"]: unit for unit in site.sandbox.records("etg24", "einheiten")}
    objects = {o["extId"]: o["id"] for o in site.sandbox.records("etg24", "objekte")}
    assert units["001/1/01/0002"]["objectId"] == objects["001/1/01"]
    assert units["001/1/01/0002"]["area"] == 70.5


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


def test_a_changed_row_sends_its_changed_field_alone(site: Site) -> None:
    site.sandbox.set_option("etg24", "log_bodies", "yes")
    site.sync("etg24", HOUSE)
    before = len(site.sent("etg24"))
    rows = copy.deepcopy(HOUSE)
    rows["einheiten"][1]["area"] = 71.0
    lines = site.sync("etg24", rows)
    (request,) = site.sandbox.requests("etg24")[before:]
    assert (request.method, request.body) == ("PATCH", '{"area": 71.0}')
    assert lines["einheiten"].updated == 1


def test_a_lease_that_left_is_ended_and_taken_up_again_when_it_returns(site: Site) -> None:
    site.sync("etg24", HOUSE)
    gone = {**HOUSE, "mietvertraege": HOUSE["mietvertraege"][:1], "mieter": HOUSE["mieter"][:2]}
    lines = site.sync("etg24", gone)
    assert (lines["mietvertraege"].withdrawn, lines["mieter"].withdrawn) == (1, 1)
    ends = {c["extId"]: c["validTo"] for c in site.sandbox.records("etg24", "mietvertraege")}
    assert ends == {"001/1/01/0001/01": None, "001/1/01/0002/01": "2026-11-21"}
    site.sync("etg24", HOUSE)
    ends = {c["extId"]: c["validTo"] for c in site.sandbox.records("etg24", "mietvertraege")}
    assert ends == {"001/1/01/0001/01": None, "001/1/01/0002/01": None}
    assert site.sandbox.deletions("etg24") == []


def test_a_rejected_parent_blocks_its_children_until_it_is_accepted(site: Site) -> None:
    rows = copy.deepcopy(HOUSE)
    rows["objekte"][0]["title"] = ""
    lines = site.sync("etg24", rows)
    assert lines["objekte"].rejected == 1
    assert (lines["einheiten"].blocked, lines["mietvertraege"].blocked, lines["mieter"].blocked) == (2, 2, 3)
    assert lines["einheiten"].created == 1
    reasons = site.ledger(
        "select reason, fields from sync.ledger where entity = 'einheiten' and state = 'blocked'"
    )
    assert reasons == [("parent_missing", "objekte 001/1/01")] * 2
    assert site.ledger("select reason, fields from sync.ledger where state = 'rejected'") == [
        ("missing_field", "title")
    ]
    healed = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in healed.values()) == 0
    assert len(site.sandbox.records("etg24", "mieter")) == 3


def test_etg24_without_external_ids_on_most_records_gets_the_same_records(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
    before = len(site.sent("etg24"))
    site.sync("etg24", HOUSE)
    assert len(site.sent("etg24")) == before


def test_what_is_there_already_is_found_and_changed_instead_of_created_twice(site: Site) -> None:
    site.sync("etg24", HOUSE)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
    assert len(site.sandbox.records("etg24", "mieter")) == 3


def test_etg24_without_external_ids_is_not_given_a_second_record_when_the_ledger_is_lost(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger where entity = 'einheiten'")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3


def test_facilioo_gets_one_entrance_a_building_and_parties_that_are_found_by_their_ids(site: Site) -> None:
    lines = site.sync("facilioo", FACILIOO)
    assert sum(line.undelivered for line in lines.values()) == 0
    (building,) = site.sandbox.records("facilioo", "gebaeude")
    (entrance,) = site.sandbox.records("facilioo", "eingaenge")
    assert (entrance["id"], entrance["externalId"]) == (building["id"], "001/1/01")
    contracts = site.sandbox.records("facilioo", "vertraege_mieter")
    assert [c["externalId"] for c in contracts] == ["001/1/01/0001/01/77"]
    # Its list of external ids is read, and not replaced when our id is in it already.
    [party] = site.sandbox.records("facilioo", "parteien_mieter")
    assert f"GET /api/parties/{party['id']}/external-ids 200" in site.sent("facilioo")
    assert "PUT /api/parties/" not in " ".join(site.sent("facilioo"))


def test_plentific_units_get_their_type_from_the_catalogue_which_is_read_once(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    types = {u["type_uuid"] for u in site.sandbox.records("plentific", "unterobjekte")}
    assert len(types) == 1
    assert types.isdisjoint({o["type_uuid"] for o in site.sandbox.records("plentific", "objekte")})
    assert len([line for line in site.sent("plentific") if "location-types" in line]) <= 2


def test_a_deactivated_record_is_active_again_when_it_returns(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    site.sync("plentific", {**PLENTIFIC, "unterobjekte_mieter": []})
    assert [t["is_active"] for t in site.sandbox.records("plentific", "unterobjekte_mieter")] == [False]
    site.sync("plentific", PLENTIFIC)
    assert [t["is_active"] for t in site.sandbox.records("plentific", "unterobjekte_mieter")] == [True]


def test_a_refused_login_stops_the_partner_with_one_message(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__KIWI__PASSWORD", "wrong")
    lines = site.sync("kiwi", KIWI)
    assert site.stopped == {"kiwi": "the login answered 401; check the credentials and the address"}
    assert sum(line.pending for line in lines.values()) == 4
    assert len(site.sent("kiwi")) == 1


def test_one_ledger_is_not_used_for_two_systems(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    check_systems(site.home, ["etg24"])
    monkeypatch.setenv("DESTINATION__ETG24__BASE_URL", "https://etg24.example")
    with pytest.raises(
        SettingsError, match=r"the ledger under .* speaks of this machine, not of etg24\.example"
    ):
        check_systems(site.home, ["etg24"])


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
