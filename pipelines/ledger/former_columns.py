"""Columns of our own tables as an earlier version named them, and how they are called now."""

import duckdb

FORMER = {
    "regel": "rule",
    "tabelle": "table_name",
    "schluessel": "key",
    "spalte": "column_name",
    "wert": "value",
    "grund": "reason",
}
FORMER_VERDICTS = {"_regel": "_rule", "_grund": "_reason"}


def has_former_columns(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether `quality.findings` was built by a version that named its columns otherwise."""
    try:
        db.execute("select regel from quality.findings limit 0")
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def rename_columns(db: duckdb.DuckDBPyConnection) -> None:
    """Renames them in `quality.findings` and in the staging tables; what is named as now stays. No row is touched."""
    if not has_former_columns(db):
        return
    found = db.execute(
        "select table_name, column_name from duckdb_columns() semi join duckdb_tables() using (schema_name, table_name)"
        " where schema_name = 'staging' and starts_with(table_name, 'base_erp__')"
        " and list_contains(?, column_name)",
        [list(FORMER_VERDICTS)],
    ).fetchall()
    # All or none, so that a run that is killed in between leaves what the next one sees.
    db.execute("begin")
    for table, former in found:
        db.execute(f'alter table staging."{table}" rename column {former} to {FORMER_VERDICTS[former]}')
    for former, now in FORMER.items():
        db.execute(f"alter table quality.findings rename column {former} to {now}")
    db.execute("commit")
