"""Takes a backup: one archive of all that a home needs, and beside it, last, the manifest."""

import hashlib
import os
import shutil
import socket
import sqlite3
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from pipelines import current_run, interrupt
from pipelines.backup.encryption import ENDINGS, Recipients
from pipelines.backup.manifest import NAME, File, Manifest, manifests
from pipelines.backup.settings import TO, BackupSettings, place, read_backup_settings
from pipelines.backup.store import PART, Folder, Store
from pipelines.database import connect
from pipelines.errors import SettingsError, StammdatenError
from pipelines.history.run_file import FOLDER as RUNS
from pipelines.history.run_file import NO_BACKUP, read_file, run_files
from pipelines.lock import only_run
from pipelines.reports.backup import BackupReport
from pipelines.reports.run import RunReport
from pipelines.settings import database
from pipelines.unexpected import summary
from pipelines.versions import versions

# Of the home: the books that are SQLite. What is not listed here is made anew by a run.
BOOKS = ("journal.sqlite", "alerts.sqlite")
SCRATCH = "backup-"
# How a run says that it was.
BACKED_UP = "Backed up to"
BLOCK = 1 << 20
LEDGER = """
    select partner, count(*), count(remote_id), strftime(max(last_synced_at), '%Y-%m-%dT%H:%M:%SZ')
    from sync.ledger group by partner order by partner
"""


@dataclass(frozen=True)
class Source:
    """A file to take: its name in the archive, and where it lies; `opened` where it is open already."""

    name: str
    path: Path
    opened: BinaryIO | None = None


class Hashing:
    """Hands on what is written, and knows its size and SHA-256."""

    def __init__(self, target: BinaryIO):
        self._target, self._hash, self.bytes = target, hashlib.sha256(), 0
        # What the disk said last, for those who lose it on the way.
        self.problem: OSError | None = None

    def write(self, block: bytes) -> int:
        """Writes a block."""
        try:
            self._target.write(block)
        except OSError as problem:
            self.problem = problem
            raise
        self._hash.update(block)
        self.bytes += len(block)
        return len(block)

    def flush(self) -> None:
        """Nothing waits here."""

    def file(self, name: str) -> File:
        """What was written, as a file of that name."""
        return File(name, self.bytes, self._hash.hexdigest())


def mark_of(home: Path) -> str:
    """What tells backups of one home from those of another in the same place; a home that moves gets another mark."""
    return hashlib.sha256(f"{socket.gethostname()}:{home.resolve()}".encode()).hexdigest()[:8]


def backup_report(home: Path, given: str | None) -> BackupReport:
    """Backs the home up, while nothing runs. Raises like `take`, and `SettingsError` for what is no place."""
    settings = read_backup_settings()
    store = _folder(given, "TO")
    with only_run(home, "backup"):
        return take(home, store, settings)


def take_after_run(home: Path) -> BackupReport:
    """Backs up to `STAMMDATEN_BACKUP`; the caller holds `run.lock`. Raises like `backup_report`."""
    return take(home, _folder(None, TO), read_backup_settings())


def _folder(given: str | None, name: str) -> Store:
    store, file = place(given, name)
    if file:
        raise SettingsError(f"{name}: {store.where}/{file} is a file; name the folder that backups go to")
    return store


