"""Where dbt keeps what it has read and compiled, below the home: one folder for each program that runs it.

Whether marts may be pushed is read there (`commands/built.py`), so one program must not find what another, with other
settings, has read since.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND_LINE = Path("dbt")
# Its runs, and what it reads to know which models and tests there are.
DAGSTER, DAGSTER_READS = Path("dagster/dbt"), Path("dagster/read")
FOLDERS = (COMMAND_LINE, DAGSTER, DAGSTER_READS)

_used = COMMAND_LINE


@dataclass(frozen=True)
class Project:
    """A dbt project, and the one of ours that it stands on: in a checkout they are one folder."""

    folder: Path
    root: Path


def dbt_folder(home: Path) -> Path:
    """The folder of this process: that of the command line, but inside of `using`."""
    return home / _used


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Inside the `with` dbt works in this one of `FOLDERS`."""
    global _used
    former, _used = _used, folder
    try:
        yield
    finally:
        _used = former
