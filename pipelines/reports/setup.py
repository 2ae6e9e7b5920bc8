"""What `init` and `partner new` tell."""

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
