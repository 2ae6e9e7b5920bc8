"""The files of one table as one: opened under our names, put together, counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.erp.delivery.delivery import TableData, check_columns
from pipelines.erp.delivery.headers import column_names, our_names
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.delivery.row_checks import RowChecks
from pipelines.erp.delivery.schema import tables
from pipelines.erp.files import csv_file, parquet_file
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.complete import Control, counted
from pipelines.erp.files.folder import in_folder
from pipelines.erp.files.parts import FoundFile, Part
from pipelines.errors import DeliveryError

Read = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Options:
    """How the files of a delivery are read; `scratch` takes sheets of workbooks as Parquet files."""

    encoding: str | None
    delimiter: str | None
    mapping: Mapping[str, TableMapping]
    limits: ArchiveLimits
    scratch: Path


class TableReader:
    """Opens the files of one delivery, each once; `notes` is what a person should know of them.

    `noticed` is what turns out while the rows are read.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._opened: dict[tuple[str, FoundFile], TableData] = {}
        self.notes: list[str] = []
        self.noticed: list[str] = []

    def table(self, name: str, files: Sequence[Part], control: Control | None) -> TableData:
        """All parts of a table as one, in the order of the files; a column that a part lacks is absent in its batches.

        Raises `DeliveryError` for a file that cannot be read, a column that the mapping names and no file has, and a
        table that the control file does not list.
        """
        parts = [self.open(name, file.found) for file in files]
        columns = tuple(dict.fromkeys(column for part in parts for column in part.columns))
        where = parts[0].where if len(parts) == 1 else f"{name} ({len(parts)} files)"
        self._check_mapped(name, where, columns)
        self.notes += [f"{part.where}: no rows" for part in parts if part.is_empty and len(parts) > 1]
        if control:
            named = [control.expected(part.where) for part in parts]
            parts = [_counted(part, control, rows) for part, rows in zip(parts, named, strict=True)]
        whole = TableData(
            where=where,
            columns=columns,
            size=sum(part.size for part in parts),
            is_empty=all(part.is_empty for part in parts),
            read=parts[0].read if len(parts) == 1 else partial(_chained, [part.read for part in parts]),
        )
        if not control:
            return whole
        rows = control.expected(name, self._source(name))
        if rows is None and None in named:
            unlisted = parts[named.index(None)].where
            raise DeliveryError(f"{control.where}: does not list {unlisted}; add it with its number of rows")
        return _counted(whole, control, rows)

    def open(self, name: str, file: FoundFile) -> TableData:
        """One file as it is read for a table, under our names of its columns."""
        if (name, file) not in self._opened:
            try:
                with in_folder(file.folder):
                    self._opened[name, file] = self._open(name, file)
            except OSError as problem:
                raise DeliveryError(
                    f"{file.shown}: the file cannot be read ({problem.strerror}); mend its permissions"
                ) from None
        return self._opened[name, file]

    def check_columns(self, quelle_erp: str) -> None:
        """Raises `DeliveryError` for a file without a key column, also where other files of its table have it."""
        for (name, _), part in self._opened.items():
            check_columns(name, part, quelle_erp)

    def _open(self, name: str, file: FoundFile) -> TableData:
        renamed = self._renamed(name)
        opened: csv_file.CsvFile | parquet_file.ParquetFile
        if file.sheet is not None:
            opened, read, place = self._open_sheet(file, file.sheet, renamed)
            header = opened.columns
        elif file.path.suffix.lower() == ".parquet":
            parquet = parquet_file.inspect(file.path)
            header = parquet.names
            parquet = replace(parquet, columns=_our_names(parquet, renamed))
            opened, read, place = parquet, partial(parquet_file.read, parquet), _row
        else:
            csv = csv_file.inspect(file.path, self._options.encoding, self._options.delimiter)
            header = csv.header
            csv = replace(csv, columns=_our_names(csv, renamed))
            opened, read, place = csv, partial(csv_file.read, csv), partial(csv_file.line_of, csv)
            self.notes += _spoilt(file.shown, csv)
        # Of a sheet its own reader has noted what the spreadsheet did.
        noticed = self.noticed if file.sheet is None else []
        checks = RowChecks(file.shown, tables()[name], (*header, *renamed, *opened.columns), place, noticed)
        in_place = partial(_read_in_folder, file.folder, checks.checked(read))
        return TableData(file.shown, opened.columns, opened.size, opened.is_empty, in_place)

    def _open_sheet(
        self, file: FoundFile, sheet: str, renamed: Mapping[str, str]
    ) -> tuple[parquet_file.ParquetFile, Read, Callable[[int], str]]:
        # Loaded for who needs it: most deliveries hold no workbook.
        from pipelines.erp.files import excel_file

        target = self._options.scratch / f"sheet_{len(self._opened)}.parquet"
        self.notes += excel_file.to_parquet(file.path, sheet, target, renamed, self._options.limits)
        opened = parquet_file.inspect(target)
        place = partial(excel_file.place_of, file.path, sheet, self._options.limits)
        return opened, partial(parquet_file.read, opened), place

    def _renamed(self, name: str) -> dict[str, str]:
        """Our column by the ERP's name of it, as headers are spelled in the raw layer."""
        columns = self._options.mapping[name].columns if name in self._options.mapping else {}
        return {column_names("mapping", [theirs])[0]: ours for ours, theirs in columns.items()}

    def _check_mapped(self, name: str, where: str, columns: Sequence[str]) -> None:
        for theirs, ours in self._renamed(name).items():
            if columns and ours not in columns:
                raise DeliveryError(
                    f"{where}, line 1: column {theirs} missing, which the mapping file names for {ours}; "
                    "export it, or mend the mapping file"
                )

    def _source(self, name: str) -> str:
        source = self._options.mapping[name].source if name in self._options.mapping else None
        return source or name


def _our_names(
    file: csv_file.CsvFile | parquet_file.ParquetFile, renamed: Mapping[str, str]
) -> tuple[str, ...]:
    where = f"{file.path.name}, line 1" if isinstance(file, csv_file.CsvFile) else file.path.name
    return our_names(where, file.columns, renamed)


def _row(number: int) -> str:
    return f"row {number}"


def _spoilt(where: str, file: csv_file.CsvFile) -> list[str]:
    if not file.spoilt:
        return []
    return [
        f"{where}: read as windows-1252, but {file.spoilt:,} characters look like UTF-8 that was read as another "
        "encoding before (Ã¼ for ü); mend them in the ERP (C8)"
    ]


def _counted(table: TableData, control: Control, rows: int | None) -> TableData:
    return replace(table, read=counted(table.read, table.where, control, rows))


def _chained(reads: Sequence[Read]) -> Iterator[pa.RecordBatch]:
    for read in reads:
        yield from read()


def _read_in_folder(folder: str | None, read: Read) -> Iterator[pa.RecordBatch]:
    with in_folder(folder):
        yield from read()
