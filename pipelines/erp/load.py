"""Brings one ERP delivery into the raw layer, as a whole or not at all.

The rows go into a dataset of their own (`erp_load_<id>`); the views of `erp_raw` are then pointed to it in
one DuckDB transaction that also drops the former dataset and notes the row counts. Killed at any moment,
`erp_raw` is entirely the old delivery or entirely the new one.
"""

import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dlt
import duckdb
from dlt.common.runtime.collector import NullCollector
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from pipelines.erp import increments as changes
from pipelines.erp.delivery.column_kinds import check_kinds, write_kinds
from pipelines.erp.delivery.delivery import (
    OWNED,
    Delivery,
    Door,
    MarkExpired,
    Progress,
    Wanted,
    no_progress,
)
from pipelines.erp.delivery.schema import tables
from pipelines.erp.increments import FULL, INCREMENT, KEPT, Increments, Mark
from pipelines.erp.raw_layer import (
    DATASET_PREFIX,
    RAW,
    count_rows,
    drop_datasets,
    drop_former_datasets,
    live_datasets,
    live_tables,
    live_views,
    quoted,
)
from pipelines.erp.repeated import REPEATED, note_delivered, same_as
from pipelines.erp.source import erp_source, raw_columns, stamps, unknown_columns
from pipelines.errors import DeliveryError, RunningError, StammdatenError
from pipelines.settings import database, memory_limit

SCRATCH = "erp_scratch"
# A table in the dataset of a masked delivery: the mark goes when its last row does.
INVENTED = "_invented_persons"

MASKED_NOTE = (
    "Persons in this delivery are invented (stammdaten snapshot): nothing goes to a partner's live system from here,"
    " only to a sandbox on this machine, until the ERP's own delivery is loaded"
)

# Shares of the progress bar at which reading and storing are done.
CHECKED, READ, STORED = 0.1, 0.5, 0.95

# Files that are stored at a time, each by one thread of DuckDB: several threads on one file get in each other's way.
STORING = min(os.cpu_count() or 1, 4)

# dlt would have a gigabyte of rows written twice: into the log, and from there into the file.
CHECKPOINTS = "checkpoint_threshold = '16MB'"

# Readers one after the other keep memory flat; the rest keeps dlt silent and at home.
DLT_ENVIRONMENT = {
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "false",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}

CREATE_LOADS = """
    create schema if not exists sync;
    create table if not exists sync.loads (
        load_id varchar not null,
        loaded_at timestamp not null,
        source varchar not null,
        table_name varchar not null,
        row_count bigint not null,
        primary key (load_id, table_name)
    );
    alter table sync.loads add column if not exists kind varchar default 'full';
"""


@dataclass(frozen=True)
class Only:
    """A load of some tables alone; the others stay as they are.

    `owned` are those without which the load is refused; what else is not delivered stays, too. None: as in a load of
    all tables, some are required, and the others are empty where they are not delivered.
    """

    tables: frozenset[str]
    owned: frozenset[str] | None = None


