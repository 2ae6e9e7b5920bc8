"""dormakaba resivo over real HTTP: sites that it makes, contracts in their states, versions that end."""

import copy
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.marts import write_marts
from tests.push.site import Rows, Site

FLAT = "001/1/01/0001"
OWNER = "/v8/site-owners/sandbox-owner/sites"
LOGIN = "POST /oauth2/token 200"


def tenant(number: str, first: str, is_main: bool = False) -> dict[str, Any]:
    return {
        "externalId": f"{FLAT}/01/{number}",
        "firstName": first,
        "lastName": "Muster",
        "email": None,
        "mobile": None,
        "locale": "de-DE",
        "isMainContact": is_main,
    }


STOCK: Rows = {
    "liegenschaften": [{"external_id": "001/1", "displayName": "Am Park"}],
    "gebaeude": [
        {
            "external_id": "001/1/01",
            "liegenschaften_external_id": "001/1",
            "displayName": "Parkstr. 1",
            "address": {
                "street": "Parkstr.",
                "houseNumber": "1",
                "zip": "01067",
                "city": "Dresden",
                "country": "DE",
            },
        }
    ],
    "mietobjekte": [
        {
            "external_id": f"001/1/01/000{n}",
            "liegenschaften_external_id": "001/1",
            "gebaeude_external_id": "001/1/01",
            "displayName": f"Wohnung {n}",
            "floor": n,
            "unitNumber": f"000{n}",
        }
        for n in (1, 2)
    ],
    "mietvertraege": [
        {
            "external_id": f"{FLAT}/01",
            "liegenschaften_external_id": "001/1",
            "mietobjekte_external_id": FLAT,
            "plannedMoveInDate": "2020-01-01",
            "plannedMoveOutDate": None,
            "tenants": [tenant("77", "Ada", True), tenant("78", "Ben")],
        }
    ],
}


def stock(**lease: Any) -> Rows:
    rows = copy.deepcopy(STOCK)
    rows["mietvertraege"][0] |= lease
    return rows


def without_lease() -> Rows:
    return {**STOCK, "mietvertraege": []}


def made(site: Site, name: str = "Am Park", **more: Any) -> str:
    """A site that dormakaba has commissioned."""
    site.sandbox.set_option("dormakaba", "sites", "made")
    return site.sandbox.make("dormakaba", "liegenschaften", {"displayName": name, **more})


def contract(site: Site) -> dict[str, Any]:
    (record,) = site.sandbox.records("dormakaba", "mietvertraege")
    return record


def writes(site: Site) -> list[str]:
    found = [r for r in site.sandbox.requests("dormakaba") if r.method != "GET" and "oauth2" not in r.path]
    return [f"{r.method} {r.body or ''}".strip() for r in found]


