"""A comparison for a terminal: plain text, tables in columns."""

from pipelines.diff.sections import Cell, Section, details, facts, headline, overview, sentences
from pipelines.reports.diff import DiffReport

# So many lines of a table; --format json has all.
MOST = 40


def text(report: DiffReport) -> str:
    """The comparison as text; what is bold elsewhere stands in capitals at the top."""
    lines = [headline(report), ""]
    lines += [f"{name + ':':<10}{value}" for name, value in facts(report)]
    said = [f"!! {one.text}" if one.strong else f"! {one.text}" for one in sentences(report)]
    more = len(said) - MOST
    said = [*said[:MOST], f"and {more:,} more: --format json"] if more > 0 else said
    lines += ["", *said] if said else []
    for section in (overview(report), *details(report)):
        if section.rows:
            lines += ["", section.title, *_table(section)]
    lines += ["", *report.notes[:MOST]] if report.notes else []
    return "\n".join(lines)


def _table(section: Section) -> list[str]:
    shown = [[_cell(cell) for cell in row] for row in section.rows[:MOST]]
    widths = [
        max(len(row[place]) for row in [list(section.heads), *shown]) for place in range(len(section.heads))
    ]
    numeric = [
        all(isinstance(row[place], int | float | None) for row in section.rows)
        for place in range(len(widths))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in [list(section.heads), *shown]
    ]
    more = len(section.rows) - MOST
    return [f"  {line}" for line in lines] + ([f"  and {more:,} more: --format json"] if more > 0 else [])


def _cell(cell: Cell) -> str:
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int | float) else cell.replace("\n", "\\n")
