"""One CSV file: what it looks like, its rows as Arrow batches, and where it is broken.

A file is looked through once before anything is loaded (encoding, NUL bytes, quotes); its rows are then
streamed by `pyarrow.csv`. Only a file that turned out broken is read a third time, record by record, to say
which line it is. No message holds a value of a row.
"""

import codecs
import csv
import io
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipelines.erp.delivery.headers import column_names
from pipelines.erp.delivery.words import shown
from pipelines.erp.files.encoding import recognise
from pipelines.errors import DeliveryError

DELIMITERS = (";", ",", "\t", "|")
DELIMITER_SETTING = "SOURCES__ERP__FILES__DELIMITER"

BLOCK = 8 << 20
# Of quotes there are numbers as large as eight of them.
QUOTES_BLOCK = 1 << 20
LONGEST_HEADER = 1 << 20
LONGEST_FIELD = 16 << 20
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# The last one is a mark that was read as windows-1252 and written as UTF-8.
UTF8_MARKS = (codecs.BOM_UTF8, "\ufeff".encode().decode("windows-1252").encode())
DOS_END = b"\x1a"
QUOTE = ord('"')

# What lies in a file of another kind, and what to do with it.
_OTHER_KINDS = {
    b"PK\x03\x04": "a ZIP file or an Excel workbook; give it its own ending (.zip, .xlsx)",
    b"\x1f\x8b": "packed with gzip; unpack it",
    b"PAR1": "a Parquet file; give it the ending .parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"%PDF": "a PDF file; export the table as CSV",
}
# Excel's hint in front of a header.
_SEPARATOR_LINE = re.compile(rb'"?sep=([^\r\n"]?)"?[;,\t|]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class CsvFile:
    """What is known of a file before its rows are read.

    `header` are the names as the file writes them, `columns` as the raw layer has them. The rows begin at the byte
    `start`, in the line `first_line`, and end at the byte `end`. `spoilt` counts characters that look as if they had
    been turned into UTF-8 once too often.
    """

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[str, ...]
    start: int
    end: int
    first_line: int
    size: int
    changed_ns: int
    is_empty: bool
    has_quotes: bool
    spoilt: int = 0


def inspect(path: Path, encoding: str | None = None, delimiter: str | None = None) -> CsvFile:
    """Looks through a whole file without splitting it into rows.

    `encoding` (one of `ENCODINGS`) and `delimiter` (one of `DELIMITERS`) are recognised unless given; a byte
    order mark wins over both, a line `sep=;` in front of the header is obeyed unless a delimiter is given. Column
    names come back as `headers.spelled` has them. A file without any byte has no columns.
    Raises `DeliveryError` for bytes that are no text, a header that cannot be used, and broken quotes.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise DeliveryError(
            f"{path.name}: is no file but a folder, pipe or device; put the exported file there"
        )
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    _check_kind(path, head)
    end = _end(path, facts.st_size)
    head = head[:end]
    mark = _length_of_marks(head)
    recognised = recognise(path, "utf-8" if mark else encoding)
    hint = _SEPARATOR_LINE.match(head, mark)
    begin = hint.end() if hint else mark
    start, header = _first_record(path, head, begin)
    line = 1 + len(_LINE_END.findall(head, 0, start - len(header)))
    text = _decoded(path, line, header, recognised.encoding)
    separator = delimiter or (_hinted(path, hint[1]) if hint else _delimiter(path, line, text))
    fields = _fields(path, line, text, separator)
    if delimiter:
        _check_separator(path, line, text, fields, delimiter)
    first_line = 1 + len(_LINE_END.findall(head, 0, start))
    is_empty, has_quotes = _check_quotes(path, recognised.encoding, separator, start, end, first_line)
    return CsvFile(
        path=path,
        encoding=recognised.encoding,
        delimiter=separator,
        header=tuple(fields),
        columns=column_names(f"{path.name}, line {line}", fields),
        start=start,
        end=end,
        first_line=first_line,
        size=facts.st_size,
        changed_ns=facts.st_mtime_ns,
        is_empty=is_empty,
        has_quotes=has_quotes,
        spoilt=recognised.pairs,
    )


def read(file: CsvFile) -> Iterator[pa.RecordBatch]:
    """The rows as batches of text columns, in file order; empty fields are empty texts, never NULL.

    Raises `DeliveryError` with the line of the first row that does not fit the header.
    """
    is_broken = False
    if not file.is_empty:
        try:
            with _rows_of(file) as rows:
                before = 0
                for batch in arrow_csv.open_csv(rows, *_arrow_options(file)):
                    if file.has_quotes:
                        _check_swallowed(file, batch, before)
                    before += batch.num_rows
                    yield batch
        except (pa.ArrowInvalid, UnicodeDecodeError):
            # Arrow's message holds the row; nothing of it may be chained to ours.
            is_broken = True
        except FileNotFoundError:
            pass
    _check_unchanged(file)
    if is_broken:
        _check_records(file, len(file.columns))
        raise DeliveryError(
            f"{file.path.name}: a row is longer than {BLOCK >> 20} MB; export the table again"
        )


def line_of(file: CsvFile, row: int) -> str:
    """The words for the place of a row, from 1: `line 7`. Reads the file up to there, record by record."""
    for number, (line, _) in enumerate(_records(file), start=1):
        if number == row:
            return f"line {line}"
    return f"row {row}"


@contextmanager
def _rows_of(file: CsvFile) -> Iterator[pa.NativeFile]:
    """The bytes of the rows; a file that ends where its rows end is read without Python."""
    if file.end == file.size:
        with pa.OSFile(str(file.path)) as whole:
            whole.seek(file.start)
            yield whole
    else:
        with _window(file.path, file.start, file.end) as part, pa.PythonFile(part, mode="r") as rows:
            yield rows


def _arrow_options(
    file: CsvFile,
) -> tuple[arrow_csv.ReadOptions, arrow_csv.ParseOptions, arrow_csv.ConvertOptions]:
    """Header already read, line breaks in quotes allowed, nothing guessed: every column is text."""
    return (
        arrow_csv.ReadOptions(column_names=list(file.columns), block_size=BLOCK, encoding=file.encoding),
        arrow_csv.ParseOptions(delimiter=file.delimiter, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(file.columns, pa.string()), strings_can_be_null=False
        ),
    )


class _Window(io.RawIOBase):
    """The bytes of a file from where it stands up to `left` more."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._file.read(min(len(buffer), self._left))
        self._left -= len(block)
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def _window(path: Path, start: int, end: int) -> Iterator[io.BufferedReader]:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        yield io.BufferedReader(_Window(file, end - start))


def _check_unchanged(file: CsvFile) -> None:
    try:
        facts = file.path.stat()
    except FileNotFoundError:
        facts = None
    if facts is None or (facts.st_size, facts.st_mtime_ns) != (file.size, file.changed_ns):
        raise DeliveryError(
            f"{file.path.name}: the file changed while it was read; load again once the export is complete"
        )


# Begin and end


def _check_kind(path: Path, head: bytes) -> None:
    if head.startswith(UTF16_MARKS):
        raise DeliveryError(f"{path.name}: the file is UTF-16; export it as UTF-8 or windows-1252")
    kind = next((what for magic, what in _OTHER_KINDS.items() if head.startswith(magic)), None)
    if kind:
        raise DeliveryError(f"{path.name}: is no CSV file but {kind}")


def _length_of_marks(head: bytes) -> int:
    """Bytes of the byte order marks in front; some tools write one before the mark that is there."""
    length = 0
    while mark := next((mark for mark in UTF8_MARKS if head.startswith(mark, length)), None):
        length += len(mark)
    return length


def _end(path: Path, size: int) -> int:
    """The byte behind the last row: DOS ends a text by 0x1A, and fills its last block with more of them."""
    with path.open("rb") as file:
        file.seek(max(0, size - 4096))
        tail = file.read()
    kept = tail.rstrip(DOS_END + b"\r\n")
    return size - len(tail) + len(kept) if DOS_END in tail[len(kept) :] else size


# Header


def _first_record(path: Path, head: bytes, begin: int) -> tuple[int, bytes]:
    """The byte at which the rows begin, and the header with its line end."""
    inside = False
    begin = len(head) - len(head[begin:].lstrip(b"\r\n"))
    for position in range(begin, len(head)):
        byte = head[position]
        if byte == QUOTE:
            inside = not inside
        elif not inside and byte in b"\r\n":
            length = 2 if head[position : position + 2] == b"\r\n" else 1
            return position + length, head[begin : position + length]
    if len(head) >= LONGEST_HEADER:
        raise DeliveryError(
            f"{path.name}, line 1: no end of the header within {LONGEST_HEADER >> 20} MB; "
            "export the table again as CSV with a header line"
        )
    if inside:
        raise DeliveryError(f"{path.name}, line 1: a quoted field does not end; export the table again")
    return len(head), head[begin:]


def _decoded(path: Path, line: int, header: bytes, encoding: str) -> str:
    try:
        return header.rstrip(b"\r\n").decode(encoding)
    except UnicodeDecodeError:
        # Only of a file that changed since it was looked through.
        raise DeliveryError(
            f"{path.name}, line {line}: the header is no text; export the table again"
        ) from None


def _hinted(path: Path, separator: bytes) -> str:
    given = separator.decode("latin-1")
    if given not in DELIMITERS:
        raise DeliveryError(
            f"{path.name}, line 1: sep={shown(given)} names no separator that can be read (; , tab |); "
            "export the table with one of them"
        )
    return given


def _delimiter(path: Path, line: int, header: str) -> str:
    """The separator that splits the header into most fields; a header of one field has the first one."""
    return max(DELIMITERS, key=lambda delimiter: len(_fields(path, line, header, delimiter)))


def _fields(path: Path, line: int, header: str, delimiter: str) -> list[str]:
    with _long_fields():
        try:
            return next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter), [])
        except csv.Error:
            raise DeliveryError(
                f"{path.name}, line {line}: the header cannot be read; export the table again"
            ) from None


