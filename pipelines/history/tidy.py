"""Removes what is older than is kept, so that a home does not grow without bound, and nothing that a run needs.

What each partner holds (`sync.ledger`) is no history and is never looked at here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines import current_run, interrupt
from pipelines.erp.raw_layer import drop_former_datasets, former_datasets
from pipelines.history.run_file import id_of, read_file, run_files
from pipelines.history.runs import fold
from pipelines.ledger.ledger import one, open_database
from pipelines.reports.history import HomeLine, TidyLine, TidyReport
from pipelines.settings import database
from pipelines.unexpected import summary

# So many files of runs stay at most; what they say lies in `sync.runs`, too.
MOST_FILES = 500
# Pages of runs (`pipelines/run_page`); each goes with its run.
PAGES = "reports"
PAGE = re.compile(r"[0-9a-f]{12}\.html")

# What stays whatever its age. Plans: those that may still be pushed, and the last ones.
NEEDED_PLANS = """
    select plan_id from sync.plans where created_at >= $before
    union select plan_id from sync.plan
    union select plan_id from sync.plan_partners where status = 'open'
    union select max_by(plan_id, created_at) from sync.plans group by use_case
"""
# Of each record in the ledger the last outcome of each kind: what was given up, or is not confirmed, is judged by it.
LAST_OUTCOMES = """
    select partner, entity, external_id, state, max(settled_at) as settled_at
    from sync.attempts
    semi join sync.ledger using (partner, external_id)
    group by all
"""
# The guard `shrink` compares with the load of the last push of each use case.
NEEDED_PUSHES = """
    select partner, use_case, max(pushed_at) as pushed_at from sync.pushed group by all
"""
# The load that each table was read by last, the last whole one, and what pushes and plans go back to.
NEEDED_LOADS = """
    select max_by(load_id, loaded_at) from sync.loads where kind is distinct from 'kept' group by table_name
    union select max_by(load_id, loaded_at) from sync.loads
    union select max_by(load_id, began_at) from (
        select load_id, min(loaded_at) as began_at from sync.loads group by load_id having bool_and(kind = 'full')
    )
    union select load_id from sync.pushed
    union select load_id from sync.plans
"""
# The last run of each kind that came to a good end: `status`, `doctor` and the metrics speak of it.
NEEDED_RUNS = """
    select max_by(run_id, number) from sync.runs where exit = 0 group by command, use_case
    union select max_by(run_id, number) from sync.runs
