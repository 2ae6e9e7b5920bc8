"""Takes a snapshot: reads the home, replaces, writes, looks for originals, and only then hands it out."""

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from pipelines.database import connect
from pipelines.errors import StammdatenError
from pipelines.lock import only_run
from pipelines.progress import Progress
from pipelines.reports.snapshot import SnapshotReport
from pipelines.settings import database, memory_limit
from pipelines.snapshot.cells import replace_cells
from pipelines.snapshot.check import check
from pipelines.snapshot.key import SETTING, Key, read_key
from pipelines.snapshot.raw import open_views
from pipelines.snapshot.rules import with_vars
from pipelines.snapshot.write import checked_out, unfinished, write_tables

SPILL = "spill"


def snapshot_report(
    home: Path,
    out: str,
    partners: Mapping[str, Mapping[str, Any]],
    key_file: str | None,
    replace: bool,
    progress: Progress,
    overrides: Mapping[str, Any] | None = None,
) -> SnapshotReport:
    """Writes the raw layer of the home with invented persons into the folder `out`, while nothing runs.

    `partners`: their settings, of which the words that choose documents stay in remarks. `overrides`: vars of the
    command line, which the rules read (`zeitzone`). Nothing in the home changes.
    Raises `SettingsError` for what is wrong with `out` or the key, `StammdatenError` where nothing was loaded, or where
    something of a person would have been handed out.
    """
    began = time.monotonic()
    key = read_key(key_file)
    folder = checked_out(out, home, replace)
    if not database(home).exists():
        raise StammdatenError(f"{home}: nothing was loaded there yet; load first: stammdaten load")
    try:
        with only_run(home, "snapshot"), with_vars(overrides or {}), unfinished(folder) as part:
            report = _take(home, part, key, _phrases(partners), progress)
    except OSError as problem:
        raise StammdatenError(
            f"{problem.filename or out}: {problem.strerror}; nothing was handed out"
        ) from None
    return SnapshotReport(
        out=str(folder),
        key="file" if key_file or os.environ.get(SETTING) else "random",
        seconds=round(time.monotonic() - began, 1),
        **report,
    )


def _take(home: Path, part: Path, key: Key, phrases: tuple[str, ...], progress: Progress) -> dict[str, Any]:
    with closing(connect(database(home), read_only=True)) as db:
        spill = part / SPILL
        spill.mkdir(mode=0o700)
        # What does not fit into memory must not lie in the home, and nobody may read it.
        db.execute(f"set temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
        db.execute("set temp_file_encryption = true")
        db.execute(f"set memory_limit = '{memory_limit()}'")
        db.execute("set preserve_insertion_order = true")
        left_out = open_views(db)
        cells = replace_cells(db, key, phrases, progress)
        rows = write_tables(db, part, progress)
        found = dict(
            db.execute(
                "select table_name || '.' || column_name, count(*) from searched group by all order by all"
            ).fetchall()
        )
        looked_for = check(db, part, progress)
    shutil.rmtree(spill)
    notes = cells.notes
    if left_out:
        listed = ", ".join(f"{table}.{column}" for table, columns in left_out.items() for column in columns)
        notes = (*notes, f"Not in the snapshot, as no model knows these columns: {listed}")
    return {
        "tables": rows,
        "replaced": cells.masked,
        "found": found,
        "left_out": left_out,
        "looked_for": looked_for,
        "notes": notes,
    }


def _phrases(partners: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The words by which partners choose documents out of remarks (rule DO6)."""
    words = {str(settings.get("dokumente_stichwort") or "").strip() for settings in partners.values()}
    return tuple(sorted(words - {""}))