@dataclass(frozen=True)
class Load:
    """What a load brought: rows of every canonical table, and what was delivered beyond the canonical list.

    `at` is UTC. `unknown_columns` lists tables that have some, `absent_tables` those that were not delivered.
    `changed` counts the rows of tables of which only changes were delivered; it is empty after a full load.
    """

    load_id: str
    at: datetime
    source: str
    rows: Mapping[str, int]
    unknown_columns: Mapping[str, tuple[str, ...]]
    unknown_files: tuple[str, ...]
    absent_tables: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    changed: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`increment` when a table was delivered as changes, else `full`."""
        return INCREMENT if self.changed else FULL


def load(
    door: Door,
    home: Path,
    quelle_erp: str = "wodis_sigma",
    progress: Progress = no_progress,
    increments: Increments | None = None,
    only: Only | None = None,
    may_stay: bool = False,
) -> Load:
    """Replaces the raw layer in `home/stammdaten.duckdb` by what comes in by a door; `only` some of its tables.

    `quelle_erp` is written into rows that do not name their ERP. With `increments` a door that can tell changes is
    asked for those since the last load, and they are merged into its rows; without, or where that is not possible,
    everything is read. With `may_stay` the rows of a delivery that is byte for byte the last one stay where they are.
    No connection to the database is left open.
    Raises `DeliveryError` (raw layer as before), `RunningError` (another program has the database open) or
    `StammdatenError` (the database cannot be opened).
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    progress("checking the delivery", 0.0)
    with _kept_open(home):
        _remove_leftovers(home)
        there = _there(home)
        # Where nothing is to be kept, everything is read.
        only = only if there >= tables().keys() else None
        marks = _known_marks(home, increments) if increments else {}
    if only:
        marks = {name: mark for name, mark in marks.items() if name in only.tables}
    try:
        return _load(door, home, quelle_erp, progress, increments, marks, only, may_stay)
    except MarkExpired:
        if not marks:
            raise
        return _load(door, home, quelle_erp, progress, increments, {}, only, may_stay)


def _load(
    door: Door,
    home: Path,
    quelle_erp: str,
    progress: Progress,
    increments: Increments | None,
    marks: Mapping[str, Mark],
    only: Only | None,
    may_stay: bool,
) -> Load:
    began = time.monotonic()
    asked = {name: mark.value for name, mark in marks.items()}
    overlap = increments.overlap if increments else timedelta(0)

    def opening(what: str, share: float) -> None:
        progress(what, share * CHECKED)

    names, owned = (only.tables, only.owned) if only else (None, None)
    with (
        _scratch(home) as scratch,
        door.opened(Wanted(quelle_erp, scratch, asked, overlap, opening, names, owned)) as opened,
    ):
        delivery = _limited(opened, only)
        replaced = _replaced(delivery, only)
        changes.check_marks(delivery, marks, quelle_erp)
        at = datetime.now(UTC)
        load_id = at.strftime("%Y%m%d_%H%M%S_%f")
        digest = None if only or increments else _digest(delivery, quelle_erp)
        with _kept_open(home):
            _check_against_last_load(delivery, home)
            lies_there = _lies_there(home, digest) if digest and may_stay else None
        progress("checking the delivery", CHECKED)
        if lies_there is None:
            read = _store(delivery, replaced, home, scratch, load_id, stamps(quelle_erp, at), progress)
            next_marks = changes.new_marks(delivery, marks, quelle_erp) if increments else {}
    if lies_there is None:
        progress("going live", STORED)
        rows = _go_live(delivery, replaced, home, load_id, at, read, next_marks, digest)
        noticed = tuple(delivery.noticed)
    else:
        rows, noticed = lies_there
        _note_repeated(home, load_id, at, delivery.origin, rows)
    progress("loaded", 1.0)
    return Load(
        load_id=load_id,
        at=at,
        source=delivery.origin,
        rows=rows,
        unknown_columns={
            name: unknown
            for name, data in delivery.tables.items()
            if (unknown := unknown_columns(tables()[name], data))
        },
        unknown_files=delivery.unknown_files,
        absent_tables=tuple(name for name in replaced if name not in delivery.tables),
        seconds=time.monotonic() - began,
        notes=(
            *((REPEATED,) if lies_there else ()),
            *delivery.notes,
            *noticed,
            *_kept_note(only, replaced),
            *((MASKED_NOTE,) if delivery.is_masked else ()),
        ),
        changed={name: read.get(name, 0) for name, data in delivery.tables.items() if data.changes_only},
    )


def _limited(delivery: Delivery, only: Only | None) -> Delivery:
    """The delivery without tables that are not wanted, which a door may hand over with the others."""
    if only is None:
        return delivery
    if missing := sorted((only.owned or frozenset()) - delivery.tables.keys()):
        raise DeliveryError(f"{delivery.origin}: {', '.join(missing)} missing; {OWNED}")
    chosen = {name: data for name, data in delivery.tables.items() if name in only.tables}
    return replace(delivery, tables=chosen)


