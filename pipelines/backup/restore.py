"""Puts a home back from a backup: checks it whole, then moves it in. What lay there is moved aside, never removed."""

import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import chain
from itertools import count as numbers
from pathlib import Path
from typing import Any

import duckdb

from pipelines.backup.encryption import ENDINGS, IDENTITY_SETTING, Unreadable
from pipelines.backup.manifest import File, Manifest, manifest_of, manifests, read_manifest
from pipelines.backup.settings import identity, place
from pipelines.backup.store import Store
from pipelines.backup.take import Hashing
from pipelines.contract.contract import partners as known_partners
from pipelines.database import said
from pipelines.errors import SettingsError, StammdatenError
from pipelines.history.run_file import FOLDER as RUNS
from pipelines.history.run_file import RecordedRun, read_files
from pipelines.ledger.ledger import one, open_database
from pipelines.ledger.restored import note_compared, note_restored
from pipelines.lock import HALF, only_run
from pipelines.reports.backup import RestoreReport
from pipelines.settings import database, unknown_partner

ARCHIVE = "archive"
# What lies in a home and belongs to its ledger: it goes aside as a whole.
MOVED = (
    "stammdaten.duckdb", "stammdaten.duckdb.wal", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm",
    "alerts.sqlite", "alerts.sqlite-journal", "read_back",
)  # fmt: skip
SENT = ("created", "updated", "withdrawn")
SHOWN = 20


def restore_report(home: Path, given: str | None, over: bool, older: bool, on: list[str]) -> RestoreReport:
    """Puts the backup that is named, or the newest one of a place, into the home; `on` are the partners that are on.

    Raises like `restore`.
    """
    store, name = place(given, "FROM")
    with only_run(home, "restore"):
        return restore(home, store, name, over, older, on)


def release(home: Path, partner: str) -> str:
    """Lets a partner be sent to without `verify` and `adopt`; returns what to say."""
    if partner not in known_partners():
        raise SettingsError(f"--release {partner}: {unknown_partner(partner, known_partners())}")
    with only_run(home, "restore --release"):
        if note_compared(home, partner, "release"):
            return f"{partner} is sent to again. What it holds and the ledger does not know is created once more."
    return f"{partner} does not wait for anything."


def check_not_lost(home: Path) -> None:
    """Raises `SettingsError` where runs of this home have created records and its ledger knows of none.

    Somebody removed the database, or a disk did: the next push would create everything once more.
    """
    with open_database(home) as db:
        (has_rows,) = one(db, "select count(*) > 0 from sync.ledger")
    if has_rows:
        return
    made = [run for run in read_files(home) if any(line.get("created") for line in run.entities)]
    if made:
        last = made[-1]
        raise SettingsError(
            f"{home}: the ledger is empty, though run {last.run_id} of {last.begun_at:%Y-%m-%d} created records"
            f" ({_counts(last)}): it is lost. stammdaten restore, or stammdaten adopt PARTNER --apply for each partner"
            f" (docs/backup.md). Where the partners are empty, too: name another STAMMDATEN_HOME"
        )


def restore(
    home: Path, store: Store, name: str | None, over: bool, older: bool, on: list[str]
) -> RestoreReport:
    """Puts a backup into the home. The caller holds `run.lock` of it.

    `over`: there is a home already, it goes aside. `older`: known things went to partners after the backup was taken.
    Raises `SettingsError` where one of these words is missing, `StammdatenError` for a backup that is damaged. Whatever
    it fails by: in a home without a ledger its folder stays, empty, and no other command sends anything there.
    """
    is_living, is_moving = _is_living(home), False
    half = home / HALF
    half.mkdir(mode=0o700, exist_ok=True)
    try:
        _empty(half)
        name = manifest_of(store, name)
        manifest = read_manifest(store, name)
        if is_living and not over:
            raise SettingsError(
                f"{home}: there is a home already; name an empty STAMMDATEN_HOME, or say --over: what lies there is"
                " moved aside"
            )
        _fetch(store, manifest, half)
        plans = _plans(half / "stammdaten.duckdb")
        newer = tuple(_newer(home, store, name, manifest, plans))
        if newer and not older:
            raise SettingsError(
                f"{store.where}/{name}: is older than what went to partners: {'; '.join(newer)}. Take a newer backup;"
                " where there is none, say --older, and compare each partner before the next run (docs/backup.md)"
            )
        with closing(duckdb.connect(str(half / "stammdaten.duckdb"))) as db:
            note_restored(db, [*known_partners(), *on], manifest.created_at)
        is_moving = True
        aside = _move(home, half)
    finally:
        # Once something was moved what is in the folder says that the home is not whole.
        if not is_moving:
            _empty(half)
            if is_living:
                half.rmdir()
    shutil.rmtree(half)
    return RestoreReport(
        backup=f"{store.where}/{name}",
        created_at=f"{manifest.created:%Y-%m-%dT%H:%M:%SZ}",
        home=str(home),
        aside=str(aside) if aside else None,
        newer=newer,
        partners={partner: counts["records"] for partner, counts in manifest.ledger["partners"].items()},
        next=_next(sorted({*manifest.ledger["partners"], *on})),
    )


