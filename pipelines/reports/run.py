"""What `load`, `build`, `plan`, `push` and `run` tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pipelines.plan.counts import PlanCounts
from pipelines.push.result_line import ResultLine
from pipelines.report import FROM, OPTIONAL, TO, UNLISTED, Report


@dataclass(frozen=True, kw_only=True)
class FailureLine:
    """A model, a data test or a mart that keeps a partner from being pushed."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"message", "keys"})

    partner: str
    node: str
    """Name of the model or test; `columns` where a mart does not fit its contract."""
    status: str
    """What dbt says of it, or `contract`."""
    message: str
    keys: tuple[str, ...]
    """Keys of some of the rows that a test found."""


@dataclass(frozen=True, kw_only=True)
class GuardLine:
    """A guard that tripped and keeps the partner from being pushed."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"rows"})

    partner: str
    guard: str
    """Name that `push --allow` takes."""
    entity: str
    """Entity of the partner; for `shrink` a table of the ERP."""
    message: str
    rows: tuple[str, ...]
    """External ids of some of the rows that a push held back; none in a plan."""


@dataclass(frozen=True, kw_only=True)
class WarningLine:
    """A rule that hits many rows of a table, or many more than in the last run; it holds nothing back."""

    rule: str
    table: str
    column: str | None
    partner: str | None
    """The partner that the rule belongs to; null where it belongs to all."""
    row_count: int
    of_rows: int
    share: float
    """Rows that it hits, in percent of the table."""
    before: float | None
    """The share of the last run; null where there is none to compare with."""
    message: str


@dataclass(frozen=True, kw_only=True)
class RenumberedLine:
    """A record that the plan withdraws under one id and creates again, with the same content, under another."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"former", "now", "command"})

    partner: str
    entity: str
    former: str = field(metadata=FROM)
    now: str = field(metadata=TO)
    below: int
    """So many records that hang on it go with it."""
    command: str | None
    """What moves it instead; null where the partner tells such records by our id alone."""


@dataclass(frozen=True, kw_only=True)
class ReasonLine:
    """Rows of an entity that are not delivered, or that no partner has confirmed, by reason."""

    partner: str
    entity: str
    rows: int
    reason: str
    """A code of docs/reason-codes.md."""
    how: str
    """What to do about it."""


@dataclass(frozen=True, kw_only=True)
class ChangedField:
    """A field of a planned row; both values as JSON text, masked unless personal data was asked for."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """One operation of a plan, in the order of sending."""

    partner: str
    entity: str
    operation: Literal["create", "match", "update", "withdraw"]
    external_id: str
    by_law: str | None
    """Rule and reason of a withdrawal that the law asks for and no guard keeps back; null for any other operation."""
    fields: tuple[ChangedField, ...]


@dataclass(frozen=True, kw_only=True)
class LoadReport(Report):
    """What a load brought. Nothing is built or sent."""

    has_exit = False

    notes: tuple[str, ...]
    load_id: str
    source: str
    """Where the delivery came from."""
    kind: str
    """`full`, or `increment` when some table came as changes only."""
    rows: Mapping[str, int]
    """Rows in the raw layer now, by table."""
    changed: Mapping[str, int]
    """Rows that were delivered of tables of which only changes came."""
    unknown_columns: Mapping[str, tuple[str, ...]]
    """Columns beyond the list of docs/erp.md, by table; kept in the raw layer only."""
    unknown_files: tuple[str, ...]
    absent_tables: tuple[str, ...]
    """Tables that were not delivered, read as empty."""


@dataclass(frozen=True, kw_only=True)
class BuildReport(Report):
    """What keeps partners back after a build, and what is worth a look."""

    failures: tuple[FailureLine, ...]
    warnings: tuple[WarningLine, ...]
    notes: tuple[str, ...]
    nodes: tuple[Any, ...] = field(default=(), metadata=UNLISTED)
    """Models and tests as dbt left them."""

    @property
    def exit(self) -> int:
        """1: a partner cannot be pushed."""
        return 1 if self.failures else 0


@dataclass(frozen=True, kw_only=True)
class PlanReport(Report):
    """What a push would do."""

    names_rows = frozenset({"rows"})

    plan_id: str
    """What `push --plan` takes."""
    plan: tuple[PlanCounts, ...]
    failures: tuple[FailureLine, ...]
    guards: tuple[GuardLine, ...]
    warnings: tuple[WarningLine, ...]
    renumbered: tuple[RenumberedLine, ...]
    rows: tuple[PlannedRow, ...] | None = field(default=None, metadata=OPTIONAL)
    """Only with `--rows`."""

    @property
    def operations(self) -> int:
        """Number of rows that a push would work off."""
        return sum(line.create + line.match + line.update + line.withdraw for line in self.plan)

    @property
    def exit(self) -> int:
        """1: a guard or a failing test would keep a partner back."""
        return 1 if self.failures or self.guards else 0


@dataclass(frozen=True, kw_only=True)
class PushReport(Report):
    """What became of a plan, entity by entity."""

    plan_id: str
    lines: tuple[ResultLine, ...]
    stopped: Mapping[str, str]
    """Partners that were given up in mid-push, and why."""
    guards: tuple[GuardLine, ...]
    renumbered: tuple[RenumberedLine, ...]
    """Of the partners that a guard holds back."""
    reasons: tuple[ReasonLine, ...]
    notes: tuple[str, ...]
    failures: tuple[FailureLine, ...]
    is_complete: bool = field(metadata=UNLISTED)

    @property
    def exit(self) -> int:
        """1: something that should be at a partner, or gone from there, is not."""
        return 0 if self.is_complete and not self.failures else 1


@dataclass(frozen=True, kw_only=True)
class RunReport(PushReport):
    """The whole way: what was loaded, what is worth a look, and what became of the plan."""

    warnings: tuple[WarningLine, ...]
    load: LoadReport
