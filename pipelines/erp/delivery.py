"""What every door of the ERP hands to the loader, whatever it reads from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

# Columns that the loader adds; a delivery may not bring its own.
ROW_NUMBER = "_zeile"
RESERVED_PREFIXES = ("_dlt", ROW_NUMBER)

# What is being done, and the share of the whole load that is done (0 to 1).
Progress = Callable[[str, float], None]


def no_progress(what: str, share: float) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class TableData:
    """The rows of one table: batches whose columns are all text, named in lower case, in file order.

    `where` names the place in messages (`gebaeude.csv`). `size` is the number of bytes to read, for the
    progress bar alone. `read` raises `DeliveryError` for a row that cannot be read.
    """

    where: str
    columns: tuple[str, ...]
    size: int
    is_empty: bool
    read: Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Delivery:
    """One complete delivery, checked as far as that goes without reading rows.

    `tables` holds what was delivered; canonical tables that are not in it become empty tables.
    """

    origin: str
    tables: Mapping[str, TableData]
    unknown_files: tuple[str, ...] = ()
