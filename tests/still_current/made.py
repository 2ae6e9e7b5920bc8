"""What a build has made, to be held against what another one made."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.still_current.days import SCHEMAS


@dataclass(frozen=True)
class Made:
    """A table or view: digest of its rows in whatever order they lie, its definition, and its note but for the time."""

    rows: str
    definition: str
    note: dict[str, Any]


def made(database: Path) -> dict[str, Made]:
    """All that dbt makes, by `schema.name`."""
    found = {}
    with duckdb.connect(str(database)) as db:
        relations = db.execute(
            "select schema_name, table_name, sql, comment from duckdb_tables() where list_contains($1, schema_name)"
            " union all"
            # DuckDB writes the names after `exclude` in any order.
            " select schema_name, view_name, regexp_replace(sql, 'EXCLUDE \\([^)]*\\)', '', 'g'), comment"
            " from duckdb_views() where list_contains($1, schema_name)",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, name, definition, comment in relations:
            rows = db.execute(f'from "{schema}"."{name}" order by all').fetchall()
            note = json.loads(comment)
            assert note.pop("built_at")
            found[f"{schema}.{name}"] = Made(
                hashlib.sha256(repr(rows).encode()).hexdigest(), definition, note
            )
    return found
