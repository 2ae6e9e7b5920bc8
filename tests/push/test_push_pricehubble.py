"""PriceHubble over real HTTP: one login, a look-up before each create, PATCH that merges, valuations on demand."""

import copy
import json
from typing import Any

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does

DOSSIERS, SEARCH = "/api/v1/dossiers", "/api/v1/dossiers/search"
LOGIN = "POST /auth/login/credentials 200"


def dossier(number: int, **more: Any) -> dict[str, Any]:
    address = {"street": "Parkstr.", "houseNumber": "1", "postCode": "01067", "city": "Dresden"}
    return {
        "external_id": f"001/1/01/000{number}",
        "title": f"Wohnung {number}, Parkstr. 1",
        "dealType": "rent",
        "countryCode": "DE",
        "property": {
            "location": {"address": address},
            "propertyType": {"code": "apartment", "subcode": None},
            "buildingYear": 1928,
            "livingArea": 50.0 + number,
            "numberOfRooms": 2.5,
            "energyLabel": "C",
            **more,
        },
    }


STOCK: Rows = {"dossiers": [dossier(n) for n in (1, 2, 3)]}


def changed(place: int = 1, **more: Any) -> Rows:
    rows = copy.deepcopy(STOCK)
    rows["dossiers"][place]["property"] |= more
    return rows


def records(site: Site) -> dict[str, Any]:
    return {record["sourceDossierId"]: record for record in site.sandbox.records("pricehubble", "dossiers")}


def sent(site: Site, since: int = 0) -> list[str]:
    """Requests without the look-ups and logins."""
    return [
        line for line in site.sent("pricehubble")[since:] if SEARCH not in line and not line.startswith(LOGIN)
    ]


def forget(site: Site) -> None:
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")


def states(site: Site) -> list[Any]:
    return site.ledger("select external_id, state, reason, fields from sync.ledger order by all")


def test_every_dossier_is_looked_up_and_created_under_one_login_and_not_valued(site: Site) -> None:
    line = site.sync("pricehubble", STOCK)["dossiers"]
    assert (line.created, line.undelivered) == (3, 0)
    asked = site.sent("pricehubble")
    assert asked.count(LOGIN) == 1
    assert asked.count(f"POST {SEARCH} 200") == 3
    assert sent(site) == [f"POST {DOSSIERS} 200"] * 3
    shown = records(site)
    # Without the subcode, of which nothing is known.
    assert shown["001/1/01/0002"]["property"] == {
        **STOCK["dossiers"][1]["property"],
        "propertyType": {"code": "apartment"},
    }
    assert shown["001/1/01/0002"]["title"] == "Wohnung 2, Parkstr. 1"
    ids = {record["sourceDossierId"]: record["id"] for record in shown.values()}
    assert dict(site.ledger("select external_id, remote_id from sync.ledger")) == ids
    # A second run sends nothing, and neither password nor token is kept.
    assert site.sync("pricehubble", STOCK)["dossiers"].unchanged == 3
    assert site.sent("pricehubble") == asked
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert b"sandbox-pricehubble" not in held
    assert b"Bearer" not in held


def test_a_cleared_nested_field_goes_as_null_since_patch_merges(site: Site) -> None:
    site.sync("pricehubble", STOCK)
    site.sandbox.set_option("pricehubble", "log_bodies", "yes")
    before = len(site.sent("pricehubble"))
    site.sync("pricehubble", changed(numberOfRooms=None, livingArea=52.5))
    (patch,) = [r for r in site.sandbox.requests("pricehubble")[before:] if r.method == "PATCH"]
    body = json.loads(patch.body or "")
    assert list(body) == ["property"]
    assert (body["property"]["numberOfRooms"], body["property"]["livingArea"]) == (None, 52.5)
    of = records(site)["001/1/01/0002"]["property"]
    assert (of["numberOfRooms"], of["livingArea"], of["energyLabel"]) == (None, 52.5, "C")
    assert verify(site.home, connector("pricehubble")).findings == ()


