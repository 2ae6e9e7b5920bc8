"""Pieces of Markdown."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 118


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; columns that are empty in each row are left out, and so is a table without rows."""
    rows = list(rows)
    kept = [column for column in range(len(head)) if any(row[column] for row in rows)]
    if not rows:
        return []
    lines = [[head[column] for column in kept], ["---"] * len(kept)]
    lines += [[cell(row[column]) for column in kept] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def cell(text: str) -> str:
    """A text that stays within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def paragraphs(text: str) -> list[str]:
    """A text of YAML, where a line is a paragraph, wrapped and with empty lines in between."""
    lines: list[str] = []
    for paragraph in text.strip().splitlines():
        lines += ["", *textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)]
    return lines[1:]


def code(value: object) -> str:
    """A value as code, as YAML writes it."""
    return f"`{'null' if value is None else str(value).lower() if isinstance(value, bool) else value}`"


def codes(values: Iterable[object]) -> str:
    """Several of them."""
    return ", ".join(code(value) for value in values)


def sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "?")) else text + "."


def section(title: str, *parts: Sequence[str]) -> list[str]:
    """A heading with its parts, an empty line before each; nothing where all parts are empty."""
    filled = [part for part in parts if part]
    if not filled:
        return []
    return ["", f"## {title}", *(line for part in filled for line in ("", *part))]
