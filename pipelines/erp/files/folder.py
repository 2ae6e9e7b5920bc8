"""What lies in the folder of a delivery."""

import hashlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipelines.erp.delivery.delivery import holds_documents
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.complete import Listing
from pipelines.erp.files.parts import FoundFile, readings
from pipelines.errors import DeliveryError

WORKBOOKS = (".xlsx", ".xlsm")
TABLES = (".csv", ".parquet", *WORKBOOKS)
# One file that holds a whole delivery.
PACKED = (".zip", *WORKBOOKS)
FOLDER_SETTING = "SOURCES__ERP__FILES__FOLDER"


def find(
    folder: Path, mapping: Mapping[str, TableMapping], control: str, limits: ArchiveLimits
) -> tuple[list[FoundFile], list[str]]:
    """Files that may be tables, of the folder and of its sub-folders, and the names of the folder's other files.

    `folder` may be a workbook as well. Raises `DeliveryError` for a workbook that cannot be read.
    """
    if folder.is_file():
        return _found(folder, None, mapping, limits), []
    found: list[FoundFile] = []
    others: list[str] = []
    for path in listed(folder):
        if holds_documents(path.name):
            continue
        if path.is_dir():
            files = (file for file in _inside(path) if file.suffix.lower() in TABLES)
            found += [sheet for file in files for sheet in _found(file, path.name, mapping, limits)]
        elif path.suffix.lower() in TABLES and path.name.lower() != control.lower():
            check_is_file(path)
            found += _found(path, None, mapping, limits)
        elif path.name.lower() != control.lower():
            others.append(path.name)
    return found, others


def near_misses(table: str, tables: Iterable[str], others: Iterable[str]) -> list[str]:
    """Names out of `others` that look like a file of a table, but cannot be read as one (`person.txt`)."""
    longer = [other for other in tables if other != table and table in other]
    pattern = re.compile(rf"(?<![^\W\d_]){re.escape(table)}(?![^\W\d_])", re.IGNORECASE)
    return [
        name
        for name in others
        if pattern.search(name) and not any(other in name.casefold() for other in longer)
    ]


def remedy(name: str, table: str) -> str:
    """What to do with a file that is not read, by its ending."""
    ending = PurePosixPath(name.lower()).suffix
    if ending in (".gz", ".7z", ".rar", ".bz2", ".zst", ".tar", ".tgz"):
        return "unpack it"
    if ending in (".xls", ".xlsb", ".ods"):
        return "save it as .xlsx or CSV"
    if name.endswith("/"):
        return "it is a folder; put the file itself there"
    if "/" in name:
        return f"put it beside the others, or mend {FOLDER_SETTING}"
    return f"rename it to {table}.csv"


def look(place: Path, control: str) -> Listing:
    """Size and time of every file that counts, of a folder and its sub-folders or of one packed file."""
    if place.is_file():
        stamp = _stamp(place)
        return {place.name: stamp} if stamp else {}
    entries = [entry for entry in listed(place) if not holds_documents(entry.name)]
    paths = [file for entry in entries for file in (_inside(entry) if entry.is_dir() else [entry])]
    wanted = [path for path in paths if counts(path.name, control)]
    stamps = {path.relative_to(place).as_posix(): _stamp(path) for path in wanted}
    return {name: stamp for name, stamp in stamps.items() if stamp}


def digest_of(files: Mapping[str, Path], read_as: object) -> str:
    """SHA-256 of the bytes of files by their names in the delivery, and of how they are to be read."""
    known = hashlib.sha256(repr(read_as).encode("utf-8", "backslashreplace"))
    for name, path in sorted(files.items()):
        with path.open("rb") as file:
            known.update(f"\n{name}: {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return known.hexdigest()


def counts(name: str, control: str) -> bool:
    """Whether a file is of any use to a load: a table, a ZIP, or the control file."""
    path = PurePosixPath(name.lower())
    return path.suffix in (*TABLES, ".zip") or path.name == control.lower()


def only_zip(folder: Path) -> Path | None:
    """The ZIP that is a folder's delivery: there is one, and no file of a table beside it.

    Raises `DeliveryError` for several.
    """
    entries = [path for path in listed(folder) if not holds_documents(path.name)] if folder.is_dir() else []
    files = [path for path in entries if path.is_file()]
    zips = [path for path in files if path.suffix.lower() == ".zip"]
    if not zips or any(path.suffix.lower() in TABLES for path in files):
        return None
    if len(zips) > 1:
        names = ", ".join(path.name for path in zips)
        raise DeliveryError(
            f"{folder}: {len(zips)} ZIP files ({names}); leave the newest delivery alone there"
        )
    return zips[0]


def check_is_file(path: Path) -> None:
    """Raises `DeliveryError` for what would be waited for for ever when it is opened, or is not there at all."""
    if path.is_file():
        return
    what = "a link to nothing" if path.is_symlink() and not path.exists() else "a pipe or a device"
    raise DeliveryError(f"{path.name}: is no file but {what}; put the exported file there, or take it away")


def innermost(folder: Path) -> Path:
    """The folder in which an unpacked delivery lies: the only one of a folder without a file of a table."""
    while True:
        inside = listed(folder)
        below = [path for path in inside if path.is_dir()]
        if len(below) != 1 or any(path.suffix.lower() in TABLES for path in inside if path.is_file()):
            return folder
        folder = below[0]


def listed(folder: Path) -> list[Path]:
    """What is in a folder, in the order of names, without hidden files and the locks of open workbooks."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~$")))
    except OSError as problem:
        raise DeliveryError(
            f"{folder}: the folder cannot be read ({problem.strerror}); mend {FOLDER_SETTING}"
        ) from None


@contextmanager
def in_folder(name: str | None) -> Iterator[None]:
    """Puts a sub-folder before the name of the file with which every message begins."""
    try:
        yield
    except DeliveryError as problem:
        if name and not str(problem).startswith(f"{name}/"):
            problem.args = (f"{name}/{problem}",)
        raise


def _inside(folder: Path) -> list[Path]:
    """Files of a sub-folder. One that may not be read has none: it need not be a part of the delivery."""
    try:
        return [path for path in listed(folder) if path.is_file()]
    except DeliveryError:
        return []


def _found(
    path: Path, folder: str | None, mapping: Mapping[str, TableMapping], limits: ArchiveLimits
) -> list[FoundFile]:
    """One file, or the sheets of a workbook: its only sheet goes by the workbook's name where that names a table."""
    shown = f"{folder}/{path.name}" if folder else path.name
    whole = FoundFile(path, shown, path.stem, folder)
    if path.suffix.lower() not in WORKBOOKS:
        return [whole]
    # Loaded for who needs it: most deliveries hold no workbook.
    from pipelines.erp.files import excel_file

    with in_folder(folder):
        titles = excel_file.sheet_names(path, limits)
    sheets = [
        FoundFile(path, f"{shown}, sheet {title}", title, folder, workbook=path.stem, sheet=title)
        for title in titles
    ]
    if not readings([whole], mapping) or readings(sheets, mapping):
        return sheets
    if len(sheets) != 1:
        raise DeliveryError(
            f"{shown}: {len(sheets)} sheets with cells, none of them named as a table; leave one, or name them"
        )
    return [replace(sheets[0], stem=path.stem, workbook=None)]


def _stamp(path: Path) -> tuple[int, float] | None:
    """Size and time of a file; None for what is none, or has gone since it was listed."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return (facts.st_size, facts.st_mtime) if stat.S_ISREG(facts.st_mode) else None
