"""Whether the runs that are due came, and came to a good end."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.database import open_file
from pipelines.doctor.line import look, well, wrong
from pipelines.history.due import german, overdue_since
from pipelines.history.run_file import MAY_BE_RUN, RecordedRun
from pipelines.history.shown import in_words
from pipelines.ledger.restored import waiting_partners
from pipelines.reports.doctor import CheckLine
from pipelines.schedule.jobs import Job
from pipelines.settings import database

SHOW = "stammdaten runs show"


def last_runs(jobs: tuple[Job, ...], runs: list[RecordedRun], now: datetime) -> Iterator[CheckLine]:
    """For each job its last run: how it ended, and whether the next one is overdue. `runs`: the last one first."""
    for job in jobs:
        if job.words[0] != "run":
            continue
        own = [run for run in runs if run.command in MAY_BE_RUN and run.use_case == job.use_case]
        if not own:
            yield look("last run", "it never ran here", f"stammdaten {' '.join(job.words)}", job.name)
            continue
        last = own[0]
        due = overdue_since(job, runs, now)
        text = f"{german(last.begun_at)}: {in_words(last)}"
        if due and not last.is_running:
            todo = f"look at the schedule (systemctl list-timers, crontab -l), then: stammdaten {' '.join(job.words)}"
            yield wrong("last run", f"{text}; overdue since {german(due)}", todo, job.name)
        elif last.is_running or last.exit == 0:
            yield well("last run", text, job.name)
        else:
            yield wrong("last run", text, f"{SHOW} {last.run_id}", job.name)


def restored(home: Path, on: Sequence[str] = ()) -> Iterator[CheckLine]:
    """Whether partners that are on, or have rows in the ledger, wait for a comparison since a restore.

    Nothing where none does, or the database is held.
    """
    if not database(home).exists():
        return
    with suppress(duckdb.Error), open_file(database(home), read_only=True) as db:
        held = {name for (name,) in db.execute("select distinct partner from sync.ledger").fetchall()}
        for name, taken in waiting_partners(db).items():
            if name not in held and name not in on:
                continue
            text = f"the ledger was restored from a backup of {taken}; nothing is sent before it is compared"
            yield look("restore", text, f"stammdaten verify {name}", name)


def history(runs: list[RecordedRun], why: str | None) -> Iterator[CheckLine]:
    """Whether the history can be read, and whether the last run left it in mid-sentence."""
    if why:
        yield look("history", why, "ask again once the run at work has ended")
    lost = [run for run in runs if run.exit is None and not run.is_running]
    text = f"{len(runs):,} runs are known, {len(lost):,} of them ended without a word"
    if lost and lost[0] is runs[0]:
        yield wrong("history", text, f"{SHOW} {lost[0].run_id}")
    else:
        yield well("history", text)