def test_everything_arrives_below_a_site_that_was_there_under_one_login(site: Site) -> None:
    made(site)
    lines = site.sync("dormakaba", STOCK)
    assert {name: line.created for name, line in lines.items()} == {
        "liegenschaften": 0,
        "gebaeude": 1,
        "mietobjekte": 2,
        "mietvertraege": 1,
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    assert [line for line in site.sent("dormakaba") if "oauth2" in line] == [LOGIN]
    record = contract(site)
    assert record["status"] == "planned"
    assert [(t["firstName"], t["isMainContact"]) for t in record["tenants"]] == [
        ("Ada", True),
        ("Ben", False),
    ]
    (building,) = site.sandbox.records("dormakaba", "gebaeude")
    units = site.sandbox.records("dormakaba", "mietobjekte")
    assert {unit["buildingId"] for unit in units} == {building["id"]}
    assert {unit["floor"] for unit in units} == {1, 2}
    (only,) = site.sandbox.records("dormakaba", "liegenschaften")
    assert only["displayName"] == "Am Park"


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("dormakaba", STOCK)
    before = site.sent("dormakaba")
    lines = site.sync("dormakaba", STOCK)
    assert site.sent("dormakaba") == before
    assert sum(line.unchanged for line in lines.values()) == 5


def test_without_a_site_nothing_is_made_and_the_next_run_goes_on(site: Site) -> None:
    made(site, "Anderswo")
    lines = site.sync("dormakaba", STOCK)
    assert [line.blocked for line in lines.values()] == [1, 1, 2, 1]
    assert writes(site) == []
    made(site, "Umbenannt", externalId="001/1")
    assert sum(line.undelivered for line in site.sync("dormakaba", STOCK).values()) == 0
    assert len(site.sandbox.records("dormakaba", "liegenschaften")) == 2


def test_a_planned_contract_takes_changes_and_goes_when_it_never_began(site: Site) -> None:
    site.sandbox.set_option("dormakaba", "log_bodies", "yes")
    site.sync("dormakaba", stock(plannedMoveInDate="2030-01-01"))
    site.sync("dormakaba", stock(plannedMoveInDate="2030-02-01"))
    assert writes(site)[-1] == 'PATCH {"plannedMoveInDate": "2030-02-01"}'
    line = site.sync("dormakaba", without_lease())["mietvertraege"]
    assert (line.withdrawn, line.undelivered) == (1, 0)
    assert site.sandbox.records("dormakaba", "mietvertraege") == []


def test_an_active_contract_keeps_its_tenants_and_gets_an_end_only(site: Site) -> None:
    site.sandbox.set_option("dormakaba", "log_bodies", "yes")
    site.sync("dormakaba", STOCK)
    site.sandbox.set_option("dormakaba", "status", "active")
    alone = stock(tenants=[tenant("77", "Ada", True)], plannedMoveOutDate="2027-01-31")
    line = site.sync("dormakaba", alone)["mietvertraege"]
    assert (line.updated, line.undelivered) == (1, 0)
    assert writes(site)[-1] == 'PATCH {"plannedMoveOutDate": "2027-01-31"}'
    assert len(contract(site)["tenants"]) == 2
    told = "select state, reason, fields from sync.ledger where entity = 'mietvertraege'"
    assert site.ledger(told) == [("synced", "state_forbids", "tenants")]
    before = site.sent("dormakaba")
    site.sync("dormakaba", alone)
    assert site.sent("dormakaba") == before


def test_a_lease_that_leaves_is_never_a_move_out(site: Site) -> None:
    site.sync("dormakaba", STOCK)
    site.sandbox.set_option("dormakaba", "status", "active")
    site.sandbox.set_option("dormakaba", "log_bodies", "yes")
    site.sync("dormakaba", without_lease())
    assert writes(site)[-1] == 'PATCH {"plannedMoveOutDate": "2026-11-21"}'
    assert contract(site)["status"] == "active"
    assert site.sandbox.deletions("dormakaba") == []
    steps = {r.path.rsplit("/", 1)[-1] for r in site.sandbox.requests("dormakaba")}
    assert not [step for step in steps if "move" in step or "pin" in step or "authoriz" in step]


def test_a_version_that_has_ended_stops_and_nothing_counts_as_gone(site: Site) -> None:
    site.sync("dormakaba", STOCK)
    before = site.ledger("select external_id, remote_id from sync.ledger order by all")
    site.sandbox.set_option("dormakaba", "versions", "v9")
    site.sync(
        "dormakaba", {**stock(plannedMoveOutDate="2027-01-31"), "mietobjekte": STOCK["mietobjekte"][:1]}
    )
    assert (
        "the version in its address has ended; set DESTINATION__DORMAKABA__VERSION"
        in site.stopped["dormakaba"]
    )
    assert site.ledger("select external_id, remote_id from sync.ledger order by all") == before
    site.sandbox.set_option("dormakaba", "versions", "v8")
    lines = site.sync("dormakaba", stock(plannedMoveOutDate="2027-01-31"))
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("dormakaba", "mietobjekte")) == 2
    assert contract(site)["plannedMoveOutDate"] == "2027-01-31"


