"""What `runs`, `runs show` and `runs tidy` tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A command that did something, or tried to."""

    run_id: str
    command: str
    use_case: str | None
    begun_at: str
    """UTC, as ISO 8601; the machine's clock may have been set back between two runs."""
    seconds: float | None
    """Null for one that is at work, and for one that ended without a word."""
    exit: int | None
    """Exit status; null for one that is at work, and for one that ended without a word."""
    state: Literal["running", "ended", "lost"]
    """`lost`: it was killed, or the machine was; no end is noted."""
    what: str
    """The same in words, with what broke it off."""
    load_id: str | None
    plan_id: str | None


@dataclass(frozen=True, kw_only=True)
class RunsReport(Report):
    """The runs of this home, the last one first."""

    has_exit = False

    runs: tuple[RunLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunPartner:
    """What a run came to at a partner."""

    partner: str
    result: Literal["pushed", "stopped", "guard", "failure"]
    why: str | None
    """Why it was given up, or the name of the guard, or of the test or model that kept it back."""


@dataclass(frozen=True, kw_only=True)
class RunEntity:
    """A line of the closing table as it was, and the requests that its rows took."""

    partner: str
    entity: str
    in_mart: int
    created: int
    updated: int
    withdrawn: int
    unchanged: int
    rejected: int
    blocked: int
    pending: int
    held: int
    delivered: int
    seconds: float
    requests: int


@dataclass(frozen=True, kw_only=True)
class RunRule:
    """Rows of an ERP table that a rule dropped, mended or doubted in the build of a run."""

    rule: str
    table: str
    partner: str | None
    rows: int


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Records of a partner that were in one state after a run, for one reason."""

    partner: str
    entity: str
    state: str
    """As in the ledger (`synced`, `rejected` …), or `held`, which counts what has a state, too."""
    reason: str | None
    """A code (docs/reason-codes.md); of what is held the rule."""
    rows: int
    there: int | None
    """How many of them are at the partner; null where an older version noted the run."""


@dataclass(frozen=True, kw_only=True)
class RunFlow:
    """Rows at one station of their way from the ERP, after the build of a run."""

    station: str
    """`raw` as delivered, `dropped` by a rule, `living`, or `mart` of an entity."""
    table: str
    """Of the ERP."""
    rule: str | None
    partner: str | None
    entity: str | None
    rows: int


@dataclass(frozen=True, kw_only=True)
class RunShowReport(Report):
    """Everything that is known of one run; nothing in it names a single row."""

    has_exit = False

    run: RunLine
    last_seen_at: str
    """When it wrote last, in UTC; for a lost run the last sign of life."""
    settings: str | None
    """Digest of the settings: another one, other settings. Null where the run did not get so far."""
    stichtag: str | None
    versions: Mapping[str, str]
    steps: Mapping[str, float | None]
    """Seconds by step; null for one that did not come to its end."""
    partners: tuple[RunPartner, ...]
    entities: tuple[RunEntity, ...]
    rules: tuple[RunRule, ...]
    states: tuple[RunState, ...]
    flow: tuple[RunFlow, ...]
    advice: str | None
    """What to do about it."""
    report: Mapping[str, Any] | None
    """The command's own report (without keys and ids of rows), long lists cut."""


@dataclass(frozen=True, kw_only=True)
class TidyLine:
    """A kind of thing that is kept for a while."""

    what: str
    there: int
    """Rows or files."""
    old: int
    """Of these, those that go."""
    bytes: int
    """Room of those that go; rows of a table by their share, which the database uses for new rows."""


@dataclass(frozen=True, kw_only=True)
class HomeLine:
    """A file or folder of the home with its size."""

    name: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class TidyReport(Report):
    """What is older than is kept, and what of it went."""

    has_exit = False

    applied: bool
    """Whether it was removed; else nothing changed."""
    before: str
    """What is older than this (UTC) and needed by nothing goes."""
    lines: tuple[TidyLine, ...]
    home: tuple[HomeLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PageReport(Report):
    """The page of a run, and the list of all."""

    has_exit = False

    run_id: str | None
    """Null where no run is recorded yet."""
    page: str | None
    """Path of the page."""
    index: str
    """Path of the list."""
    notes: tuple[str, ...]
