"""All pages that are made, by their place in the project."""

from collections.abc import Mapping

from pipelines.contract.contract import built_in_partners, partner_folder, partners
from pipelines.errors import StammdatenError
from pipelines.pages.data import LINTED, PROJECT, all_partners_on, project_file, read_by_dbt
from pipelines.pages.editor import editor_schemas
from pipelines.pages.erp import erp_tables
from pipelines.pages.lines import lines_table
from pipelines.pages.partner import page
from pipelines.pages.reports import report_tables, schema_files
from pipelines.settings import project_root

COSTS = "docs/add-a-partner.md"
ERP = "docs/erp.md"
TOLD = "docs/reports.md"
BEGIN, END = "<!-- made by python -m pipelines.pages -->", "<!-- end -->"


def pages() -> Mapping[str, str]:
    """The text of each page. Raises StammdatenError where a page lacks the marks between which a table goes."""
    built_in = built_in_partners()
    made = {_place(partner, partner in built_in): page(partner) for partner in partners()}
    parts = {COSTS: lines_table(), ERP: erp_tables(), TOLD: report_tables()}
    tables = {name: between_marks(_text(name), lines, name) for name, lines in parts.items()}
    shipped = {**read_by_dbt(), PROJECT: project_file(), LINTED: all_partners_on()}
    return {**made, **tables, **schema_files(), **editor_schemas(), **shipped}


def _text(name: str) -> str:
    return (project_root() / name).read_text(encoding="utf-8")


def _place(partner: str, is_built_in: bool) -> str:
    """Where the page of a partner lies; beside the contract for one outside the project."""
    return f"docs/partners/{partner}.md" if is_built_in else str(partner_folder(partner) / f"{partner}.md")


def between_marks(text: str, lines: list[str], name: str) -> str:
    """The text with other lines between its two marks."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise StammdatenError(f"{name}: the lines {BEGIN!r} and {END!r} are needed once each, in this order.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return "\n".join([f"{before}{BEGIN}", "", *lines, "", f"{END}{after}"])
