"""What the page of a run says, for ordinary runs and odd ones."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from pipelines.history.runs import fold_files, read_run, read_runs, with_lines
from pipelines.history.tidy import PAGES
from pipelines.ledger.ledger import open_database
from pipelines.reports.look import NextRun
from pipelines.run_page.facts import Page, page_of
from pipelines.run_page.files import INDEX, report
from pipelines.run_page.plots import bar, flows, spark
from pipelines.settings import database
from tests.run_page.story import BEGAN, entity, month, noted, steps, write_run
from tests.run_page.story import report as told

DUE = (NextRun(job="stammdaten", command="stammdaten run", at="2026-12-01T04:00:00Z"),)
# Elements without an end.
VOID = ("meta", "br", "img")


def page(home: Path, run_id: str) -> Page:
    run = read_run(home, run_id)
    assert run
    runs, why = read_runs(home)
    return page_of(run, with_lines(home, [one for one in runs if one.number < run.number]), DUE, why)


def html(home: Path, run_id: str) -> str:
    report(home, run_id, DUE)
    return (home / PAGES / f"{run_id}.html").read_text(encoding="utf-8")


def pushed(*lines: dict[str, object], **results: tuple[str, str | None]) -> list[dict[str, object]]:
    """Events of a run that pushed."""
    partners = {line["partner"]: ("pushed", None) for line in lines} | results
    return [
        noted("entities", lines=list(lines)),
        noted("partners", lines=[{"partner": p, "result": r, "why": w} for p, (r, w) in partners.items()]),
    ]


def test_partners_are_told_by_what_became_of_them(home: Path) -> None:
    rows = {row.name: row for row in page(home, month(home)).partners}
    assert {name: row.word for name, row in rows.items() if row.tone != "good"} == {
        "etg24": "some refused",
        "facilioo": "some refused",
        "idwell": "some refused",
        "immomio": "given up",
        "casavi": "held back by a guard",
        "plentific": "held back by a test",
        "quis": "not in this run",
    }
    assert (rows["etg24"].counts.refused, rows["etg24"].counts.waiting) == (12, 36)
    # Nothing went to casavi, and what it holds is told all the same.
    assert (rows["casavi"].counts.created, rows["casavi"].counts.there > 5_000) == (0, True)
    kiwi = rows["kiwi"].plot
    assert kiwi
    assert kiwi.text.startswith("6 runs: ")  # switched on since


def test_what_to_look_at_is_told_with_rows_and_advice_the_worst_first(home: Path) -> None:
    points = page(home, month(home)).points
    assert [(point.kind, point.title, point.rows) for point in points] == [
        ("Given up", "immomio", None),
        ("Guard", "casavi: withdraw", None),
        ("Test", "plentific: valid_plentific__unterobjekte", None),
        ("Refused", "email_refused", 17),
        ("Waiting for another record", "parent_missing", 48),
        ("Held as it is", "H1", 7),
    ]
    assert points[3].where == (
        ("etg24", "mieter", 12),
        ("facilioo", "parteien_mieter", 1),
        ("idwell", "users", 4),
    )
    assert "`stammdaten push --plan 9f1c0d27aa31 --allow withdraw`" in points[1].todo
    assert points[1].meaning.startswith("withdraw: 610 of 3,333 units")
    assert all(point.todo for point in points)


def test_guards_of_a_partner_are_one_point_and_the_command_lifts_all_that_tripped(home: Path) -> None:
    guards = [
        {"partner": "a", "guard": "withdraw", "message": "units: 9 of 10"},
        {"partner": "a", "guard": "shrink", "message": "leases lost 9 of 10"},
        {"partner": "b", "guard": "create", "message": "units: 90 of 100"},
    ]
    run_id = write_run(
        home, 1, [*pushed(a=("guard", "shrink"), b=("guard", "create")), told(guards=guards)], exit=1
    )
    points = page(home, run_id).points
    assert [(point.title, point.meaning) for point in points] == [
        ("a: shrink, withdraw", "units: 9 of 10; leases lost 9 of 10"),
        ("b: create", "units: 90 of 100"),
    ]
    assert "--plan 9f1c0d27aa31 --allow create --allow shrink --allow withdraw`" in points[0].todo


def test_findings_that_have_moved_come_first_with_their_jump(home: Path) -> None:
    made = page(home, month(home))
    assert [(row.rule, row.table, row.rows, row.jump, row.is_warned) for row in made.rules[:3]] == [
        ("E2", "mieter", 1_123, 312, True),
        ("L2", "verwaltungseinheit", 341, 40, False),
        ("L2", "mietvertrag", 80, 40, False),
    ]
    assert all(not row.jump for row in made.quiet_rules)


def test_a_rule_that_hits_nothing_any_more_has_moved(home: Path) -> None:
    write_run(
        home, 1, [noted("rules", lines=[{"rule": "E2", "table": "mieter", "partner": None, "rows": 9}])]
    )
    last = write_run(
        home, 2, [noted("rules", lines=[{"rule": "L1", "table": "person", "partner": None, "rows": 1}])]
    )
    assert [(row.rule, row.rows, row.jump) for row in page(home, last).rules] == [("E2", 0, -9), ("L1", 1, 1)]


def test_the_way_of_the_rows_adds_up(home: Path) -> None:
    way = page(home, month(home)).flows
    assert way[0].table == "verwaltungseinheit"
    for flow in way:
        assert flow.raw == flow.living + sum(drop.rows for drop in flow.dropped)
    lanes = {(lane.partner, lane.entity): lane for flow in way for lane in flow.lanes}
    lane = lanes["etg24", "mieter"]
    assert sum(part.rows for part in lane.parts if part.tone != "none") == lane.in_mart
    assert {part.tone: part.rows for part in lane.parts if part.tone in ("bad", "look")} == {
        "look": 36,
        "bad": 12,
    }
    assert len(lanes) == 40


def test_steps_stand_beside_what_is_usual(home: Path) -> None:
    made = {step.name: step for step in page(home, month(home)).steps}
    assert (made["push"].seconds, made["push"].usual, made["push"].share) == (871.0, 196.0, 100)
    assert made["check"].usual == 3.2


def test_a_run_that_did_not_get_as_far_shows_the_partners_as_the_last_one_left_them(home: Path) -> None:
    refused = {
        "partner": "etg24",
        "entity": "mieter",
        "state": "rejected",
        "reason": "email_refused",
        "rows": 1,
    }
    line = entity("etg24", "mieter", in_mart=10, created=9, rejected=1)
    write_run(home, 1, [*pushed(line), noted("states", lines=[refused])], exit=1)
    failed = write_run(
        home,
        2,
        steps(check=1.0, load=None),
        exit=2,
        message="mieter.csv: cut off in line 7; deliver it again",
    )
    made = page(home, failed)
    assert (made.head.tone, made.head.headline) == ("bad", "Nothing was sent")
    assert made.as_of == "Wed 4 Nov 2026, 05:00 CET"
    assert [(row.name, row.word, row.counts.there) for row in made.partners] == [("etg24", "not reached", 9)]
    assert (made.totals.created, made.totals.there, made.totals.refused) == (0, 9, 1)
    assert [(point.title, point.rows) for point in made.points] == [("email_refused", 1)]
    assert [(step.name, step.seconds) for step in made.steps] == [("check", 1.0), ("load", None)]
    text = html(home, failed)
    assert "did not get as far as the push: counts are those of Wed 4 Nov 2026, 05:00 CET" in text
    assert "not finished" in text


def test_a_first_run_has_nothing_to_compare_with(home: Path) -> None:
    first = write_run(home, 1, pushed(entity("etg24", "mieter", in_mart=9, created=9)))
    made = page(home, first)
    ((_, (row,)),) = made.entities
    assert (row.change, row.plot, made.compared) == (None, None, 1)
    assert "nothing to compare with yet" in html(home, first)


def test_a_lost_run_says_so_and_what_to_do(home: Path) -> None:
    lost = write_run(home, 1, steps(check=1.0, push=None), exit=None)
    made = page(home, lost)
    assert (made.head.headline, made.head.exit, made.head.took) == ("Ended without a word", "none", "–")
    assert made.what.startswith("Ended without a word in its step push")
    assert "run it again" in (made.todo or "")


def test_a_run_that_was_killed_in_its_push_does_not_say_that_it_sent_nothing(home: Path) -> None:
    lines = [entity(name, "mieter", in_mart=10, created=10) for name in ("etg24", "kiwi")]
    write_run(home, 1, pushed(*lines))
    marts = [
        {"station": "mart", "table": "mieter", "partner": name, "entity": "mieter", "rows": 9}
        for name in ("etg24", "idwell")
    ]
    lost = write_run(home, 2, [*steps(plan=1.0, push=None), noted("flow", lines=marts)], exit=None)
    with open_database(home):
        pass
    for _ in range(2):  # from its file, then from the database
        words = {row.name: row.word for row in page(home, lost).partners}
        assert words == {
            "etg24": "not known how far",
            "idwell": "not known how far",
            "kiwi": "not in this run",
        }
        text = html(home, lost)
        assert "How far the push got is not known here; the next run settles it" in text
        assert "did not get as far as the push" not in text
        assert "not reached" not in text
        assert "<dt>updated</dt><dd>?</dd>" in text
        fold_files(home)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_record_whose_update_waits_or_is_refused_is_at_the_partner(home: Path, is_held: bool) -> None:
    states = [
        {"partner": "etg24", "entity": "mieter", "state": state, "reason": None, "rows": rows, "there": there}
        for state, rows, there in (
            ("synced", 74, 74),
            ("pending", 27, 25),
            ("rejected", 3, 1),
            ("withdrawn", 4, 0),
        )
    ]
    line = entity("etg24", "mieter", in_mart=104, unchanged=74, pending=27, rejected=3)
    kept = [noted("partners", lines=[{"partner": "etg24", "result": "guard", "why": "change"}])]
    with open_database(home):
        pass
    last = write_run(home, 1, [*(kept if is_held else pushed(line)), noted("states", lines=states)], exit=1)
    for _ in range(2):  # from its file, then from the database
        (row,) = page(home, last).partners
        assert (row.counts.there, row.counts.waiting, row.counts.refused) == (100, 27, 3)
        parts = {part.word: part.rows for part in row.parts}
        assert parts == {"at the partner": 74, "waiting": 27, "refused": 3}
        fold_files(home)


def test_a_home_whose_history_does_not_say_what_is_there_is_read_as_before(home: Path) -> None:
    states = [
        {"partner": "etg24", "entity": "mieter", "state": "pending", "reason": None, "rows": 2, "there": 2}
    ]
    with open_database(home):
        pass
    last = write_run(home, 1, [noted("states", lines=states)], exit=1)
    fold_files(home)
    with duckdb.connect(str(database(home))) as db:
        db.execute("alter table sync.run_states drop column there_count")
    assert [(row.counts.there, row.counts.waiting) for row in page(home, last).partners] == [(0, 2)]


def test_names_from_outside_are_text_and_nothing_else(home: Path) -> None:
    odd = '<script>alert("1")</script><b>&'
    run_id = write_run(
        home,
        1,
        [
            *pushed(entity(odd, odd, in_mart=1, created=1), **{odd: ("stopped", f"said {odd}")}),
            noted("rules", lines=[{"rule": odd, "table": odd, "partner": odd, "rows": 1}]),
            noted(
                "states",
                lines=[{"partner": odd, "entity": odd, "state": "rejected", "reason": odd, "rows": 1}],
            ),
            noted(
                "flow",
                lines=[
                    {"station": "raw", "table": odd, "rule": None, "rows": 2},
                    {"station": "dropped", "table": odd, "rule": odd, "rows": 1},
                    {"station": "mart", "table": odd, "partner": odd, "entity": odd, "rows": 1},
                ],
            ),
            *steps(**{odd: 1.0}),
            told(notes=[odd], guards=[{"partner": odd, "guard": odd, "message": odd}]),
        ],
        exit=1,
    )
    text = html(home, run_id)
    assert "<script" not in text
    assert "<b>" not in text
    assert text.count("&lt;script&gt;") > 12


def test_a_million_and_nothing_are_both_drawn(home: Path) -> None:
    flow = [
        {"station": "raw", "table": "person", "rule": None, "rows": 1_000_000},
        {"station": "dropped", "table": "person", "rule": "E8", "rows": 1},
        {"station": "living", "table": "person", "rule": None, "rows": 999_999},
        {"station": "mart", "table": "person", "partner": "a", "entity": "persons", "rows": 999_999},
        {"station": "raw", "table": "leerstand", "rule": None, "rows": 0},
        {"station": "living", "table": "leerstand", "rule": None, "rows": 0},
        {"station": "mart", "table": "leerstand", "partner": "a", "entity": "listings", "rows": 0},
    ]
    lines = (entity("a", "persons", in_mart=999_999, unchanged=999_998, rejected=1), entity("a", "listings"))
    run_id = write_run(home, 1, [*pushed(*lines), noted("flow", lines=flow)])
    way = {one.table: one for one in page(home, run_id).flows}
    assert way["person"].dropped[0].height == 2  # one in a million can be seen
    refused = next(part for part in way["person"].lanes[0].parts if part.tone == "bad")
    assert refused.width >= 1
    assert way["leerstand"].lanes[0].parts == ()
    text = html(home, run_id)
    assert "999,998" in text
    assert "No row of it came in." in text


def test_a_home_of_an_earlier_version_has_pages_of_what_it_knows(home: Path) -> None:
    with open_database(home) as db:
        for table in ("schema", "run_states", "run_flow"):
            db.execute(f"drop table sync.{table}")
    lines = [
        {
            k: v
            for k, v in entity("etg24", "mieter", in_mart=9, created=8, rejected=1).items()
            if k != "delivered"
        }
    ]
    with duckdb.connect(str(database(home))) as db:
        db.execute(
            "insert into sync.runs (run_id, number, command, begun_at, last_seen_at, exit, seconds, versions, steps)"
            " values ('0123456789ab', 1, 'run', now(), now(), 1, 5, '{}', '{}')"
        )
        db.execute(
            "insert into sync.run_entities (run_id, position, partner, entity, in_mart, created, rejected)"
            " values ('0123456789ab', 0, 'etg24', 'mieter', 9, 8, 1)"
        )
    made = page(home, "0123456789ab")
    assert [(row.word, row.counts.there, row.counts.refused) for row in made.partners] == [
        ("some refused", 8, 1)
    ]
    assert made.flows == ()
    second = write_run(home, 2, [noted("entities", lines=lines), noted("partners", lines=[])])
    assert page(home, second).totals.there == 8
    assert "This run built nothing." in html(home, second)


def test_the_order_is_that_of_the_runs_in_one_second_and_when_the_clock_goes_back(home: Path) -> None:
    first = write_run(home, 1, pushed(entity("a", "x", in_mart=1)), at=BEGAN)
    second = write_run(home, 2, pushed(entity("a", "x", in_mart=5)), at=BEGAN)
    third = write_run(home, 3, pushed(entity("a", "x", in_mart=7)), at=BEGAN - timedelta(days=2))
    assert page(home, second).entities[0][1][0].change == 4
    assert page(home, third).entities[0][1][0].change == 2
    for run_id in (first, second, third):
        report(home, run_id, ())
    index = (home / PAGES / INDEX).read_text()
    assert re.findall(r'href="(\w+)\.html"', index) == [third, second, first]


def test_runs_of_other_use_cases_are_not_compared_with(home: Path) -> None:
    write_run(home, 1, pushed(entity("a", "x", in_mart=10)))
    write_run(home, 2, pushed(entity("a", "x", in_mart=3)), use_case="leerstaende")
    last = write_run(home, 3, pushed(entity("a", "x", in_mart=12)))
    assert page(home, last).entities[0][1][0].change == 2


def test_a_run_of_one_partner_is_compared_with_runs_that_had_it_and_misses_no_other(home: Path) -> None:
    write_run(home, 1, pushed(entity("a", "x", in_mart=10), entity("b", "y", in_mart=4)))
    write_run(home, 2, pushed(entity("b", "y", in_mart=9)), command="push", partners=["b"])
    last = write_run(home, 3, pushed(entity("a", "x", in_mart=12)), command="push", partners=["a"])
    made = page(home, last)
    assert [row.name for row in made.partners] == ["a"]
    assert (made.compared, made.entities[0][1][0].change) == (2, 2)
    assert made.head.command == "stammdaten push --partner a"


def test_a_report_that_was_too_large_leaves_its_counts(home: Path) -> None:
    run_id = write_run(
        home,
        1,
        [
            *pushed(entity("a", "x", in_mart=1, rejected=1), b=("failure", "valid_b"), c=("guard", "create")),
            noted(
                "states",
                lines=[{"partner": "a", "entity": "x", "state": "rejected", "reason": "new", "rows": 1}],
            ),
            told(left_out="3,000,000 bytes"),
        ],
        exit=1,
    )
    made = page(home, run_id)
    assert [(point.kind, point.title) for point in made.points] == [
        ("Guard", "c: create"), ("Test", "b: valid_b"), ("Refused", "new"),
    ]  # fmt: skip


def test_pages_are_small_and_well_formed_with_headings_in_order(home: Path) -> None:
    text = html(home, month(home))
    assert len(text.encode()) < 120_000
    seen = Outline()
    seen.feed(text)
    assert seen.open == []
    levels = [int(tag[1]) for tag in seen.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.attributes.isdisjoint({"style", "onclick", "onload", "src"})
    assert not re.search(r"https?://|@import|url\(", text)
    assert "default-src 'none'" in text


def test_the_list_says_how_it_stands_and_what_is_due(home: Path) -> None:
    write_run(home, 1, command="run", use_case="leerstaende")
    report(home, write_run(home, 2, exit=1), DUE)
    text = (home / PAGES / INDEX).read_text()
    assert "<title>Runs · Not everything is delivered</title>" in text
    assert "Tue 1 Dec 2026, 05:00 CET" in text
    assert "1 more without a page" in text
    assert text.count("stammdaten run --use-case leerstaende") == 1


def test_the_list_names_who_was_given_up_and_why_nothing_was_sent(home: Path) -> None:
    with open_database(home):
        pass
    line = entity("etg24", "mieter", in_mart=3, created=3)
    down = write_run(home, 1, pushed(line, kiwi=("stopped", "the partner answered 503")), exit=1)
    failed = write_run(home, 2, exit=2, message="mieter.csv: <cut> off; " + "x " * 450)
    for _ in range(2):  # from their files, then from the database
        for run_id in (down, failed):
            report(home, run_id, DUE)
        text = (home / PAGES / INDEX).read_text(encoding="utf-8")
        assert text.count("given up: kiwi") == 1
        assert text.count("mieter.csv: &lt;cut&gt; off; x x x") == 1
        assert "x " * 100 not in text
        fold_files(home)


def test_while_the_database_is_held_the_page_is_made_of_the_files_and_says_so(home: Path) -> None:
    with open_database(home):
        pass
    first = write_run(home, 1, pushed(entity("a", "x", in_mart=1)))
    fold_files(home)
    code = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    command = [sys.executable, "-c", code, str(database(home))]
    shell = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert shell.stdout
    assert shell.stdout.readline() == "open\n"
    made = page(home, first)
    text = html(home, first)
    shell.communicate("\n")
    assert made.totals.in_mart == 1
    assert "The database is held by a run or another program" in text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([None, 5], "5 in one run"),
        ([5, 5, None, 5], "5 in each of 3 runs"),
        ([1_000, 1_200, 900], "3 runs: from 1,000 to 900, lowest 900, highest 1,200"),
        ([0, 0], "0 in each of 2 runs"),
    ],
)
def test_a_line_is_told_in_words_and_stays_in_its_place(values: list[int | None], text: str) -> None:
    made = spark(values)
    assert made
    assert made.text == text
    for x, y in points(made.points):
        assert 0 <= x <= 120
        assert 0 <= y <= 19


def points(text: str) -> Iterator[tuple[float, float]]:
    for pair in text.split():
        x, y = pair.split(",")
        yield float(x), float(y)


def test_a_line_of_one_run_or_none_is_no_line() -> None:
    assert spark([5]) is None
    assert spark([None, None]) is None


def test_a_small_part_of_a_bar_can_be_seen_and_all_parts_fit() -> None:
    parts = bar([("good", "there", 1_000_000), ("look", "waiting", 1), ("bad", "refused", 1)])
    assert [part.rows for part in parts] == [1_000_000, 1, 1]
    assert min(part.width for part in parts) >= 0.9
    assert max(part.x + part.width for part in parts) <= 100.2
    assert bar([("good", "there", 0)]) == ()


def test_a_mart_with_more_rows_than_live_leaves_nothing_out() -> None:
    lines = [
        {"station": "raw", "table": "t", "rule": None, "rows": 4},
        {"station": "living", "table": "t", "rule": None, "rows": 4},
        {"station": "mart", "table": "t", "partner": "a", "entity": "x", "rows": 9},
    ]
    ((flow,),) = (flows(lines, {}),)
    assert [(part.word, part.rows) for part in flow.lanes[0].parts] == [("not sent yet", 9)]


class Outline(HTMLParser):
    """Elements that are still open, headings, ids and names of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
