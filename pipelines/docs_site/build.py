"""The whole site: staged, drawn, built by Sphinx."""

import io
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.contract.contract import built_in_partners, load_contract
from pipelines.docs_site.dbt_docs import write_dbt_docs
from pipelines.docs_site.drawing import fields_table, picture
from pipelines.docs_site.lineage import Node, lineage
from pipelines.docs_site.rules import (
    UnitTest,
    evidence,
    read_rules,
    rule_page,
    sql_files,
    unit_tests,
    with_links,
)
from pipelines.docs_site.stage import HIDDEN, Stage, groups, tree
from pipelines.errors import StammdatenError
from pipelines.pages.models import read_models
from pipelines.settings import project_root
from pipelines.versions import stammdaten_version

DBT_PAGE = "dbt.html"
STYLE = Path(__file__).parent / "site.css"
# The side bar; a page that is not named here stands under MORE.
GROUPS = {
    "Start": ("README", "docs/tutorial", "docs/how-it-works", "docs/glossary", "docs/naming"),
    "ERP": (
        "docs/erp", "docs/erp-profiles", "docs/erp-database", "docs/erp-increments", "docs/erp-documents",
        "docs/openwowi",
    ),
    "Rules": ("docs/rules", "docs/why-not-sent", "docs/reason-codes"),
    "Partners": (
        "docs/partners/index", "docs/contracts", "docs/add-a-partner", "docs/extend", "docs/sandbox",
    ),
    "Changes": ("docs/ci/README", "docs/diff", "docs/upgrade", "CHANGELOG"),
    "Operation": (
        "docs/operate", "docs/adopt-and-verify", "docs/run-page", "docs/alerts", "docs/monitoring", "docs/backup",
        "docs/dagster", "docs/reports",
    ),
}  # fmt: skip
MORE = "More"
# What the theme writes, and what it has to be so that a screen reader can place it and the keyboard can scroll it.
MENDED = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}
MODELS = """Models and lineage
==================

dbt's own docs hold every model, column, test and macro, with the graph of all of them, in one page that asks for
nothing outside itself:

.. raw:: html

   <p><a href="dbt.html">Open the docs of dbt</a></p>

The way from an ERP table to one field of a partner stands on the page of the `partner <docs/partners/index.html>`__,
what carries a rule out on the page of the `rule <docs/rules.html>`__.
"""


def build(out: Path) -> Path:
    """Builds the site in `out`, which is replaced as a whole once it stands, and returns its first page.

    Raises StammdatenError where a link or an anchor leads nowhere, or `out` holds something else.
    """
    if out.exists() and not (out / "searchindex.js").is_file() and (out.is_file() or any(out.iterdir())):
        raise StammdatenError(f"{out} is no site of these docs: name an empty folder, or one to be made.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=out.parent) as folder:
        work = Path(folder)
        made = work / "html"
        stage = Stage(work / "pages")
        manifest = write_dbt_docs(work / "dbt", work / "extra" / DBT_PAGE)
        add_docs(stage)
        add_rules(stage)
        _add_partners(stage, manifest)
        stage.write()
        _add_contents(stage)
        _sphinx(stage.folder, work / "extra", made)
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)
    return out / "index.html"


def add_docs(stage: Stage) -> None:
    root = project_root()
    for file in (root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").rglob("*.md"))):
        stage.add(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))


def add_rules(stage: Stage) -> None:
    place = "docs/rules.md"
    text = (project_root() / place).read_text(encoding="utf-8")
    files, tests = sql_files(), unit_tests()
    for file in {test.file: test for test in tests}:
        stage.source(file, _tests_page(file, [test for test in tests if test.file == file]))
    for file in files:
        stage.source(file)
    rules = read_rules(text)
    for rule in rules:
        page = "\n".join(rule_page(rule, evidence(rule, files, tests)))
        stage.add(f"docs/rules/{rule.number.lower()}.md", page, written_for=place)
    stage.add(place, with_links(text, rules))


def _tests_page(file: str, tests: list[UnitTest]) -> str:
    parts = [f"{HIDDEN}# {file}\n"]
    for test in tests:
        parts.append(f"## {test.name}\n\nOf `{test.model}`.\n\n```yaml\n{test.text}```\n")
    return "\n".join(parts)


