"""What every door of the ERP hands to the loader, whatever it reads from."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipelines.erp.delivery.schema import tables
from pipelines.errors import DeliveryError

# Columns that the loader adds; a delivery may not bring its own.
ROW_NUMBER = "_zeile"
RESERVED_PREFIXES = ("_dlt", ROW_NUMBER)

# Folder of a delivery in which the files of documents lie; a ZIP whose name begins so holds some, too.
DOCUMENTS = "dokumente"

# What to do where a table is missing that a load of one use case is all about.
OWNED = (
    "a run of this use case needs it each time; deliver it, or where the ERP has no such rows any more, run without"
    " --use-case"
)

# What is being done, and the share of the whole load that is done (0 to 1).
Progress = Callable[[str, float], None]


def no_progress(what: str, share: float) -> None:
    """Says nothing."""


def holds_documents(name: str) -> bool:
    """Whether a folder or ZIP beside the tables holds documents; no table is looked for in it."""
    lower = name.casefold()
    return lower == DOCUMENTS or (lower.startswith(DOCUMENTS) and lower.endswith(".zip"))


def no_mark() -> str | None:
    """The mark of a table that is always read as a whole."""
    return None


def no_digest() -> str | None:
    """Of a delivery that has no bytes of its own."""
    return None


class MarkExpired(DeliveryError):
    """The ERP no longer knows from where it should tell the changes; everything has to be read again."""


@dataclass(frozen=True)
class Wanted:
    """What the loader asks of a door.

    `quelle_erp` is the ERP of rows that do not name theirs. `scratch` is an empty folder for this load alone, removed
    after it. `marks` holds the mark of each table that may be delivered as changes since then; it is empty when
    everything is wanted. A door whose marks are change stamps goes back by `overlap` from there, as a row may be seen
    later than its stamp says; one with delta links has no use for it. A door that has to fetch everything before it can
    check anything tells `progress` what it is doing. `tables` names those that are wanted (None: all); others need not
    be there, need not be whole, and are best not read. `owned` of them have to be there; None: those that are required
    of any delivery.
    """

    quelle_erp: str
    scratch: Path
    marks: Mapping[str, str] = field(default_factory=dict)
    overlap: timedelta = timedelta(0)
    progress: Progress = no_progress
    tables: frozenset[str] | None = None
    owned: frozenset[str] | None = None

    def wants(self, table: str) -> bool:
        """Whether the rows of this table are wanted."""
        return self.tables is None or table in self.tables

    def requires(self, table: str, quelle_erp: str) -> bool:
        """Whether a delivery without this table is not complete."""
        if self.owned is not None:
            return table in self.owned
        return self.wants(table) and tables()[table].is_required(quelle_erp)


@dataclass(frozen=True)
class TableData:
    """The rows of one table: batches whose columns are all text, named in lower case, in file order.

    `where` names the place in messages (`gebaeude.csv`). `size` is the number of bytes to read, for the
    progress bar alone. `read` raises `DeliveryError` for a row that cannot be read. `changes_only` tells that the rows
    are what changed since the mark that was wanted; `mark`, called after the last row, is what to want the next time.
    `kinds` says of each column whether its values are texts, numbers, …, where the source has such kinds.
    """

    where: str
    columns: tuple[str, ...]
    size: int
    is_empty: bool
    read: Callable[[], Iterator[pa.RecordBatch]]
    changes_only: bool = False
    mark: Callable[[], str | None] = no_mark
    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One complete delivery, checked as far as that goes without reading rows.

    `tables` holds what was delivered; canonical tables that are not in it become empty tables. `notes` are sentences
    for the report of the load: what a person should look at, without values of rows. `noticed` takes those that come
    while the rows are read. `is_masked`: persons in it are invented ones (`stammdaten snapshot`). `digest` tells of all
    bytes of the delivery whether they are those of another one; None where only reading the rows can tell.
    """

    origin: str
    tables: Mapping[str, TableData]
    unknown_files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    noticed: list[str] = field(default_factory=list)
    is_masked: bool = False
    digest: Callable[[], str | None] = no_digest


class Door(Protocol):
    """One way into the ERP: files, a database, an API. Its settings are its fields."""

    def opened(self, wanted: Wanted) -> AbstractContextManager[Delivery]:
        """The delivery, readable while the block lasts.

        Raises `DeliveryError` when it is not complete, and `MarkExpired` when only a full delivery will do.
        """
        ...


def check_complete(
    data: Mapping[str, TableData], quelle_erp: str, where: str, remedy: str, wanted: Wanted, suffix: str = ""
) -> None:
    """Raises `DeliveryError` for a required table or key column that is missing (rules.md, "File import")."""
    missing = [name + suffix for name in tables() if wanted.requires(name, quelle_erp) and name not in data]
    if missing and wanted.owned is not None:
        raise DeliveryError(f"{where}: {', '.join(missing)} missing; {OWNED}")
    if missing:
        raise DeliveryError(f"{where}: {', '.join(missing)} missing; {remedy}")
    for name, table in data.items():
        check_columns(name, table, quelle_erp, is_file=bool(suffix))


def check_columns(name: str, table: TableData, quelle_erp: str, is_file: bool = True) -> None:
    """Raises `DeliveryError` for a required table without any column, and for a key column that is missing."""
    canonical = tables()[name]
    if not table.columns and canonical.required:
        raise DeliveryError(f"{table.where}: the file is empty; export the table again, with its header")
    lacking = [column for column in canonical.required_columns(quelle_erp) if column not in table.columns]
    if lacking and table.columns:
        keys = ", ".join(lacking)
        if is_file and not set(table.columns) & set(canonical.columns):
            there = "one column" if len(table.columns) == 1 else f"{len(table.columns)} columns"
            raise DeliveryError(
                f"{table.where}: key column {keys} missing, as is every column of {name}; the first line must be the "
                f"header, but has {there} of other names: take away what stands in front of the header, export it, or "
                "export the table with ; , | or tab as separator"
            )
        raise DeliveryError(
            f"{table.where}: key column {keys} missing; export it, or rename the column that holds it"
        )
