"""The file door: one folder with one CSV or Parquet file a table (rules.md, "File import")."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.erp import csv_file, parquet_file
from pipelines.erp.delivery import Delivery, TableData, Wanted, check_complete
from pipelines.erp.schema import tables
from pipelines.errors import DeliveryError

SUFFIXES = (".csv", ".parquet")
FOLDER_SETTING = "SOURCES__ERP__FILES__FOLDER"


@dataclass(frozen=True)
class FilesSettings:
    """Where the delivery lies. `encoding` and `delimiter` are recognised for each file when they are None."""

    folder: Path
    encoding: str | None = None
    delimiter: str | None = None

    @contextmanager
    def opened(self, wanted: Wanted) -> Iterator[Delivery]:
        """The delivery that lies in the folder."""
        yield open_folder(self, wanted.quelle_erp)


def open_folder(settings: FilesSettings, quelle_erp: str) -> Delivery:
    """Checks a folder's files, headers, encodings and quotes; rows are read when the delivery is loaded.

    File names count in any case (`Gebaeude.CSV`). Files that belong to no table are listed in the result,
    hidden ones passed over. `quelle_erp` is the ERP of rows that do not name theirs.
    Raises `DeliveryError` naming file, line and what to do.
    """
    paths, unknown = _list_files(settings.folder)
    data = {name: _open_table(path, settings) for name, path in paths.items()}
    erp = _erp_of(data, quelle_erp)
    check_complete(
        data,
        erp,
        str(settings.folder),
        f"export every required table (CSV or Parquet) into this folder, or mend {FOLDER_SETTING}",
        suffix=".csv",
    )
    return Delivery(origin=f"files: {settings.folder}", tables=data, unknown_files=unknown)


def _list_files(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The file of each table, in canonical order, and the names of all other files."""
    try:
        found = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as problem:
        raise DeliveryError(
            f"{folder}: the folder cannot be read ({problem.strerror}); mend {FOLDER_SETTING}"
        ) from None
    known = [path for path in found if path.suffix.lower() in SUFFIXES and path.stem.lower() in tables()]
    for name, count in Counter(path.stem.lower() for path in known).items():
        if count > 1:
            names = " and ".join(path.name for path in known if path.stem.lower() == name)
            raise DeliveryError(f"{folder}: {names} are both the table {name}; leave one of them")
    by_name = {path.stem.lower(): path for path in known}
    unknown = tuple(path.name for path in found if path not in known)
    return {name: by_name[name] for name in tables() if name in by_name}, unknown


def _open_table(path: Path, settings: FilesSettings) -> TableData:
    try:
        if path.suffix.lower() == ".parquet":
            parquet = parquet_file.inspect(path)
            return _table_data(parquet, partial(parquet_file.read, parquet))
        csv = csv_file.inspect(path, settings.encoding, settings.delimiter)
        return _table_data(csv, partial(csv_file.read, csv))
    except OSError as problem:
        raise DeliveryError(
            f"{path.name}: the file cannot be read ({problem.strerror}); mend its permissions"
        ) from None


def _table_data(
    file: csv_file.CsvFile | parquet_file.ParquetFile, read: partial[Iterator[pa.RecordBatch]]
) -> TableData:
    return TableData(file.path.name, file.columns, file.size, file.is_empty, read)


def _erp_of(data: dict[str, TableData], quelle_erp: str) -> str:
    """The one ERP that the delivery's own rows name, `quelle_erp` if they name none, empty if several."""
    for name in ("mandant", "gebaeude"):
        if name in data and "quelle_erp" in data[name].columns:
            named = {value.strip() or quelle_erp for batch in data[name].read() for value in _distinct(batch)}
            if named:
                return named.pop() if len(named) == 1 else ""
    return quelle_erp


def _distinct(batch: pa.RecordBatch) -> list[str]:
    return [value or "" for value in batch.column("quelle_erp").unique().to_pylist()]
