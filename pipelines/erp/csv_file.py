"""One CSV file: what it looks like, its rows as Arrow batches, and where it is broken.

A file is looked through once before anything is loaded (encoding, NUL bytes, quotes); its rows are then
streamed by `pyarrow.csv`. Only a file that turned out broken is read a third time, record by record, to say
which line it is. No message holds a value of a row.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipelines.erp.delivery import RESERVED_PREFIXES
from pipelines.errors import DeliveryError

ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1")
DELIMITERS = (";", ",", "\t")

BLOCK = 8 << 20
LONGEST_HEADER = 1 << 20
LONGEST_FIELD = 16 << 20
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
QUOTE = ord('"')
ENCODING_SETTING = "SOURCES__ERP__FILES__ENCODING"

# What dlt's naming convention `direct` would replace, too.
_IN_NAMES = str.maketrans("\n\r'\"▶", "_____")

# Bytes as L (may lead a UTF-8 character), C (may continue one) and dot.
_UTF8_SHAPE = bytes(
    ord("C") if 0x80 <= byte < 0xC0 else ord("L") if 0xC2 <= byte <= 0xF4 else ord(".") for byte in range(256)
)
_HIGH_BYTES = bytes(range(0x80, 0x100))

# In windows-1252 these bytes are quotation marks, signs, and capitals such as Š, which never stand inside a word in
# front of a small letter. There they are the umlauts of DOS (0x84, 0x94) or old Macs (0x8A, 0x9F).
_FOREIGN = re.compile(rb"[A-Za-z\xC0-\xFF]([\x82-\x84\x86-\x8E\x93-\x95\x98\x9B\x9F])[a-z]")


@dataclass(frozen=True)
class CsvFile:
    """What is known of a file before its rows are read; `start` is the byte at which the rows begin."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    start: int
    size: int
    changed_ns: int
    is_empty: bool


def inspect(path: Path, encoding: str | None = None, delimiter: str | None = None) -> CsvFile:
    """Looks through a whole file without splitting it into rows.

    `encoding` (one of `ENCODINGS`) and `delimiter` (one of `DELIMITERS`) are recognised unless given; a byte
    order mark wins over both. Column names come back in lower case, without outer blanks; a column without a
    name is called `spalte_<position>`. A file without any byte has no columns.
    Raises `DeliveryError` for bytes that are no text, a header that cannot be used, and broken quotes.
    """
    stat = path.stat()
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    if head.startswith(UTF16_MARKS):
        raise DeliveryError(f"{path.name}: the file is UTF-16; export it as UTF-8 or windows-1252")
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    found = _encoding(path, "utf-8" if mark else encoding)
    header, length = _first_record(path, head[mark:])
    text = header.decode(found)
    separator = delimiter or _delimiter(text)
    start = mark + length
    return CsvFile(
        path=path,
        encoding=found,
        delimiter=separator,
        columns=_column_names(path, text, separator),
        start=start,
        size=stat.st_size,
        changed_ns=stat.st_mtime_ns,
        is_empty=_check_quotes(path, found, separator, start),
    )


def read(file: CsvFile) -> Iterator[pa.RecordBatch]:
    """The rows as batches of text columns, in file order; empty fields are empty texts, never NULL.

    Raises `DeliveryError` with the line of the first row that does not fit the header.
    """
    is_broken = False
    if not file.is_empty:
        try:
            with pa.OSFile(str(file.path)) as handle:
                handle.seek(file.start)
                yield from arrow_csv.open_csv(handle, *_arrow_options(file))
        except (pa.ArrowInvalid, UnicodeDecodeError):
            # Arrow's message holds the row; nothing of it may be chained to ours.
            is_broken = True
    _check_unchanged(file)
    if is_broken:
        _check_records(file.path, file.encoding, file.delimiter, len(file.columns))
        raise DeliveryError(
            f"{file.path.name}: a row is longer than {BLOCK >> 20} MB; export the table again"
        )


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


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _check_unchanged(file: CsvFile) -> None:
    stat = file.path.stat()
    if (stat.st_size, stat.st_mtime_ns) != (file.size, file.changed_ns):
        raise DeliveryError(
            f"{file.path.name}: the file changed while it was read; load again once the export is complete"
        )


# Encoding