def test_what_leaves_stays_at_the_partner_and_is_taken_up_when_it_returns(site: Site) -> None:
    site.sync("pricehubble", STOCK)
    before = len(site.sent("pricehubble"))
    line = site.sync("pricehubble", {"dossiers": STOCK["dossiers"][:2]})["dossiers"]
    assert (line.withdrawn, sent(site, before)) == (1, [])
    line = site.sync("pricehubble", STOCK)["dossiers"]
    assert (line.created, len(records(site))) == (0, 3)


@pytest.mark.slow
def test_what_the_ledger_has_forgotten_is_found_again_and_not_made_twice(site: Site) -> None:
    site.sync("pricehubble", STOCK)
    forget(site)
    before = len(site.sent("pricehubble"))
    site.sync("pricehubble", changed(livingArea=61.0))
    assert {line.split(" ")[0] for line in sent(site, before)} == {"PATCH"}
    assert len(site.sandbox.records("pricehubble", "dossiers")) == 3
    assert records(site)["001/1/01/0002"]["property"]["livingArea"] == 61


def test_two_dossiers_under_our_id_are_left_alone_until_somebody_mends_it(site: Site) -> None:
    body = {
        **{name: value for name, value in STOCK["dossiers"][0].items() if name != "external_id"},
        "sourceDossierId": "001/1/01/0001",
    }
    twins = [does("pricehubble", "post", DOSSIERS, body)["id"] for _ in range(2)]
    line = site.sync("pricehubble", STOCK)["dossiers"]
    assert (line.created, line.rejected) == (2, 1)
    assert states(site)[0] == ("001/1/01/0001", "rejected", "ambiguous", None)
    does("pricehubble", "delete", f"{DOSSIERS}/{twins[1]}")
    adopt(site.home, connector("pricehubble"), apply=True)
    assert site.sync("pricehubble", STOCK)["dossiers"].undelivered == 0
    assert records(site)["001/1/01/0001"]["id"] == twins[0]


def test_a_lost_answer_to_a_create_makes_one_dossier(site: Site) -> None:
    site.sandbox.set_options(
        {
            "pricehubble.fault_on": f"POST {DOSSIERS}$",
            "pricehubble.cut_after_rate": "100",
            "pricehubble.fault_limit": "1",
        }
    )
    assert site.sync("pricehubble", STOCK)["dossiers"].undelivered == 0
    assert len(site.sandbox.records("pricehubble", "dossiers")) == 3


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("wrong", "reason", "field"),
    [
        ({"livingArea": 801.0}, "invalid_field", "livingArea"),
        ({"buildingYear": 1849}, "invalid_field", "buildingYear"),
        ({"propertyType": {"code": "house", "subcode": None}}, "missing_field", "landArea"),
    ],
)
def test_a_refused_dossier_names_its_field_and_holds_up_no_other(
    site: Site, wrong: dict[str, Any], reason: str, field: str
) -> None:
    line = site.sync("pricehubble", changed(**wrong))["dossiers"]
    assert (line.created, line.rejected) == (2, 1)
    assert states(site)[1] == ("001/1/01/0002", "rejected", reason, field)
    assert site.sync("pricehubble", STOCK)["dossiers"].created == 1


