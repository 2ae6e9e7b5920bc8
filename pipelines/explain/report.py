"""What `explain` tells of one key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.report import UNLISTED, Report


@dataclass(frozen=True, kw_only=True)
class DeliveryLine:
    """The load that lies in the raw layer. Times are text in UTC."""

    load_id: str
    source: str
    """Where the delivery came from."""
    loaded_at: str
    built_at: str | None
    is_built: bool
    """Whether the marts were built from it."""


@dataclass(frozen=True, kw_only=True)
class ErpLine:
    """A row of the delivery that the key names, or that such a row hangs on."""

    table: str
    key: str
    lines: tuple[int, ...]
    """Rows of the file that have this key."""
    rule: str | None
    """The rule that dropped it; null when it lives."""
    why: str | None
    asked: bool
    """Whether the key names this row itself."""
    ids: tuple[str, ...]
    """External ids that the partner would use for it."""


@dataclass(frozen=True, kw_only=True)
class FindingLine:
    """What a rule said about one of the rows."""

    rule: str
    table: str
    key: str
    column: str | None
    value: str | None
    """The value as delivered, where it is no personal data."""
    why: str | None
    meaning: str
    """The rule in a sentence."""
    drops: bool
    """Whether a row that it hits is not sent."""


@dataclass(frozen=True, kw_only=True)
class HoldingBack:
    """A model or test of the last build that keeps the partner from being pushed."""

    partner: str
    node: str
    status: str
    message: str
    keys: tuple[str, ...]
    """Keys of some of the rows that a test found."""
    names_this_row: bool


@dataclass(frozen=True, kw_only=True)
class LedgerState:
    """What the partner holds, as far as it confirmed it."""

    state: str
    """`synced`, `withdrawn`, `pending`, `rejected` or `blocked`."""
    reason: str | None
    """A code of docs/reason-codes.md."""
    fields: str | None
    """The fields that the reason is about."""
    remote_id: str | None
    """The partner's own id."""
    tries: int
    last_synced_at: str | None
    holds: Mapping[str, Any]
    """Values by field; personal ones are masked unless asked for."""
    meaning: str | None
    """The reason in a sentence."""
    how: str | None
    """What to do about it."""


@dataclass(frozen=True, kw_only=True)
class PlannedOperation:
    """What the last plan does with the record."""

    plan_id: str
    operation: str
    """`create`, `update` or `withdraw`."""
    changed_fields: tuple[str, ...] | None
    sends: bool
    created_at: str | None


@dataclass(frozen=True, kw_only=True)
class AttemptLine:
    """A time that something was sent, or was to be sent, and what became of it."""

    at: str | None
    plan_id: str
    operation: str
    state: str
    reason: str | None
    fields: str | None
    http_status: int | None
    requests: int | None
    meaning: str | None
    how: str | None


@dataclass(frozen=True, kw_only=True)
class HeldFor:
    """Why the record is in doubt, so that nothing changes at the partner (rule H1)."""

    rule: str
    table: str
    why: str | None


@dataclass(frozen=True, kw_only=True)
class GoneByLaw:
    """Why the record must not stay at the partner, whatever a guard says."""

    rule: str
    why: str | None


@dataclass(frozen=True, kw_only=True)
class RecordLine:
    """A record of the partner, with what mart, ledger, plan, attempts and journal say of it."""

    entity: str
    external_id: str
    in_mart: bool
    ledger: LedgerState | None
    plan: PlannedOperation | None
    attempts: tuple[AttemptLine, ...]
    held: HeldFor | None
    by_law: GoneByLaw | None
    on_its_way: str | None
    """State of an outcome that is not in the ledger yet."""
    upload_step: str | None
    """Of a document whose bytes are on their way: the step of contract.yaml that was sent last."""


@dataclass(frozen=True, kw_only=True)
class NearKey:
    """A key that is similar to one of which nothing is known."""

    table: str
    key: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ExplainReport(Report):
    """Why a row is, or is not, at a partner."""

    partner: str
    key: str
    verdicts: tuple[str, ...]
    """The answer, in sentences."""
    delivery: DeliveryLine | None
    erp: tuple[ErpLine, ...]
    """Rows of the delivery: those that the key names, and what decides about them."""
    findings: tuple[FindingLine, ...]
    held_back: tuple[HoldingBack, ...]
    records: tuple[RecordLine, ...]
    near: tuple[NearKey, ...]
    """Similar keys, when nothing is known of this one."""
    forgotten: str | None = field(default=None, metadata=UNLISTED)

    @property
    def exit(self) -> int:
        """1: nothing is known of the key."""
        return 0 if self.records or self.forgotten or any(row.asked for row in self.erp) else 1
