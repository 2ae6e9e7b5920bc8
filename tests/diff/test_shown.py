"""A comparison on a terminal, in a comment of a forge, and as a page."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipelines.diff.markdown import LIMIT, MARK, markdown
from pipelines.diff.page import page
from pipelines.diff.sections import sentences
from pipelines.diff.text import text
from pipelines.reports.diff import DiffReport, ValueChange
from tests.diff.examples import NASTY, REPORT, large

SAME = replace(
    REPORT, differs=False, entities=(), fields=(), ids=(), rows=(), findings=(), contracts=(), guards=(), failures=(),
    effort=(), models=(), settings=(), notes=(), failed_on=(),
)  # fmt: skip


def test_a_comment_begins_with_what_counts_and_folds_the_rest() -> None:
    lines = markdown(REPORT).splitlines()
    assert lines[0] == MARK
    assert lines[1] == "### etg24 would get nothing; 62 records differ at etg24"
    opened = "\n".join(lines).split("<details>")[0]
    assert (
        "**etg24 einheiten: 7 records get another external id. They are left behind and made anew" in opened
    )
    assert "etg24 would get nothing: unique\\_etg24\\_\\_einheiten: 2 failing rows" in opened
    assert "the guard withdraw would trip: einheiten: 19 of 500 records" in opened
    assert "9 rows would be refused: fields.share.required is now true" in opened
    assert "12 records leave, and no rule says why" in opened
    assert re.search(r"etg24 einheiten: \w+ changes in \d+ records?: .* → ", opened)
    assert "Came true of --fail-on: ids" in opened
    assert "| etg24 | einheiten | 500 | 490 | 2 | 12 | 40 | **7** | 1 |" in opened
    folds = re.findall(r"<summary>(.*?)</summary>", markdown(REPORT))
    assert folds == [
        "External ids that change (1)",
        "Fields that change (2)",
        "Records that come, go or are held, by rule (1)",
        "Rows of the ERP that rules hit (1)",
        "Contracts (1)",
        "Tests and models that keep a partner back (1)",
        "Requests (1)",
        "Settings that differ (1)",
        "Models that were built again (1)",
    ]
    assert "| **`001/1/01/1`** | **`001-1-01-1`** |" in markdown(REPORT)


def test_what_is_said_of_several_entities_is_said_once() -> None:
    [unit], [guard] = REPORT.entities, REPORT.guards
    many = replace(
        REPORT,
        entities=(
            unit,
            replace(unit, entity="objekte", new_ids=3),
            replace(unit, entity="mieter", withdrawal="end"),
        ),
        guards=(
            guard,
            replace(guard, entity="objekte", message="objekte: 3 of 9 records would be withdrawn"),
        ),
    )
    said = markdown(many).split("<details>")[0]
    assert (
        "**etg24 einheiten: 7; objekte: 3 records get another external id. They are left behind and made anew at the"
        " partner.**" in said
    )
    assert (
        "**etg24 mieter: 7 records get another external id. They are ended and made anew at the partner.**"
        in said
    )
    assert "would trip: einheiten: 19 of 500; objekte: 3 of 9 records would be withdrawn" in said
    assert said.count("left behind") == said.count("would be withdrawn") == 1


@pytest.mark.parametrize(
    ("rows", "personal", "values", "said"),
    [
        (40, False, (("a", "b", 30), ("c", "d", 9), ("e", "f", 1)), ": a → b (30), c → d (9) and 1 other"),
        (467, False, (("a", "null", 7), ("c", "x", 5)), ": a → null (7), c → x (5) and 455 others"),
        (12, False, (("a", "b", 12),), ": a → b"),
        (12, False, (("a", "b", 6), ("c", "d", 6)), ": a → b (6), c → d (6)"),
        (467, True, (("a", "b", 7), ("c", "d", 5)), ": a → b, c → d"),
        (3, False, (), ""),
    ],
)
def test_a_field_is_told_with_its_two_most_frequent_changes(
    rows: int, personal: bool, values: tuple[tuple[str, str, int], ...], said: str
) -> None:
    changes = tuple(ValueChange(old=old, new=new, rows=n) for old, new, n in values)
    field = replace(REPORT.fields[0], rows=rows, stays=0, personal=personal, values=changes)
    [line] = [one.text for one in sentences(replace(SAME, fields=(field,)))]
    assert line == f"etg24 einheiten: position changes in {rows} records{said}"


def test_a_test_that_fails_is_told_with_keys_of_its_rows() -> None:
    failure = replace(REPORT.failures[0], message="5 failing rows", keys=("1/1", "1/1", "1/2", "1/3", "1/4"))
    made = replace(SAME, failures=(failure,))
    [line] = [one.text for one in sentences(made)]
    assert (
        line == "etg24 would get nothing: unique_etg24__einheiten: 5 failing rows: 1/1, 1/2, 1/3 and others"
    )
    assert "`1/1, 1/2, 1/3, 1/4`" in markdown(made)


def test_no_difference_is_said_in_a_line() -> None:
    assert markdown(SAME).splitlines()[1] == "### No difference in what would be sent"
    assert "<details>" not in markdown(SAME)
    assert text(SAME).startswith("No difference in what would be sent\n")


def test_values_are_shown_as_they_are_and_do_nothing() -> None:
    """In code nothing is markup; a bar ends no cell, and nobody is told."""
    made = markdown(REPORT)
    spoken, line = [line for line in made.splitlines() if "octocat" in line]
    assert re.search(r"^- ⚠️ ", spoken)
    assert not re.search(r"@octocat|<b>|</details>", spoken)
    assert line.count("</details>") == 1
    cell = re.search(r"```(.*?)```", line)
    assert cell
    assert "@octocat \\|``" in cell[1]
    assert made.count("\n</details>") == made.count("<details>")
    failure = replace(REPORT.failures[0], message="ask @octocat <b>now</b> #1")
    told = markdown(replace(REPORT, fields=(), failures=(failure,)))
    assert "octocat" in told
    assert not re.search(r"@octocat|<b>|[^\\]#1", told)


@pytest.mark.parametrize("times", [1, 30, 100, 1000])
def test_a_comment_is_never_longer_than_a_forge_allows(times: int) -> None:
    made = markdown(large(times))
    assert len(made.encode()) < LIMIT
    assert made.count("<details>") == made.count("\n</details>")
    assert made.splitlines()[0] == MARK
    if times > 100:
        assert re.search(r"[\d,]+ more", made)
        assert "--format json" in made
    assert markdown(large(times)) == made


class Read(HTMLParser):
    """What a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        self.said += data


def test_a_page_stands_for_itself() -> None:
    made = page(REPORT)
    found = Read(made)
    assert {"script", "img", "link", "iframe", "form"}.isdisjoint(found.tags)
    assert all(link.startswith("#") for link in found.links)
    assert "default-src 'none'; style-src 'sha256-" in made
    assert NASTY in found.said
    for moved in ("001/1/01/1", "001-1-01-1"):
        assert f"<strong><code>{moved}</code></strong>" in made
    assert "<strong>etg24 einheiten: 7 records get another external id." in made
    assert page(SAME) == page(SAME)


def test_the_terminal_has_all_of_it_too() -> None:
    said = text(REPORT)
    assert "!! etg24 einheiten: 7 records get another external id." in said
    assert "partners.etg24.separator" in said
    assert "6.1" in said
    assert len(text(large(1000)).splitlines()) < 500


@pytest.mark.parametrize("made", [markdown, page, text])
def test_nothing_but_the_report_decides_what_is_shown(made: "type[DiffReport]") -> None:
    assert made(REPORT) == made(REPORT)