def take(home: Path, store: Store, settings: BackupSettings, now: datetime | None = None) -> BackupReport:
    """Writes a backup, then removes those of this home that are more than are kept. The caller holds `run.lock`.

    Raises `StammdatenError` where there is nothing to back up, a key has expired, or a file changes meanwhile.
    """
    file = database(home)
    if not file.exists():
        raise StammdatenError(f"{home}: nothing to back up, no run wrote anything there yet")
    if isinstance(store, Folder) and store.path.resolve().is_relative_to(home.resolve()):
        raise StammdatenError(
            f"{store.where}: lies in the home that is backed up; name a folder on another disk"
        )
    if isinstance(store, Folder) and not store.path.is_dir():
        # Making it would fill the disk below a place where nothing is mounted just now.
        raise StammdatenError(
            f"{store.where}: is not there; mount it, or make it once: mkdir -m 700 {store.where}"
        )
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    if settings.recipients and (unfit := settings.recipients.unfit(datetime.now(UTC))):
        raise StammdatenError(f"BACKUP__RECIPIENTS: {'; '.join(unfit)}")
    stem = f"stammdaten-{mark_of(home)}-{moment:%Y%m%dT%H%M%SZ}"
    kind = settings.recipients.kind if settings.recipients else None
    archive_name = f"{stem}{ENDINGS[kind]}"
    former = store.names()
    if f"{stem}.json" in former or archive_name in former:
        raise StammdatenError(f"{store.where}/{stem}: is there already; wait a second")
    _clear(store, home, former)
    _clear_scratch(home)
    written: list[Any] = []
    with _held(home) as (ledger, sources):

        def fill(target: BinaryIO) -> None:
            written[:] = _write(target, sources, settings.recipients)

        store.write(archive_name, fill)
        archive, files = written
        manifest = Manifest(
            created_at=moment.isoformat(timespec="seconds"),
            versions=versions(),
            encrypted=kind,
            archive=File(archive_name, archive.bytes, archive.sha256),
            files=tuple(files),
            ledger=ledger,
        )
    text = manifest.as_text().encode()
    store.write(f"{stem}.json", lambda target: _all(target, text))
    removed = _thin_out(store, home, settings.keep)
    return BackupReport(
        backup=f"{store.where}/{stem}.json",
        created_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        encrypted=manifest.encrypted,
        bytes=archive.bytes,
        files=len(files),
        partners={name: counts["records"] for name, counts in ledger["partners"].items()},
        removed=tuple(removed),
        notes=tuple(settings.recipients.expiring(moment))
        if settings.recipients
        else ("It is not encrypted, and holds personal data: set BACKUP__RECIPIENTS (docs/backup.md).",),
    )


def newest_backup(store: Store, home: Path) -> float | None:
    """When the last backup of this home was taken; where it has none, the last file that another program wrote there.

    Seconds since 1970. A backup that broke off does not count.
    """
    own = manifests(store, mark_of(home))
    if own:
        match = NAME.fullmatch(own[-1])
        return datetime.strptime(f"{match[2]}+0000", "%Y%m%dT%H%M%SZ%z").timestamp() if match else None
    if not isinstance(store, Folder):
        return None
    files = (
        file for file in store.path.rglob("*") if file.is_file() and not file.name.startswith("stammdaten-")
    )
    return max((file.stat().st_mtime for file in files), default=None)


@contextmanager
def _held(home: Path) -> Iterator[tuple[dict[str, Any], list[Source]]]:
    """The ledger in figures, and the files to take, as nobody can change them.

    The file of DuckDB is copied as it is, with all its comments, after a checkpoint and while it is held open.
    """
    with (
        tempfile.TemporaryDirectory(prefix=SCRATCH, dir=home) as scratch,
        # Opened before DuckDB does and closed after it: closing a file lets go of the process' lock on it.
        database(home).open("rb") as file,
        closing(connect(database(home))) as db,
    ):
        db.execute("force checkpoint")
        sources = [Source("stammdaten.duckdb", database(home), file)]
        for name in BOOKS:
            if (home / name).exists():
                with (
                    closing(sqlite3.connect(home / name, timeout=30)) as book,
                    closing(sqlite3.connect(Path(scratch) / name)) as copy,
                ):
                    book.backup(copy)
                sources.append(Source(name, Path(scratch) / name))
        for run in run_files(home):
            read = read_file(run)
            if read is None or not read.is_running:
                sources.append(Source(f"{RUNS}/{run.name}", run))
        yield _figures(db), sources


