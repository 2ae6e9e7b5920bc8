"""Excel workbooks: a sheet becomes a Parquet file of texts, as a person sees them on the screen.

openpyxl reads row by row and knows the number formats: `0000` on a number gives back the zeros that Excel took.
Where nothing gives them back, a note says how many cells of which column are numbers.
"""

import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from pipelines.erp.delivery.headers import MOST_COLUMNS, column_names, our_names
from pipelines.erp.delivery.row_checks import is_key, is_written_number
from pipelines.erp.delivery.words import shown
from pipelines.erp.files.archive import BLOCK, ArchiveLimits, opened
from pipelines.errors import DeliveryError, StammdatenError

BATCH_ROWS = 10_000

# What Excel itself can hold.
MOST_ROWS = 1_048_576
# The namespace of Strict Open XML, and how an old or encrypted workbook begins.
STRICT = b"http://purl.oclc.org/ooxml/"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# Excel keeps 15 digits of a number.
EXACT_DIGITS = 15

_SHARED, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "r"))
_ONLY_ZEROS = re.compile(r"0+")
# What a number format holds beside its digits: colours and locales in brackets, quoted text, escaped characters.
_DECORATION = re.compile(r'\[[^\]]*\]|"[^"]*"|\\.|_.|\*.')
_UNCALCULATED = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
# Nothing in front of the first element but comments and the like: entities are defined there, or nowhere. In another
# encoding they could not be seen. Nothing is possessive: Python before 3.11.4 matches that wrongly.
_PLAIN_XML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?[^?]*(?:\?(?!>)[^?]*)*\?>|<!--[^-]*(?:-(?!->)[^-]*)*-->)*<[A-Za-z_]"
)
_ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr=[\"']([^\"']*)[\"']")
_MERGED = re.compile(rb"<mergeCell\b")
# No formula is longer (8,192 characters, five bytes each where they are escaped).
_OVERLAP = 65_536


@dataclass
class Doubts:
    """Cells of a sheet by column that are not what the table needs; each kind becomes a note."""

    numbers: Counter[str] = field(default_factory=Counter)
    dates: Counter[str] = field(default_factory=Counter)
    long: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def sheet_names(path: Path, limits: ArchiveLimits) -> tuple[str, ...]:
    """The sheets with cells, in their order. Raises `DeliveryError` if the file is no workbook or a ZIP bomb."""
    with _workbook(path, limits) as workbook:
        return tuple(
            sheet.title
            for sheet in workbook.worksheets
            if next(_rows(f"{path.name}, sheet {sheet.title}", sheet), None)
        )


def to_parquet(
    path: Path, sheet: str, target: Path, renamed: Mapping[str, str], limits: ArchiveLimits
) -> tuple[str, ...]:
    """Writes the rows of a sheet as texts and returns notes for a person.

    The header is the first row that is not empty; `renamed` gives a column (as `column_names` spells it) our name.
    Empty rows are no rows. Dates in ISO form, booleans as true and false, numbers with a point. Formulas count with
    the result that is stored. Raises `DeliveryError` for a formula without result, and a value without a header.
    """
    where = f"{path.name}, sheet {sheet}"
    doubts = Doubts()
    with _workbook(path, limits) as workbook:
        merged = _look_through(where, workbook, sheet)
        rows = _rows(where, workbook[sheet])
        columns = _header(where, rows, renamed)
        schema = pa.schema([(column, pa.string()) for column in columns])
        with pq.ParquetWriter(target, schema) as writer:
            for batch in _batches(where, rows, columns, doubts):
                arrays = [pa.array(values, pa.string()) for values in batch]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return _notes(where, doubts, merged)


def place_of(path: Path, sheet: str, limits: ArchiveLimits, row: int) -> str:
    """The words for the place of a row of values, from 1: `row 7`, as Excel counts."""
    with _workbook(path, limits) as workbook:
        # The first one is the header.
        numbers = (number for number, _ in _rows(f"{path.name}, sheet {sheet}", workbook[sheet]))
        return f"row {next(islice(numbers, row, None), row)}"


@contextmanager
def _workbook(path: Path, limits: ArchiveLimits) -> Iterator[Workbook]:
    _check_kind(path)
    with opened(path, limits) as archive:
        _check_parts(path, archive, limits)
    try:
        reader = _Workbook(path, read_only=True, data_only=True, keep_links=False)
        reader.read()
        with closing(reader.wb) as workbook:
            yield workbook
        return
    except StammdatenError:
        raise
    except Exception:  # noqa: S110
        # The library raises whatever its code stumbles over in a damaged file. Its message may hold values; nothing of
        # it may be chained to ours.
        pass
    raise DeliveryError(f"{path.name}: not a complete Excel workbook; save it again as .xlsx")


