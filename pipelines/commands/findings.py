"""`quality.findings` after a build of one use case, which does not build the tables of all others."""

import duckdb

from pipelines.contract.use_cases import OWNED


def renew_findings(db: duckdb.DuckDBPyConnection, use_case: str) -> None:
    """Writes anew what `quality.findings` says of the tables that the use case is all about; the rest stays as it was.

    The view `quality.findings_<use case>` reads these tables as they lie; without it nothing is changed.
    """
    there = {
        name
        for (name,) in db.execute(
            "select table_name from information_schema.tables where table_schema = 'quality'"
        ).fetchall()
    }
    view = f"findings_{use_case}"
    if not {"findings", view} <= there:
        return
    db.execute("begin")
    db.execute(
        "delete from quality.findings where list_contains(?, table_name)", [sorted(OWNED.get(use_case, ()))]
    )
    db.execute(f"insert into quality.findings by name from quality.{view}")
    db.execute("commit")