def bring(home: Path, store: Store, name: str, is_certain: bool) -> None:
    """Puts the backup of that manifest into an empty home.

    `is_certain`: nothing went to partners after it was taken. Else nothing is sent before each is compared, as after a
    `restore`. Raises `StammdatenError` for a backup that is damaged.
    """
    half = home / HALF
    half.mkdir(mode=0o700)
    manifest = read_manifest(store, name)
    _fetch(store, manifest, half)
    if not is_certain:
        with closing(duckdb.connect(str(half / "stammdaten.duckdb"))) as db:
            note_restored(db, known_partners(), manifest.created_at)
    _move(home, half)
    shutil.rmtree(half)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_living(home: Path) -> bool:
    """Whether a database lies in the home that knows of a record, or that cannot be read."""
    if not database(home).exists():
        return False
    try:
        with closing(duckdb.connect(str(database(home)), read_only=True)) as db:
            return bool(one(db, "select count(*) > 0 from sync.ledger")[0])
    except duckdb.CatalogException:  # no command of ours made it
        return False
    except duckdb.Error:
        return True


def _next(partners: list[str]) -> tuple[str, ...]:
    return (
        "stammdaten doctor    (settings and credentials are not in a backup of the home)",
        "stammdaten load && stammdaten build    (what is sent is made from today's delivery)",
        *(
            f"stammdaten verify {name}    (nothing unknown there: it may be sent to again)"
            for name in partners
        ),
        "where verify finds records that are unknown: stammdaten adopt PARTNER --apply",
        "stammdaten plan --rows    (look: nothing is created that a partner has)",
        "stammdaten run",
        "stammdaten forget --person NR    (again, for everybody who was erased since the backup was taken)",
    )


def _fetch(store: Store, manifest: Manifest, half: Path) -> None:
    """Copies the archive, compares it with its manifest, reads it, and compares each file.

    One that somebody has decrypted by hand lies beside: the files in it are those of the manifest, or it is refused.
    """
    whole, by_hand = half / ARCHIVE, _plain_name(manifest)
    is_by_hand = manifest.encrypted is not None and by_hand in store.names()
    name = by_hand if is_by_hand else manifest.archive.name
    where = f"{store.where}/{name}"
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        hashing = Hashing(file)
        store.read(name, hashing)
    if not is_by_hand and hashing.file(name) != manifest.archive:
        raise StammdatenError(
            f"{where}: is damaged (its SHA-256 is not the one of the manifest); take another one"
        )
    if manifest.encrypted is not None and not is_by_hand:
        _decrypt(whole, where, manifest.encrypted)
    try:
        found = list(_unpack(whole, half))
    except (tarfile.TarError, EOFError) as problem:
        raise StammdatenError(f"{where}: is damaged ({type(problem).__name__}); take another one") from None
    if found != list(manifest.files):
        raise StammdatenError(f"{where}: does not hold what its manifest says; take another one")
    whole.unlink()


def _plain_name(manifest: Manifest) -> str:
    """How the archive is called once it is decrypted."""
    ending = ENDINGS.get(manifest.encrypted)
    if ending is None or not manifest.archive.name.endswith(ending):
        raise StammdatenError(
            f"{manifest.archive.name}: encrypted by {manifest.encrypted}, which this version does not know; install a"
            " newer one"
        )
    return f"{manifest.archive.name.removesuffix(ending)}{ENDINGS[None]}"


def _decrypt(whole: Path, where: str, kind: str) -> None:
    key = identity(kind)
    plain = whole.with_suffix(".plain")
    try:
        with (
            whole.open("rb") as source,
            open(os.open(plain, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as target,
        ):
            key.decrypt(source, target)
    except Unreadable as problem:
        raise StammdatenError(
            f"{where}: cannot be read with the key of {IDENTITY_SETTING} ({problem}); name the one that belongs to a"
            " key of BACKUP__RECIPIENTS, as it was when the backup was taken"
        ) from None
    plain.replace(whole)


def _unpack(whole: Path, half: Path) -> Iterator[File]:
    """Writes the files of the archive; names are compared with those of the manifest, which are known ones."""
    with tarfile.open(whole, mode="r:") as tar:
        for entry in tar:
            source = tar.extractfile(entry) if entry.isreg() else None
            target = half / entry.name
            if source is None or ".." in entry.name or entry.name.startswith("/"):
                raise tarfile.TarError(entry.name)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                hashing = Hashing(file)
                _copy(source, hashing)
            yield hashing.file(entry.name)


def _copy(source: Any, target: Hashing) -> None:
    while block := source.read(1 << 20):
        target.write(block)


def _plans(file: Path) -> frozenset[str]:
    """The plans that the ledger of a backup knows. Raises `StammdatenError` where it cannot be opened."""
    try:
        with closing(duckdb.connect(str(file), read_only=True)) as db:
            return frozenset(plan for (plan,) in db.execute("select plan_id from sync.plans").fetchall())
    except duckdb.CatalogException:  # taken before the first plan
        return frozenset()
    except duckdb.Error as problem:
        raise StammdatenError(f"the database of the backup cannot be opened ({said(problem)})") from None


def _newer(home: Path, store: Store, name: str, manifest: Manifest, plans: frozenset[str]) -> Iterator[str]:
    """What is known to have gone to partners, or to have been backed up, after the backup was taken."""
    mark = name.split("-")[1]
    later = [one for one in manifests(store, mark) if one > name]
    if later:
        yield f"the backup {later[-1]}"
    unknown = [run for run in read_files(home) if run.begun_at > manifest.created and _sent(run, plans)]
    for run in unknown[:SHOWN]:
        yield f"run {run.run_id} of {run.begun_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({_counts(run)})"
    if len(unknown) > SHOWN:
        yield f"{len(unknown) - SHOWN:,} runs more"
    for partner, count in _journal(home / "journal.sqlite", plans):
        yield f"{count:,} operations at {partner} in the journal of the home"


def _sent(run: RecordedRun, plans: frozenset[str]) -> bool:
    """Whether a run may have changed something at a partner by a plan that the ledger does not know."""
    if run.plan_id is not None and run.plan_id in plans:
        return False
    if any(line.get(outcome) for line in run.entities for outcome in SENT):
        return True
    # It was killed, or broke off, in mid-push.
    return run.exit != 0 and "push" in run.steps and not run.entities


def _counts(run: RecordedRun) -> str:
    sums: dict[str, int] = {}
    for line in run.entities:
        sums[line["partner"]] = sums.get(line["partner"], 0) + sum(line.get(outcome) or 0 for outcome in SENT)
    told = ", ".join(f"{partner} {count:,} records" for partner, count in sorted(sums.items()) if count)
    return told or "it broke off while it sent"


def _journal(file: Path, plans: frozenset[str]) -> list[tuple[str, int]]:
    """Operations by partner that a journal has of plans that the ledger does not know."""
    if not file.exists():
        return []
    # One that cannot be read says nothing.
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        found = db.execute(
            "select plan_id, partner, count(*) from"
            " (select plan_id, seq, partner from intent union select plan_id, seq, partner from outcome)"
            " group by plan_id, partner"
        ).fetchall()
        counts: dict[str, int] = {}
        for plan, partner, count in found:
            if plan not in plans:
                counts[partner] = counts.get(partner, 0) + count
        return sorted(counts.items())
    return []


def _free(path: Path) -> Path:
    """The path, or the next one that nothing lies at."""
    names = chain([path.name], (f"{path.name}-{number}" for number in numbers(2)))
    return next(one for name in names if not (one := path.with_name(name)).exists())


def _move(home: Path, half: Path) -> Path | None:
    """Moves what lies in the home aside, and what was unpacked in; the database last."""
    there = [name for name in MOVED if (home / name).exists()]
    aside = _free(home / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}") if there else None
    if aside:
        aside.mkdir(mode=0o700)
        for name in there:
            (home / name).rename(aside / name)
    # What dbt made belongs to the former tables.
    shutil.rmtree(home / "dbt", ignore_errors=True)
    (home / RUNS).mkdir(mode=0o700, exist_ok=True)
    for file in sorted((half / RUNS).glob("*.jsonl")):
        # A run that is known here stays as it is.
        if not list((home / RUNS).glob(f"*-{file.name.partition('-')[2]}")):
            file.rename(home / RUNS / file.name)
    for name in ("journal.sqlite", "alerts.sqlite", "stammdaten.duckdb"):
        if (half / name).exists():
            (half / name).rename(home / name)
    return aside
