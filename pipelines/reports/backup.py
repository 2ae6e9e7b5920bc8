"""What `backup` and `restore` tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.report import Report


@dataclass(frozen=True, kw_only=True)
class BackupReport(Report):
    """A backup that was taken."""

    has_exit = False

    backup: str
    """Its manifest, which `restore` takes."""
    created_at: str
    """UTC, as ISO 8601."""
    encrypted: str | None
    """`age`, `gpg`, or null."""
    bytes: int
    files: int
    partners: Mapping[str, int]
    """Rows of the ledger by partner."""
    removed: tuple[str, ...]
    """Older backups of this home that are more than are kept."""
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RestoreReport(Report):
    """A home that was put back, and what to do before the next run."""

    has_exit = False

    backup: str
    created_at: str
    """When the backup was taken; UTC, as ISO 8601."""
    home: str
    aside: str | None
    """Folder in the home with what lay there before; null where nothing did."""
    newer: tuple[str, ...]
    """What is known to have gone to partners after the backup was taken."""
    partners: Mapping[str, int]
    """Rows of the ledger by partner."""
    next: tuple[str, ...]
    """What to do next, step by step."""
