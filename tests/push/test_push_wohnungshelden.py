"""Wohnungshelden over real HTTP: listings under our numbers, by JSON and by files of OpenImmo."""

import copy
from typing import Any
from urllib.parse import unquote

import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.push import push as engine
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.shape_stock import FILED
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does

IDS = ["001/1/01/0001", "001/1/01/G 2"]
LISTINGS: Rows = {
    "leerstaende": [
        {
            "external_id": id_,
            "objectNumber": id_,
            "title": f"Wohnung {n}",
            "usage": "RESIDENTIAL",
            "address": {"street": "Parkstr.", "houseNumber": str(n), "zipCode": "01067", "city": "Dresden"},
            "livingSpace": 50.5,
            "netColdRent": 500.25,
            "releasedForMarketing": True,
            "availableFrom": "2026-12-01",
        }
        for n, id_ in enumerate(IDS)
    ]
}
FILES: Rows = {
    "leerstaende_openimmo": [{**FILED["objekte"][n], "external_id": id_} for n, id_ in enumerate(IDS)]
}
ONE: Rows = {"leerstaende": LISTINGS["leerstaende"][:1]}


def writes(site: Site) -> list[str]:
    return [
        unquote(line).replace(" /api/", " /")
        for line in site.sent("wohnungshelden")
        if not line.startswith("GET")
    ]


def active(site: Site) -> list[str]:
    return sorted(r["objectNumber"] for r in site.sandbox.records("wohnungshelden", "leerstaende"))


def test_listings_arrive_under_their_numbers_and_a_second_run_sends_nothing(site: Site) -> None:
    lines = site.sync("wohnungshelden", LISTINGS)
    assert (lines["leerstaende"].created, lines["leerstaende"].undelivered) == (2, 0)
    assert sorted(writes(site)) == [f"PUT /listing/1.0/{id_} 201" for id_ in IDS]
    assert site.sync("wohnungshelden", LISTINGS)["leerstaende"].unchanged == 2
    assert len(writes(site)) == 2


def test_a_change_goes_as_a_whole_listing(site: Site) -> None:
    site.sync("wohnungshelden", LISTINGS)
    rows = copy.deepcopy(LISTINGS)
    rows["leerstaende"][0]["netColdRent"] = 510.75
    assert site.sync("wohnungshelden", rows)["leerstaende"].updated == 1
    assert writes(site)[2:] == [f"PUT /listing/1.0/{IDS[0]} 200"]
    rents = {
        r["objectNumber"]: r["netColdRent"] for r in site.sandbox.records("wohnungshelden", "leerstaende")
    }
    assert rents == {IDS[0]: 510.75, IDS[1]: 500.25}


def test_a_release_taken_back_is_a_removal_and_given_again_it_is_active_again(site: Site) -> None:
    site.sync("wohnungshelden", LISTINGS)
    assert site.sync("wohnungshelden", ONE)["leerstaende"].withdrawn == 1
    assert writes(site)[2:] == [f"DELETE /listing/1.0/{IDS[1]} 204"]
    assert active(site) == IDS[:1]
    assert does("wohnungshelden", "get", "/listing/1.0/001%2F1%2F01%2FG%202")["status"] == "INACTIVE"
    assert site.sync("wohnungshelden", ONE)["leerstaende"].withdrawn == 0
    site.sync("wohnungshelden", LISTINGS)
    assert active(site) == IDS
    assert len(writes(site)) == 4


def test_what_is_there_is_adopted_under_its_number(site: Site) -> None:
    site.sync("wohnungshelden", LISTINGS)
    site.ledger("delete from sync.ledger")
    found = adopt(site.home, connector("wohnungshelden"), apply=True)
    assert [(c.entity, c.by_external_id, c.to_create) for c in found.counts] == [
        ("leerstaende", 2, 0),
        ("leerstaende_openimmo", 0, 0),
    ]
    before = len(writes(site))
    site.sync("wohnungshelden", LISTINGS)
    assert writes(site)[before:] == []
    assert verify(site.home, connector("wohnungshelden")).findings == ()
    does("wohnungshelden", "delete", "/listing/1.0/001%2F1%2F01%2F0001")
    seen: Any = verify(site.home, connector("wohnungshelden")).findings
    assert [(f.kind, f.external_id) for f in seen] == [("missing", IDS[0])]


