"""A comparison as a page that stands for itself, in the style and under the rules of the pages of runs."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from pipelines.diff.sections import Section, details, facts, headline, overview, sentences
from pipelines.reports.diff import DiffReport
from pipelines.run_page.files import page_environment

# So many lines of a table; the JSON has all.
MOST = 500


def page(report: DiffReport) -> str:
    """The page as HTML; it asks nobody for anything, and no script runs in it."""
    environment, style, digest = _environment()
    said = list(sentences(report))
    tones = {one.tone for one in said}
    return environment.get_template(
        "page.html"
    ).render(
        style=Markup(style),  # noqa: S704
        digest=digest,
        headline=headline(report),
        tone="bad" if "bad" in tones else "look" if report.differs else "good",
        facts=facts(report),
        sentences=said[:MOST],
        sections=[section for section in (overview(report), *details(report)) if section.rows],
        notes=report.notes,
        numeric=_is_numeric,
        most=MOST,
    )


def _is_numeric(section: Section, place: int) -> bool:
    return all(isinstance(row[place], int | float | None) for row in section.rows)


@cache
def _environment() -> tuple[Environment, str, str]:
    """The templates of runs, and ours before them."""
    environment, style, digest = page_environment()
    ours = environment.overlay(
        loader=ChoiceLoader(
            [PackageLoader("pipelines.diff", "."), environment.loader or PackageLoader("pipelines.diff")]
        )
    )
    return ours, style, digest
