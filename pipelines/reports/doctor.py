"""What `doctor` tells."""

from dataclasses import dataclass
from typing import Literal

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """One thing that was looked at."""

    what: str
    """`settings`, `erp`, `login`, `clock`, `disk`, `versions`, `permissions`, `schedule`, `last run`, `history`,
    `restore`, `backup`, `backup keys` or `alerts`."""
    subject: str | None
    """Partner, job or file, where there are several."""
    state: Literal["well", "look", "wrong"]
    """`look`: nothing is wrong yet, or it cannot be told from here."""
    text: str
    todo: str | None


@dataclass(frozen=True, kw_only=True)
class DoctorReport(Report):
    """Whether all is well with this installation, and what to do where it is not."""

    checks: tuple[CheckLine, ...]

    @property
    def exit(self) -> int:
        """1: something is wrong."""
        return 1 if any(line.state == "wrong" for line in self.checks) else 0
