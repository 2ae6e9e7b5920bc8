"""What `init`, `schedule` and `partner new` tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class InitReport(Report):
    """What `init` wrote, which of its files were there already, what else lies in the folder; paths below `folder`."""

    has_exit = False

    folder: str
    written: tuple[str, ...]
    left_alone: tuple[str, ...]
    also_there: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PartnerNewReport(Report):
    """What was written for a new partner, and what to do with it."""

    has_exit = False

    partner: str
    files: tuple[str, ...]
    marks: int
    """Places in the contract that ask for something."""
    next: tuple[str, ...]
    """What to do next, step by step."""


@dataclass(frozen=True, kw_only=True)
class ScheduleReport(Report):
    """Units for systemd or lines for cron, for the folder in which it was called."""

    has_exit = False

    kind: str
    """`systemd` or `cron`."""
    files: Mapping[str, str]
    """Text by name of the file."""
    jobs: Mapping[str, str]
    """When each of them runs, as systemd or cron writes it."""
    notes: tuple[str, ...]
