"""A comparison as a comment of a forge: what counts in the open, tables in folds, never longer than one may be."""

import re

from pipelines.diff.sections import Cell, Section, details, facts, headline, overview, sentences
from pipelines.reports.diff import DiffReport

# GitHub takes 65,536 characters in a comment; bytes, so that nobody's way of counting is passed.
LIMIT = 65_000
# By this line a CI finds the comment of the last time.
MARK = "<!-- stammdaten-diff -->"
# So many lines of each table at most, until all of it fits.
STEPS = (200, 100, 50, 25, 10, 5, 2, 1)
SIGNS = {"bad": "❌", "look": "⚠️"}
# What else would be read as Markdown, as HTML, or as the name of somebody who is told.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#@|~!&])")
MORE = "all of it: `stammdaten diff … --format json`"


def markdown(report: DiffReport) -> str:
    """The comparison as Markdown of less than `LIMIT` bytes; what is left out is counted."""
    made = ""
    for most in STEPS:
        made = _made(report, most)
        if len(made.encode()) < LIMIT:
            return made
    return _cut(made)


def _made(report: DiffReport, most: int) -> str:
    lines = [MARK, f"### {_plain(headline(report))}", ""]
    lines += [" · ".join(f"{name}: {_code(value)}" for name, value in facts(report)), ""]
    said = list(sentences(report))
    shown = said[: max(most, 5)]
    lines += [
        f"- {SIGNS[one.tone]} {f'**{_plain(one.text)}**' if one.strong else _plain(one.text)}"
        for one in shown
    ]
    if len(said) > len(shown):
        lines.append(f"- and {len(said) - len(shown):,} more of this kind; {MORE}")
    lines.append("") if said else None
    if report.entities:
        lines += [*_table(overview(report), max(most, 20)), ""]
    for section in details(report):
        lines += [
            f"<details><summary>{section.title} ({len(section.rows):,})</summary>", "", *_table(section, most), "",
            "</details>", "",
        ]  # fmt: skip
    notes = report.notes[:most]
    lines += [f"- {_plain(note)}" for note in notes]
    if len(report.notes) > len(notes):
        lines.append(f"- and {len(report.notes) - len(notes):,} more notes; {MORE}")
    return "\n".join(lines).rstrip() + "\n"


def _table(section: Section, most: int) -> list[str]:
    numeric = [
        all(isinstance(row[place], int | float | None) for row in section.rows)
        for place in range(len(section.heads))
    ]
    lines = [
        f"| {' | '.join(section.heads)} |",
        f"|{'|'.join(' ---: ' if right else ' --- ' for right in numeric)}|",
    ]
    for row in section.rows[:most]:
        cells = [_cell(cell, head, section) for cell, head in zip(row, section.heads, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    more = len(section.rows) - most
    return [*lines, "", f"and {more:,} more; {MORE}"] if more > 0 else lines


def _cell(cell: Cell, head: str, section: Section) -> str:
    if cell is None or cell == "":
        return ""
    is_number = isinstance(cell, int | float)
    text = f"{cell:,}" if is_number else _code(str(cell)) if head in section.code else _plain(str(cell))
    return f"**{text}**" if head in section.strong and cell else text


def _plain(text: str) -> str:
    """Text that is read as it stands, and tells nobody."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("\\@", "`@`")


def _code(text: str) -> str:
    """Text as it is, in a table too: within code nothing is read as anything."""
    text = " ".join(text.replace("|", "\\|").split()) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _cut(text: str) -> str:
    """Whole lines of what is too long in its shortest form, with the folds closed."""
    room = LIMIT - 400
    lines, size, is_open = [], 0, False
    for line in text.splitlines():
        size += len(line.encode()) + 1
        if size > room:
            break
        lines.append(line)
        is_open = line.startswith("<details>") or (is_open and line != "</details>")
    left = len(text.splitlines()) - len(lines)
    return "\n".join(
        [*lines, *(["", "</details>"] if is_open else []), "", f"{left:,} more lines; {MORE}", ""]
    )
