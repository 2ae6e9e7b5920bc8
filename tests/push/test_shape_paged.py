"""A partner that pages by cursor without totals, from page zero, and by offset without totals."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.api.connector import Connector, connector
from pipelines.api.http.channel import Channel, Response
from pipelines.errors import StammdatenError
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.marts import write_marts
from tests.push.shape_stock import PAGED
from tests.push.site import TODAY, Site

Body = dict[str, Any]
# What becomes of a page: its path, its parameters, its body; a number is a status in its place.
Change = Callable[[str, dict[str, str], Body], Body | int | None]
UNUSABLE = "an answer in another form than contract.yaml says"
CIRCLE = "a link to a page that was there before, or pages that show nothing new"
CUT = "a refusal in the middle of a list"


def listed(site: Site, path: str) -> list[str]:
    return [r.query for r in site.sandbox.requests("paged") if r.method == "GET" and r.path == f"/v1/{path}"]


def posts(site: Site) -> int:
    return sum(r.method == "POST" for r in site.sandbox.requests("paged"))


def forget_ledger(site: Site) -> None:
    site.ledger("delete from sync.ledger")


def counts(site: Site) -> dict[str, int]:
    return {c.entity: c.by_external_id for c in adopt(site.home, connector("paged"), apply=False).counts}


def pages_are(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """All pages go through `change` from now on."""
    real = Channel.send

    def send(
        self: Channel, method: str, address: str, body: Any, query: Any, headers: Any, *more: Any
    ) -> Response:
        response = real(self, method, address, body, query, headers, *more)
        parts = urlsplit(address)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        given |= {name: str(value) for name, value in query.items()}
        if method.upper() != "GET" or not isinstance(json.loads(response.content), dict):
            return response
        changed = change(parts.path.rpartition("/v1/")[2], given, json.loads(response.content))
        if isinstance(changed, int):
            return replace(response, status=changed, content=b'{"message": "gone"}')
        if changed is None:
            return response
        return replace(response, status=200, content=json.dumps(changed).encode())

    monkeypatch.setattr(Channel, "send", send)


def test_a_cursor_is_sent_back_letter_by_letter_until_there_is_none(shapes: Site) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)
    assert counts(shapes)["haeuser"] == 7
    assert listed(shapes, "houses") == [
        "limit=3",
        "limit=3&after=after 3+/&=%2B#ü",
        "limit=3&after=after 6+/&=%2B#ü",
    ]


def test_pages_are_counted_from_zero_where_the_contract_says_so(shapes: Site) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)
    before = len(listed(shapes, "units"))
    assert counts(shapes)["einheiten"] == 7
    assert listed(shapes, "units")[before:] == [f"page={n}&size=3" for n in range(3)]


def test_without_a_total_an_empty_page_ends_a_list_by_offset(shapes: Site) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)
    before = len(listed(shapes, "meters"))
    assert counts(shapes)["zaehler"] == 6
    assert listed(shapes, "meters")[before:] == [f"limit=3&offset={n}" for n in (0, 3, 6)]


def test_what_is_there_is_not_made_a_second_time(shapes: Site) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)
    before = posts(shapes)
    lines = shapes.sync("paged", PAGED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert posts(shapes) == before == 13


def with_next(value: Any) -> Change:
    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        return {**body, "paging": {"next": value}} if path == "houses" else None

    return change


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("again", CIRCLE),
        (7, CIRCLE),
        ({"after": 3}, UNUSABLE),
        (["x"], UNUSABLE),
        (False, UNUSABLE),
        (True, UNUSABLE),
        (1.5, UNUSABLE),
        ("half \ud800 a character", CIRCLE),
    ],
)
def test_a_cursor_that_repeats_or_is_none_ends_nothing(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, given: Any, words: str
) -> None:
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})
    calls = iter(range(100))

    def change(path: str, query: dict[str, str], body: Body) -> Body:
        return {"data": [{"id": f"new {next(calls)}"}], "paging": {"next": given}}

    pages_are(monkeypatch, change)
    with pytest.raises(StammdatenError, match=f"paged: reading back ended with {words}"):
        verify(shapes.home, connector("paged"))


def never_ending(show: Callable[[int], list[str]]) -> Change:
    numbers = iter(range(1_000))

    def change(path: str, query: dict[str, str], body: Body) -> Body:
        number = next(numbers)
        return {"data": [{"id": id_, "name": "x"} for id_ in show(number)], "paging": {"next": f"c{number}"}}

    return change


@pytest.mark.parametrize("show", [lambda n: ["a", "b"], lambda n: [], lambda n: [f"{n % 4}"]])
def test_cursors_without_end_that_show_nothing_new_are_an_error(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, show: Callable[[int], list[str]]
) -> None:
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})
    pages_are(monkeypatch, never_ending(show))
    with pytest.raises(StammdatenError, match=CIRCLE):
        verify(shapes.home, connector("paged"))


def test_cursors_without_end_are_given_up(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.api.protocols.paging.MOST_PAGES", 30)
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})
    pages_are(monkeypatch, never_ending(lambda n: [f"foreign {n}"]))
    with pytest.raises(StammdatenError, match=CIRCLE):
        verify(shapes.home, connector("paged"))


def test_an_empty_page_with_a_cursor_is_not_the_end(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        is_first = path == "houses" and "after" not in query
        return {**body, "data": []} if is_first else None

    pages_are(monkeypatch, change)
    assert counts(shapes)["haeuser"] == 4


@pytest.mark.sampled
@pytest.mark.parametrize("paging", [{"next": None}, {"next": ""}, {}, None, ...])
def test_a_page_that_is_not_full_may_end_the_list_without_a_word(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, paging: Any
) -> None:
    shapes.sync("paged", PAGED)
    forget_ledger(shapes)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        if path != "houses" or len(body["data"]) == 3:
            return None
        return {"data": body["data"], **({} if paging is ... else {"paging": paging})}

    pages_are(monkeypatch, change)
    assert counts(shapes)["haeuser"] == 7


@pytest.mark.sampled
@pytest.mark.parametrize("paging", [{}, None, ..., "x"])
def test_a_full_page_without_a_word_of_the_next_is_not_the_end(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, paging: Any
) -> None:
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        found = {"data": body["data"], **({} if paging is ... else {"paging": paging})}
        return found if path == "houses" else None

    pages_are(monkeypatch, change)
    with pytest.raises(StammdatenError, match=UNUSABLE):
        verify(shapes.home, connector("paged"))


@pytest.mark.sampled
@pytest.mark.parametrize("status", [400, 404, 405, 410, 422])
def test_a_cursor_that_has_expired_is_not_a_list_that_is_not_there(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})
    pages_are(monkeypatch, lambda path, query, body: status if "after" in query else None)
    with pytest.raises(StammdatenError, match=CUT):
        verify(shapes.home, connector("paged"))


def lost(path: str, query: dict[str, str], body: Body) -> Body | None:
    """The second page of the units is lost: nothing on it, the rest as it was."""
    return {**body, "data": []} if path == "units" and query.get("page") == "1" else None


PAGES: dict[int, Body] = {}


@pytest.fixture
def one_by_one(shapes: Site) -> list[str]:
    """The ids of all units at the partner, and their pages in `PAGES`, counted from one."""
    shapes.sync("paged", PAGED)
    records = shapes.sandbox.records("paged", "einheiten")
    for number in range(3):
        data = records[number * 3 : number * 3 + 3]
        PAGES[number + 1] = {"data": data, "meta": {"pages": 3, "total": 7}}
    PAGES[4] = {"data": [], "meta": {"pages": 3, "total": 7}}
    return [record["id"] for record in records]


def test_a_lost_page_makes_nothing_anew(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    forget_ledger(shapes)
    with monkeypatch.context() as patch:
        pages_are(patch, lost)
        lines = shapes.sync("paged", PAGED)
        assert lines["einheiten"].created == 0
        with pytest.raises(StammdatenError, match="speaks of 7 records and shows 4"):
            adopt(shapes.home, connector("paged"), apply=True)
    assert sum(line.undelivered for line in shapes.sync("paged", PAGED).values()) == 0
    assert [record["id"] for record in shapes.sandbox.records("paged", "einheiten")] == one_by_one


def test_pages_that_are_counted_from_one_after_all_are_read_to_their_end(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    forget_ledger(shapes)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        return PAGES[max(int(query["page"]), 1)] if path == "units" else None

    pages_are(monkeypatch, change)
    assert counts(shapes)["einheiten"] == 7


@pytest.mark.sampled
@pytest.mark.parametrize(("total", "is_read"), [(0, True), (5, True), (-1, True), ("many", True), (8, False)])
def test_a_total_that_lies_ends_no_list_and_one_of_more_is_told(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str], total: Any, is_read: bool
) -> None:
    forget_ledger(shapes)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        return {**body, "meta": {"total": total}} if path == "units" else None

    pages_are(monkeypatch, change)
    if is_read:
        assert counts(shapes)["einheiten"] == 7
    else:
        with pytest.raises(StammdatenError, match="speaks of 8 records and shows 7"):
            counts(shapes)


def test_a_search_that_counts_hits_and_shows_none_is_not_nothing_found(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    [found] = look_up(shapes, "001/1/0/01")
    assert found in one_by_one
    pages_are(monkeypatch, lambda path, query, body: {"data": [], "meta": {"pages": 1, "total": 1}})
    with pytest.raises(Exception, match="look-up answered 200"):
        look_up(shapes, "001/1/0/01")


def look_up(site: Site, external_id: str) -> list[str]:
    made: Connector = connector("paged")
    entity = made.contract.entities["einheiten"]
    assert entity.find is not None
    try:
        return [str(record["id"]) for record in made.read(entity, entity.find, external_id)[0]]
    finally:
        made.client.close()


def test_a_record_that_moves_to_a_page_already_read_is_seen_in_the_end(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    forget_ledger(shapes)
    moved = iter([True])
    fourth = PAGES[2]["data"][0]

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        if path != "units" or query["page"] != "1" or not next(moved, False):
            return None
        return {**body, "data": [PAGES[1]["data"][2], *body["data"][1:]]}

    pages_are(monkeypatch, change)
    adopt(shapes.home, connector("paged"), apply=True)
    assert (fourth["id"],) in shapes.ledger("select remote_id from sync.ledger where entity = 'einheiten'")


def test_by_offset_smaller_pages_than_were_asked_for_skip_no_record(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    meters = shapes.sandbox.records("paged", "zaehler")
    forget_ledger(shapes)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        first = int(query.get("offset", 0))
        return {"data": meters[first : first + 2]} if path == "meters" else None

    pages_are(monkeypatch, change)
    assert shapes.sync("paged", PAGED)["zaehler"].undelivered == 0
    assert len(shapes.sandbox.records("paged", "zaehler")) == len(meters)


def shrinking(records: list[Body], times: int) -> Change:
    """The list of units, which loses its first record so often before the second page is read."""
    left = [times]

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        if path != "units" or "externalId" in query:
            return None
        number = int(query["page"])
        if number == 1 and left[0]:
            left[0] -= 1
            records.pop(0)
        data = records[number * 3 : number * 3 + 3]
        return {"data": data, "meta": {"pages": -(-len(records) // 3), "total": len(records)}}

    return change


def test_a_list_that_lost_a_record_while_it_was_read_is_read_again(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    forget_ledger(shapes)
    units, before = shapes.sandbox.records("paged", "einheiten"), posts(shapes)
    with monkeypatch.context() as patch:
        pages_are(patch, shrinking(list(units), 1))
        assert counts(shapes)["einheiten"] == 7  # the first reading showed the one that is gone
    pages_are(monkeypatch, shrinking(units, 1))
    assert shapes.sync("paged", PAGED)["einheiten"].undelivered == 0
    assert posts(shapes) == before + 1  # the one that is gone, not the one that slipped


def test_a_list_that_changes_each_time_it_is_read_is_no_list(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, one_by_one: list[str]
) -> None:
    records = [{"id": f"x{n}", "externalId": f"X{n}", "name": "x"} for n in range(40)]
    forget_ledger(shapes)
    pages_are(monkeypatch, shrinking(list(records), 1_000))
    lines = shapes.sync("paged", PAGED)
    assert (lines["einheiten"].created, lines["einheiten"].pending) == (0, 7)
    assert shapes.ledger("select distinct reason from sync.ledger where entity = 'einheiten'") == [
        ("list_broken_off",)
    ]
    with pytest.raises(StammdatenError, match="a list that changed each time it was read"):
        counts(shapes)


def test_a_page_of_a_cursor_that_jumps_is_asked_for_record_by_record(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes.sync("paged", PAGED)

    def change(path: str, query: dict[str, str], body: Body) -> Body | None:
        is_second = path == "houses" and query.get("after", "").startswith("after 3")
        return {**body, "data": []} if is_second else None

    pages_are(monkeypatch, change)
    assert verify(shapes.home, connector("paged")).findings == ()


def test_after_a_kill_what_arrived_is_found_on_pages_from_zero(shapes: Site) -> None:
    shapes.sync("paged", {"haeuser": PAGED["haeuser"]})
    with open_database(shapes.home) as db:
        write_marts(db, "paged", PAGED)
    plan = engine.plan(shapes.home, ["paged"], TODAY)
    [unit] = [r["id"] for r in shapes.sandbox.records("paged", "haeuser") if r["id"] == "001/1/3"]
    somebody = connector("paged").client
    sent = {"externalId": "001/1/3/01", "houseId": unit, "name": "Wohnung 3"}
    assert somebody.call("post", "/units", sent).ok  # arrived, and nobody was there to hear the answer
    somebody.close()
    [(seq,)] = shapes.ledger("select seq from sync.plan where external_id = '001/1/3/01'")
    with closing(Journal(shapes.home / "journal.sqlite")) as journal:
        journal.intend(plan.plan_id, "paged", [int(seq)])
    lines = shapes.sync("paged", PAGED)
    assert (lines["einheiten"].created, lines["einheiten"].undelivered) == (6, 0)
    units = sorted(record["externalId"] for record in shapes.sandbox.records("paged", "einheiten"))
    assert units == [row["external_id"] for row in PAGED["einheiten"]]