class _Workbook(ExcelReader):
    """The library's reader; texts that cells share are read twenty times as fast as by its own model of formats."""

    def read_strings(self) -> None:
        """Fills the texts, without formats and hints for pronunciation."""
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is not None:
            with self.archive.open(part.PartName[1:]) as xml:
                self.shared_strings = list(_shared_strings(xml))


def _shared_strings(xml: IO[bytes]) -> Iterator[str]:
    events = iterparse(xml, events=("start", "end"))
    _, root = next(events)
    for event, node in events:
        if event == "end" and node.tag == _SHARED:
            runs = (
                part if part.tag == _TEXT else part.find(_TEXT) for part in node if part.tag in (_TEXT, _RUN)
            )
            text = "".join(run.text or "" for run in runs if run is not None)
            # An underscore, where what follows would be read as an escaped character.
            yield text.replace("x005F_", "")
            root.clear()


def _check_kind(path: Path) -> None:
    """Raises `DeliveryError` for what Excel calls a workbook, too, but packs otherwise."""
    with path.open("rb") as file:
        if file.read(len(OLD_WORKBOOK)) == OLD_WORKBOOK:
            raise DeliveryError(
                f"{path.name}: has a password, or is in the format of old Excel; save it without password as .xlsx"
            )


def _check_parts(path: Path, archive: zipfile.ZipFile, limits: ArchiveLimits) -> None:
    """Raises `DeliveryError` for parts too large to be read, other formats, and XML that defines its own entities."""
    sheets: list[zipfile.ZipInfo] = []
    others: list[zipfile.ZipInfo] = []
    for member in archive.infolist():
        (sheets if "worksheets/" in member.filename.lower() else others).append(member)
    most = int(limits.max_workbook_mb * (1 << 20))
    for members, bound in ((sheets, most), (others, most // 16)):
        size = sum(member.file_size for member in members if not _is_media(member))
        if size > bound:
            raise DeliveryError(
                f"{path.name}: {size >> 20:,} MB of cells or texts, {bound >> 20:,} MB are allowed; export the table "
                "as CSV, or raise SOURCES__ERP__FILES__MAX_WORKBOOK_MB"
            )
    for member in (*others, *sheets):
        if _is_media(member):
            continue
        with archive.open(member) as xml:
            begin = xml.read(BLOCK)
        if begin and not _PLAIN_XML.match(begin):
            raise DeliveryError(
                f"{path.name}: {shown(member.filename)} defines entities of its own or is no XML in UTF-8, which no "
                "workbook does; do not trust this file, and save it again as .xlsx"
            )
        if STRICT in begin and member.filename.lower().endswith("workbook.xml"):
            raise DeliveryError(
                f"{path.name}: saved as Strict Open XML Spreadsheet, which cannot be read; "
                "save it as Excel Workbook (.xlsx) or CSV"
            )


def _is_media(member: zipfile.ZipInfo) -> bool:
    """Pictures and the like are not read."""
    return not member.filename.lower().endswith((".xml", ".rels"))


# Rows


def _rows(where: str, sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Rows that hold something, with their number in the sheet."""
    # Some tools write a wrong size, which would cut columns off.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            raise DeliveryError(
                f"{where}, row {number:,}: cells beyond {MOST_ROWS:,} rows or {MOST_COLUMNS:,} columns; "
                "delete what stands there, or save the workbook again"
            )
        if any(cell.value is not None for cell in row):
            yield number, row


def _header(
    where: str, rows: Iterator[tuple[int, tuple[Any, ...]]], renamed: Mapping[str, str]
) -> tuple[str, ...]:
    _, row = next(rows, (0, ()))
    fields = ["" if cell.value is None else str(cell.value) for cell in row]
    while fields and not fields[-1].strip():
        fields.pop()
    where = f"{where}, line 1"
    return our_names(where, column_names(where, fields), renamed)


def _batches(
    where: str, rows: Iterator[tuple[int, tuple[Any, ...]]], columns: tuple[str, ...], doubts: Doubts
) -> Iterator[list[list[str | None]]]:
    """Columns of up to `BATCH_ROWS` rows."""
    keys = {index: column for index, column in enumerate(columns) if is_key(column)}
    batch: list[list[str | None]] = [[] for _ in columns]
    for number, row in rows:
        surplus = next((cell for cell in row[len(columns) :] if cell.value is not None), None)
        if surplus is not None:
            raise DeliveryError(
                f"{where}, row {number}: cell {surplus.coordinate} has a value, but its column has no header; "
                "name the column, empty the cell, or take away what stands above the header"
            )
        _check_keys(where, number, row, keys)
        for index, column in enumerate(columns):
            batch[index].append(_text(row[index], column, doubts) if index < len(row) else None)
        if len(batch[0]) == BATCH_ROWS:
            yield batch
            batch = [[] for _ in columns]
    if batch and batch[0]:
        yield batch


# Cells


def _check_keys(where: str, number: int, row: tuple[Any, ...], keys: Mapping[int, str]) -> None:
    """Raises `DeliveryError` for a key of more digits than a number has in Excel: two of them may be one now."""
    for index, column in keys.items():
        value = row[index].value if index < len(row) else None
        if isinstance(value, int | float) and abs(value) >= 10**EXACT_DIGITS:
            raise DeliveryError(
                f"{where}, row {number}: column {column} holds a number of more than {EXACT_DIGITS} digits, which "
                "Excel has rounded; format the column as text and fill it again, or export straight from the ERP"
            )


def _text(cell: Any, column: str, doubts: Doubts) -> str | None:
    value = cell.value
    if value is None or isinstance(value, str):
        if cell.data_type != "e":
            return value
        doubts.errors[column] += 1
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value, cell.number_format, column, doubts)
    doubts.dates[column] += is_written_number(column)
    return _moment(value)


def _number(value: int | float, number_format: str, column: str, doubts: Doubts) -> str | None:
    if not math.isfinite(value):
        doubts.errors[column] += 1
        return None
    form = _DECORATION.sub("", number_format.split(";")[0]).strip()
    if float(value).is_integer() and value >= 0 and len(form) > 1 and _ONLY_ZEROS.fullmatch(form):
        return f"{int(value):0{len(form)}}"
    doubts.numbers[column] += is_written_number(column)
    doubts.long[column] += abs(value) >= 10**EXACT_DIGITS
    # Excel itself shows 15 digits: 66.50000000000001 is 66.5.
    number = Decimal(format(value, f".{EXACT_DIGITS}g"))
    text = format(number * 100 if form.endswith("%") else number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: Any) -> str:
    """Dates as 2026-01-31, with their time only where it is not midnight; times of day and durations as 13:05:00."""
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


# What the library does not tell


def _look_through(where: str, workbook: Any, sheet: str) -> int:
    """Counts merged ranges.

    Raises `DeliveryError` if formulas have no stored result, they would read as empty, and if rows are not in their
    order: the library passes over one whose number has gone by.
    """
    merged = formulas = last = 0
    with workbook._archive.open(workbook[sheet]._worksheet_path) as xml:
        rest = b""
        while block := xml.read(BLOCK):
            text = rest + block
            # A whole row ends here; what follows belongs to the next look.
            end = text.rfind(b"</c>") + len(b"</c>") if b"</c>" in text else max(0, len(text) - _OVERLAP)
            last = _check_ascending(where, _ROW_NUMBER.findall(text, 0, end), last)
            formulas += len(_UNCALCULATED.findall(text, 0, end)) if b"<f" in text else 0
            merged += len(_MERGED.findall(text, 0, end))
            rest = text[end:]
        _check_ascending(where, _ROW_NUMBER.findall(rest), last)
        merged += len(_MERGED.findall(rest))
    if formulas:
        raise DeliveryError(
            f"{where}: {formulas} formulas have no stored result; open the workbook in Excel and save it"
        )
    return merged


def _check_ascending(where: str, numbers: list[bytes], last: int) -> int:
    for number in numbers:
        if not number.isdigit() or int(number) <= last:
            given = shown(number[:20].decode(errors="replace"))
            raise DeliveryError(
                f"{where}: the row behind row {last:,} has the number {given}, so the sheet is damaged; "
                "open the workbook in Excel and save it again"
            )
        last = int(number)
    return last


def _notes(where: str, doubts: Doubts, merged: int) -> tuple[str, ...]:
    told = (
        (
            doubts.numbers,
            "numbers, so zeros in front are lost if there were any; format the column as text and fill it again",
        ),
        (doubts.dates, "dates, where a number as text is meant; format the column as text and fill it again"),
        (
            doubts.long,
            f"numbers of more than {EXACT_DIGITS} digits, which Excel has rounded; format the column as text",
        ),
        (doubts.errors, "errors such as #REF!, read as empty; mend the formula"),
    )
    notes = [
        f"{where}, column {column}: {count:,} cells are {what}"
        for counts, what in told
        for column, count in counts.items()
        if count
    ]
    if merged:
        notes.append(
            f"{where}: {merged} merged ranges of cells; only the first cell of each has the value, the others are empty"
        )
    return tuple(notes)