def test_a_lost_answer_and_a_refusal_cost_no_other_row(site: Site) -> None:
    site.sandbox.set_options(
        {
            "wohnungshelden.fault_on": "PUT .*/listing",
            "wohnungshelden.cut_after_rate": "100",
            "wohnungshelden.fault_limit": "1",
        }
    )
    assert site.sync("wohnungshelden", LISTINGS)["leerstaende"].undelivered == 0
    rows = copy.deepcopy(LISTINGS)
    rows["leerstaende"][0]["title"] = ""
    rows["leerstaende"][1]["title"] = "Wohnung am Park"
    lines = site.sync("wohnungshelden", rows)
    assert (lines["leerstaende"].updated, lines["leerstaende"].rejected) == (1, 1)


def test_the_token_goes_in_the_header_that_the_setting_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__WOHNUNGSHELDEN__AUTH", "api_key")
    made = connector("wohnungshelden")
    assert made.login(made.client) == ({"X-API-Key": "sandbox-wohnungshelden"}, None)
    assert site.sync("wohnungshelden", LISTINGS)["leerstaende"].undelivered == 0
    monkeypatch.setenv("DESTINATION__WOHNUNGSHELDEN__AUTH", "cookie")
    with pytest.raises(
        SettingsError, match="DESTINATION__WOHNUNGSHELDEN__AUTH is 'cookie'; allowed: bearer, api_key"
    ):
        connector("wohnungshelden")


def test_a_wrong_token_stops_the_partner(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__WOHNUNGSHELDEN__API_TOKEN", "wrong")
    site.sync("wohnungshelden", LISTINGS)
    assert site.stopped == {"wohnungshelden": "the partner refused the login (401); check the credentials"}


def test_the_plan_of_an_unchanged_stock_is_empty(site: Site) -> None:
    site.sync("wohnungshelden", LISTINGS)
    engine.plan(site.home, ["wohnungshelden"], TODAY)
    assert site.ledger("select count(*) from sync.plan where partner = 'wohnungshelden' and sends") == [(0,)]


def rents(site: Site) -> dict[str, Any]:
    return {
        r["objectNumber"]: r["netColdRent"] for r in site.sandbox.records("wohnungshelden", "leerstaende")
    }


def test_files_make_change_and_remove_the_same_listings(site: Site) -> None:
    lines = site.sync("wohnungshelden", FILES)
    assert (lines["leerstaende_openimmo"].created, lines["leerstaende_openimmo"].delivered) == (2, 0)
    assert writes(site) == ["POST /import/1.0/openimmo 202"]
    assert rents(site) == {IDS[0]: 500.5, IDS[1]: 501.5}
    rows = copy.deepcopy(FILES)
    rows["leerstaende_openimmo"][0]["preise"]["nettokaltmiete"] = 510.75
    del rows["leerstaende_openimmo"][1]
    lines = site.sync("wohnungshelden", rows)
    assert (lines["leerstaende_openimmo"].updated, lines["leerstaende_openimmo"].withdrawn) == (1, 1)
    assert rents(site) == {IDS[0]: 510.75}
    assert verify(site.home, connector("wohnungshelden")).findings == ()
    before = len(site.sent("wohnungshelden"))
    site.sync("wohnungshelden", rows)
    assert len(site.sent("wohnungshelden")) == before


def test_another_channel_changes_the_listings_that_are_there_and_removes_none(site: Site) -> None:
    site.sync("wohnungshelden", LISTINGS)
    lines = site.sync("wohnungshelden", FILES)
    assert (lines["leerstaende_openimmo"].updated, lines["leerstaende"].withdrawn) == (2, 0)
    assert rents(site) == {IDS[0]: 500.5, IDS[1]: 501.5}
    lines = site.sync("wohnungshelden", LISTINGS)
    assert (lines["leerstaende"].updated, lines["leerstaende_openimmo"].withdrawn) == (2, 0)
    assert rents(site) == {IDS[0]: 500.25, IDS[1]: 500.25}
