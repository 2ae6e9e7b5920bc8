"""When a delivery of files counts as complete: its control file says so, or nobody has changed it for a while."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.erp.files import csv_file
from pipelines.errors import DeliveryError

CONTROL_FILE = "kontrolle.csv"
CONTROL_COLUMNS = (("tabelle", "zeilen"), ("table", "rows"))

# Size in bytes and time of the last change (seconds since 1970) of each file by its name in the delivery.
Listing = Mapping[str, tuple[int, float]]


def wait_until_quiet(look: Callable[[], Listing], seconds: float) -> Listing:
    """The files as they lie there once none has changed for `seconds`; waits at most once as long.

    Raises `DeliveryError` if one changes meanwhile: somebody still writes.
    """
    before = look()
    youngest = max((changed for _, changed in before.values()), default=0.0)
    left = seconds - (time.time() - youngest)
    if left > 0:
        # The clock of another machine may be ahead of ours.
        time.sleep(min(left, seconds))
        check_unchanged(before, look())
    return before


def check_unchanged(before: Listing, after: Listing) -> None:
    """Raises `DeliveryError` naming the first file that came, went or changed between two looks."""
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if changed:
        raise DeliveryError(
            f"{changed[0]}: the file changed while it was read; load again once the export is complete"
        )


@dataclass(frozen=True)
class Control:
    """Row counts by the name of a table or file, in lower case; `where` names the control file in messages."""

    where: str
    rows: Mapping[str, int]
    used: set[str] = field(default_factory=set)

    def expected(self, *names: str) -> int | None:
        """The rows that one of these names must have, or None where the control file does not list it."""
        for name in names:
            if name.lower() in self.rows:
                self.used.add(name.lower())
                return self.rows[name.lower()]
        return None

    def check_all_used(self) -> None:
        """Raises `DeliveryError` for what is listed but was not delivered."""
        missing = sorted(set(self.rows) - self.used)
        if missing:
            raise DeliveryError(
                f"{self.where}: lists {', '.join(missing)}, but the delivery has no such table; "
                "export it, or mend the control file"
            )


def read_control(path: Path) -> Control:
    """The counts of a control file: a CSV file with the columns `tabelle` and `zeilen`.

    Raises `DeliveryError` with the line of a count that is no number, and of a name that comes twice.
    """
    file = csv_file.inspect(path)
    if file.columns not in CONTROL_COLUMNS:
        raise DeliveryError(f"{path.name}, line 1: the columns tabelle and zeilen are needed, in this order")
    rows: dict[str, int] = {}
    records = [
        pair for batch in csv_file.read(file) for pair in zip(*batch.to_pydict().values(), strict=True)
    ]
    for line, (name, count) in enumerate(records, start=2):
        key = name.strip().lower()
        if not count.strip().isdecimal() or len(count) > 18 or key in rows or not key:
            raise DeliveryError(
                f"{path.name}, line {line}: the name of a table, once, and its number of rows are needed"
            )
        rows[key] = int(count)
    return Control(path.name, rows)


Read = Callable[[], Iterator[pa.RecordBatch]]


def counted(read: Read, where: str, control: Control, expected: int | None) -> Read:
    """The same rows, with a `DeliveryError` behind the last one if they are not as many as the control file says."""
    return read if expected is None else partial(_counted, read, where, control.where, expected)


def _counted(read: Read, where: str, control: str, expected: int) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in read():
        rows += batch.num_rows
        yield batch
    if rows != expected:
        raise DeliveryError(
            f"{where}: {rows:,} rows, but {control} says {expected:,}; export or upload the delivery again"
        )
