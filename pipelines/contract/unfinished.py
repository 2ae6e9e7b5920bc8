"""A contract that is being written: each map that somebody still has to look at has the mark `x-fill-in`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contract.model import ContractError

MARK = "x-fill-in"
_MARKED = re.compile(rf"^(?![ \t]*#).*\b{MARK}['\"]?[ \t]*:", re.MULTILINE)


def is_unfinished(file: Path) -> bool:
    """Whether a contract has a mark left. One that cannot be read has none; reading it says why."""
    try:
        facts = file.stat()
    except OSError:
        return False
    return _is_marked(file, facts.st_mtime_ns, facts.st_size)


@cache
def _is_marked(file: Path, changed_at: int, size: int) -> bool:
    try:
        return _MARKED.search(file.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def check_filled_in(document: Any, where: str) -> None:
    """Raises `ContractError` that names each mark with what it asks for."""
    marks = [f"{path or 'the head'} ({' '.join(str(asked).split())})" for path, asked in marks_of(document)]
    if marks:
        raise ContractError(
            f"{where}: places that are still to be filled in: {len(marks)}; take the mark {MARK} away where it is done:"
            f" {'; '.join(marks)}"
        )


def marks_of(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted path and question of each mark."""
    if isinstance(part, Mapping):
        if MARK in part:
            yield path, part[MARK]
        for name, child in part.items():
            yield from marks_of(child, f"{path}.{name}" if path else str(name))
    elif isinstance(part, list):
        for place, child in enumerate(part):
            yield from marks_of(child, f"{path}.{place}")
