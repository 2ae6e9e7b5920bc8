"""What rows show of damage on their way, looked for in whole columns while they stream past (rule C8).

A key in scientific notation and a header line inside a file end the load. What a spreadsheet did to house numbers and
postcodes is a note. No message holds a value of a row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.erp.delivery.headers import spelled
from pipelines.erp.delivery.schema import Table
from pipelines.erp.delivery.words import plain
from pipelines.errors import DeliveryError

Read = Callable[[], Iterator[pa.RecordBatch]]

# Columns that hold numbers as people write them: there a zero in front counts.
WRITTEN_NUMBERS = frozenset({"plz", "hausnummer", "wert", "telefon", "objektnr", "bezug_key", "quelle_id"})
# In the others a number that a spreadsheet has made into `8,15E+09` was no key.
RUNNING_NUMBER = "lfd_nr"

# With a plus as spreadsheets write it, without one as Java does from 10,000,000 on (`8.15E9`): `2.1E3` may be a key.
_EXPONENT = (
    r"^[\s=\"']*[+-]?([0-9]+([.,][0-9]+)?[eE][+][0-9]{1,3}|[1-9][.,][0-9]+[eE]([7-9]|[1-9][0-9]))[\s\"']*$"
)
# What stands around a name in a line that is a header: marks, quotes, blanks.
_EDGES = r"^[^\pL\pN_]+|[^\pL\pN_]+$"
# `1-3` in a spreadsheet: 01. Mrz, Mrz 03, 03-Mar.
_MONTHS = "jan feb mrz mär mar apr mai may jun jul aug sep okt oct nov dez dec"
_MONTH_NAMES = (
    "jan(uar|uary)?|feb(ruar|ruary)?|mrz|märz?|mar(ch)?|apr(il)?|mai|may|jun[ie]?|jul[iy]?|aug(ust)?"
    "|sept?(ember)?|o[kc]t(ober)?|nov(ember)?|de[zc](ember)?"
)
_MONTH_BYTES = tuple(month.encode() for month in _MONTHS.split())
_MONTH = rf"(?i)^\s*([0-9]{{1,2}}[. -]+)?({_MONTH_NAMES})[.]?([. -]+[0-9]{{2,4}})?\s*$"
_GERMANY = ("", "d", "de", "deu", "ger", "deutschland", "germany", "brd")


def is_key(column: str) -> bool:
    """Whether a column holds a number of the ERP that is a key, or a part of one."""
    return column.endswith("_nr") and column != RUNNING_NUMBER


def is_written_number(column: str) -> bool:
    """Whether a column holds a number that is a text: key parts, postcodes, phone numbers."""
    return column in WRITTEN_NUMBERS or is_key(column)


@dataclass
class RowChecks:
    """The checks of one file, or view: `header` are its own names of the columns, `place` words a row's place.

    `notes` takes what a person should know once all rows were seen.
    """

    where: str
    table: Table
    header: Sequence[str]
    place: Callable[[int], str]
    notes: list[str] = field(default_factory=list)

    def checked(self, read: Read) -> Read:
        """The same rows; raises `DeliveryError` with line and column for a key or a header where none may be."""
        return partial(self._checked, read)

    def _checked(self, read: Read) -> Iterator[pa.RecordBatch]:
        names = frozenset(spelled(name) for name in self.header) - {""}
        months, exponents, postcodes = Counter[str](), Counter[str](), 0
        before = 0
        for batch in read():
            for name in batch.schema.names:
                if is_written_number(name) or name in self.table.key:
                    self._look(batch, name, before, names, months, exponents)
            postcodes += _short_postcodes(batch)
            before += batch.num_rows
            yield batch
        self._note(months, exponents, postcodes)

    def _look(
        self,
        batch: pa.RecordBatch,
        name: str,
        before: int,
        names: frozenset[str],
        months: Counter[str],
        exponents: Counter[str],
    ) -> None:
        """One column of numbers. Its bytes as a whole tell at once that most columns have nothing to look for."""
        column = batch.column(name)
        text = _text_of(column)
        if text.isdigit():
            return
        if name == self.table.key[0] and any(header.encode() in text for header in names):
            self._check_header(batch, column, before, names)
        if b"e" in text and (b"e+" in text or b"." in text or b"," in text):
            found = pc.match_substring_regex(column, _EXPONENT)
            if is_key(name) or name in self.table.key:
                self._check_exponents(name, found, before)
            exponents[name] += pc.sum(found).as_py() or 0
        if (name == "hausnummer" or is_key(name)) and any(month in text for month in _MONTH_BYTES):
            months[name] += pc.sum(pc.match_substring_regex(column, _MONTH)).as_py() or 0

    def _check_exponents(self, name: str, found: pa.Array, before: int) -> None:
        rows = pc.indices_nonzero(found)
        if len(rows):
            raise DeliveryError(
                f"{self.where}, {self.place(before + rows[0].as_py() + 1)}: column {name} holds a number in scientific "
                "notation (such as 8,15E+09), so its digits are lost; format the column as text in the spreadsheet, "
                "or export straight from the ERP"
            )

    def _check_header(
        self, batch: pa.RecordBatch, column: pa.Array, before: int, names: frozenset[str]
    ) -> None:
        bare = pc.utf8_lower(pc.replace_substring_regex(column, _EDGES, ""))
        values = pa.array(sorted({re.sub(r"^\W+|\W+$", "", name) for name in names}), pa.string())
        for row in pc.indices_nonzero(pc.is_in(bare, value_set=values)).to_pylist():
            if _is_header([other[row].as_py() for other in batch.columns], names):
                raise DeliveryError(
                    f"{self.where}, {self.place(before + row + 1)}: a header line inside the file; "
                    "were two files put together? deliver them one by one, or export the table again"
                )

    def _note(self, months: Counter[str], exponents: Counter[str], postcodes: int) -> None:
        told = [
            f"{self.where}, column {column}: {count:,} values are {what}"
            for counts, what in (
                (
                    months,
                    "months such as 01. Mrz, which a spreadsheet makes of 1-3; format the column as text",
                ),
                (exponents, "numbers in scientific notation, so digits are lost; format the column as text"),
            )
            for column, count in counts.items()
            if count
        ]
        if postcodes:
            told.append(
                f"{self.where}, column plz: {postcodes:,} German postcodes have four digits, so zeros in front are "
                "lost; format the column as text"
            )
        self.notes += [note for note in told if note not in self.notes]


def _is_header(values: Sequence[str | None], names: frozenset[str]) -> bool:
    """Whether most of what a row holds are names of columns."""
    given = [spelled(plain(value)) for value in values if value and value.strip()]
    return bool(given) and 2 * sum(value in names for value in given) > len(given)


def _short_postcodes(batch: pa.RecordBatch) -> int:
    """Postcodes of four digits in rows that name no country, or Germany."""
    if "plz" not in batch.schema.names:
        return 0
    column = batch.column("plz")
    short = pc.equal(pc.binary_length(column), 4)
    if not pc.any(short).as_py():
        return 0
    short = pc.and_kleene(short, pc.match_substring_regex(column, "^[0-9]{4}$"))
    if "land" in batch.schema.names:
        land = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(batch.column("land"), "")))
        short = pc.and_kleene(short, pc.is_in(land, value_set=pa.array(_GERMANY)))
    return pc.sum(short).as_py() or 0


def _text_of(column: pa.Array) -> bytes:
    """All values of a column of text, one behind the other, in small letters."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return b""
    ends = memoryview(offsets).cast("i")
    begin = ends[column.offset]
    text: bytes = data.slice(begin, ends[column.offset + len(column)] - begin).to_pybytes()
    return text.lower()
