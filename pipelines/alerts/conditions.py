"""What is wrong now, told by the files of runs, the schedule and the machine. Asks no partner and opens no database.

What nothing is known of stays as it was: a run of one partner says nothing of the others, one of vacancies nothing of
master data. No value of a row and no id of a record gets into a text.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.alerts.courier import shortened
from pipelines.alerts.settings import AlertSettings
from pipelines.api.http.client import CHECK_CREDENTIALS
from pipelines.commands.shares import EXPECTED
from pipelines.contract.rhythms import USE_CASES
from pipelines.doctor import machine
from pipelines.errors import StammdatenError
from pipelines.explain.rules import rule_of
from pipelines.history.due import german, overdue_since
from pipelines.history.run_file import MAY_BE_RUN, NO_BACKUP, UNKNOWN, RecordedRun, read_file, run_files
from pipelines.history.shown import in_words
from pipelines.schedule.jobs import gets, needed
from pipelines.settings import Vars

# So many runs are looked back: about ten days of hourly ones. What lies further back is known by its alert.
LOOKED_BACK = 200
# An alert of a share is over when it is so much below its threshold, so that it does not come and go with each run.
OVER_BELOW = 0.8
LONGEST = 300
RESULTS = ("stopped", "credential", "guard", "failure")
SHARES = ("rejected", "held")


@dataclass(frozen=True, order=True)
class Key:
    """Which thing is wrong: `kind`, the partner if it is one's, and what of it (use case, entity, rule)."""

    kind: str
    partner: str | None = None
    what: str | None = None


@dataclass(frozen=True)
class Condition:
    """Something that is wrong, in words."""

    key: Key
    text: str


@dataclass(frozen=True)
class Seen:
    """What is wrong, and what was looked at and found well. Of all else nothing is known."""

    wrong: Mapping[Key, Condition]
    well: frozenset[Key]
    # Kinds of which every one that is wrong is among the wrong ones.
    whole: frozenset[str] = frozenset()
    # Partners that are on; None: not known.
    on: tuple[str, ...] | None = None

    def end_of(self, key: Key) -> str | None:
        """Why an alert is over, or None."""
        if key in self.wrong:
            return None
        if key.partner and self.on is not None and key.partner not in self.on:
            return "the partner was switched off"
        if key in self.well or key.kind in self.whole:
            return "well again"
        return None


@dataclass
class _Finding:
    wrong: dict[Key, Condition] = field(default_factory=dict)
    well: set[Key] = field(default_factory=set)

    def add(self, key: Key, text: str | None) -> None:
        if text is None:
            self.well.add(key)
        else:
            self.wrong[key] = Condition(key, shortened(" ".join(text.split()), LONGEST))


def look(
    home: Path,
    settings: Vars | None,
    alerts: AlertSettings,
    is_open: frozenset[Key],
    since: datetime,
    now: datetime,
    is_watch: bool = True,
) -> Seen:
    """What is wrong at this moment. `settings` None: they cannot be read; `since`: when this home was first watched.

    `is_watch`: the settings are those of the schedule; a run may have been given others, which switch nothing off. And
    the age of the backup is looked at, which may lie on another machine.
    """
    runs = [run for file in run_files(home)[-LOOKED_BACK:] if (run := read_file(file))]
    settings = settings.whole() if settings else None
    on = tuple(settings.active) if settings else None
    found = _Finding()
    whole = set()
    _failed_runs(found, runs, on)
    _results(found, runs, settings)
    _shares(found, runs, alerts, is_open)
    if _dropped(found, runs, alerts, is_open):
        whole.add("dropped")
    if settings and on:
        _overdue(found, settings, runs, alerts.grace, since, now)
        if is_watch:
            whole.add("overdue")
    _backup_after_run(found, runs)
    _machine(found, home, is_watch)
    wrong = {
        key: one for key, one in found.wrong.items() if on is None or not key.partner or key.partner in on
    }
    return Seen(wrong, frozenset(found.well), frozenset(whole), on if is_watch else None)