def _encoding(path: Path, given: str | None) -> str:
    """The encoding in which the whole file can be read: the given one, else UTF-8, else windows-1252.

    A file in ISO-8859-1 is the same text in windows-1252: they differ in 0x80 to 0x9F, where ISO-8859-1 has control
    characters, which no text has.
    """
    if (given or "utf-8") == "utf-8" and _is_utf8(path):
        return "utf-8"
    broken = _undecodable(path, given or "utf-8")
    if broken is None:
        return given or "utf-8"
    line, byte = _line_and_byte(path, broken)
    if given is not None:
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is not {given}; "
            f"export the table again, or mend {ENCODING_SETTING} ({', '.join(ENCODINGS)})"
        )
    if _is_mostly_utf8(path):
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is not UTF-8, though most of the file is; "
            f"export the table again, or set {ENCODING_SETTING}=windows-1252"
        )
    broken = _undecodable(path, "windows-1252")
    if broken is not None:
        line, byte = _line_and_byte(path, broken)
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is neither UTF-8 nor windows-1252; "
            f"export the table again, or set {ENCODING_SETTING}"
        )
    broken = _foreign(path)
    if broken is not None:
        line, byte = _line_and_byte(path, broken)
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} inside a word is no letter in windows-1252, so the file may "
            f"be in another encoding (DOS, Mac); export it as UTF-8, or set {ENCODING_SETTING} if windows-1252 is right"
        )
    return "windows-1252"


def _foreign(path: Path) -> int | None:
    """Position of the first byte that tells that a file is not windows-1252, though it could be read so."""
    position, before = 0, b""
    with path.open("rb") as file:
        for block in _blocks(file):
            found = _FOREIGN.search(before + block)
            if found:
                return position - len(before) + found.start(1)
            position += len(block)
            before = (before + block)[-2:]
    return None


def _is_utf8(path: Path) -> bool:
    """Whether Arrow, which is five times as fast as Python's decoder, finds nothing but UTF-8 and no NUL."""
    rest = b""
    with path.open("rb") as file:
        for block in _blocks(file):
            text = rest + block
            # A character may be cut at the end: up to three bytes wait for the next block.
            whole = text[:-4] + text[-4:].rstrip(_HIGH_BYTES)
            rest = text[len(whole) :]
            if b"\0" in block or len(rest) == 4 or not _is_text(whole):
                return False
    return _is_text(rest)


