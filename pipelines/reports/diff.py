"""What `diff` tells: which records two states of the project would send differently."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pipelines.report import FROM, TO, Report
from pipelines.reports.run import FailureLine, GuardLine


@dataclass(frozen=True, kw_only=True)
class EntityDiff:
    """Records of one entity by what becomes of them when the head takes the place of the base."""

    partner: str
    entity: str
    base_rows: int
    """Records that the base would have at the partner."""
    head_rows: int
    """Rows of the mart in the head."""
    come: int
    """New records, without those that only get another id."""
    go: int
    """Records that leave, without those that only get another id."""
    change: int
    """Records of which a field changes."""
    new_ids: int
    """Records that get another external id: withdrawn, and made anew at the partner."""
    held: int
    """Records that leave the mart in doubt, and so stay at the partner as they are."""
    withdrawal: str
    """How a record leaves the partner: delete, end, deactivate, detach or keep."""


@dataclass(frozen=True, kw_only=True)
class ValueChange:
    """A value that changes, as JSON text; a personal one shows its shape only (letters x, digits 9).

    So does a new text that fewer than three records get, and that no record of the base has in this field.
    """

    old: str
    new: str
    rows: int
    """Records with this change, as it is shown; of a personal field, among those that were looked at."""


@dataclass(frozen=True, kw_only=True)
class FieldDiff:
    """A field that changes, and typical values of it."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"values"})

    partner: str
    entity: str
    field: str
    rows: int
    """Records in which it changes."""
    cleared: int
    """Of these, those that lose their value."""
    stays: int
    """Of those that lose it, those whose value stays at the partner, whose API does not let the field be empty."""
    personal: bool
    values: tuple[ValueChange, ...]
    """The most frequent changes first."""


@dataclass(frozen=True, kw_only=True)
class IdChange:
    """A record and its external id in both states."""

    old: str = field(metadata=FROM)
    new: str = field(metadata=TO)


@dataclass(frozen=True, kw_only=True)
class IdDiff:
    """Records whose external id changes, told by their ERP key, or where that tells nothing by all else they hold."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"examples"})

    partner: str
    entity: str
    rows: int
    told_by: Literal["ERP key", "content"]
    examples: tuple[IdChange, ...]


@dataclass(frozen=True, kw_only=True)
class RowDiff:
    """Records that come or go, with the rule that says why; without one the mapping alone does it."""

    names_rows: ClassVar[frozenset[str]] = frozenset({"examples"})

    partner: str
    entity: str
    what: Literal["come", "go", "held"]
    rule: str | None
    """The rule that takes them out, or took them out in the base; null where no rule speaks of them."""
    against: str | None
    """A rule that takes out what comes here, and that the head does not keep."""
    rows: int
    meaning: str
    examples: tuple[str, ...]
    """External ids of some of them."""


@dataclass(frozen=True, kw_only=True)
class FindingDiff:
    """Rows of the ERP that a rule hits in one state and not in the other."""

    rule: str
    table: str
    partner: str | None
    """The partner that the rule belongs to; null where it belongs to all."""
    base_rows: int
    head_rows: int
    more: int
    """Rows that it hits in the head only."""
    fewer: int
    """Rows that it hits in the base only."""
    drops: bool
    """Whether the rule takes rows out; others mend a value."""
    meaning: str


@dataclass(frozen=True, kw_only=True)
class ContractDiff:
    """A part of a contract that differs."""

    partner: str
    entity: str | None
    """Null for what belongs to the partner as a whole."""
    part: str
    """Where it stands, with dots: `fields.name.required`."""
    old: str
    new: str
    rows: int | None
    """Rows in the head that the partner would refuse for it; null where it refuses none by itself."""


@dataclass(frozen=True, kw_only=True)
class EffortLine:
    """What the difference costs at a partner."""

    partner: str
    requests: int
    """Least number of requests: no look-ups in doubt, no retries."""
    minutes: float | None
    """How long they take at the limits that the contract names; null where it names none in time."""
    limit: str | None
    """The limit that decides it, such as `600 a minute`."""


@dataclass(frozen=True, kw_only=True)
class ModelDiff:
    """A model or seed that differs between the states, or stands on one that does."""

    name: str
    what: Literal["changed", "new", "gone", "depends"]
    """`depends`: it was built again because something behind it differs."""


@dataclass(frozen=True, kw_only=True)
class SettingDiff:
    """A var that shapes rows and differs between the states; both values as JSON text."""

    setting: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class DiffReport(Report):
    """What two states of the project would send differently, from the same data on the same day. Nothing is sent."""

    names_rows = frozenset({"notes"})

    base: str
    head: str
    data: str
    """Which delivery both were built on."""
    stichtag: str
    partners: tuple[str, ...]
    """Partners that were compared."""
    differs: bool
    """Whether a single record, rule, contract or check differs."""
    entities: tuple[EntityDiff, ...]
    """Entities of which something differs."""
    fields: tuple[FieldDiff, ...]
    ids: tuple[IdDiff, ...]
    rows: tuple[RowDiff, ...]
    findings: tuple[FindingDiff, ...]
    contracts: tuple[ContractDiff, ...]
    guards: tuple[GuardLine, ...]
    """Guards that a push of the head would trip at a partner that holds what the base sends."""
    failures: tuple[FailureLine, ...]
    """What would keep a partner from being pushed in the head."""
    effort: tuple[EffortLine, ...]
    models: tuple[ModelDiff, ...]
    settings: tuple[SettingDiff, ...]
    seconds: Mapping[str, float]
    """How long the parts took."""
    notes: tuple[str, ...]
    failed_on: tuple[str, ...]
    """What of `--fail-on` came true."""

    @property
    def exit(self) -> int:
        """1: something that `--fail-on` names came true."""
        return 1 if self.failed_on else 0