def _check_separator(path: Path, line: int, text: str, fields: list[str], delimiter: str) -> None:
    """Raises `DeliveryError` where the separator that is set is not the one of the file."""
    better = _delimiter(path, line, text)
    if len(fields) == 1 and len(_fields(path, line, text, better)) > 1:
        raise DeliveryError(
            f"{path.name}, line {line}: the header is one column with {_name(delimiter)} as separator, and several "
            f"with {_name(better)}; mend {DELIMITER_SETTING}, or leave it out"
        )


def _name(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else delimiter


# Rows


def _check_quotes(
    path: Path, encoding: str, delimiter: str, start: int, end: int, first_line: int
) -> tuple[bool, bool]:
    """Looks at every quote: it must open or close a field.

    Returns whether no row follows the header, and whether there is a quote. `pyarrow.csv` joins the rows between two
    stray quotes without a word, so a file with a quote in any other place is read record by record.
    """
    edges = pa.array([*delimiter.encode(), *b'\r\n"'], pa.uint8())
    quotes, is_clean, is_empty = 0, True, True
    before = b"\n"
    with _window(path, start, end) as file:
        while block := file.read(min(BLOCK, QUOTES_BLOCK)):
            is_empty = is_empty and not block.strip(b"\r\n")
            count = block.count(b'"')
            if count and is_clean:
                behind = file.peek(1)[:1] or b"\n"
                is_clean = _are_quotes_at_edges(before, block, behind, quotes % 2, edges)
            quotes += count
            before = block[-1:]
    if not is_clean or quotes % 2:
        _check_part(path, encoding, delimiter, start, end, first_line, None)
    return is_empty, quotes > 0


def _are_quotes_at_edges(before: bytes, block: bytes, behind: bytes, opened: int, edges: pa.Array) -> bool:
    """Whether each opening quote has a separator before it and each closing quote one behind it.

    `opened` is 1 if the block begins inside a quoted field; `before` and `behind` are the characters around it. Two
    quotes in a row count as close and open.
    """
    text = before + block + behind
    characters = pa.Array.from_buffers(pa.uint8(), len(text), [None, pa.py_buffer(text)])
    inside = characters.slice(1, len(block))
    quotes = pc.indices_nonzero(pc.equal(inside, pa.scalar(QUOTE, pa.uint8()))).cast(pa.int64())
    number = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), len(quotes)), start=opened - 1)
    closes = pc.equal(pc.bit_wise_and(number, 1), 1)
    # One further, as `characters` begins one earlier.
    outside = pc.add(quotes, pc.if_else(closes, 2, 0))
    return bool(pc.all(pc.is_in(characters.take(outside), value_set=edges)).as_py())


