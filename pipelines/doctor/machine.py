"""What can be told from this machine: disk, versions, permissions, clock, schedule, backup."""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pipelines.backup.settings import TO, place, read_backup_settings
from pipelines.backup.store import Folder
from pipelines.backup.take import newest_backup
from pipelines.doctor.line import look, well, wrong
from pipelines.history.run_file import RecordedRun
from pipelines.reports.doctor import CheckLine
from pipelines.schedule.jobs import Job
from pipelines.settings import database
from pipelines.versions import versions

GIB = 1024**3
# dbt builds each table beside the one that it replaces, and `forget` writes the whole file anew.
TIMES_THE_DATABASE, AT_LEAST = 2, GIB
OLDEST_BACKUP_DAYS = 7
# A token or a signature is refused by some when the clocks are so far apart.
MOST_SECONDS_APART = 120
ANSWER_SECONDS = 10


def disk(home: Path) -> Iterator[CheckLine]:
    """Whether a build, and an erasure, have room."""
    there = database(home).stat().st_size if database(home).exists() else 0
    needed, free = max(AT_LEAST, TIMES_THE_DATABASE * there), shutil.disk_usage(home).free
    text = f"{free / GIB:.1f} GiB are free, the database has {there / GIB:.1f}"
    if free < needed:
        yield wrong(
            "disk",
            text,
            f"make {(needed - free) / GIB:.1f} GiB free, or name another STAMMDATEN_HOME; what the home holds:"
            " stammdaten runs tidy",
        )
    else:
        yield well("disk", text)


def installed() -> Iterator[CheckLine]:
    """Whether the libraries are those that this version is made for."""
    from packaging.requirements import Requirement

    unfit = []
    for text in requires("stammdaten") or ():
        needed = Requirement(text)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(needed.name)
        except PackageNotFoundError:
            there = "none"
        if there == "none" or not needed.specifier.contains(there, prereleases=True):
            unfit.append(f"{needed.name} {there} (needed: {needed.specifier})")
    if unfit:
        todo = "install them as docs/upgrade.md says: pip install --require-hashes --no-deps -r requirements.lock"
        yield wrong("versions", ", ".join(unfit), todo)
    else:
        yield well("versions", ", ".join(f"{name} {number}" for name, number in versions().items()))


def permissions(home: Path, folder: Path) -> Iterator[CheckLine]:
    """Whether others may read what a run writes, or change what is sent."""
    found = []
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        found.append((folder, "others may write to it and change what is sent", f"chmod go-w {folder}"))
    secrets = folder / ".dlt" / "secrets.toml"
    if secrets.is_file() and secrets.stat().st_mode & 0o077:
        found.append((secrets, "others may read the credentials in it", f"chmod 600 {secrets}"))
    open_files = [
        path.name for path in home.iterdir() if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]
    if home.stat().st_mode & 0o077 and open_files:
        text = f"others may read {', '.join(sorted(open_files)[:3])}"
        found.append((home, text, f"chmod -R go= {home}"))
    for path, text, todo in found:
        yield wrong("permissions", text, todo, str(path))
    if not found:
        yield well("permissions", f"{home} and the credentials are for their owner only")


def clock(runs: list[RecordedRun], skews: dict[str, float], now: datetime) -> Iterator[CheckLine]:
    """Whether this clock agrees with those of partners, and with what was noted here before."""
    apart = {name: skew for name, skew in skews.items() if abs(skew) > MOST_SECONDS_APART}
    todo = "set it by the network: timedatectl set-ntp true"
    for name, skew in apart.items():
        yield wrong(
            "clock",
            f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} that of the partner",
            todo,
            name,
        )
    latest = max((run.last_seen_at for run in runs), default=now)
    if (latest - now).total_seconds() > MOST_SECONDS_APART:
        when = f"{latest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield wrong(
            "clock",
            f"a run was noted at {when}, which is still to come: the clock was set back, or was ahead",
            todo,
        )
    elif not apart:
        heard = f", as do {', '.join(sorted(skews))}" if skews else "; no partner's clock was asked"
        yield well("clock", f"it says {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{heard}")


def scheduled(jobs: tuple[Job, ...], folder: Path) -> Iterator[CheckLine]:
    """Whether systemd or cron calls the jobs that the settings ask for."""
    crontab = _asked("crontab", "-l") or ""
    in_cron = any(str(folder) in line for line in crontab.splitlines() if not line.lstrip().startswith("#"))
    for job in jobs:
        said = (_asked("systemctl", "is-enabled", f"{job.name}.timer") or "").strip()
        if said == "enabled":
            yield well("schedule", f"systemd: {job.calendar}", job.name)
        elif in_cron:
            yield well("schedule", "the crontab of this user calls the program in this folder", job.name)
        else:
            yield look(
                "schedule",
                "neither systemd nor the crontab of this user calls it",
                "stammdaten schedule systemd (or cron); nothing to do where another scheduler does",
                job.name,
            )


def backup(home: Path, now: float | None = None) -> Iterator[CheckLine]:
    """How old the newest backup in `STAMMDATEN_BACKUP` is, of whichever program."""
    given, now = os.environ.get(TO), now or time.time()
    why = f"the ledger in {database(home)} is the only memory of what partners hold"
    if not given:
        yield look(
            "backup",
            "no folder of backups is named",
            f"set {TO} to a folder, then: stammdaten backup; {why}",
        )
        return
    store, _ = place(None)
    if isinstance(store, Folder) and not store.path.is_dir():
        todo = f"mount it, or make it once: mkdir -m 700 {store.where}"
        yield wrong("backup", f"{TO}: {store.where} is not there", todo)
        return
    newest = newest_backup(store, home)
    if newest is None:
        yield wrong("backup", f"{TO}: {store.where} holds no file", f"stammdaten backup; {why}")
        return
    days = (now - newest) / 86_400
    text = f"the newest in {store.where} is {days:.1f} days old"
    if days > OLDEST_BACKUP_DAYS:
        yield wrong("backup", text, f"stammdaten backup; {why}")
    else:
        yield well("backup", text)


def backup_keys(home: Path) -> Iterator[CheckLine]:
    """Whether backups can be encrypted for the keys that are set, today and in a month."""
    recipients, now = read_backup_settings().recipients, datetime.now(UTC)
    if recipients is None:
        text = "none is set: backups are not encrypted, and they hold personal data"
        yield look("backup keys", text, "set BACKUP__RECIPIENTS (docs/backup.md)")
        return
    unfit, expiring = recipients.unfit(now), recipients.expiring(now)
    for text in unfit:
        yield wrong("backup keys", text, "until then no backup is taken (docs/backup.md)")
    for text in expiring:
        yield look("backup keys", text, "from then on no backup is taken (docs/backup.md)")
    if not unfit and not expiring:
        yield well("backup keys", f"those of BACKUP__RECIPIENTS ({recipients.kind}) can be used")


def _asked(*words: str) -> str | None:
    """What a program of the machine says; None where it is not there or does not answer."""
    try:
        done = subprocess.run(  # noqa: S603 -- words of ours, no shell
            words,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout
