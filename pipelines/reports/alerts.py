"""What `alerts`, `alerts test` and `watch` tell."""

from dataclasses import dataclass

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class AlertLine:
    """Something that is wrong, or that has just come to its end."""

    kind: str
    """`run`, `overdue`, `stopped`, `credential`, `guard`, `failure`, `rejected`, `held`, `dropped`, `disk` or
    `backup`."""
    partner: str | None
    what: str | None
    """Use case, entity, or rule and table, where there are several."""
    begun_at: str
    """UTC, as ISO 8601."""
    text: str


@dataclass(frozen=True, kw_only=True)
class TargetLine:
    """What became of a message to a target; its address is told by nobody."""

    target: str
    taken: bool
    why: str | None
    """Why it was not taken; null where it was."""
    waiting: int
    """So many things it has to be told yet; they go with the next run or watch."""
    again: bool = False
    """Whether it was tried before with all of them, so that this was said already."""


@dataclass(frozen=True, kw_only=True)
class AlertsReport(Report):
    """What is wrong now, and which targets have not been told yet."""

    open: tuple[AlertLine, ...]
    waiting: tuple[TargetLine, ...]
    notes: tuple[str, ...]

    @property
    def exit(self) -> int:
        """1: something is wrong, or a target was not told."""
        return 1 if self.open or self.waiting else 0


@dataclass(frozen=True, kw_only=True)
class AlertsTestReport(Report):
    """What became of a test message, target by target."""

    targets: tuple[TargetLine, ...]
    notes: tuple[str, ...]

    @property
    def exit(self) -> int:
        """1: a target did not take it, or there is none."""
        return 0 if self.targets and all(line.taken for line in self.targets) else 1


@dataclass(frozen=True, kw_only=True)
class WatchReport(Report):
    """What has begun and what is over since anybody looked last, what is wrong now, and who was told."""

    begun: tuple[AlertLine, ...]
    over: tuple[AlertLine, ...]
    open: tuple[AlertLine, ...]
    targets: tuple[TargetLine, ...]
    """Those that had to be told something."""
    notes: tuple[str, ...]

    @property
    def exit(self) -> int:
        """1: something is wrong, or a target did not take its message."""
        return 1 if self.open or not all(line.taken for line in self.targets) else 0