def _replaced(delivery: Delivery, only: Only | None) -> tuple[str, ...]:
    """The tables that the load replaces."""
    if only and only.owned is not None:
        return tuple(delivery.tables)
    return tuple(name for name in tables() if only is None or name in only.tables)


def _kept_note(only: Only | None, replaced: Collection[str]) -> tuple[str, ...]:
    kept = sorted(only.tables - set(replaced)) if only else []
    return (f"Not delivered, kept as loaded before: {', '.join(kept)}",) if kept else ()


def _digest(delivery: Delivery, quelle_erp: str) -> str | None:
    of_bytes = delivery.digest()
    return of_bytes and f"{of_bytes} {quelle_erp}"


def _lies_there(home: Path, digest: str) -> tuple[dict[str, int], tuple[str, ...]] | None:
    """Where the whole raw layer is of a delivery with this digest: rows by table, and what was noticed in it."""
    if not database(home).exists():
        return None
    with _connect(home) as connection:
        found = same_as(connection, digest)
        if found is None:
            return None
        load_id, noticed = found
        loaded = connection.execute(
            "select table_name, row_count from sync.loads where load_id = ?", [load_id]
        )
        rows = dict(loaded.fetchall())
        # Where somebody took rows out or put some in, they are read again.
        is_whole = live_datasets(connection) == dict.fromkeys(
            tables(), DATASET_PREFIX + load_id
        ) and rows == {name: count_rows(connection, RAW, name) for name in tables()}
    return (rows, noticed) if is_whole else None


def _note_repeated(home: Path, load_id: str, at: datetime, source: str, rows: Mapping[str, int]) -> None:
    """Notes that the rows that lie there were delivered once more, of all tables or of none."""
    with _connect(home) as connection:
        connection.begin()
        _note_load(connection, load_id, at, source, rows, {})
        connection.commit()


def kind_of_last_load(connection: duckdb.DuckDBPyConnection) -> str | None:
    """`full` when the last load read everything, `increment` when it brought changes of a table; None without one."""
    connection.execute(CREATE_LOADS)
    found = connection.execute(
        "select max(kind) from sync.loads where kind <> ?"
        " and load_id = (select max_by(load_id, loaded_at) from sync.loads)",
        [KEPT],
    ).fetchone()
    return found[0] if found else None


def _known_marks(home: Path, increments: Increments) -> dict[str, Mark]:
    """Where tables may go on from, as far as the raw layer is still that of the last load."""
    if not database(home).exists():
        return {}
    with _connect(home) as connection:
        live = {
            table: dataset.removeprefix(DATASET_PREFIX)
            for table, dataset in live_datasets(connection).items()
        }
        if not live:
            return {}
        connection.execute(CREATE_LOADS)
        return changes.read_marks(connection, live, datetime.now(UTC), increments)


def _there(home: Path) -> set[str]:
    """The tables that the raw layer has."""
    if not database(home).exists():
        return set()
    with _connect(home) as connection:
        return set(live_datasets(connection))


def _check_against_last_load(delivery: Delivery, home: Path) -> None:
    """A header only where the last load had rows is a broken export (rules.md, "File import"); so are other kinds."""
    if not database(home).exists():
        return
    suspects = [name for name, data in delivery.tables.items() if data.is_empty and not data.changes_only]
    with _connect(home) as connection:
        check_kinds(connection, delivery)
        for name in suspects:
            if name in live_tables(connection) and count_rows(connection, RAW, name):
                leave_out = (
                    "" if tables()[name].required else ", or leave the table out if the ERP really has none"
                )
                raise DeliveryError(
                    f"{delivery.tables[name].where}: no rows, but the last load had some; "
                    f"deliver the table again{leave_out}"
                )


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """An empty folder for what a door needs beside the database; removed in any case, as it may hold rows."""
    folder = home / SCRATCH
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# dlt: extract, normalize, load


