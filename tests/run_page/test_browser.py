"""Pages in a real Chromium without a network: what is drawn, whether all can use it, and what it asks for."""

import os
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import pytest

from pipelines.history.tidy import PAGES
from pipelines.reports.look import NextRun
from pipelines.run_page.files import INDEX, report
from tests.run_page.browser import Browser
from tests.run_page.story import month, write_run

DUE = (NextRun(job="stammdaten", command="stammdaten run", at="2026-12-01T04:00:00Z"),)
AXE = resources("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
OPENED = "document.querySelectorAll('details').forEach(one => one.open = true)"
# Everything that a person can see and whose box goes beyond the page.
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of a site with all partners, and a run that failed."""
    home = tmp_path_factory.mktemp("month")
    last = month(home)
    report(home, last, DUE)
    report(home, write_run(home, 29, command="verify", partners=("wohnungshelden",)), DUE)
    report(home, write_run(home, 30, exit=2, message="the delivery is not complete: mieter is missing"), DUE)
    (home / PAGES / f"{last}.html").rename(home / PAGES / "last.html")
    return home / PAGES


def pages(folder: Path) -> list[Path]:
    return [folder / "last.html", folder / f"{30:012x}.html", folder / INDEX]


def violations(browser: Browser) -> Any:
    """What axe finds: its rule, and the first place."""
    browser.ask(f"{AXE};0")
    return browser.ask(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        ".then(found => found.violations.map(one => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]))"
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, folder: Path, width: int, dark: bool
) -> None:
    for page in pages(folder):
        browser.open(page, width, dark=dark)
        browser.ask(OPENED)
        assert violations(browser) == [], page.name
        assert browser.ask(TOO_WIDE) == 0, page.name


def test_the_list_shows_what_was_not_delivered_without_scrolling(browser: Browser, folder: Path) -> None:
    browser.open(folder / INDEX, 1280)
    assert "stammdaten verify wohnungshelden" in browser.ask("document.body.innerText")
    assert browser.ask("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.wide'))") == 0


def test_axe_would_find_something(browser: Browser, folder: Path) -> None:
    browser.open(folder / INDEX)
    browser.ask("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=x><h5>deep</h5>')")
    assert {"image-alt", "heading-order"} <= {found[0] for found in violations(browser)}


def test_a_page_asks_for_nothing_but_itself_and_the_browser_has_nothing_to_say(
    browser: Browser, folder: Path
) -> None:
    browser.asked.clear()
    browser.said.clear()
    for page in pages(folder):
        browser.open(page)
    assert browser.asked == [page.as_uri() for page in pages(folder)]
    assert browser.said == []


def test_the_policy_lets_no_style_no_script_and_no_picture_of_others_in(
    browser: Browser, folder: Path
) -> None:
    browser.open(folder / INDEX)
    browser.asked.clear()
    browser.said.clear()
    browser.ask(
        "document.body.insertAdjacentHTML('beforeend', '<p id=probe style=color:red>x</p>"
        '<img src="file:///etc/hostname" onerror="window.ran = true"><style>h1 { color: red }</style>\');'
        "document.body.appendChild(document.createElement('script')).textContent = 'window.ran = true'; 0"
    )
    assert browser.ask("window.ran === undefined")
    assert browser.ask("getComputedStyle(document.querySelector('#probe')).color") != "rgb(255, 0, 0)"
    assert browser.ask("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert len([line for line in browser.said if "Content Security Policy" in line]) >= 3


def test_our_own_style_is_taken_and_follows_the_scheme_of_the_system(browser: Browser, folder: Path) -> None:
    ground = {}
    for dark in (False, True):
        browser.open(folder / "last.html", dark=dark)
        ground[dark] = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == {False: "rgb(246, 247, 248)", True: "rgb(15, 17, 20)"}


def test_the_keyboard_goes_to_the_content_and_shows_where_it_is(browser: Browser, folder: Path) -> None:
    browser.open(folder / "last.html")
    browser.press("Tab")
    assert browser.ask("document.activeElement.textContent") == "To the content"
    assert browser.ask("document.activeElement.getBoundingClientRect().top") >= 0
    assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    assert browser.ask("document.activeElement.id") == "main"
    for _ in range(40):
        browser.press("Tab")
        if browser.ask("document.activeElement.tagName") == "SUMMARY":
            break
    was_open = browser.ask("document.activeElement.parentElement.open")
    browser.press("Enter")
    assert browser.ask("document.activeElement.parentElement.open") != was_open


def test_what_is_drawn_is_what_was_counted(browser: Browser, folder: Path) -> None:
    browser.open(folder / "last.html")
    # The bar of etg24: refused and waiting are so much of it that they can be seen, and all parts fill it.
    parts = browser.ask(
        "[...document.querySelectorAll('tbody tr')].find(one => one.cells[0].textContent == 'etg24')"
        ".querySelectorAll('.bar rect[x]').length"
    )
    assert parts == 3
    # No two lanes and no two stubs of a picture lie on each other, and no text leaves it.
    browser.ask(OPENED)
    assert (
        browser.ask(
            """[...document.querySelectorAll('svg.flow')].flatMap(svg => {
            const whole = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
            const boxes = texts.map(text => text.getBoundingClientRect());
            const outside = boxes.filter(b => b.right > whole.right + 1 || b.bottom > whole.bottom + 1);
            const over = boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b =>
                a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2));
            return [...outside, ...over].map(b => [b.left, b.top, b.width, b.height]);
        })"""
        )
        == []
    )
    # A reader of screens is told each picture.
    assert browser.ask(
        "[...document.querySelectorAll('svg[role=img]')].every(svg => svg.ariaLabel || svg.querySelector('title'))"
    )


def test_it_prints_on_white_without_what_is_for_the_screen(browser: Browser, folder: Path) -> None:
    browser.open(folder / "last.html", width=720, dark=True, media="print")
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.ask(TOO_WIDE) == 0
    assert browser.printed().startswith(b"%PDF")


def test_pictures_of_the_pages_are_made(browser: Browser, folder: Path, tmp_path: Path) -> None:
    shots = Path(os.environ.get("STAMMDATEN_SHOTS") or tmp_path)
    shots.mkdir(exist_ok=True)
    sizes = {}
    for page in pages(folder):
        for name, width, dark, media in (
            ("light", 1280, False, "screen"), ("dark", 1280, True, "screen"), ("narrow", 390, False, "screen"),
            ("print", 720, False, "print"),
        ):  # fmt: skip
            browser.open(page, width, dark=dark, media=media)
            sizes[page.name, name] = len(browser.screenshot(shots / f"{page.stem}-{name}.png"))
    assert min(sizes.values()) > 10_000
