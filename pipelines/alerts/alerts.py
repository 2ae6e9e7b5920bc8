"""Looks, notes, tells: at the end of a run, and when `stammdaten watch` is called."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.alerts import conditions
from pipelines.alerts.book import Alert, Book, Due, open_book, read_open
from pipelines.alerts.conditions import Condition, Key
from pipelines.alerts.send import Message, send
from pipelines.alerts.settings import AlertSettings, read_alerts
from pipelines.commands.known_settings import check_known_settings
from pipelines.database import said
from pipelines.doctor.line import look, well, wrong
from pipelines.errors import BusyError, SettingsError, StammdatenError
from pipelines.reports.alerts import AlertLine, AlertsReport, AlertsTestReport, TargetLine, WatchReport
from pipelines.reports.doctor import CheckLine
from pipelines.settings import Vars

# Two that end at once: the second waits until the first has told, which takes its timeout at most.
STARTING = 10.0
UNNOTED = "Alerts cannot be noted ({why}), so they may be told again; free the disk"
NO_TARGET = "No target is set, so nobody is told: set ALERTS__TARGETS__<name> to an address of apprise (docs/alerts.md)"


@dataclass(frozen=True)
class News:
    """What somebody who looked found, and whom that was told."""

    begun: tuple[Alert, ...]
    over: tuple[Alert, ...]
    open: tuple[Alert, ...]
    targets: tuple[TargetLine, ...]
    notes: tuple[str, ...]


def after_run(home: Path, settings: Callable[[], Vars | None]) -> tuple[str, ...]:
    """Tells the targets what a run changed; returns what to say of targets that did not take it. Never raises."""
    try:
        alerts = read_alerts()
        news = _tell(home, _safely(settings), alerts, datetime.now(UTC), is_watch=False)
    except BusyError:
        return ()  # whoever tells just now, or the next watch, tells this, too
    except StammdatenError as problem:
        return (f"Alerts: {problem}. The run itself is not touched by it.",)
    except Exception as problem:  # the run is over
        return (f"Alerts: nobody was told ({said(problem)}). The run itself is not touched by it.",)
    return (*news.notes, *(_in_words(line) for line in news.targets if not line.taken))


def watch_report(home: Path, settings: Callable[[], Vars]) -> WatchReport:
    """Looks whether something is wrong and tells the targets what is new. Waits for no run and changes nothing of one.

    Raises `SettingsError` where a setting is wrong, once the targets that are right have been told.
    """
    alerts = read_alerts()
    known, wrong = None, list(alerts.wrong.values())
    try:
        known = settings()
    except StammdatenError as problem:  # what is due is not known then
        wrong.append(str(problem))
    try:
        news = _tell(home, known, alerts, datetime.now(UTC))
    except BusyError:
        news = News((), (), (), (), ("A run tells of alerts just now; nothing was looked at.",))
    for why in wrong:
        raise SettingsError(why)
    return WatchReport(
        begun=tuple(map(_line, news.begun)),
        over=tuple(map(_line, news.over)),
        open=tuple(map(_line, news.open)),
        targets=news.targets,
        notes=(*news.notes, *(() if alerts.targets else (NO_TARGET,))),
    )


def open_report(home: Path) -> AlertsReport:
    """What is wrong now, as whoever looked last found it."""
    alerts = _checked()
    opened, due = read_open(home)
    by_target: dict[str, list[Due]] = {}
    for one in due:
        by_target.setdefault(one.target, []).append(one)
    return AlertsReport(
        open=tuple(map(_line, opened)),
        waiting=tuple(
            TargetLine(target=name, taken=False, why=parts[-1].why, waiting=len(parts))
            for name, parts in by_target.items()
        ),
        notes=() if alerts.targets else (NO_TARGET,),
    )


def who_hears(home: Path) -> Iterator[CheckLine]:
    """For `doctor`: whether somebody is told when something is wrong, and which target took its last message not."""
    alerts = read_alerts()
    for name, why in alerts.wrong.items():
        yield wrong("alerts", why, "mend it, then: stammdaten alerts test", name)
    failed = {one.target: one.why for one in read_open(home)[1] if one.why}
    for name in alerts.targets:
        if name in failed:
            text = f"it did not take its message: {failed[name]}"
            yield wrong("alerts", text, "mend its setting, then: stammdaten alerts test", name)
        else:
            yield well("alerts", "is told; whether it is reached: stammdaten alerts test", name)
    if not alerts.targets and not alerts.wrong:
        yield look("alerts", *NO_TARGET.split(": ", 1))


def check_report() -> AlertsTestReport:
    """Sends each target a message that says it is a test. Raises `SettingsError` where a setting is wrong."""
    alerts = _checked()
    message = Message(
        f"Stammdaten {alerts.name}: a test",
        ["This is a test: whoever reads it is told when a run fails. Nothing is wrong.", "Umlaute: äöüß, €"],
    )
    told: dict[str, str | None] = {}
    send({name: message for name in alerts.targets}, alerts.targets, alerts.timeout, told.__setitem__)
    return AlertsTestReport(
        targets=tuple(
            TargetLine(target=name, taken=told[name] is None, why=told[name], waiting=0)
            for name in sorted(told)
        ),
        notes=() if told else (NO_TARGET,),
    )


def _checked() -> AlertSettings:
    """The settings of alerts. Raises `SettingsError` for the first that is wrong, or that nobody knows."""
    check_known_settings()
    alerts = read_alerts()
    for why in alerts.wrong.values():
        raise SettingsError(why)
    return alerts


def _tell(
    home: Path, settings: Vars | None, alerts: AlertSettings, now: datetime, is_watch: bool = True
) -> News:
    """Compares what is wrong with what was, notes the difference, and tells each target all that it has not heard."""
    with open_book(home, alerts.timeout + STARTING) as book:
        before = _before(book)
        seen = conditions.look(
            home,
            settings,
            alerts,
            frozenset(one.key for one in before),
            _first(book, now),
            now,
            is_watch,
        )
        known = {alert.key for alert in before}
        begun = [
            one for key, one in sorted(seen.wrong.items(), key=lambda item: str(item[0])) if key not in known
        ]
        over = [(alert, why) for alert in before if (why := seen.end_of(alert.key))]
        notes = (UNNOTED.format(why=book.why),) if book.why else ()
        try:
            book.note(begun, over, list(alerts.targets), now)
            due = [one for one in book.due() if one.target in alerts.targets]
            told = _send(book, due, alerts)
            book.copy(home)
        except sqlite3.Error as problem:
            # Rather twice than not at all: most likely the disk is full, and somebody has to hear of that.
            due = _unnoted(begun, over, alerts, now)
            told = _send(None, due, alerts)
            notes = (UNNOTED.format(why=said(problem)),)
        parts: dict[str, list[Due]] = {}
        for one in due:
            parts.setdefault(one.target, []).append(one)
        still = [alert for alert in before if seen.end_of(alert.key) is None]
        after = [Alert(0, one.key, one.text, now) for one in begun]
        return News(
            begun=tuple(after),
            over=tuple(alert for alert, _ in over),
            open=tuple([*still, *after]),
            targets=tuple(
                TargetLine(
                    target=name,
                    taken=why is None,
                    why=why,
                    waiting=len(parts[name]) if why else 0,
                    again=bool(why) and all(one.why for one in parts[name]),
                )
                for name, why in sorted(told.items())
            ),
            notes=notes,
        )


def _before(book: Book) -> list[Alert]:
    try:
        return book.open_alerts()
    except sqlite3.Error:  # what is open is told again
        return []


def _first(book: Book, now: datetime) -> datetime:
    try:
        return book.first_looked(now)
    except sqlite3.Error:  # a full disk: what is due is judged when there is room
        return now


def _unnoted(
    begun: list[Condition], over: list[tuple[Alert, str]], alerts: AlertSettings, now: datetime
) -> list[Due]:
    new = [Alert(0, one.key, one.text, now) for one in begun]
    gone = [Alert(alert.alert_id, alert.key, alert.text, alert.begun_at, now, why) for alert, why in over]
    return [
        Due(alert, part, target)
        for target in alerts.targets
        for part, group in (("begin", new), ("end", gone))
        for alert in group
    ]


def _send(book: Book | None, due: list[Due], alerts: AlertSettings) -> Mapping[str, str | None]:
    """Sends each target one message with all that it has to be told; target → why it did not take it."""
    parts: dict[str, list[Due]] = {}
    for one in due:
        parts.setdefault(one.target, []).append(one)
    told: dict[str, str | None] = {}

    def note(name: str, why: str | None) -> None:
        told[name] = why
        if book:
            book.sent(parts[name], why)

    if book and due:
        book.sending(due)
    messages = {name: _message(alerts.name, own) for name, own in parts.items()}
    send(messages, alerts.targets, alerts.timeout, note)
    return told


def _message(name: str, parts: list[Due]) -> Message:
    new = [one for one in parts if one.part == "begin"]
    over = [one for one in parts if one.part == "end"]
    counts = [f"{len(new)} new" if new else "", f"{len(over)} over" if over else ""]
    lines = [f"NEW {one.alert.text}" for one in new]
    lines += [
        f"OVER ({one.alert.over_text}, after {_lasted(one.alert)}) {one.alert.text.partition('; ')[0]}"
        for one in over
    ]
    title = f"Stammdaten {name}: {', '.join(part for part in counts if part)}"
    return Message(title, lines, "new" if new else "over")


def _lasted(alert: Alert) -> str:
    seconds = ((alert.over_at or alert.begun_at) - alert.begun_at).total_seconds()
    for size, word in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {word}"
    return f"{max(seconds, 0):.0f} seconds"


def _in_words(line: TargetLine) -> str:
    return (
        f"Alerts: {line.target} was not told ({line.why}); it is tried again with the next run or watch. Try it:"
        " stammdaten alerts test"
    )


def _line(alert: Alert) -> AlertLine:
    key: Key = alert.key
    return AlertLine(
        kind=key.kind,
        partner=key.partner,
        what=key.what,
        begun_at=f"{alert.begun_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        text=alert.text,
    )


def _safely(settings: Callable[[], Vars | None]) -> Vars | None:
    try:
        return settings()
    except StammdatenError:
        return None