def _figures(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    tables = {
        name
        for (name,) in db.execute(
            "select table_name from duckdb_tables() where schema_name = 'sync'"
        ).fetchall()
    }
    rows = db.execute(LEDGER).fetchall() if "ledger" in tables else []
    last = (
        db.execute("select max_by(plan_id, created_at) from sync.plans").fetchone()
        if "plans" in tables
        else None
    )
    return {
        "last_plan": last[0] if last else None,
        "partners": {
            name: {"records": rows_of, "held": held, "last_synced_at": at} for name, rows_of, held, at in rows
        },
    }


def _write(target: BinaryIO, sources: list[Source], recipients: Recipients | None) -> tuple[File, list[File]]:
    """Writes the archive, encrypted where there are recipients; what it is as a whole, and its files."""
    whole, files = Hashing(target), list[File]()
    if recipients is None:
        _pack(whole, sources, files)
        return whole.file(""), files
    reading, writing = os.pipe()
    trouble: list[BaseException] = []

    def pack() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe:
                _pack(pipe, sources, files)
        except BaseException as problem:  # told by the thread that waits
            trouble.append(problem)

    packing = threading.Thread(target=pack, daemon=True)
    packing.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            recipients.encrypt(pipe, whole)
    except Exception:
        if whole.problem:
            raise whole.problem from None
        raise
    finally:
        packing.join()
    for problem in trouble:
        raise problem
    return whole.file(""), files


def _pack(target: Any, sources: list[Source], files: list[File]) -> None:
    with tarfile.open(mode="w|", fileobj=target, format=tarfile.PAX_FORMAT) as tar:
        for one in sources:
            with nullcontext(one.opened) if one.opened else one.path.open("rb") as source:
                before = os.fstat(source.fileno())
                entry = tarfile.TarInfo(one.name)
                entry.size, entry.mode, entry.mtime = before.st_size, 0o600, int(before.st_mtime)
                reader = _Reader(source, before.st_size)
                tar.addfile(entry, reader)
                after = one.path.stat()
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise StammdatenError(f"{one.path}: was changed by another program meanwhile; back up again")
            files.append(File(one.name, before.st_size, reader.digest()))


class _Reader:
    """So many bytes of a file, with their SHA-256."""

    def __init__(self, source: BinaryIO, size: int):
        self._source, self._left, self._hash = source, size, hashlib.sha256()

    def read(self, most: int = BLOCK) -> bytes:
        block = self._source.read(min(most, self._left))
        self._left -= len(block)
        self._hash.update(block)
        return block

    def digest(self) -> str:
        return self._hash.hexdigest()


def _all(target: BinaryIO, text: bytes) -> None:
    target.write(text)


def _clear(store: Store, home: Path, names: list[str]) -> None:
    """Removes what a backup of this home left that broke off: archives without a manifest, and parts."""
    own = f"stammdaten-{mark_of(home)}-"
    for name in names:
        stem = name.partition(".")[0]
        if (
            name.startswith(own)
            and not NAME.fullmatch(name)
            and (f"{stem}.json" not in names or name.endswith(PART))
        ):
            store.remove(name)


def _clear_scratch(home: Path) -> None:
    """Removes copies of books that a backup left that was killed; a folder that holds anything else is not ours."""
    for folder in home.glob(f"{SCRATCH}*"):
        if folder.is_dir() and all(file.name.startswith(BOOKS) for file in folder.iterdir()):
            shutil.rmtree(folder)


def _thin_out(store: Store, home: Path, keep: int | None) -> list[str]:
    """Removes the oldest backups of this home; the manifest first, so that none is there without its archive."""
    if keep is None:
        return []
    gone = manifests(store, mark_of(home))[:-keep]
    for name in gone:
        store.remove(name)
        for ending in ENDINGS.values():
            store.remove(name.removesuffix(".json") + ending)
    return gone


def backed_up(home: Path, report: RunReport, say: Callable[[str], None]) -> RunReport:
    """The report with what became of the backup that is taken after each run; it never fails one."""
    if interrupt.exit_code():
        return report
    try:
        with current_run.step("backup"):  # one that fails does not come to its end, which alerts look for
            made = take_after_run(home)
    except Exception as problem:  # everything is delivered by now
        note = f"{NO_BACKUP}: {summary(problem)}"
    else:
        note = f"{BACKED_UP} {made.backup}"
    say(note)
    return replace(report, notes=(*report.notes, note))
