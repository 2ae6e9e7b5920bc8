"""The file door: CSV and Parquet files and Excel sheets, in a folder, a ZIP or on another machine.

`remote` and `archive` bring the files into a folder, `folder` lists them, `parts` says which is for which table,
`complete` whether all of it is there, `table_files` reads them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.erp.delivery.delivery import Delivery, TableData, Wanted, check_complete
from pipelines.erp.delivery.mapped_values import with_mapped_values
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.delivery.schema import tables
from pipelines.erp.delivery.words import plain, shown
from pipelines.erp.files import archive, complete, remote
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.complete import CONTROL_FILE, Control
from pipelines.erp.files.folder import (
    FOLDER_SETTING,
    check_is_file,
    counts,
    digest_of,
    find,
    innermost,
    listed,
    look,
    near_misses,
    only_zip,
    remedy,
)
from pipelines.erp.files.parquet_file import is_masked
from pipelines.erp.files.parts import FoundFile, assign, check_mandanten, mandant_files, readings
from pipelines.erp.files.remote import Remote
from pipelines.erp.files.table_files import Options, TableReader
from pipelines.errors import DeliveryError
from pipelines.suggest import did_you_mean

# A file on its way over SFTP grows all the time; on a disk and in an object store it mostly appears as a whole.
QUIET_SFTP = 10.0


@dataclass(frozen=True)
class FilesSettings:
    """Where the delivery lies: a folder, a ZIP, a workbook, or a remote place. The rest has defaults that fit most.

    `encoding` and `delimiter` are recognised for each file when they are None. `control` is the name of a control file
    that must be there; when it is None, `kontrolle.csv` is obeyed where it is there. `quiet_seconds` is how long no
    file may have changed where there is no control file.
    """

    folder: Path | Remote
    encoding: str | None = None
    delimiter: str | None = None
    mapping: Mapping[str, TableMapping] = field(default_factory=dict)
    control: str | None = None
    quiet_seconds: float | None = None
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)

    @contextmanager
    def opened(self, wanted: Wanted) -> Iterator[Delivery]:
        """The delivery, copied and unpacked as needed; a file that changes before the block ends is an error."""
        noticed: list[str] = []
        place = self._copied(wanted, noticed) if isinstance(self.folder, Remote) else self.folder
        looking = partial(look, place, self.control_name)
        before = looking()
        if isinstance(self.folder, Path) and not self._has_control(before):
            before = complete.wait_until_quiet(looking, self.quiet_seconds or 0)
        where = self.folder.url if isinstance(self.folder, Remote) else str(self.folder)
        delivery = open_folder(self._unpacked(place, wanted.scratch), where, self, wanted)
        delivery.noticed.extend(noticed)
        yield replace(delivery, digest=partial(self._digest, place, before))
        complete.check_unchanged(before, looking())

    @property
    def control_name(self) -> str:
        """Name of the control file that is looked for."""
        return self.control or CONTROL_FILE

    def _copied(self, wanted: Wanted, noticed: list[str]) -> Path:
        assert isinstance(self.folder, Remote)  # noqa: S101
        target = wanted.scratch / "copied"
        target.mkdir()
        default = QUIET_SFTP if self.folder.scheme == "sftp" else 0
        quiet = default if self.quiet_seconds is None else self.quiet_seconds
        is_wanted = partial(counts, control=self.control_name)
        return remote.copy(
            self.folder,
            target,
            is_wanted,
            self._has_control,
            quiet,
            self.limits.max_gb,
            wanted.progress,
            noticed,
        )

    def _digest(self, place: Path, listing: complete.Listing) -> str | None:
        files = {name: place if place.is_file() else place / name for name in listing}
        try:
            return digest_of(
                files, (self.encoding, self.delimiter, self.mapping, self.control_name, self.limits)
            )
        except OSError:
            return None  # who reads the file says what is wrong with it

    def _has_control(self, listing: complete.Listing) -> bool:
        return any(name.lower() == self.control_name.lower() for name in listing)

    def _unpacked(self, place: Path, scratch: Path) -> Path:
        """The folder with the files: where `place` is a ZIP, or holds one and no file of a table, its content."""
        packed = place if place.suffix.lower() == ".zip" and place.is_file() else only_zip(place)
        if packed is None:
            return place
        target = scratch / "unpacked"
        target.mkdir()
        archive.unpack(packed, target, self.limits)
        return innermost(target)


def open_folder(folder: Path, where: str, settings: FilesSettings, wanted: Wanted) -> Delivery:
    """Checks a folder's files, headers, encodings and quotes; rows are read when the delivery is loaded.

    `where` is the place as the settings name it, which the folder may be a copy of.
    Names count in any case (`Gebaeude.CSV`). Files that belong to no table are listed in the result, hidden ones
    passed over. Raises `DeliveryError` naming file, line and what to do.
    """
    found, others = find(folder, settings.mapping, settings.control_name, settings.limits)
    control = _control(folder, where, settings)
    options = Options(
        settings.encoding, settings.delimiter, settings.mapping, settings.limits, wanted.scratch
    )
    reader = TableReader(options)
    recognised = readings(found, settings.mapping)
    read = [reading for reading in recognised if wanted.wants(reading.table)]
    passed_over = {reading.found for reading in recognised if not wanted.wants(reading.table)}
    is_split = any(reading.may_be_a_part for reading in read)
    numbers = _mandanten(reader, mandant_files(where, read)) if is_split else {}
    parts = assign(where, read, numbers)
    _check_mapped(_demanded(settings.mapping, wanted), parts, [*others, *(file.shown for file in found)])
    data = {name: reader.table(name, files, control) for name, files in parts.items()}
    erp = _erp_of(data, wanted.quelle_erp)
    used = passed_over.union(part.found for files in parts.values() for part in files)
    unknown = (*others, *(file.shown for file in found if file not in used))
    folders = [f"{path.name}/" for path in listed(folder) if path.is_dir()] if folder.is_dir() else []
    names = [*unknown, *(name for name in folders if "." in name)]
    packed = [name for name in others if name.lower().endswith(".zip")]
    misses = {
        name: near_misses(name, tables(), names)
        for name in tables()
        if name not in data and wanted.wants(name)
    }
    check_complete(
        data,
        erp,
        where,
        f"{_told(misses, erp, packed)}export every required table (CSV, Parquet or Excel) into this folder, "
        f"or mend {FOLDER_SETTING}",
        wanted,
        suffix=".csv",
    )
    reader.check_columns(erp)
    living = [number for number, is_gone in numbers.items() if not is_gone]
    check_mandanten(parts, (name for name in tables() if wanted.requires(name, erp)), living)
    if control and wanted.tables is None:
        control.check_all_used()
    notes = [
        f"{shown(name)}: looks like the table {table}, which was not delivered, but is not read; {remedy(name, table)}"
        for table, names in misses.items()
        for name in names
    ]
    origin = f"files: {where}"
    return Delivery(
        origin,
        with_mapped_values(data, settings.mapping),
        tuple(sorted(unknown)),
        (*reader.notes, *notes),
        reader.noticed,
        is_masked=any(is_masked(found.path) for found in used),
    )


def _demanded(mapping: Mapping[str, TableMapping], wanted: Wanted) -> Mapping[str, TableMapping]:
    """Of the mapping what has to be there: all, unless some tables alone are wanted."""
    if wanted.owned is None:
        return {name: table for name, table in mapping.items() if wanted.wants(name)}
    return {name: table for name, table in mapping.items() if name in wanted.owned}


def _told(misses: Mapping[str, Sequence[str]], erp: str, packed: Sequence[str]) -> str:
    """What is there instead of the required tables that are missing."""
    told = [
        f"{shown(name)} is there: {remedy(name, table)}"
        for table, names in misses.items()
        if tables()[table].is_required(erp)
        for name in names[:3]
    ]
    told += [f"{shown(name)} lies inside: unpack it" for name in packed]
    return "".join(f"{one}; " for one in told[:5])


def _check_mapped(
    mapping: Mapping[str, TableMapping], there: Mapping[str, object], files: Sequence[str]
) -> None:
    """Raises `DeliveryError` where the mapping file names a file or sheet that is not there: read as empty, it would
    look like a table that lost all its rows."""
    for name, table in mapping.items():
        if table.source is not None and name not in there:
            meant = did_you_mean(table.source, [Path(file).stem for file in files])
            raise DeliveryError(
                f"tables.{name}.from in the mapping file: no file or sheet is called {table.source!r}{meant};"
                " mend SOURCES__ERP__FILES__MAPPING, or leave the table out of it"
            )


def _control(folder: Path, where: str, settings: FilesSettings) -> Control | None:
    entries = listed(folder) if folder.is_dir() else []
    found = [path for path in entries if path.name.lower() == settings.control_name.lower()]
    if not found and settings.control:
        raise DeliveryError(
            f"{where}: {settings.control} is not there, so the delivery is not complete; "
            "load again once it is, or mend SOURCES__ERP__FILES__CONTROL"
        )
    for path in found[:1]:
        check_is_file(path)
        return complete.read_control(path)
    return None


def _mandanten(reader: TableReader, files: Sequence[FoundFile]) -> dict[str, bool]:
    """The number of every Mandant of the delivery, and whether it is gone (rule L1)."""
    numbers: dict[str, bool] = {}
    for file in files:
        data = reader.open("mandant", file)
        for batch in data.read() if "mandant_nr" in data.columns else ():
            marks = (
                batch.column("geloescht_kz") if "geloescht_kz" in data.columns else [None] * batch.num_rows
            )
            for value, mark in zip(batch.column("mandant_nr"), marks, strict=True):
                number, is_gone = _text(value), _text(mark) == "L"
                if number:
                    numbers[number] = numbers.get(number, True) and is_gone
    return numbers


def _text(value: pa.Scalar | None) -> str:
    return plain((value.as_py() if value is not None else None) or "")


def _erp_of(data: Mapping[str, TableData], quelle_erp: str) -> str:
    """The one ERP that the delivery's own rows name, `quelle_erp` if they name none, empty if several."""
    for name in ("mandant", "gebaeude"):
        if name in data and "quelle_erp" in data[name].columns:
            named = {value.strip() or quelle_erp for batch in data[name].read() for value in _distinct(batch)}
            if named:
                return named.pop() if len(named) == 1 else ""
    return quelle_erp


def _distinct(batch: pa.RecordBatch) -> list[str]:
    if "quelle_erp" not in batch.schema.names:
        return [""]
    return [value or "" for value in batch.column("quelle_erp").unique().to_pylist()]