def _check_swallowed(file: CsvFile, batch: pa.RecordBatch, before: int) -> None:
    """Raises `DeliveryError` for a value that holds the end of a row and the begin of another.

    Of two stray quotes at the edges of fields, the first opens a field in one row and the second closes it in another:
    the rows between them are gone, and no number of fields is wrong.
    """
    for place, column in enumerate(batch.columns):
        data = bytes(column.buffers()[2] or b"")
        if b"\n" not in data and b"\r" not in data:
            continue
        rows = pc.indices_nonzero(pc.match_substring_regex(column, "[\r\n]"))
        separators = pc.count_substring(column.take(rows), file.delimiter)
        for row in rows.filter(pc.greater_equal(separators, len(file.columns) - 1)).to_pylist():
            first = batch.column(0)[row].as_py()
            if _has_swallowed(column[row].as_py(), first, place, len(file.columns), file.delimiter):
                raise DeliveryError(
                    f"{file.path.name}, {line_of(file, before + row + 1)}: a quote in column {file.columns[place]} is "
                    'closed in a later row only; write a quote that is part of a value twice (""), or take it away'
                )


def _has_swallowed(value: str, first: str, place: int, fields: int, delimiter: str) -> bool:
    """Whether the lines of a value are the rest of its row, whole rows, and the begin of one.

    `place` is the position of its column, from 0, `first` the value of the row's first column.
    """
    lines = re.split(r"\r\n|\r|\n", value)
    wanted = [fields - 1 - place, *[fields - 1] * (len(lines) - 2), place]
    if [line.count(delimiter) for line in lines] != wanted:
        return False
    # A text of several lines may have as many separators; it does not begin as the first column does.
    begin = lines[0].split(delimiter)[0] if place == 0 else first
    return _shape(lines[-1].split(delimiter)[0]) == _shape(begin)


