"""A STAMMDATEN_HOME and the partners' systems, for tests of the engine without dbt."""

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from pipelines.api.uploads import ReadsContent
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.push.result_line import ResultLine
from pipelines.sandbox.server import Sandbox
from pipelines.settings import database
from tests.push.marts import write_marts

TODAY = date(2026, 11, 21)
Rows = dict[str, list[dict[str, Any]]]


@cache
def _empty_ledger() -> bytes:
    """A DuckDB file as the first command leaves it: making its 25 tables takes longer than reading them."""
    with TemporaryDirectory() as folder:
        with open_database(Path(folder)):
            pass
        return database(Path(folder)).read_bytes()


class Site:
    """One STAMMDATEN_HOME with a sandbox that plays the partners."""

    def __init__(self, home: Path, sandbox: Sandbox, keeps_open: bool = False):
        self.home, self.sandbox, self.keeps_open = home, sandbox, keeps_open
        # Reads the bytes of documents.
        self.contents: ReadsContent | None = None
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._lets_go = False

    def close(self) -> None:
        """Lets go of the DuckDB file, for good: other programs may open it now."""
        self.keeps_open, self._lets_go = False, True
        if self._kept:
            self._kept.close()
            self._kept = None

    def sync(self, partner: str, rows: Rows, retry_rejected: bool = False) -> dict[str, ResultLine]:
        """Marts as given, then settle, plan and push; the closing table by entity."""
        if self._lets_go:
            return self._sync(partner, rows, retry_rejected)
        if not database(self.home).exists():
            database(self.home).write_bytes(_empty_ledger())
        # Opening the file is most of what a small sync costs; held open, it is not opened anew by each step.
        held = self._kept or duckdb.connect(str(database(self.home)))
        if self.keeps_open:
            self._kept = held
        try:
            return self._sync(partner, rows, retry_rejected)
        finally:
            if not self.keeps_open:
                held.close()

    def _sync(self, partner: str, rows: Rows, retry_rejected: bool) -> dict[str, ResultLine]:
        with open_database(self.home) as db:
            write_marts(db, partner, rows)
        recover(self.home, [partner])
        made = engine.plan(self.home, [partner], TODAY, retry_rejected)
        pushed = engine.push(self.home, made.plan_id, [partner], DEFAULTS, contents=self.contents)
        self.stopped, self.held, self.notes = pushed.stopped, pushed.held, pushed.notes
        return {line.entity: line for line in pushed.lines}

    def sent(self, partner: str) -> list[str]:
        """Method and path of all requests so far."""
        return [f"{r.method} {r.path} {r.status}" for r in self.sandbox.requests(partner)]

    def ledger(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.home / "stammdaten.duckdb")) as db:
            return db.execute(sql).fetchall()
