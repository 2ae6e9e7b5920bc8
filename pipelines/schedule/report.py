"""The schedule of this installation as a report, and what it cannot know."""

import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.reports.look import NextRun
from pipelines.reports.setup import ScheduleReport
from pipelines.schedule.files import CRONTAB, crontab, installation, units
from pipelines.schedule.jobs import Job, needed
from pipelines.settings import TIME_ZONE, Vars, working_folder
from pipelines.suggest import did_you_mean

KINDS = ("systemd", "cron")
# How names of settings begin that dlt's files may have, too.
OF_DLT = ("ALERTS__", "BACKUP__", "DESTINATION__", "SOURCES__")


def schedule_report(kind: str, folder: Path | None, settings: Vars) -> ScheduleReport:
    """Units or lines for the jobs that the settings ask for; written into `folder`, where one is named.

    Raises `SettingsError` for another kind, and where a file is there already or cannot be written.
    """
    if kind not in KINDS:
        raise SettingsError(f"{kind}: unknown{did_you_mean(kind, KINDS)}; there are {', '.join(KINDS)}")
    here, jobs = installation(working_folder(), os.environ), needed(settings)
    files = units(here, jobs) if kind == "systemd" else {CRONTAB: crontab(here, jobs)}
    if folder:
        _write(folder, files)
    return ScheduleReport(
        kind=kind,
        files=files,
        jobs={job.name: job.calendar if kind == "systemd" else job.cron for job in jobs},
        notes=tuple(_notes(kind)),
    )


def next_runs(settings: Vars) -> tuple[NextRun, ...]:
    """What is due next of what the settings ask for, the soonest first."""
    return next_of(needed(settings))


def next_of(jobs: Iterable[Job]) -> tuple[NextRun, ...]:
    """What is due next of these jobs, the soonest first."""
    due = [(job.due_after(datetime.now(UTC)), job) for job in jobs if job.words[0] == "run"]
    return tuple(
        NextRun(job=job.name, command=f"stammdaten {' '.join(job.words)}", at=f"{at:%Y-%m-%dT%H:%M:%SZ}")
        for at, job in sorted(due, key=lambda one: one[0])
    )


def _write(folder: Path, files: dict[str, str]) -> None:
    there = [name for name in files if (folder / name).is_symlink() or (folder / name).exists()]
    if there:
        raise SettingsError(
            f"--out {folder}: {', '.join(there)} there already; nothing was written. Compare, and move away what is old"
        )
    try:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o644)  # read by systemd; no credential is in it
    except OSError as problem:
        raise SettingsError(
            f"--out {folder}: cannot be written to ({problem.strerror}); name a folder that you may write to"
        ) from None


def _notes(kind: str) -> list[str]:
    notes = []
    shell = sorted(
        name for name in os.environ if name.startswith(("DESTINATION__", "SOURCES__", "ALERTS__", "BACKUP__"))
    )
    if shell:
        notes.append(
            f"Set in this shell alone, so no schedule has it: {', '.join(shell)}. Write it into .dlt/config.toml, or"
            " .dlt/secrets.toml where it is a credential."
        )
    if kind == "cron" and not _has_german_time():
        notes.append(
            f"The clock of this machine is not that of {TIME_ZONE}. cronie obeys CRON_TZ; where cron is Debian's, take"
            f" systemd, or set the zone of the machine: timedatectl set-timezone {TIME_ZONE}"
        )
    return notes


def _has_german_time() -> bool:
    # Winter and summer, seconds west of Greenwich.
    return (time.timezone, time.altzone) == (-3600, -7200)