def _shape(text: str) -> str:
    """What kinds of characters a text is made of: `0` for digits, `a` for letters, others as they are."""
    return re.sub(r"a+", "a", re.sub(r"0+", "0", re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", text.strip()))))


def _check_records(file: CsvFile, fields: int | None) -> None:
    _check_part(file.path, file.encoding, file.delimiter, file.start, file.end, file.first_line, fields)


def _check_part(
    path: Path, encoding: str, delimiter: str, start: int, end: int, first_line: int, fields: int | None
) -> None:
    """Reads record by record and raises `DeliveryError` for the first broken one.

    Broken is a quoted field that does not end at a separator, and, if `fields` is given, another number of
    fields than that.
    """
    for line, record in _split(path, encoding, delimiter, start, end, first_line):
        if fields is not None and len(record) != fields:
            raise DeliveryError(_wrong_number(path, line, len(record), fields, delimiter))


def _records(file: CsvFile) -> Iterator[tuple[int, list[str]]]:
    return _split(file.path, file.encoding, file.delimiter, file.start, file.end, file.first_line)


def _split(
    path: Path, encoding: str, delimiter: str, start: int, end: int, first_line: int
) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with its line."""
    begin = first_line
    with _long_fields(), _window(path, start, end) as window:
        lines = _lines(path, io.TextIOWrapper(window, encoding, newline=""), first_line)
        records = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for record in records:
                if record:
                    yield begin, record
                begin = first_line + records.line_num
        except csv.Error:
            raise DeliveryError(
                f"{path.name}, line {begin}: a quoted field does not end where it should; "
                'write a quote inside a quoted field twice ("")'
            ) from None
        except UnicodeDecodeError:
            raise DeliveryError(
                f"{path.name}, line {begin}: is no text in {encoding}; export the table again"
            ) from None


def _lines(path: Path, file: io.TextIOWrapper, first_line: int) -> Iterator[str]:
    """Lines with their ends. Raises `DeliveryError` for one that no row can be as long as."""
    number = first_line
    while line := file.readline(LONGEST_FIELD):
        if len(line) >= LONGEST_FIELD:
            raise DeliveryError(
                f"{path.name}, line {number}: the line is longer than {LONGEST_FIELD >> 20} MB; "
                "export the table again, with line ends"
            )
        yield line
        number += 1


@contextmanager
def _long_fields() -> Iterator[None]:
    former = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(former)


def _wrong_number(path: Path, line: int, found: int, expected: int, delimiter: str) -> str:
    return (
        f"{path.name}, line {line}: {found} fields, but the header has {expected}; "
        f"quote fields that contain {_name(delimiter)} or a line break, or export the table again"
    )
