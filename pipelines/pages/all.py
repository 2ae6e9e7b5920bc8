"""All pages that are made, by their place in the project."""

from collections.abc import Mapping

from pipelines.contract.contract import partners
from pipelines.errors import StammdatenError
from pipelines.pages.lines import lines_table
from pipelines.pages.partner import page
from pipelines.pages.reports import report_tables, schema_files
from pipelines.settings import project_root

COSTS = "docs/add-a-partner.md"
TOLD = "docs/reports.md"
BEGIN, END = "<!-- made by python -m pipelines.pages -->", "<!-- end -->"


def pages() -> Mapping[str, str]:
    """The text of each page. Raises StammdatenError where a page lacks the marks between which a table goes."""
    made = {f"docs/partners/{partner}.md": page(partner) for partner in partners()}
    between = {COSTS: lines_table, TOLD: report_tables}
    for name, lines in between.items():
        text = (project_root() / name).read_text(encoding="utf-8")
        made[name] = between_marks(text, lines(), name)
    return {**made, **schema_files()}


def between_marks(text: str, lines: list[str], name: str) -> str:
    """The text with other lines between its two marks."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise StammdatenError(f"{name}: the lines {BEGIN!r} and {END!r} are needed once each, in this order.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return "\n".join([f"{before}{BEGIN}", "", *lines, "", f"{END}{after}"])