def _failed_runs(found: _Finding, runs: list[RecordedRun], on: tuple[str, ...] | None) -> None:
    """Use cases of which the last run came to nothing, as far as no later one made good for all of its partners."""
    everybody = frozenset(on or ("*",))
    failing: dict[str | None, frozenset[str]] = {}
    last: dict[str | None, RecordedRun] = {}
    for run in runs:
        if run.command not in MAY_BE_RUN or run.is_running or run.is_refused or run.exit == 130:
            continue
        asked = frozenset(run.on) or everybody
        if _has_failed(run):
            failing[run.use_case] = failing.get(run.use_case, frozenset()) | asked
            last[run.use_case] = run
            continue
        good: tuple[str | None, ...] = (run.use_case,) if run.use_case else (*failing, None)
        for name in good:
            failing[name] = failing.get(name, frozenset()) - asked
    for use_case, partners in failing.items():
        key = Key("run", None, use_case)
        if not partners & everybody:
            found.add(key, None)
            continue
        run = last[use_case]
        found.add(key, f"{_called(run)} failed: {in_words(run)}{_where(run)}")


def _has_failed(run: RecordedRun) -> bool:
    """Broken off, or ended without a word. That some rows or partners were not served is told by itself."""
    return run.exit is None or run.exit not in (0, 1) or run.message is not None


def _results(found: _Finding, runs: list[RecordedRun], settings: Vars | None) -> None:
    """Partners that were given up or held back, and not served by a later run or push of the same use case."""
    open_since: dict[str, dict[str, dict[str, str]]] = {}
    served: set[tuple[str, str]] = set()
    for run in runs:
        if run.command not in ("run", "push") or run.is_running or (run.exit or 0) >= 128:
            continue
        for line in run.partners:
            partner = line["partner"]
            if settings and partner not in settings.active:
                continue
            for use_case in [run.use_case] if run.use_case else USE_CASES:
                told = open_since.setdefault(partner, {}).setdefault(use_case, {})
                kind, text = _result(run, line)
                if kind in RESULTS:
                    told[kind] = text
                else:
                    told.clear()
                    served.add((partner, use_case))
    for partner, by_use_case in open_since.items():
        known = [name for name in by_use_case if not settings or gets(settings, partner, name)]
        for kind in RESULTS:
            texts = [by_use_case[name][kind] for name in known if kind in by_use_case[name]]
            # Who was not served as far as one looks back is not well of what lies further back.
            if texts or all((partner, name) in served for name in known):
                found.add(Key(kind, partner), texts[-1] if texts else None)


def _result(run: RecordedRun, line: Mapping[str, Any]) -> tuple[str, str]:
    """What became of a partner in a run: a kind of alert with its text, or that it was pushed."""
    partner, result, why = line["partner"], line["result"], str(line["why"] or "")
    if result == "stopped" and CHECK_CREDENTIALS in why and "no answer" not in why:
        return "credential", f"{partner} refuses the credential: {why}{_where(run)}"
    if result == "stopped":
        return "stopped", f"{partner} was given up: {why}{_where(run)}"
    if result == "failure":
        return "failure", f"{partner} is held back by the test or model {why}{_where(run)}"
    if result == "guard":
        guards = [one for one in _lines(run, "guards") if one.get("partner") == partner]
        what = ", ".join(sorted({f"{one['guard']} ({one['entity']})" for one in guards})) or why
        return "guard", (
            f"{partner} is held back by the guard {what}; look: stammdaten plan --rows, and if it is meant:"
            f" stammdaten push --plan ID --allow {why}"
        )
    return result, ""


def _shares(found: _Finding, runs: list[RecordedRun], alerts: AlertSettings, is_open: frozenset[Key]) -> None:
    """Entities of which too many rows are refused or in doubt, in the last run or push that had them."""
    last: dict[tuple[str, str], tuple[RecordedRun, Mapping[str, Any]]] = {}
    for run in runs:
        if run.command in ("run", "push") and not run.is_running:
            for line in run.entities:
                last[line["partner"], line["entity"]] = run, line
    for (partner, entity), (run, counts) in last.items():
        for name in SHARES:
            rows = max(counts["in_mart"] + counts["held"], counts[name])
            key = Key(name, partner, entity)
            share = 100 * counts[name] / rows if rows >= alerts.thresholds.least_rows else 0
            limit = alerts.thresholds.of(f"{name}_percent", partner, entity)
            is_much = counts[name] and share >= limit * (OVER_BELOW if key in is_open else 1)
            what = "refused" if name == "rejected" else "held, because they are in doubt"
            text = f"{partner} {entity}: {counts[name]:,} of {rows:,} rows are {what} ({share:.0f} %){_where(run)}"
            found.add(key, text if is_much else None)


