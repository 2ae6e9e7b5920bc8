"""Nobody is believed: refusals of one row, successes that are none, lists without a list, partners that half work."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.api import connector as connector_module
from pipelines.api.connector import connector
from pipelines.api.http import client as client_module
from pipelines.api.http import limiter as limiter_module
from pipelines.errors import StammdatenError
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.between import Between, Odd, between
from tests.push.marts import write_marts
from tests.push.shape_stock import LINKED, SEARCHED
from tests.push.site import TODAY, Rows, Site
from tests.push.stock import HOUSE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are short here; how long they are is tested elsewhere."""
    for module in (client_module, limiter_module, connector_module):
        if hasattr(module, "pause_before"):
            monkeypatch.setattr(module, "pause_before", lambda attempt, luck: 0.01)


@pytest.fixture
def etg24(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    with between(site.sandbox.base_url("etg24")) as middle:
        monkeypatch.setenv("DESTINATION__ETG24__BASE_URL", middle.url)
        yield middle


def groups(number: int) -> Rows:
    return {"objektgruppen": [{"external_id": f"001/{n}", "title": f"Park {n}"} for n in range(number)]}


def refusal(field: str, message: str) -> Odd:
    error = {"error": {"code": "invalid", "message": "no", "details": [{"field": field, "message": message}]}}
    return Odd(422, json.dumps(error).encode())


class Once:
    """An answer to the first request that fits, and to no other."""

    def __init__(self, method: str, part: str, odd: Odd, times: int = 1):
        self.method, self.part, self.odd, self.left = method, part, odd, times

    def __call__(self, method: str, path: str, body: bytes) -> Odd | None:
        if method != self.method or self.part not in path or not self.left:
            return None
        self.left -= 1
        return self.odd


def ids_at_partner(site: Site) -> list[str | None]:
    return sorted((r.get("extId") or "") for r in site.sandbox.records("etg24", "objektgruppen"))


def state(site: Site) -> list[tuple[str, str, str | None]]:
    found = site.ledger(
        "select external_id, state, reason from sync.ledger where state <> 'synced' order by 1"
    )
    return [tuple(row) for row in found]


def test_a_refused_external_id_is_its_rows_trouble_alone(site: Site, etg24: Between) -> None:
    etg24.decide = Once("POST", "/object-groups", refusal("extId", "has the wrong form"))
    lines = site.sync("etg24", groups(18))
    assert (lines["objektgruppen"].created, lines["objektgruppen"].rejected) == (17, 1)
    assert state(site) == [("001/0", "rejected", "external_id_refused")]
    assert ids_at_partner(site) == sorted(f"001/{n}" for n in range(1, 18))
    assert site.sync("etg24", groups(18))["objektgruppen"].created == 1
    assert len(ids_at_partner(site)) == 18


def test_one_answer_that_a_field_is_unknown_is_not_believed_of_the_others_and_is_made_good(
    site: Site, etg24: Between
) -> None:
    etg24.decide = Once("POST", "/object-groups", refusal("extId", "is not known"))
    lines = site.sync("etg24", groups(18))
    assert lines["objektgruppen"].created == 18
    assert ids_at_partner(site) == ["", *sorted(f"001/{n}" for n in range(1, 18))]
    assert state(site) == [("001/0", "pending", "external_id_to_send")]
    again = site.sync("etg24", groups(18))["objektgruppen"]
    assert (again.updated, again.undelivered) == (1, 0)
    assert ids_at_partner(site) == sorted(f"001/{n}" for n in range(18))


def test_a_partner_that_holds_records_with_our_ids_is_not_believed_to_know_none(
    site: Site, etg24: Between
) -> None:
    site.sync("etg24", groups(1))
    etg24.decide = Once("POST", "/object-groups", refusal("extId", "is not known"))
    assert site.sync("etg24", groups(2))["objektgruppen"].rejected == 1
    assert state(site) == [("001/1", "rejected", "external_id_refused")]


def push(site: Site, partner: str, rows: Rows) -> engine.Push:
    with open_database(site.home) as db:
        write_marts(db, partner, rows)
    recover(site.home, [partner])
    made = engine.plan(site.home, [partner], TODAY)
    return engine.push(site.home, made.plan_id, [partner], DEFAULTS)


def test_what_is_believed_is_said_and_kept_in_mind_until_the_partner_takes_the_id(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    pushed = push(site, "etg24", groups(6))
    assert pushed.is_complete
    [note] = pushed.notes
    assert note.startswith("etg24 takes no external id on objektgruppen: 6 were sent without it in this run")
    posts = [line for line in site.sent("etg24") if line.startswith("POST")]
    assert posts.count("POST /v1/object-groups 422") == 3
    renamed = groups(6)
    renamed["objektgruppen"][5]["title"] = "Hof"
    push(site, "etg24", renamed)
    assert site.ledger("select distinct state, reason from sync.ledger") == [
        ("synced", "without_external_id")
    ]
    site.sandbox.set_option("etg24", "external_ids", "everywhere")
    more = {"objektgruppen": [*renamed["objektgruppen"], {"external_id": "001/9", "title": "Turm"}]}
    push(site, "etg24", more)
    assert push(site, "etg24", more).is_complete
    assert ids_at_partner(site) == [*(f"001/{n}" for n in range(6)), "001/9"]


def test_plentific_rows_after_a_refused_id_are_not_sent_without_theirs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {
        "name": "Haus",
        "address": {"line_1": "Parkstr. 1", "city": "Dresden", "postcode": "01067", "country": "DE"},
    }
    rows: Rows = {"objekte": [{"external_id": f"001/1/{n:02d}", **one} for n in range(31)]}
    error = {"errors": [{"field": "external_id", "code": "unknown", "message": "is not known"}]}
    with between(site.sandbox.base_url("plentific")) as middle:
        monkeypatch.setenv("DESTINATION__PLENTIFIC__BASE_URL", middle.url)
        middle.decide = Once("POST", "/locations", Odd(422, json.dumps(error).encode()))
        lines = site.sync("plentific", rows)
    assert (lines["objekte"].created, lines["objekte"].rejected) == (30, 1)
    assert site.ledger("select reason, fields from sync.ledger where state = 'rejected'") == [
        ("external_id_refused", "external_id")
    ]


NO_SUCCESS = [
    Odd(200, b'{"success": false, "errors": [{"field": "floor", "message": "locked"}]}'),
    Odd(200, b'{"error": {"message": "locked"}}'),
    Odd(200, b'{"status": "error"}'),
    Odd(200, b'{"status": 422}'),
    Odd(200, b"{}", {"Content-Type": "application/problem+json"}),
    Odd(207, b'{"results": [{"status": 422}]}'),
    Odd(200, b"{}"),
    Odd(200, b"[]"),
    Odd(200, b"OK", {"Content-Type": "text/plain"}),
    Odd(200, b"<html></html>", {"Content-Type": "text/html"}),
    Odd(200, b'{"id": "another"}'),
    Odd(200, b'{"id": 1e999}'),
]


@pytest.mark.sampled
@pytest.mark.parametrize("odd", NO_SUCCESS, ids=lambda odd: odd.body.decode()[:30])
def test_a_change_whose_answer_is_no_success_is_sent_again_by_the_next_run(
    site: Site, etg24: Between, odd: Odd
) -> None:
    rows = {name: HOUSE[name] for name in ("objektgruppen", "objekte", "einheiten")}
    site.sync("etg24", rows)
    changed = copy.deepcopy(rows)
    changed["einheiten"][1]["area"] = 71.0
    etg24.decide = Once("PATCH", "/units/", odd, times=99)
    lines = site.sync("etg24", changed)
    assert (lines["einheiten"].updated, lines["einheiten"].pending) == (0, 1)
    assert site.stopped == {}
    etg24.decide = lambda *_: None
    assert site.sync("etg24", changed)["einheiten"].updated == 1


def test_a_change_that_is_answered_with_nothing_is_done(site: Site, etg24: Between) -> None:
    site.sync("etg24", groups(1))
    etg24.decide = Once("PATCH", "/object-groups/", Odd(200, b"", forward=True))
    rows = {"objektgruppen": [{"external_id": "001/0", "title": "Hof"}]}
    assert site.sync("etg24", rows)["objektgruppen"].updated == 1


@pytest.mark.sampled
@pytest.mark.parametrize(
    "body", [b'{"message": "index is rebuilding"}', b"[]", b'{"items": null}', b"", b"x"]
)
def test_a_look_up_without_a_list_is_not_nothing_found(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    with between(shapes.sandbox.base_url("searched")) as middle:
        monkeypatch.setenv("DESTINATION__SEARCHED__BASE_URL", middle.url)
        middle.decide = Once("POST", "/search", Odd(200, body), times=999)
        lines = shapes.sync("searched", {"dossiers": SEARCHED["dossiers"][:1]})
    assert (lines["dossiers"].created, lines["dossiers"].pending) == (0, 1)
    assert shapes.sandbox.records("searched", "dossiers") == []
    assert shapes.ledger("select reason from sync.ledger") == [("unusable_answer",)]


def test_a_partner_whose_writes_all_fail_while_look_ups_work_ends_after_twenty(
    site: Site, etg24: Between
) -> None:
    etg24.decide = Once("POST", "/object-groups", Odd(500), times=9999)
    site.sync("etg24", groups(200))
    assert site.stopped == {
        "etg24": "20 writes in a row failed while it answers other requests (the last one: status 500);"
        " given up for this run"
    }
    assert len([1 for method, _, _, _ in etg24.seen if method == "POST"]) == 20


def test_rows_that_are_refused_alike_end_their_entity_and_not_the_partner(site: Site, etg24: Between) -> None:
    etg24.decide = Once("POST", "/units", refusal("position", "has the wrong form"), times=9999)
    unit = HOUSE["einheiten"][0]
    rows: Rows = {
        "objektgruppen": HOUSE["objektgruppen"],
        "objekte": HOUSE["objekte"],
        "einheiten": [{**unit, "external_id": f"001/1/01/{n:04d}", "number": f"{n:04d}"} for n in range(40)],
    }
    pushed = push(site, "etg24", rows)
    lines = {line.entity: line for line in pushed.lines}
    assert (lines["einheiten"].rejected, lines["einheiten"].pending) == (25, 15)
    assert pushed.notes == (
        "etg24 einheiten: 25 of them were refused alike on create (422 invalid_field: position) and none was"
        " accepted; 15 more were not tried in this run",
    )
    assert pushed.stopped == {}
    assert site.ledger("select count(*) from sync.ledger where reason = 'not_tried'") == [(15,)]


def test_one_that_is_accepted_keeps_an_entity_going(site: Site, etg24: Between) -> None:
    seen: list[int] = []

    def decide(method: str, path: str, body: bytes) -> Odd | None:
        seen.append(1)
        return refusal("title", "has the wrong form") if method == "POST" and len(seen) > 1 else None

    etg24.decide = decide
    lines = site.sync("etg24", groups(40))
    assert (lines["objektgruppen"].created, lines["objektgruppen"].rejected) == (1, 39)


def test_progress_names_the_entity_and_what_is_failing(site: Site, etg24: Between) -> None:
    etg24.decide = Once("POST", "/object-groups", refusal("title", "has the wrong form"), times=2)
    with open_database(site.home) as db:
        write_marts(db, "etg24", groups(4))
    made = engine.plan(site.home, ["etg24"], TODAY)
    said: list[str] = []
    engine.push(site.home, made.plan_id, ["etg24"], DEFAULTS, progress=lambda what, *_: said.append(what))
    assert said[1:] == [
        "etg24 · objektgruppen 2/4 (2 failed: invalid_field)",
        "etg24 · objektgruppen 3/4 (2 failed: invalid_field)",
        "etg24 · objektgruppen 4/4 (2 failed: invalid_field)",
    ]


def test_a_value_in_the_place_of_a_field_name_is_not_kept(site: Site, etg24: Between) -> None:
    etg24.decide = Once("POST", "/object-groups", refusal("ErikaMuster", "has the wrong form"))
    site.sync("etg24", groups(1))
    assert site.ledger("select reason, fields from sync.ledger") == [("invalid_field", None)]


def test_a_login_that_runs_out_again_and_again_is_no_missing_right(site: Site, etg24: Between) -> None:
    once = Once("POST", "/object-groups", Odd(401), times=3)

    def decide(method: str, path: str, body: bytes) -> Odd | None:
        return once(method, path, body) if b"001/1" in body else None

    etg24.decide = decide
    lines = site.sync("etg24", groups(3))
    assert (lines["objektgruppen"].created, lines["objektgruppen"].pending) == (2, 1)
    assert state(site) == [("001/1", "pending", "login_expired")]
    assert site.stopped == {}


def test_a_partner_whose_logins_do_not_last_ends_after_three_records(site: Site, etg24: Between) -> None:
    etg24.decide = lambda method, path, body: None if b"001/0" in body else Odd(401)
    lines = site.sync("etg24", groups(9))
    assert (lines["objektgruppen"].created, lines["objektgruppen"].pending) == (1, 8)
    assert site.stopped["etg24"].startswith("it refused 3 requests in a row with 401, each with fresh logins")
    assert len([1 for *_, status in etg24.seen if status == 401]) == 9


PAGES = [
    (b'{"list": [{"id": "1"}], "_links": {"next": "houses?page=%d"}}', "or pages that show nothing new"),
    (b'{"list": [], "_links": {"next": "houses?page=%d"}}', "or pages that show nothing new"),
    (b'{"list": "none %d"}', "an answer in another form than contract.yaml says"),
    (b'{"list": [{"id": "1", "n": 1e999}], "n": %d}', "an answer in another form than contract.yaml says"),
    (b"[" * 100_000 + b"%d", "an answer in another form than contract.yaml says"),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("body", "words"), PAGES, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("look", ["adopt", "verify"])
def test_a_list_that_cannot_be_read_ends_with_one_message(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, look: str, body: bytes, words: str
) -> None:
    shapes.sync("linked", {"haeuser": LINKED["haeuser"]})
    with between(shapes.sandbox.base_url("linked")) as middle:
        monkeypatch.setenv("DESTINATION__LINKED__BASE_URL", middle.url)
        numbers = iter(range(2, 10**6))
        middle.decide = lambda *_: Odd(200, body.replace(b"%d", str(next(numbers)).encode()))
        with pytest.raises(StammdatenError, match=words):
            _look(look, shapes.home)


def _look(look: str, home: Path) -> None:
    made = connector("linked")
    if look == "adopt":
        adopt(home, made, apply=True)
    else:
        verify(home, made)


@pytest.mark.sampled
@pytest.mark.parametrize("total", [b'"y"', b"-1", b"1e308", b"true", b"[]", b"null", b"99999999999999999999"])
def test_a_total_that_is_no_number_ends_with_an_empty_page(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, total: bytes
) -> None:
    shapes.sync("searched", SEARCHED)
    with between(shapes.sandbox.base_url("searched")) as middle:
        monkeypatch.setenv("DESTINATION__SEARCHED__BASE_URL", middle.url)

        def decide(method: str, path: str, body: bytes) -> Odd | None:
            offset = json.loads(body).get("page", {}).get("offset", 0)
            records = shapes.sandbox.records("searched", "dossiers")[offset : offset + 3]
            return Odd(200, b'{"items": %b, "totalItems": %b}' % (json.dumps(records).encode(), total))

        middle.decide = decide
        assert verify(shapes.home, connector("searched")).findings == ()