"""

# Table → the rows of it that go. In this order: each sees what the ones before it have left.
OLD = {
    "sync.attempts": f"""
        settled_at < $before and plan_id not in ({NEEDED_PLANS})
        and (partner, entity, external_id, state, settled_at) not in (from ({LAST_OUTCOMES}))
    """,
    "sync.plan_counts": f"plan_id not in ({NEEDED_PLANS})",
    "sync.allowances": f"allowed_at < $before and plan_id not in ({NEEDED_PLANS})",
    "sync.plans": f"created_at < $before and plan_id not in ({NEEDED_PLANS})",
    "sync.plan_partners": "plan_id not in (select plan_id from sync.plans)",
    "sync.pushed": f"""
        pushed_at < $before
        and (partner, coalesce(use_case, ''), pushed_at) not in (
            select (partner, coalesce(use_case, ''), pushed_at) from ({NEEDED_PUSHES})
        )
    """,
    "sync.loads": f"""
        loaded_at < $before at time zone 'UTC' and load_id not in (
            select load_id from ({NEEDED_LOADS}) as needed (load_id) where load_id is not null
        )
    """,
    # One of which the file is there would come back as a new one.
    "sync.runs": f"begun_at < $before and run_id not in ({NEEDED_RUNS}) and not list_contains($with_file, run_id)",
    "sync.run_partners": "run_id not in (select run_id from sync.runs)",
    "sync.run_entities": "run_id not in (select run_id from sync.runs)",
    "sync.run_rules": "run_id not in (select run_id from sync.runs)",
    "sync.run_states": "run_id not in (select run_id from sync.runs)",
    "sync.run_flow": "run_id not in (select run_id from sync.runs)",
}


def tidy(home: Path, keep_days: int, apply: bool, now: datetime | None = None) -> TidyReport:
    """What is older than `keep_days` days and needed by nothing; with `apply` it is removed.

    Counted from the last run that is recorded, or from now if that is earlier: a clock that jumps ahead removes
    nothing at once. The caller holds the lock of this home. Raises like `open_database`.
    """
    now = now or datetime.now(UTC)
    notes: list[str] = []
    lines: list[TidyLine] = []
    before = now - timedelta(days=keep_days)
    if database(home).exists():
        with open_database(home) as db:
            fold(db, home)
            (last,) = one(db, "select epoch(max_by(begun_at, number)) from sync.runs")
            if last is None:
                notes.append("No run is recorded yet: nothing is old.")
                before = datetime.fromtimestamp(0, UTC)
            else:
                before = min(now, datetime.fromtimestamp(last, UTC)) - timedelta(days=keep_days)
            folded = frozenset(run_id for (run_id,) in db.execute("select run_id from sync.runs").fetchall())
            lines += _files(home, before, apply, folded)
            gone = _old_runs(home, before, folded)
            with_file = [id_of(file) for file in run_files(home) if apply or file not in gone]
            lines.append(_pages(db, home, before, with_file, apply))
            lines += _rows(db, before, with_file, apply)
            datasets = former_datasets(db)
            lines.append(
                TidyLine(what="raw of former loads", there=len(datasets), old=len(datasets), bytes=0)
            )
            if apply:
                drop_former_datasets(db)
    if not apply and any(line.old for line in lines):
        notes.append(
            f"Nothing was changed. Remove it with: stammdaten runs tidy --keep-days {keep_days} --apply"
        )
    return TidyReport(
        applied=apply,
        before=before.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lines=tuple(lines),
        home=tuple(sizes(home)),
        notes=tuple(notes),
    )


@current_run.step("tidy")
def tidy_after(home: Path, keep_days: int, say: Callable[[str], None]) -> None:
    """`tidy` at the end of a run; nothing that fails here changes what became of it."""
    if interrupt.exit_code():
        return
    try:
        tidy(home, keep_days, apply=True)
    except Exception as problem:  # everything is delivered by now
        say(f"Old history stays for now: {summary(problem)}")


def sizes(home: Path) -> Iterator[HomeLine]:
    """What lies in the home, the largest first."""
    found = {path.name: _size(path) for path in home.iterdir()}
    for name, size in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        yield HomeLine(name=name, bytes=size)


def page_files(home: Path) -> list[Path]:
    """The pages of runs that are there."""
    folder = home / PAGES
    found = folder.glob("*.html") if folder.is_dir() else ()
    return sorted(file for file in found if PAGE.fullmatch(file.name))


def _pages(
    db: duckdb.DuckDBPyConnection, home: Path, before: datetime, with_file: list[str], apply: bool
) -> TidyLine:
    """Removes the pages of runs that go, and those of one too many."""
    stays = db.execute(
        f"select run_id from sync.runs where not ({OLD['sync.runs']}) order by number desc limit {MOST_FILES}",
        {"before": before, "with_file": with_file},
    ).fetchall()
    there = page_files(home)
    ids = {run_id for (run_id,) in stays} | set(with_file)
    old = [page for page in there if page.stem not in ids]
    size = sum(_size(page) for page in old)
    for page in old if apply else ():
        with suppress(OSError):
            page.unlink()
    return TidyLine(what="pages of runs", there=len(there), old=len(old), bytes=size)


def _rows(
    db: duckdb.DuckDBPyConnection, before: datetime, with_file: list[str], apply: bool
) -> Iterator[TidyLine]:
    there = {
        f"sync.{name}"
        for (name,) in db.execute(
            "select table_name from duckdb_tables() where schema_name = 'sync'"
        ).fetchall()
    }
    db.execute("begin")
    try:
        for table, is_old in OLD.items():
            if table not in there:  # `sync.loads` before the first load
                continue
            values = {"before": before, "with_file": with_file}
            given = {name: value for name, value in values.items() if f"${name}" in is_old}
            rows, old = one(db, f"select count(*), count(*) filter ({is_old}) from {table}", given)
            size = _room(db, table) * old // rows if old else 0
            if old:
                db.execute(f"delete from {table} where {is_old}", given)
            yield TidyLine(what=table, there=rows, old=old, bytes=size)
    except BaseException:
        db.execute("rollback")
        raise
    # What the later ones would lose shows only once the earlier ones are gone.
    db.execute("commit" if apply else "rollback")


def _room(db: duckdb.DuckDBPyConnection, table: str) -> int:
    """Bytes of the blocks that a table has rows in."""
    (blocks,) = one(
        db, f"select count(distinct block_id) from pragma_storage_info('{table}') where block_id >= 0"
    )
    (block,) = one(db, "select block_size from pragma_database_size()")
    return int(blocks) * int(block)


def _files(home: Path, before: datetime, apply: bool, folded: frozenset[str]) -> Iterator[TidyLine]:
    traces = list(home.glob("trace-*.txt"))
    for what, there, old in (
        ("files of runs", run_files(home), _old_runs(home, before, folded)),
        ("traces", traces, [file for file in traces if _is_before(file, before)]),
    ):
        size = sum(_size(file) for file in old)
        for file in old if apply else ():
            with suppress(OSError):
                file.unlink()
        yield TidyLine(what=what, there=len(there), old=len(old), bytes=size)


def _old_runs(home: Path, before: datetime, folded: frozenset[str]) -> list[Path]:
    files = run_files(home)
    return [file for file in files[:-1] if _goes(file, files, before, folded)]


def _goes(file: Path, files: list[Path], before: datetime, folded: frozenset[str]) -> bool:
    """Whether a run's file is old, or one of too many, and all it says is in the database."""
    is_one_too_many = len(files) > MOST_FILES and file in files[:-MOST_FILES]
    if not (is_one_too_many or _is_before(file, before)):
        return False
    return id_of(file) in folded or read_file(file) is None


def _is_before(file: Path, before: datetime) -> bool:
    with suppress(OSError):
        return file.stat().st_mtime < before.timestamp()
    return False


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files: Mapping[Path, int] = {}
    with suppress(OSError):
        found = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
        files = {file: file.lstat().st_size for file in found if file.is_file()}
    return sum(files.values())
