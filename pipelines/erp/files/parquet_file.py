"""One Parquet file: its columns as text, dates in ISO form, numbers with a point."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.erp.delivery.headers import column_names
from pipelines.erp.delivery.words import shown
from pipelines.errors import DeliveryError

BATCH_ROWS = 65_536
# The zone of the rules: its stamps are told on its own clock.
ZONE = "Europe/Berlin"
# Up to here a float holds every whole number.
EXACT = 1 << 53

# What `stammdaten snapshot` writes into the footer of each file: any copy of it keeps that.
MASKED = {"stammdaten": "persons are invented"}

# What Arrow raises for a damaged file: its own, and what Python makes of its words.
_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, RecursionError)


@dataclass(frozen=True)
class ParquetFile:
    """What is known of a file before its rows are read; `names` are the columns as the file spells them."""

    path: Path
    names: tuple[str, ...]
    columns: tuple[str, ...]
    size: int
    is_empty: bool


def inspect(path: Path) -> ParquetFile:
    """Reads the footer of a file.

    Raises `DeliveryError` if it is no Parquet file or a column holds records rather than values.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            names = list(schema.names)
    except _ERRORS as problem:
        if isinstance(problem, OSError) and problem.errno:
            raise
        raise DeliveryError(f"{path.name}: not a complete Parquet file; export the table again") from None
    columns = column_names(path.name, names)
    for field in schema:
        if pa.types.is_nested(field.type) and not _is_list(field.type):
            raise DeliveryError(
                f"{path.name}: column {shown(field.name)} holds records ({shown(str(field.type))}); export it as text"
            )
    return ParquetFile(path, tuple(names), columns, path.stat().st_size, rows == 0)


def is_masked(path: Path) -> bool:
    """Whether a file is one of a snapshot, in which persons are invented."""
    if path.suffix.lower() != ".parquet":
        return False
    found = pq.read_schema(path).metadata or {}
    return all(found.get(key.encode()) == value.encode() for key, value in MASKED.items())


def read(file: ParquetFile) -> Iterator[pa.RecordBatch]:
    """The rows as batches of text columns, in file order; NULL stays NULL.

    Raises `DeliveryError` if a column cannot be written as text.
    """
    try:
        with pq.ParquetFile(file.path) as opened:
            for batch in opened.iter_batches(batch_size=BATCH_ROWS):
                texts = [_text(file, *pair) for pair in zip(file.names, batch.columns, strict=True)]
                yield pa.RecordBatch.from_arrays(texts, names=list(file.columns))
        return
    except FileNotFoundError:
        raise DeliveryError(
            f"{file.path.name}: the file changed while it was read; load again once the export is complete"
        ) from None
    except _ERRORS:
        # Arrow's message may hold values; nothing of it may be chained to ours.
        pass
    raise DeliveryError(f"{file.path.name}: the file is damaged; export the table again")


def _text(file: ParquetFile, name: str, column: pa.Array) -> pa.Array:
    try:
        return as_text(column)
    except (pa.ArrowException, ValueError, OverflowError):
        pass
    raise DeliveryError(
        f"{file.path.name}: column {shown(name)} ({shown(str(column.type))}) cannot be read as text; export it as text"
    )


def as_text(column: pa.Array) -> pa.Array:
    """A column as text.

    Dates as 2026-01-31, time stamps as 2026-01-31 13:05:00 (midnight is written as the date alone: dates come as time
    stamps from many tools), those of another zone than Berlin with their distance from UTC, 2026-01-31T13:05:00+00:00
    (rule C2), decimals and floats with a point, booleans as true and false, lists joined by a comma.
    """
    for applies, convert in _CONVERSIONS:
        if applies(column.type):
            column = convert(column)
            break
    text = column.cast(pa.string())
    text.validate(full=True)
    return text


def _is_list(type_: pa.DataType) -> bool:
    return bool(
        (pa.types.is_list(type_) or pa.types.is_large_list(type_))
        and not pa.types.is_nested(type_.value_type)
    )


def _timestamps(column: pa.Array) -> pa.Array:
    if column.type.tz in (None, ZONE):
        local = pc.local_timestamp(column) if column.type.tz else column
        return pc.replace_substring_regex(_without_fraction(local), " 00:00:00$", "")
    moment = column.cast(pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
    text = pc.replace_substring(_without_fraction(moment), " ", "T")
    text = pc.binary_join_element_wise(text, "+00:00", "")
    # Dates come as midnight in UTC from many tools; in Berlin it is the same day.
    return pc.replace_substring_regex(text, r"T00:00:00\+00:00$", "")


def _without_fraction(moment: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(moment.cast(pa.string()), r"\.0+$", "")


def _floats(column: pa.Array) -> pa.Array:
    """As people write them. A whole number that a float cannot hold stays in scientific notation (rule C8)."""
    # Tools without NULL write NaN for it.
    known = pc.if_else(pc.is_nan(column), None, column)
    text = known.cast(pa.string())
    if not pc.any(pc.match_substring(text, "e")).as_py():
        return text
    known = known.cast(pa.float64())
    is_whole = pc.and_(pc.equal(pc.floor(known), known), pc.less(pc.abs(known), EXACT))
    text = pc.if_else(is_whole, pc.if_else(is_whole, known, 0).cast(pa.int64()).cast(pa.string()), text)
    is_short = pc.fill_null(pc.match_substring_regex(text, r"e-|\..*e"), False)
    return pc.replace_with_mask(
        text,
        is_short,
        pa.array([_written(value) for value in text.filter(is_short).to_pylist()], pa.string()),
    )


def _written(text: str) -> str:
    number = Decimal(text)
    return format(number, "f") if abs(number) < EXACT else text


def _decimals(column: pa.Array) -> pa.Array:
    """Whole numbers without decimals: keys come as `NUMERIC(10,2)` from some databases."""
    return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")


def _lists(column: pa.Array) -> pa.Array:
    return pc.binary_join(column.cast(pa.list_(pa.string())), ",")


def _dictionaries(column: pa.Array) -> pa.Array:
    return as_text(column.dictionary_decode())


_CONVERSIONS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (pa.types.is_dictionary, _dictionaries),
    (pa.types.is_timestamp, _timestamps),
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, _decimals),
    (_is_list, _lists),
)
