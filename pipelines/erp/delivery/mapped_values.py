"""The mapping file's `values`: words of the ERP become ours while the rows stream past (rule C9)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.erp.delivery.delivery import TableData
from pipelines.erp.delivery.mapping import TableMapping

Read = Callable[[], Iterator[pa.RecordBatch]]

# Words are compared without regard to case and blanks, as in `macros/as_word.sql`.
BLANKS = r"[\s\p{Z}]"


def with_mapped_values(
    data: Mapping[str, TableData], mapping: Mapping[str, TableMapping]
) -> dict[str, TableData]:
    """The same tables; in columns whose values are mapped our word stands instead of the ERP's."""
    return {
        name: replace(table, read=partial(_mapped, table.read, mapping[name].values))
        if name in mapping and mapping[name].values
        else table
        for name, table in data.items()
    }


def as_word(text: str) -> str:
    """A word as it is compared."""
    return re.sub(r"\s", "", text).lower()


def _mapped(read: Read, values: Mapping[str, Mapping[str, str]]) -> Iterator[pa.RecordBatch]:
    for batch in read():
        columns = [
            _replaced(column, values[name]) if name in values else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _replaced(column: pa.Array, words: Mapping[str, str]) -> pa.Array:
    known = pa.array([as_word(word) for word in words], pa.string())
    ours = pa.array(list(words.values()), pa.string())
    texts = column.cast(pa.string())
    place = pc.index_in(
        pc.utf8_lower(pc.replace_substring_regex(texts, BLANKS, "")), value_set=known, skip_nulls=True
    )
    return pc.if_else(pc.is_valid(place), pc.take(ours, place), texts)