def _dropped(
    found: _Finding, runs: list[RecordedRun], alerts: AlertSettings, is_open: frozenset[Key]
) -> bool:
    """Rules that drop too many rows of a table in the last build of all; False where there was none.

    What drops rows in many a portfolio (history, people without e-mail) is left to the guards: what is gone from a mart
    is gone at a partner.
    """
    built = [
        run
        for run in runs
        if run.use_case is None and not run.is_running and "warnings" in (run.report or {})
    ]
    for line in _lines(built[-1], "warnings") if built else ():
        rule, rows = line["rule"], line["of_rows"]
        key = Key("dropped", line["partner"], f"{rule} {line['table']}")
        limit = alerts.thresholds.dropped_percent * (OVER_BELOW if key in is_open else 1)
        if rule in EXPECTED or not rule_of(rule).drops or rows < alerts.thresholds.least_rows:
            continue
        if line["share"] >= limit:
            who = f" for {line['partner']}" if line["partner"] else ""
            found.add(
                key,
                f"rule {rule} drops {line['row_count']:,} of {rows:,} rows of {line['table']}{who}"
                f" ({line['share']:.0f} %): {rule_of(rule).meaning}",
            )
    return bool(built)


def _overdue(
    found: _Finding,
    settings: Vars,
    runs: list[RecordedRun],
    grace: timedelta,
    since: datetime,
    now: datetime,
) -> None:
    """Runs that the schedule asks for and that did not take place, as far as somebody was looking then."""
    for job in needed(settings):
        if job.words[0] != "run":
            continue
        due = overdue_since(job, runs, now, grace)
        key = Key("overdue", None, job.use_case)
        if due is None or due < since:
            found.add(key, None)
            continue
        found.add(
            key,
            f"stammdaten {' '.join(job.words)} was due on {german(due)} and did not take place; look at the schedule"
            f" (systemctl list-timers, crontab -l), then: stammdaten {' '.join(job.words)}",
        )


def _machine(found: _Finding, home: Path, with_backup: bool) -> None:
    """Room on the disk, the age of the backup where one is named, and its keys, as `doctor` judges them."""
    for check in (machine.disk, *((machine.backup, machine.backup_keys) if with_backup else ())):
        # A place that does not answer just now says nothing of the backups in it.
        with suppress(StammdatenError, OSError):
            for line in check(home):
                text = f"{line.what}: {line.text}; {line.todo}" if line.state == "wrong" else None
                found.add(Key(line.what), text)


def _backup_after_run(found: _Finding, runs: list[RecordedRun]) -> None:
    """Whether the backup that the last run should end with was taken, or one since; its age is judged by itself."""
    text = None
    for run in runs:
        if run.command == "backup" and run.exit == 0:
            text = None
        elif run.command == "run" and not run.is_running and not _has_failed(run):
            said = (note for note in (run.report or {}).get("notes") or () if str(note).startswith(NO_BACKUP))
            failed = run.steps.get("backup", 0) is None
            text = f"{next(said, NO_BACKUP)}{_where(run)}" if failed else None
    found.add(Key("backup", None, "after a run"), text)


def _lines(run: RecordedRun, name: str) -> Iterator[Mapping[str, Any]]:
    """Lines of a report as the history has them; where it left some out, a word stands in their place."""
    for line in (run.report or {}).get(name) or ():
        if isinstance(line, Mapping):
            yield line


def _called(run: RecordedRun) -> str:
    return "a run that could not be noted" if run.command == UNKNOWN else run.called


def _where(run: RecordedRun) -> str:
    return f"; stammdaten runs show {run.run_id}"
