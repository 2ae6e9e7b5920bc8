"""The site of the docs as it is built: links, what it asks for, search and pictures in a browser without a network."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.run_page.browser import Browser, installed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
AXE = resources("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# What a browser fetches by itself; a link that a person clicks may lead outside.
FETCHED = {
    ("script", "src"),
    ("img", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("image", "href"),
    ("use", "href"),
}
LOOKED_AT = (
    "index.html", "README.html", "docs/rules.html", "docs/rules/e3.html", "docs/partners/etg24.html", "docs/erp.html",
    "source/macros/clean_text.sql.html", "search.html", "models.html",
)  # fmt: skip


class Page(HTMLParser):
    """Ids of a page, where it leads to, and what it fetches."""

    def __init__(self, file: Path):
        super().__init__()
        self.ids: set[str] = set()
        self.leads: list[str] = []
        self.fetches: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        for name in ("href", "src"):
            if value := given.get(name):
                (self.fetches if (tag, name) in FETCHED else self.leads).append(value)


def broken(site: Path) -> list[str]:
    """Every link of the site, and every anchor, that leads nowhere."""
    site = site.resolve()
    pages = {file: Page(file) for file in site.rglob("*.html") if file.name != "dbt.html"}
    found = []
    for file, page in pages.items():
        for link in (*page.leads, *page.fetches):
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            known = pages[target].ids | {""} if target in pages else {""}
            if not target.is_file() or (target.suffix == ".html" and unquote(parts.fragment) not in known):
                found.append(f"{file.relative_to(site)}: {link}")
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "pipelines.docs_site", str(out)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"{out.as_uri()}/index.html\n"
    return out


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not installed():
        pytest.skip("no Chromium is installed, so no page is looked at: apt-get install chromium")
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    assert broken(site) == []


def test_a_broken_link_and_a_broken_anchor_would_be_found(site: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(site, tmp_path / "site")
    page = copy / "models.html"
    page.write_text(
        page.read_text().replace("</body>", '<a href="gone.html">x</a><a href="#gone">x</a></body>')
    )
    assert broken(copy) == ["models.html: gone.html", "models.html: #gone"]


def test_no_page_fetches_anything_from_outside(site: Path) -> None:
    for file in site.rglob("*.html"):
        if file.name != "dbt.html":
            assert [
                link for link in Page(file).fetches if urlsplit(link).scheme or link.startswith("//")
            ] == [], file
    for file in site.rglob("*.css"):
        assert not re.search(r"url\(\W?(https?:)?//|@import", file.read_text(encoding="utf-8")), file


def test_nothing_tells_where_it_was_built(site: Path) -> None:
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".js", ".json")]
    assert [file for file in files if str(ROOT) in file.read_text(encoding="utf-8")] == []
    assert [file for file in files if str(site.parent) in file.read_text(encoding="utf-8")] == []


def test_each_rule_and_each_partner_has_its_page(site: Path) -> None:
    rule = Page(site / "docs/rules/e3.html")
    assert "../../source/models/intermediate/int_personen.sql.html" in rule.leads
    tests = "../../source/models/intermediate/_unit_tests.yml.html#e3-"
    assert [link for link in rule.leads if link.replace("_", "-").startswith(tests.replace("_", "-"))]
    text = re.sub(r"<[^>]+>", "", (site / "docs/rules/e5.html").read_text(encoding="utf-8"))
    assert "select * from quality.findings where rule = &#39;E5&#39;" in text.replace("'", "&#39;")
    for file in (ROOT / "docs/partners").glob("*.md"):
        page = (site / f"docs/partners/{file.stem}.html").read_text(encoding="utf-8")
        assert "<svg" in page, file
        assert 'href="../erp.html#' in page, file


def searched(browser: Browser, site: Path, words: str) -> list[str]:
    """Addresses of the hits, from a folder."""
    browser.open(site / "index.html")
    browser.ask(f"location.href = 'search.html?q={words}'; 0")
    for _ in range(100):
        time.sleep(0.1)
        found: list[str] = browser.ask(
            "[...document.querySelectorAll('#search-results li a, ul.search li a')].map(one => one.href)"
        )
        if found:
            return found
    return []


def test_search_finds_a_page_from_a_folder_without_a_network(browser: Browser, site: Path) -> None:
    browser.said.clear()
    assert any("docs/backup.html" in hit for hit in searched(browser, site, "restore+backup"))
    assert any("docs/rules" in hit for hit in searched(browser, site, "Kaltmiete"))
    assert searched(browser, site, "xyzzyplugh") == []
    assert browser.said == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_asked_of_outside(
    browser: Browser, site: Path, width: int, dark: bool, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("DOCS_PICTURES", tmp_path))
    browser.asked.clear()
    wrong: dict[str, Any] = {}
    for name in LOOKED_AT:
        browser.open(site / name, width, dark=dark)
        browser.ask(f"{AXE};0")
        found = browser.ask(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(found =>"
            " found.violations.map(one => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]))"
        )
        wide = browser.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if found or wide:
            wrong[name] = (found, wide)
        browser.screenshot(pictures / f"{name.replace('/', '-')}-{width}-{'dark' if dark else 'light'}.png")
    assert wrong == {}
    assert [asked for asked in browser.asked if not asked.startswith(("file:", "data:"))] == []


def test_the_docs_of_dbt_open_without_a_network_and_ask_for_nothing(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    browser.asked.clear()
    browser.said.clear()
    browser.open(site / "dbt.html")
    browser.ask("location.hash = '#!/model/model.stammdaten.etg24__mieter'; 0")
    for _ in range(100):
        time.sleep(0.2)
        if "etg24__mieter" in browser.ask("document.querySelector('h1')?.innerText ?? ''"):
            break
    assert "etg24__mieter" in browser.ask("document.querySelector('h1').innerText")
    assert "emailAddress" in browser.ask("document.body.innerText") or "email" in browser.ask(
        "document.body.innerText"
    )
    browser.screenshot(Path(os.environ.get("DOCS_PICTURES", tmp_path)) / "dbt.png")
    assert [asked for asked in browser.asked if not asked.startswith(("file:", "data:", "blob:"))] == []
    # It tries for its icons where dbt's template was not filled in: files that are not there, and never a host.
    assert [said for said in browser.said if "http" in said] == []