def test_a_token_that_ends_on_the_way_is_renewed_by_one_login(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__PRICEHUBBLE__IN_FLIGHT", "1")
    site.sandbox.set_option("pricehubble", "token_requests", "4")
    rows = {"dossiers": [dossier(n) for n in range(1, 8)]}
    assert site.sync("pricehubble", rows)["dossiers"].created == 7
    # Seven look-ups and seven creates, four of them under each token.
    assert site.sent("pricehubble").count(LOGIN) == 4


def test_what_is_there_is_adopted_by_our_id_or_by_its_title(site: Site) -> None:
    site.sync("pricehubble", STOCK)
    by_hand = records(site)["001/1/01/0003"]["id"]
    does("pricehubble", "patch", f"{DOSSIERS}/{by_hand}", {"sourceDossierId": None})
    forget(site)
    (found,) = adopt(site.home, connector("pricehubble"), apply=True).counts
    assert (found.by_external_id, found.by_natural_key, found.to_create) == (2, 1, 0)
    assert site.sync("pricehubble", STOCK)["dossiers"].created == 0
    assert records(site)["001/1/01/0003"]["id"] == by_hand
    engine.plan(site.home, ["pricehubble"], TODAY)
    assert site.ledger("select count(*) from sync.plan where sends") == [(0,)]


@pytest.mark.slow
def test_what_was_changed_or_deleted_there_is_found_and_mended(site: Site) -> None:
    site.sync("pricehubble", STOCK)
    assert verify(site.home, connector("pricehubble")).findings == ()
    shown = records(site)
    does(
        "pricehubble",
        "patch",
        f"{DOSSIERS}/{shown['001/1/01/0001']['id']}",
        {"property": {"livingArea": 99}},
    )
    does("pricehubble", "delete", f"{DOSSIERS}/{shown['001/1/01/0002']['id']}")
    seen = verify(site.home, connector("pricehubble")).findings
    assert {(f.kind, f.external_id, tuple(c.name for c in f.changes)) for f in seen} == {
        ("changed", "001/1/01/0001", ("property",)),
        ("missing", "001/1/01/0002", ()),
    }
    repair(site.home, load_contract("pricehubble"), seen)
    with open_database(site.home) as db:
        write_marts(db, "pricehubble", STOCK)
    site.sync("pricehubble", STOCK)
    assert verify(site.home, connector("pricehubble")).findings == ()
    assert records(site)["001/1/01/0001"]["property"]["livingArea"] == 51


def test_with_the_setting_a_dossier_is_valued_when_it_is_new_and_when_its_property_changed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__PRICEHUBBLE__BEWERTUNG", "true")
    site.sync("pricehubble", STOCK)
    assert len([line for line in sent(site) if line.endswith("/valuation 200")]) == 3
    # 52 m² at 11 EUR
    assert records(site)["001/1/01/0002"]["valuationRentNet"]["value"] == 572
    before = len(site.sent("pricehubble"))
    site.sync("pricehubble", changed(livingArea=60.0))
    id_ = records(site)["001/1/01/0002"]["id"]
    assert sent(site, before) == [f"PATCH {DOSSIERS}/{id_} 200", f"POST {DOSSIERS}/{id_}/valuation 200"]
    rows = changed(livingArea=60.0)
    rows["dossiers"][1]["title"] = "Wohnung 2"
    before = len(site.sent("pricehubble"))
    site.sync("pricehubble", rows)
    assert sent(site, before) == [f"PATCH {DOSSIERS}/{id_} 200"]


def test_a_refused_valuation_leaves_the_dossier_there_and_is_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__PRICEHUBBLE__BEWERTUNG", "true")
    site.sandbox.set_option("pricehubble", "valuation", "off")
    line = site.sync("pricehubble", STOCK)["dossiers"]
    assert (line.created, line.rejected) == (0, 3)
    assert {state[1:3] for state in states(site)} == {("rejected", "forbidden")}
    site.sandbox.set_option("pricehubble", "valuation", "on")
    assert site.sync("pricehubble", STOCK)["dossiers"].undelivered == 0
    shown = site.sandbox.records("pricehubble", "dossiers")
    assert [record["isValuationStale"] for record in shown] == [False] * 3


def test_another_word_for_the_setting_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__PRICEHUBBLE__BEWERTUNG", "ja")
    with pytest.raises(
        SettingsError, match="DESTINATION__PRICEHUBBLE__BEWERTUNG is 'ja'; allowed: true, false"
    ):
        connector("pricehubble")