def _add_partners(stage: Stage, manifest: Mapping[str, Any]) -> None:
    names = list(built_in_partners())
    for partner in names:
        place = f"docs/partners/{partner}.md"
        contract, marts = load_contract(partner), read_models(partner).marts
        lines = ["", "## From the ERP table to the field", ""]
        for name, entity in contract.entities.items():
            drawn = lineage(manifest, contract, entity, marts[name])
            lines += [f"### {entity.title}: where it comes from", ""]
            lines += [*picture(drawn, _address, f"{partner}-{name}"), "", *fields_table(drawn, _page), ""]
        text = (project_root() / place).read_text(encoding="utf-8")
        stage.add(place, text + "\n".join(lines))


def _page(node: Node) -> str | None:
    """The page of a node, from the page of a partner."""
    return f"../erp.md#{node.name}" if node.kind == "erp" else f"../../{node.file}"


def _address(node: Node) -> str | None:
    """The same for HTML that Sphinx does not read."""
    return f"../erp.html#{node.name}" if node.kind == "erp" else f"../../source/{node.file}.html"


def _add_contents(stage: Stage) -> None:
    """The first page with the side bar, and those that stand above a group, in Sphinx's own words."""
    names = [name.removesuffix(".md") for name in stage.names]
    rules = [n for n in names if n.startswith("docs/rules/")]
    partners = sorted(n for n in names if n.startswith("docs/partners/") and not n.endswith("/index"))
    skipped = ("source/", "docs/rules/", "docs/partners/")
    free = [n for n in names if not n.startswith(skipped) and not n.endswith("/index")]
    shown = groups([*free, "docs/partners/index"], GROUPS, MORE)
    title = f"Stammdaten {stammdaten_version()}"
    lines = [
        title,
        "=" * len(title),
        "",
        "ERP master data of housing companies to the systems of their partners.",
    ]
    for caption, pages in shown.items():
        lines += tree(caption, [*pages, *(["models"] if caption == MORE else [])])
    write = {
        "index.rst": "\n".join(lines),
        "models.rst": MODELS,
        "docs/partners/index.md": "# The partners\n" + _table_of_contents(partners),
        # Its side bar shows a rule below the page of all.
        "docs/rules.md": (stage.folder / "docs/rules.md").read_text("utf-8")
        + _table_of_contents(rules, ":hidden:"),
    }
    for name, text in write.items():
        (stage.folder / name).write_text(text + "\n", encoding="utf-8")


def _table_of_contents(pages: list[str], *options: str) -> str:
    return "\n".join(["", "```{toctree}", *options, "", *(f"/{page}" for page in pages), "```"])


def _sphinx(pages: Path, extra: Path, out: Path) -> None:
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.console import nocolor

    settings = {
        "project": "Stammdaten",
        "html_title": "Stammdaten",
        "extensions": ["myst_parser"],
        "root_doc": "index",
        "html_theme": "furo",
        "html_static_path": [str(STYLE)],
        "html_css_files": [STYLE.name],
        "html_extra_path": [str(extra)],
        "html_show_sphinx": False,
        "html_show_copyright": False,
        "html_copy_source": False,
        # The lines below a hit would be fetched, which no browser does from a folder.
        "html_show_search_summary": False,
        "myst_heading_anchors": 5,
        "smartquotes": False,
        "highlight_language": "text",
        "suppress_warnings": ["misc.highlighting_failure"],
    }
    heard = io.StringIO()
    nocolor()
    try:
        app = Sphinx(
            pages,
            None,
            out,
            out.parent / "doctrees",
            "html",
            settings,
            status=None,
            warning=heard,
            freshenv=True,
        )
        app.build()
    except SphinxError as problem:
        raise StammdatenError(f"Sphinx: {problem}\n{heard.getvalue()}") from problem
    if heard.getvalue().strip():
        raise StammdatenError(f"The docs were not built:\n{heard.getvalue().strip()}")
    for page in out.rglob("*.html"):
        if page.name != DBT_PAGE:
            _mend(page)


def _mend(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for theirs, ours in MENDED.items():
        text = text.replace(theirs, ours)
    page.write_text(text, encoding="utf-8")
