"""What `snapshot` tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class SnapshotReport(Report):
    """A delivery with invented persons that was written."""

    has_exit = False

    out: str
    """The folder; it is a delivery for `SOURCES__ERP__FILES__FOLDER`."""
    key: str
    """`random`, drawn for this snapshot and kept nowhere, or `file`."""
    tables: Mapping[str, int]
    """Rows of each table that was written."""
    replaced: int
    """Different values of personal columns that were replaced."""
    found: Mapping[str, int]
    """Different values of other columns in which something of a person was replaced, by table.column."""
    left_out: Mapping[str, tuple[str, ...]]
    """Columns by table that are not written: no model knows them, so nobody has said whether they are personal."""
    looked_for: int
    """Different original values that were looked for in what was written; none was there."""
    seconds: float
    notes: tuple[str, ...]
