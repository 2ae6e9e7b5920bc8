"""Dagster's own files of runs: old ones are removed, some megabytes each, and those of a run at work stay open.

The history in `sync.runs` goes on without them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import dagster as dg

# Two months of master data and documents; with hourly vacancies ten days.
KEPT_RUNS = 200
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def forget_old_runs(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Removes all but the newest finished runs with their events; returns how many."""
    old = instance.get_run_ids(dg.RunsFilter(statuses=FINISHED))[kept:]
    for run_id in old:
        instance.delete_run(run_id)
        # As shipped each run has a file, which stays as large as it was.
        for file in _files(instance).glob(f"{run_id}.db*"):
            file.unlink(missing_ok=True)
    return len(old)


@contextmanager
def held_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keeps the files open that a run writes its events to.

    Dagster opens them for each event, and whoever is the last to close a file of SQLite copies its log into it and
    waits for the disk: half the time of hundreds of events. Where its storage is another one there are no such files.
    """
    with ExitStack() as held:
        for name in ("index", run_id):
            file = _files(instance) / f"{name}.db"
            with suppress(sqlite3.Error):
                if file.exists():
                    db = held.enter_context(closing(sqlite3.connect(file, check_same_thread=False)))
                    db.execute("select count(*) from sqlite_master").fetchone()
        yield


def _files(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory, "history", "runs")