def test_named_sites_are_read_one_by_one_and_no_other_takes_part(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(site)
    site.sandbox.set_option("dormakaba", "scope", one)
    monkeypatch.setenv("DESTINATION__DORMAKABA__SITES", one)
    assert sum(line.undelivered for line in site.sync("dormakaba", STOCK).values()) == 0
    assert not [line for line in site.sent("dormakaba") if OWNER in line]
    assert f"GET /v8/sites/{one} 200" in site.sent("dormakaba")


def test_a_named_site_out_of_reach_stops_the_partner_and_an_id_that_is_none_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(site)
    site.sandbox.set_option("dormakaba", "scope", "another")
    monkeypatch.setenv("DESTINATION__DORMAKABA__SITES", f"{one}, ")
    site.sync("dormakaba", STOCK)
    assert (
        f"DESTINATION__DORMAKABA__SITES names {one}, which is answered with 403" in site.stopped["dormakaba"]
    )
    monkeypatch.setenv("DESTINATION__DORMAKABA__SITES", "../owner")
    with pytest.raises(SettingsError, match=r"'\.\./owner' is no id of a site"):
        connector("dormakaba")


def test_what_is_there_is_adopted_and_read_back_through_its_three_levels(site: Site) -> None:
    made(site)
    site.sync("dormakaba", STOCK)
    before = writes(site)
    site.ledger("delete from sync.ledger")
    found = {line.entity: line for line in adopt(site.home, connector("dormakaba"), apply=True).counts}
    assert found["liegenschaften"].by_natural_key == 1
    assert [found[n].by_external_id for n in ("gebaeude", "mietobjekte", "mietvertraege")] == [1, 2, 1]
    site.sync("dormakaba", STOCK)
    assert writes(site) == before
    assert verify(site.home, connector("dormakaba")).findings == ()


def test_what_was_made_by_hand_is_matched_by_its_name(site: Site) -> None:
    one = made(site)
    house = site.sandbox.make("dormakaba", "gebaeude", {"siteId": one, "displayName": "Parkstr. 1"})
    with open_database(site.home) as db:
        write_marts(db, "dormakaba", {**STOCK, "mietobjekte": [], "mietvertraege": []})
    found = {line.entity: line for line in adopt(site.home, connector("dormakaba"), apply=True).counts}
    assert found["gebaeude"].by_natural_key == 1
    site.sync("dormakaba", STOCK)
    (building,) = site.sandbox.records("dormakaba", "gebaeude")
    assert (building["id"], building["externalId"]) == (house, "001/1/01")


def test_a_unit_that_is_sold_waits_while_somebody_lives_in_it_whose_contract_gets_its_end(site: Site) -> None:
    site.sync("dormakaba", stock())
    sold = {**STOCK, "mietobjekte": STOCK["mietobjekte"][1:], "mietvertraege": []}
    site.sandbox.set_option("dormakaba", "status", "active")
    line = site.sync("dormakaba", sold)["mietobjekte"]
    assert (line.withdrawn, line.rejected) == (0, 1)
    (contract,) = site.sandbox.records("dormakaba", "mietvertraege")
    assert contract["plannedMoveOutDate"] == "2026-11-21"


def test_a_planned_contract_of_a_unit_that_is_sold_is_no_obstacle(site: Site) -> None:
    site.sync("dormakaba", stock())
    lines = site.sync("dormakaba", {**STOCK, "mietobjekte": STOCK["mietobjekte"][1:], "mietvertraege": []})
    assert (lines["mietobjekte"].withdrawn, lines["mietvertraege"].withdrawn) == (1, 1)
    assert [len(site.sandbox.records("dormakaba", n)) for n in STOCK] == [1, 1, 1, 0]
    assert site.ledger("select entity, reason from sync.ledger where state = 'withdrawn' order by all") == [
        ("mietobjekte", "deleted"),
        ("mietvertraege", "deleted"),
    ]


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("status", "units", "contracts"), [("planned", 1, 0), ("active", 2, 1), ("ended", 2, 1)]
)
def test_a_contract_that_ended_before_its_unit_was_sold_is_no_obstacle_while_nobody_has_moved_in(
    site: Site, status: str, units: int, contracts: int
) -> None:
    site.sync("dormakaba", stock())
    site.sync("dormakaba", without_lease())
    assert contract(site)["plannedMoveOutDate"] == "2026-11-21"
    site.sandbox.set_option("dormakaba", "status", status)
    site.sandbox.set_option("dormakaba", "log_bodies", "yes")
    before = len(writes(site))
    site.sync("dormakaba", {**without_lease(), "mietobjekte": STOCK["mietobjekte"][1:]})
    assert len(site.sandbox.records("dormakaba", "mietobjekte")) == units
    assert len(site.sandbox.records("dormakaba", "mietvertraege")) == contracts
    # Nobody's contract is changed: what was written are deletions alone, at most of contract and unit.
    assert [line.split()[0] for line in writes(site)[before:]] == ["DELETE"] * (2 - contracts)


def test_a_house_that_leaves_goes_from_its_contracts_up_and_the_site_stays(site: Site) -> None:
    site.sync("dormakaba", stock(plannedMoveInDate="2030-01-01"))
    site.sync("dormakaba", {"liegenschaften": []})
    assert [len(site.sandbox.records("dormakaba", n)) for n in STOCK] == [1, 0, 0, 0]
    states = site.ledger("select distinct state, reason from sync.ledger order by all")
    assert states == [("withdrawn", "deleted"), ("withdrawn", "kept")]
