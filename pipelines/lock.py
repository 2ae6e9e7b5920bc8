"""One run at a time: a lock file that dies with its process."""

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from pipelines.errors import RunningError, SettingsError
from pipelines.settings import database, wait_limit

# Stands in the home while a restore works, and until one succeeds: what broke off is no home.
HALF = "restore.part"
# Where one failed before it moved anything: these send nothing, and make a ledger without a backup.
WITHOUT_BACKUP = ("load", "build", "adopt")
# Seconds between two looks at a lock that somebody holds.
PAUSE = 0.5


@contextmanager
def only_run(
    home: Path, command: str, use_case: str | None = None, say: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Holds the lock of this `STAMMDATEN_HOME`.

    A short run of one use case is waited for by all that is not of the same one, for `wait_limit()` seconds at most.
    Raises `RunningError` that says who runs since when, `SettingsError` where a restore broke off.
    """
    called = f"{command} --use-case {use_case}" if use_case else command
    with (home / "run.lock").open("a+", encoding="utf-8") as file:
        _take(file, home, use_case, say)
        if command != "restore":
            _check_restore(home, command)
        file.truncate(0)
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        file.write(f"`stammdaten {called}` (process {os.getpid()}, since {started})")
        file.flush()
        yield


def _check_restore(home: Path, command: str) -> None:
    """Raises `SettingsError` with the ways out where a restore was begun and none has succeeded since."""
    half = home / HALF
    if not half.exists():
        return
    if any(half.iterdir()):
        ways = f", or remove {half}: nothing was moved yet" if database(home).exists() else ""
    elif command in WITHOUT_BACKUP:
        return
    else:
        ways = (
            f". Without a backup: stammdaten load, stammdaten build, stammdaten adopt PARTNER --apply for each partner,"
            f" then remove {half}. Where the partners are empty: name another STAMMDATEN_HOME, or remove it now"
        )
    raise SettingsError(f"{home}: a restore broke off there; restore again{ways}")


def _take(file: IO[str], home: Path, use_case: str | None, say: Callable[[str], None]) -> None:
    """Takes the lock, or says who holds it."""
    until, has_said = time.monotonic() + wait_limit(), False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another run"
        other = re.search(r"--use-case (\w+)", holder)
        if other is None or other[1] == use_case or time.monotonic() >= until:
            raise RunningError(
                f"{holder} works in {home}; wait for it, or name another STAMMDATEN_HOME"
            ) from None
        if not has_said:
            say(f"{holder} works in {home}: waiting for it")
            has_said = True
        time.sleep(PAUSE)
