"""The page over all customers: one file, in the style and under the rules of the pages of runs."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from pipelines.history.due import german
from pipelines.reports.fleet import CustomerLine
from pipelines.run_page.files import page_environment
from pipelines.schedule.jobs import MASTER_DATA

TONES = {"wrong": "bad", "look": "look", "never": "off", "running": "info", "well": "good"}
WORDS = {
    "wrong": "nothing sent",
    "look": "not all delivered",
    "never": "never ran",
    "running": "at work",
    "well": "well",
}
# So many points of a customer; its own page has all.
MOST = 5


def page(lines: Sequence[CustomerLine], now: datetime) -> str:
    """The page as HTML; it asks nobody for anything, and no script runs in it."""
    environment, style, digest = _environment()
    counts = Counter(line.state for line in lines)
    worst = next((state for state in TONES if counts[state]), "never")  # type: ignore[index]
    order = list(TONES)
    rows = [
        (TONES[line.state], line)
        for line in sorted(lines, key=lambda one: (order.index(one.state), one.customer))
    ]
    needing = [(tone, line) for tone, line in rows if line.state in ("wrong", "look", "never") or line.points]
    return environment.get_template("page.html").render(
        style=Markup(style),  # noqa: S704
        digest=digest,
        lines=lines,
        tone=TONES[worst],
        headline=f"{len(needing):,} of {len(lines):,} customers need a person"
        if needing
        else "Everything is delivered",
        numbers=[(WORDS[state], TONES[state], counts[state]) for state in TONES],  # type: ignore[index]
        needing=needing,
        rows=rows,
        most=MOST,
        due=german(MASTER_DATA.due_after(now)),
        made=german(datetime.now(UTC)),
    )


@cache
def _environment() -> tuple[Environment, str, str]:
    """The templates of runs, and ours before them."""
    environment, style, digest = page_environment()
    ours = PackageLoader("pipelines.fleet", ".")
    return environment.overlay(loader=ChoiceLoader([ours, environment.loader or ours])), style, digest
