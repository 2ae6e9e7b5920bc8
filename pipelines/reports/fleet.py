"""What `fleet run`, `plan`, `status`, `report` and `doctor` tell."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pipelines.report import Report
from pipelines.reports.doctor import CheckLine

Standing = Literal["well", "look", "wrong", "running", "never"]


@dataclass(frozen=True, kw_only=True)
class PointLine:
    """Something at a customer that somebody should look at."""

    tone: Literal["bad", "look", "held", "info"]
    kind: str
    title: str
    todo: str
    rows: int | None
    """Records that it is about; null where it is not about records."""


@dataclass(frozen=True, kw_only=True)
class CustomerLine:
    """How the last command of a customer ended, or where it stands."""

    customer: str
    state: Standing
    """`wrong`: nothing was sent; `look`: not everything is delivered; `never`: nothing ran there yet."""
    exit: int | None
    """Exit status of the customer's own command; null while it is at work, and where it ended without a word."""
    run_id: str | None
    begun_at: str | None
    """UTC, as ISO 8601."""
    seconds: float | None
    what: str
    todo: str | None
    points: tuple[PointLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FleetReport(Report):
    """What became of each customer, in the order in which they ended."""

    customers: tuple[CustomerLine, ...]
    seconds: float

    @property
    def exit(self) -> int:
        """1: some customer needs a person."""
        return int(any(line.state != "well" for line in self.customers))

    @property
    def counts(self) -> str:
        """How many are well, and how many not, in words."""
        counts = Counter(line.state for line in self.customers)
        return ", ".join(f"{counts[state]:,} {state}" for state in sorted(counts))


@dataclass(frozen=True, kw_only=True)
class StandingLine:
    """The last run of a customer, and the next."""

    customer: str
    state: Standing
    exit: int | None
    begun_at: str | None
    age_hours: float | None
    """Since the last run began."""
    what: str
    next_due: str
    """UTC; when the run is due that comes next, by the rhythm of master data."""
    is_overdue: bool


@dataclass(frozen=True, kw_only=True)
class FleetStatusReport(Report):
    """Where each customer stands, by the history in its home."""

    customers: tuple[StandingLine, ...]

    @property
    def exit(self) -> int:
        """1: some customer needs a person."""
        return int(any(line.state in ("look", "wrong") or line.is_overdue for line in self.customers))


@dataclass(frozen=True, kw_only=True)
class FleetPageReport(Report):
    """The page over all customers."""

    has_exit = False

    page: str
    """Path of the page."""
    customers: tuple[CustomerLine, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerChecks:
    """What `doctor` finds at a customer."""

    customer: str
    checks: tuple[CheckLine, ...]


@dataclass(frozen=True, kw_only=True)
class FleetDoctorReport(Report):
    """Whether the settings of each customer are right. Nothing is run."""

    customers: tuple[CustomerChecks, ...]

    @property
    def exit(self) -> int:
        """1: something is wrong."""
        return int(any(check.state == "wrong" for one in self.customers for check in one.checks))
