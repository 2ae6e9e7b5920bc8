"""A partner with its key in the query, groups within groups, lists of one parent, and a limit by the day."""

import copy
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.api.http.client import PartnerStopped
from pipelines.errors import StammdatenError
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.shape_stock import KEYED
from tests.push.site import Site

KEY = "sandbox-keyed"


def posts(site: Site) -> int:
    return sum(r.method == "POST" for r in site.sandbox.requests("keyed"))


def lists(site: Site) -> list[str]:
    return [r.query for r in site.sandbox.requests("keyed") if r.method == "GET"]


def forget_ledger(site: Site) -> None:
    site.ledger("delete from sync.ledger")


def test_before_the_first_create_the_list_is_read_once_and_none_below_a_new_parent(shapes: Site) -> None:
    lines = shapes.sync("keyed", KEYED)
    assert (lines["gruppen"].created, lines["haeuser"].created) == (2, 5)
    assert lists(shapes) == ["limit=3&offset=0"]
    assert posts(shapes) == 7


def test_what_is_there_is_taken_up_with_one_list_for_each_parent(shapes: Site) -> None:
    shapes.sync("keyed", KEYED)
    forget_ledger(shapes)
    before = len(lists(shapes))
    lines = shapes.sync("keyed", KEYED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert (posts(shapes), len(shapes.sandbox.records("keyed", "haeuser"))) == (7, 5)
    # Top level in one page; four houses in two pages, one house in one.
    assert len(lists(shapes)) - before == 4


def test_two_records_under_one_external_id_are_left_to_a_person(shapes: Site) -> None:
    shapes.sync("keyed", KEYED)
    somebody = connector("keyed").client
    groups = shapes.sandbox.records("keyed", "gruppen")
    parent = next(group["id"] for group in groups if group["externalId"] == "001/1")
    twin = {"externalId": "001/1/03", "parentId": parent, "customId": "03b"}
    assert somebody.call("post", "/groups", twin).ok
    somebody.close()
    forget_ledger(shapes)
    lines = shapes.sync("keyed", KEYED)
    assert (lines["haeuser"].rejected, lines["haeuser"].undelivered) == (1, 1)
    assert shapes.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/1/03", "ambiguous")
    ]


def test_full_text_hits_are_compared_with_our_id(shapes: Site) -> None:
    shapes.sandbox.set_option("keyed", "cut_after_rate", "100")
    shapes.sandbox.set_option("keyed", "fault_on", "^POST ")
    shapes.sandbox.set_option("keyed", "fault_limit", "1")
    rows = copy.deepcopy(KEYED)
    # Each of these texts contains the id of the group 001/1.
    rows["gruppen"] = [{"external_id": id_, "customId": id_} for id_ in ("001/1", "001/10", "001/11")]
    rows["haeuser"] = []
    assert sum(line.undelivered for line in shapes.sync("keyed", rows).values()) == 0
    assert sorted(g["externalId"] for g in shapes.sandbox.records("keyed", "gruppen")) == [
        "001/1",
        "001/10",
        "001/11",
    ]


@pytest.mark.sampled
@pytest.mark.parametrize("groups", [3, 4, 6, 7])
def test_lists_are_read_to_their_end_also_when_the_last_page_is_full(shapes: Site, groups: int) -> None:
    rows = {"gruppen": [{"external_id": f"001/{n}", "customId": str(n)} for n in range(groups)]}
    shapes.sync("keyed", rows)
    forget_ledger(shapes)
    adoption = adopt(shapes.home, connector("keyed"), apply=False)
    assert {c.entity: c.by_external_id for c in adoption.counts}["gruppen"] == groups


def test_children_are_read_below_each_of_their_parents(shapes: Site) -> None:
    shapes.sync("keyed", KEYED)
    forget_ledger(shapes)
    adoption = adopt(shapes.home, connector("keyed"), apply=True)
    assert {c.entity: (c.by_external_id, c.differing) for c in adoption.counts} == {
        "gruppen": (2, 0),
        "haeuser": (5, 0),
    }
    assert verify(shapes.home, connector("keyed")).findings == ()
    before = len(shapes.sent("keyed"))
    shapes.sync("keyed", KEYED)
    assert len(shapes.sent("keyed")) == before


def test_a_record_made_by_hand_is_told_by_parent_and_number(shapes: Site) -> None:
    shapes.sync("keyed", KEYED)
    shapes.ledger("delete from sync.ledger where entity = 'haeuser'")
    client = connector("keyed").client
    for house in shapes.sandbox.records("keyed", "haeuser"):
        assert client.call("patch", f"/groups/{house['id']}", {"externalId": None}).ok
    client.close()
    adoption = adopt(shapes.home, connector("keyed"), apply=True)
    assert {c.entity: c.by_natural_key for c in adoption.counts} == {"gruppen": 0, "haeuser": 5}
    shapes.sync("keyed", KEYED)
    houses = shapes.sandbox.records("keyed", "haeuser")
    assert sorted(house["externalId"] for house in houses) == sorted(
        row["external_id"] for row in KEYED["haeuser"]
    )


def test_a_deleted_house_goes_and_a_refused_one_names_its_field(shapes: Site) -> None:
    shapes.sync("keyed", KEYED)
    shapes.sandbox.set_option("keyed", "reject_pattern", "Parkstr. 9")
    shapes.sandbox.set_option("keyed", "reject_field", "street")
    rows = copy.deepcopy(KEYED)
    rows["haeuser"][0]["street"] = "Parkstr. 9"
    del rows["haeuser"][1]
    lines = shapes.sync("keyed", rows)
    assert (lines["haeuser"].withdrawn, lines["haeuser"].rejected) == (1, 1)
    assert shapes.ledger("select fields from sync.ledger where state = 'rejected'") == [("street",)]


def _texts(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_the_key_in_the_query_is_in_no_file_log_or_message(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    shapes.sync("keyed", KEYED)
    for option, value in (("error_after_rate", "100"), ("cut_before_rate", "100"), ("html_rate", "100")):
        shapes.sandbox.set_option("keyed", option, value)
        shapes.sandbox.set_option("keyed", "fault_limit", "3")
        shapes.sync("keyed", {"gruppen": [*KEYED["gruppen"], {"external_id": option, "customId": "9"}]})
        shapes.sandbox.set_option("keyed", option, "0")
    shapes.sandbox.set_option("keyed", "down", "reset")
    monkeypatch.setattr("pipelines.api.http.limiter.FAILURES_IN_A_ROW", 2)
    with pytest.raises(StammdatenError) as read_back:
        verify(shapes.home, connector("keyed"))
    made = connector("keyed")
    with shapes.sandbox.unreachable(), pytest.raises(PartnerStopped) as called:
        made.client.call("get", "/groups")
    made.client.close()
    credentials = made.login(made.client)
    out = capfd.readouterr()
    errors = ["".join(traceback.format_exception(error.value)) for error in (read_back, called)]
    seen = [*errors, caplog.text, out.out, out.err, repr(credentials)]
    assert [text for text in seen if KEY in text] == []
    assert _texts(shapes.home) == []
    assert _texts(shapes.home.parent) == []  # the sandbox's log of requests is among it
    assert KEY in repr(dict(made.settings))  # what is looked for would be found


def test_a_wrong_key_stops_the_partner_without_telling_it(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__KEYED__API_KEY", "sandbox-keyed-wrong")
    shapes.sync("keyed", KEYED)
    assert shapes.stopped == {"keyed": "the partner refused the login (401); check the credentials"}
    assert _texts(shapes.home) == []