def _store(
    delivery: Delivery,
    replaced: Collection[str],
    home: Path,
    scratch: Path,
    load_id: str,
    defaults: dict[str, str],
    progress: Progress,
) -> dict[str, int]:
    """Writes all rows into the dataset of this load and returns how many were read a table."""
    folder = scratch / "rows"
    folder.mkdir()

    def reading(what: str, share: float) -> None:
        progress(what, CHECKED + share * (READ - CHECKED))

    with _pipeline(home, load_id, progress) as pipeline, _errors_of_users(home):
        pipeline.extract(erp_source(delivery, replaced, defaults, folder, reading))
        counts = pipeline.normalize(workers=1).row_counts
        # One connection for all: dlt's own would be closed, and the file written out, after each table.
        with _connect(home) as connection:
            connection.execute("set threads = 1")
            credentials = DuckDbCredentials(connection, pragmas=[CHECKPOINTS])
            pipeline.load(dlt.destinations.duckdb(credentials), workers=STORING)
        return dict(counts)


@contextmanager
def _pipeline(home: Path, load_id: str, progress: Progress) -> Iterator[dlt.Pipeline]:
    """A pipeline that starts from nothing and leaves nothing: no load of a crashed run waits in it."""
    with _environment(DLT_ENVIRONMENT):
        pipeline = dlt.pipeline(
            "erp",
            pipelines_dir=str(_dlt_folder(home)),
            destination="duckdb",
            dataset_name=DATASET_PREFIX + load_id,
            progress=_JobCounter(progress),
        )
        pipeline.config.restore_from_destination = False
        try:
            yield pipeline
        finally:
            pipeline.deactivate()
            shutil.rmtree(pipeline.working_dir, ignore_errors=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _JobCounter(NullCollector):  # type: ignore[misc]
    """Turns dlt's count of finished files into the second half of the progress bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self._files = len(tables())

    def update(
        self, name: str, inc: int = 1, total: int | None = None, *args: object, **kwargs: object
    ) -> None:
        if name != "Jobs":
            return
        self._files = total or self._files
        if inc:
            self._done = min(self._done + inc, self._files)
            self._progress("storing", READ + (STORED - READ) * self._done / self._files)


@contextmanager
def _errors_of_users(home: Path) -> Iterator[None]:
    """Takes what a user can mend out of dlt's wrapping; everything else stays as it is."""
    try:
        yield
    except Exception as problem:
        mendable = _mendable(problem, home)
        if mendable is None:
            raise
    else:
        return
    raise mendable


def _mendable(problem: BaseException | None, home: Path) -> StammdatenError | None:
    while problem is not None:
        if isinstance(problem, StammdatenError):
            return problem.with_traceback(None)
        if isinstance(problem, OSError) and problem.strerror:
            return DeliveryError(f"{problem.filename or home}: {problem.strerror}; nothing was loaded")
        problem = problem.__cause__ or problem.__context__
    return None


# DuckDB: one transaction


def _go_live(
    delivery: Delivery,
    replaced: Collection[str],
    home: Path,
    load_id: str,
    at: datetime,
    read: Mapping[str, int],
    marks: Mapping[str, Mark],
    digest: str | None,
) -> dict[str, int]:
    """Completes tables of which only changes came, points the raw layer to the new dataset.

    Returns the rows of the tables that it replaced; the others go on as they are.
    """
    dataset = DATASET_PREFIX + load_id
    with _connect(home) as connection:
        rows = {name: count_rows(connection, dataset, name) for name in tables() if name in replaced}
        lost = {
            name: (read.get(name, 0), count) for name, count in rows.items() if read.get(name, 0) != count
        }
        if lost:
            raise RuntimeError(f"rows read and rows stored differ: {lost}")
        connection.begin()
        former = live_datasets(connection)
        kept = {name: count_rows(connection, RAW, name) for name in former if name not in rows}
        views = live_views(connection)
        merged = [name for name, data in delivery.tables.items() if data.changes_only]
        for name in merged:
            table, data = tables()[name], delivery.tables[name]
            changes.merge(connection, table, data, raw_columns(table, data), former[name], dataset)
            rows[name] = count_rows(connection, dataset, name)
        connection.execute(f"drop schema if exists {RAW} cascade; create schema {RAW};")
        for table in tables().values():
            columns = raw_columns(table, delivery.tables.get(table.name))
            is_new = table.name in rows
            connection.execute(_view(table.name, columns, dataset) if is_new else views[table.name])
        kinds = {name: KEPT for name in kept} | {name: INCREMENT for name in merged}
        _note_load(connection, load_id, at, delivery.origin, rows | kept, kinds)
        changes.write_marks(connection, load_id, marks, rows)
        write_kinds(connection, delivery, rows)
        note_delivered(connection, load_id, digest, delivery.noticed)
        if delivery.is_masked or any(_is_marked(connection, former[name]) for name in merged):
            connection.execute(f"create table {dataset}.{INVENTED} as select true as persons_are_invented")
        drop_datasets(connection, keep={dataset, *(former[name] for name in kept)})
        connection.commit()
    return rows


def is_masked(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether rows of the raw layer are of a snapshot, in which persons are invented (`stammdaten snapshot`)."""
    return any(_is_marked(connection, dataset) for dataset in set(live_datasets(connection).values()))


def _is_marked(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?"
        " and database_name = current_database()",
        [dataset, INVENTED],
    ).fetchone()
    return found is not None


def _view(table: str, columns: tuple[str, ...], dataset: str) -> str:
    listed = ", ".join(quoted(column) for column in columns)
    return f"create view {RAW}.{table} as select {listed} from {dataset}.{table}"


def _note_load(
    connection: duckdb.DuckDBPyConnection,
    load_id: str,
    at: datetime,
    source: str,
    rows: Mapping[str, int],
    kinds: Mapping[str, str],
) -> None:
    connection.execute(CREATE_LOADS)
    connection.executemany(
        "insert into sync.loads (load_id, loaded_at, source, table_name, row_count, kind) values (?, ?, ?, ?, ?, ?)",
        [
            (load_id, at.replace(tzinfo=None), source, name, count, kinds.get(name, FULL))
            for name, count in rows.items()
        ],
    )


def _remove_leftovers(home: Path) -> None:
    """Removes what a killed load left: its working folder and datasets that no view shows."""
    shutil.rmtree(_dlt_folder(home) / "erp", ignore_errors=True)
    if database(home).exists():
        with _connect(home) as connection:
            drop_former_datasets(connection)


def _dlt_folder(home: Path) -> Path:
    return home / "dlt"


def _kept_open(home: Path) -> AbstractContextManager[object]:
    """What opens the database inside the `with` shares one connection, so the file is opened and closed once."""
    return _connect(home) if database(home).exists() else nullcontext()


@contextmanager
def _connect(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed in any case; an open transaction is rolled back with it."""
    path = database(home)
    try:
        connection = duckdb.connect(
            str(path), config={"preserve_insertion_order": False, "memory_limit": memory_limit()}
        )
    except duckdb.IOException as problem:
        holder = re.search(r"PID (\d+)", str(problem))
        if holder is None:
            raise StammdatenError(
                f"{path} cannot be opened as a database; "
                "restore it from a backup, or set STAMMDATEN_HOME to another folder"
            ) from problem
        raise RunningError(
            f"{path} is open in another program (process {holder.group(1)}); close it and run again"
        ) from None
    try:
        yield connection
    finally:
        connection.close()
