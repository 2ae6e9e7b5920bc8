"""What `status`, `partners` and `sample` tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.report import FROM, Report
from pipelines.reports.history import RunLine


@dataclass(frozen=True, kw_only=True)
class LedgerCount:
    """Records of an entity at a partner by state, and by reason where they are not delivered."""

    partner: str
    entity: str
    state: str
    """`synced`, `withdrawn`, `delivered` (handed over, not confirmed), `pending`, `rejected` or `blocked`."""
    reason: str | None
    """A code of docs/reason-codes.md."""
    rows: int


@dataclass(frozen=True, kw_only=True)
class HeldCount:
    """Records of an entity that are in doubt and stay at the partner as they are (rule H1)."""

    partner: str
    entity: str
    rule: str
    rows: int
    meaning: str
    """The rule in a sentence."""


@dataclass(frozen=True, kw_only=True)
class FindingCount:
    """Rows of an ERP table that a rule dropped, mended or doubts; the rows lie in `quality.findings`."""

    rule: str
    table: str
    partner: str | None
    """The partner that the rule belongs to; null where it belongs to all."""
    rows: int
    meaning: str
    """The rule in a sentence."""


@dataclass(frozen=True, kw_only=True)
class NextRun:
    """A job that is due, by the schedule that `stammdaten schedule` prints; whether anything calls it: `doctor`."""

    job: str
    command: str
    at: str
    """UTC, as ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class StatusReport(Report):
    """The last load, what the partners hold, and what waits. Lists are empty before the first run."""

    has_exit = False

    database: str
    """Path of the DuckDB file."""
    last_load: str | None
    """Its time in UTC, as text."""
    last_load_kind: str | None
    """`full` or `increment`."""
    ledger: tuple[LedgerCount, ...] = ()
    held: tuple[HeldCount, ...] = ()
    findings: tuple[FindingCount, ...] = ()
    last_runs: tuple[RunLine, ...] = ()
    """The last `run` of each use case, the youngest first."""
    next_runs: tuple[NextRun, ...] = ()
    """What is due next."""


@dataclass(frozen=True, kw_only=True)
class EntityLine:
    """An entity of a partner."""

    partner: str
    on: str
    """`yes` or `no`: whether the partner is switched on."""
    entity: str
    erp: str = field(metadata=FROM)
    """The table of the ERP that it is made from."""
    withdrawal: str
    """How one record leaves the partner: `delete`, `end`, `detach`, `deactivate` or `keep`."""
    note: str | None


@dataclass(frozen=True, kw_only=True)
class PartnersReport(Report):
    """Every partner with its entities, and what is worth knowing about it."""

    has_exit = False

    entities: tuple[EntityLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SampleReport(Report):
    """A sample delivery that was written."""

    has_exit = False

    folder: str
    rows: Mapping[str, int]
    """Rows by table."""