def _is_text(block: bytes) -> bool:
    offsets = pa.array([0, len(block)], pa.int32()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable(path: Path, encoding: str) -> int | None:
    """Position of the first byte that is no text in this encoding (NUL never is), or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as problem:
                return position - pending + problem.start
            nul = block.find(b"\0")
            if nul >= 0:
                raise DeliveryError(
                    f"{path.name}, line {_line_and_byte(path, position + nul)[0]}: byte 0x00 is no text; "
                    "the file is damaged or UTF-16: export it again as UTF-8 or windows-1252"
                )
            position += len(block)
    pending = len(decoder.getstate()[0])
    return position - pending if pending else None


def _is_mostly_utf8(path: Path) -> bool:
    """Whether more than half of the bytes beyond ASCII come in pairs that UTF-8 is made of.

    In windows-1252 such pairs (an umlaut before a quotation mark) are rare.
    """
    high = pairs = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            high += len(block) - len(block.translate(None, _HIGH_BYTES))
            pairs += block.translate(_UTF8_SHAPE).count(b"LC")
    return 4 * pairs > high


def _line_and_byte(path: Path, position: int) -> tuple[int, int]:
    """Line number, from 1, and value of the byte at a position."""
    line, left = 1, position
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(BLOCK, left))):
            line += block.count(b"\n")
            left -= len(block)
        return line, file.read(1)[0]


# Header


def _first_record(path: Path, head: bytes) -> tuple[bytes, int]:
    """The header without its line end, and the number of bytes up to the first row."""
    inside = False
    begin = len(head) - len(head.lstrip(b"\r\n"))
    for position in range(begin, len(head)):
        byte = head[position]
        if byte == QUOTE:
            inside = not inside
        elif not inside and byte in b"\r\n":
            length = 2 if head[position : position + 2] == b"\r\n" else 1
            return head[begin:position], position + length
    if len(head) >= LONGEST_HEADER - len(codecs.BOM_UTF8):
        raise DeliveryError(
            f"{path.name}, line 1: no end of the header within {LONGEST_HEADER >> 20} MB; "
            "export the table again as CSV with a header line"
        )
    if inside:
        raise DeliveryError(f"{path.name}, line 1: a quoted field does not end; export the table again")
    return head[begin:], len(head)


def _delimiter(header: str) -> str:
    """The separator that splits the header into most fields; a header of one field has the first one."""
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _column_names(path: Path, header: str, delimiter: str) -> tuple[str, ...]:
    fields = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter), [])
    return column_names(f"{path.name}, line 1", fields)


def column_names(where: str, fields: list[str]) -> tuple[str, ...]:
    """Names as the raw layer has them: lower case, NFC, no outer blanks, `_` for quotes and line breaks.

    Raises `DeliveryError` for a name that comes twice or that the loader keeps for itself.
    """
    names = [
        unicodedata.normalize("NFC", field).strip().lower().translate(_IN_NAMES) or f"spalte_{position}"
        for position, field in enumerate(fields, start=1)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeliveryError(
            f"{where}: column {', '.join(twice)} comes more than once (upper and lower case are the "
            "same); export each column once"
        )
    reserved = [name for name in names if name.startswith(RESERVED_PREFIXES)]
    if reserved:
        raise DeliveryError(
            f"{where}: column {', '.join(reserved)} has a name that the loader uses; rename it"
        )
    return tuple(names)


# Rows


def _check_quotes(path: Path, encoding: str, delimiter: str, start: int) -> bool:
    """Looks at every quote: it must open or close a field. Returns whether no row follows the header.

    `pyarrow.csv` joins the rows between two stray quotes without a word, so a file with a quote in any other
    place is read record by record.
    """
    edges = pa.array([*delimiter.encode(), *b'\r\n"'], pa.uint8())
    quotes, is_clean, is_empty = 0, True, True
    with path.open("rb") as file:
        file.seek(start)
        before = b"\n"
        for block in _blocks(file):
            while block.endswith(b'"') and (more := file.read(1)):
                block += more
            is_empty = is_empty and not block.strip(b"\r\n")
            count = block.count(b'"')
            if count and is_clean:
                is_clean = _are_quotes_at_edges(before + block + b"\n", quotes % 2, edges)
            quotes += count
            before = block[-1:]
    if not is_clean or quotes % 2:
        _check_records(path, encoding, delimiter, None)
    return is_empty


def _are_quotes_at_edges(block: bytes, opened: int, edges: pa.Array) -> bool:
    """Whether each opening quote has a separator before it and each closing quote one behind it.

    `opened` is 1 if the block begins inside a quoted field. Two quotes in a row count as close and open.
    """
    characters = pa.Array.from_buffers(pa.uint8(), len(block), [None, pa.py_buffer(block)])
    quotes = pc.indices_nonzero(pc.equal(characters, pa.scalar(QUOTE, pa.uint8()))).cast(pa.int64())
    number = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), len(quotes)), start=opened - 1)
    closes = pc.equal(pc.bit_wise_and(number, 1), 1)
    outside = pc.add(quotes, pc.if_else(closes, 1, -1))
    return bool(pc.all(pc.is_in(characters.take(outside), value_set=edges)).as_py())


def _check_records(path: Path, encoding: str, delimiter: str, fields: int | None) -> None:
    """Reads record by record and raises `DeliveryError` for the first broken one.

    Broken is a quoted field that does not end at a separator, and, if `fields` is given, another number of
    fields than that.
    """
    former = csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding=_with_mark(encoding), newline="") as file:
            records = csv.reader(file, delimiter=delimiter, strict=True)
            begin = 1
            try:
                for record in records:
                    if fields is not None and record and len(record) != fields:
                        raise DeliveryError(_wrong_number(path, begin, len(record), fields, delimiter))
                    begin = records.line_num + 1
            except csv.Error:
                raise DeliveryError(
                    f"{path.name}, line {begin}: a quoted field does not end where it should; "
                    'write a quote inside a quoted field twice ("")'
                ) from None
    finally:
        csv.field_size_limit(former)


def _with_mark(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _wrong_number(path: Path, line: int, found: int, expected: int, delimiter: str) -> str:
    name = "tab" if delimiter == "\t" else delimiter
    return (
        f"{path.name}, line {line}: {found} fields, but the header has {expected}; "
        f"quote fields that contain {name} or a line break, or export the table again"
    )
