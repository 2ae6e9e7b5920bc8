"""One run at a time: a lock file that dies with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.errors import RunningError


@contextmanager
def only_run(home: Path, command: str) -> Iterator[None]:
    """Holds the lock of this `STAMMDATEN_HOME`.

    Raises `RunningError` that says who runs since when.
    """
    with (home / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another run"
            raise RunningError(
                f"{holder} works in {home}; wait for it, or name another STAMMDATEN_HOME"
            ) from None
        file.truncate(0)
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        file.write(f"`stammdaten {command}` (process {os.getpid()}, since {started})")
        file.flush()
        yield
