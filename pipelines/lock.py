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

# Stands in the home while a restore works: what broke off is no home.
HALF = "restore.part"
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
        if command != "restore" and (home / HALF).exists():
            untouched = f", or remove {home / HALF}: nothing was moved yet" if database(home).exists() else ""
            raise SettingsError(f"{home}: a restore broke off there; restore again{untouched}")
        file.truncate(0)
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        file.write(f"`stammdaten {called}` (process {os.getpid()}, since {started})")
        file.flush()
        yield


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
