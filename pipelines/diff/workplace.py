"""Where a diff works: `diff/` under the home. What was built of a base is kept there, so that the next one builds less.

`work/` is that of the diff at work, and goes at its end; what a killed one left goes with the next. `kept/` holds so
many bases as there is room for.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import RunningError, StammdatenError
from pipelines.settings import database

FOLDER, WORK, KEPT = "diff", "work", "kept"
# So many bases are kept, the last used ones, and no more than so many bytes, of which half may be one of them.
MOST, MOST_BYTES = 3, 8 * 2**30
# What dbt read of a base: with it, it reads only the files that differ in the other state.
READ = ("manifest.json", "partial_parse.msgpack")


@dataclass(frozen=True)
class Workplace:
    """The folders of one diff. `home` is what dbt and the plan take for a home, and holds a database of its own."""

    above: Path

    @property
    def home(self) -> Path:
        """Where both states are built, one after the other."""
        return self.above / WORK / "home"

    @property
    def unpacked(self) -> Path:
        """Where states are unpacked."""
        return self.above / WORK / "states"

    @property
    def state(self) -> Path:
        """Where dbt finds what it read of the base."""
        return self.above / WORK / "base"

    def take(self, digest: str) -> bool:
        """Puts what was built of a base into the workplace; False where it is not kept."""
        kept = self.above / KEPT / digest
        if not (kept / "whole").exists():
            return False
        self._put(kept, self.home / "dbt")
        os.utime(kept)
        return True

    def keep(self, digest: str) -> None:
        """Keeps what lies in the workplace as that of a base, whole or not at all; for want of room it is not kept."""
        self._put(self.home / "dbt", self.home / "dbt", self.home)
        file = database(self.home)
        size = file.stat().st_size
        above = self.above / KEPT
        above.mkdir(mode=0o700, exist_ok=True)
        if size > MOST_BYTES // 2 or shutil.disk_usage(above).free < 3 * size:
            return
        half = above / f".{digest}"
        try:
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            shutil.copyfile(file, half / file.name)
            for name in READ:
                shutil.copyfile(self.home / "dbt" / name, half / name)
            (half / "whole").touch()
            half.rename(above / digest)
        except OSError:
            shutil.rmtree(half, ignore_errors=True)
        self._let_go()

    def _put(self, source: Path, target: Path, file_at: Path | None = None) -> None:
        """What was read of a base to where dbt looks for it, and its database to the home."""
        for folder in (target, self.state):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in READ:
            if target != source:
                shutil.copyfile(source / name, target / name)
        shutil.copyfile(source / READ[0], self.state / READ[0])
        if file_at is None:
            shutil.copyfile(source / database(self.home).name, database(self.home))

    def _let_go(self) -> None:
        """Removes the bases that were used longest ago, until the others are few and small enough."""
        kept = sorted(
            (path for path in (self.above / KEPT).iterdir()),
            key=lambda path: path.stat().st_mtime,
            reverse=True,
        )
        total = 0
        for place, path in enumerate(kept):
            total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            if place and (place >= MOST or total > MOST_BYTES):
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def workplace(home: Path) -> Iterator[Workplace]:
    """A clean workplace under a home, for one diff at a time; it is cleared again at the end.

    Raises `RunningError` while another diff works there, `StammdatenError` where nothing can be written.
    """
    above = home / FOLDER
    try:
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (above / "lock").open("a")
    except OSError as problem:
        raise StammdatenError(
            f"{above} cannot be written to ({problem.strerror}); make room, or get the right"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunningError(f"another stammdaten diff works in {above}; wait for it") from None
        made = Workplace(above)
        _clear(above)
        made.home.mkdir(mode=0o700, parents=True)
        made.unpacked.mkdir(mode=0o700)
        try:
            yield made
        finally:
            _clear(above)


def _clear(above: Path) -> None:
    """Removes what is no whole part of what is kept."""
    shutil.rmtree(above / WORK, ignore_errors=True)
    with suppress(OSError):
        for half in (above / KEPT).glob(".*"):
            shutil.rmtree(half, ignore_errors=True)
