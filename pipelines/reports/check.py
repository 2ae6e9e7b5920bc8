"""What `adopt`, `verify` and `rekey` tell."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.plan.counts import PlanCounts
from pipelines.readback.adopt import AdoptionCounts, Ambiguous, UnmanagedRecord
from pipelines.readback.verify import VerificationCounts
from pipelines.report import FROM, OPTIONAL, TO, Report
from pipelines.reports.run import FailureLine, GuardLine


@dataclass(frozen=True, kw_only=True)
class AdoptReport(Report):
    """What a partner holds already, matched with the marts."""

    names_rows = frozenset({"ambiguous", "strangers"})

    partner: str
    applied: bool
    """Whether the matches were written into the ledger."""
    counts: tuple[AdoptionCounts, ...]
    ambiguous: tuple[Ambiguous, ...]
    strangers: tuple[UnmanagedRecord, ...]
    """Records of the partner that are nobody's of ours."""
    failures: tuple[FailureLine, ...]
    notes: tuple[str, ...]

    @property
    def exit(self) -> int:
        """1: somebody has to look."""
        return 1 if self.ambiguous or self.failures else 0


@dataclass(frozen=True, kw_only=True)
class DifferingField:
    """A field that the partner shows otherwise than the ledger; personal values are masked unless asked for."""

    field: str
    ledger: Any
    """The value that the partner once confirmed."""
    partner: Any
    """The value that it shows now."""


@dataclass(frozen=True, kw_only=True)
class DifferingRecord:
    """A record that is missing at the partner, changed there, or unknown to us."""

    kind: Literal["missing", "changed", "unknown"]
    entity: str
    external_id: str | None
    remote_id: str
    """The partner's own id."""
    fields: tuple[DifferingField, ...]


@dataclass(frozen=True, kw_only=True)
class VerifyReport(Report):
    """A partner read back and compared with the ledger."""

    names_rows = frozenset({"findings"})

    partner: str
    counts: tuple[VerificationCounts, ...]
    findings: tuple[DifferingRecord, ...]
    failures: tuple[FailureLine, ...] = ()
    """With `--repair`: what keeps a plan from being made."""
    guards: tuple[GuardLine, ...] = ()
    """With `--repair`: what a push of the plan would trip."""
    notes: tuple[str, ...] = ()
    plan_id: str | None = field(default=None, metadata=OPTIONAL)
    """Only with `--repair`, where a plan was made: what `push --plan` takes."""
    plan: tuple[PlanCounts, ...] | None = field(default=None, metadata=OPTIONAL)
    """Only with `--repair`, where a plan was made."""

    @property
    def exit(self) -> int:
        """1: something differs."""
        return 1 if self.findings else 0


@dataclass(frozen=True, kw_only=True)
class MoveLine:
    """A record that moves to another external id."""

    entity: str
    former: str = field(metadata=FROM)
    now: str = field(metadata=TO)
    remote_id: str
    """The partner's own id, which stays."""
    derived: bool
    """Whether it moves because a record that it hangs on does."""


@dataclass(frozen=True, kw_only=True)
class RekeyReport(Report):
    """Records that move to other external ids in the ledger; nothing is sent."""

    names_rows = frozenset({"moves", "done", "staying", "notes"})

    partner: str
    applied: bool
    """Whether they were moved; else nothing changed."""
    moves: tuple[MoveLine, ...]
    done: tuple[str, ...]
    """Former ids of what had moved before."""
    staying: tuple[str, ...]
    """External ids below a moved one that no mart has under a new id; the next push withdraws them."""
    notes: tuple[str, ...]
