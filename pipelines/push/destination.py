"""The dlt reverse destination of a partner: takes plan rows in order, sends them, notes each outcome.

dlt gives the rows as one Parquet file in order. The destination never raises, for anything: dlt would send the file
once more from its first row. It keeps its own retries; what fails beyond a row stops this partner, with its reason.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.database import connect
from pipelines.ledger.ledger import in_little_memory
from pipelines.push.sender import Sender

# Rows that are read out of the plan at once.
BATCH = 5_000
BY_LAW = """
    operation = 'withdraw' and exists (
        from sync.by_law as b
        where b.plan_id = plan.plan_id and b.partner = plan.partner and b.id_space = plan.id_space
            and b.external_id = plan.external_id
    )
"""
COLUMNS = (
    "seq, entity, id_space, level, operation, external_id, remote_id, payload, refs, changed_fields, confirmed,"
    " sends, parents, children, content, with_parent"
)


def push_partner(database: Path, folder: Path, sender: Sender) -> None:
    """Sends the plan rows of one partner through its dlt destination.

    The DuckDB file is open only while dlt reads the plan out of it. dlt's own folder is made anew each time:
    what an interrupted run left is settled from the journal, not by sending a package again.
    """
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    import dlt

    partner = sender.connector.contract.partner

    def send(file: str, table: Any) -> None:
        sender.send_file(Path(file))

    destination = dlt.destination(
        send,
        name=partner,
        batch_size=0,  # the file as a whole: dlt's own reader would keep all of it in memory
        loader_file_format="parquet",
        naming_convention="direct",
        loader_parallelism_strategy="sequential",
    )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / f"push_{partner}", ignore_errors=True)
    pipeline = dlt.pipeline(f"push_{partner}", destination=destination, pipelines_dir=str(folder))
    # Its state would be a job of its own, and the rows would wait a second for it.
    pipeline.config.restore_from_destination = False
    rows = plan_rows(
        database, sender.plan_id, partner, lambda: sender.stopped is not None, sender.only_by_law
    )
    pipeline.extract(dlt.resource(rows, name="plan"))
    pipeline.normalize()
    pipeline.load()
    # The package holds payloads; nothing needs it any more.
    shutil.rmtree(folder / f"push_{partner}", ignore_errors=True)


def plan_rows(
    database: Path,
    plan_id: str,
    partner: str,
    is_over: Callable[[], bool] = lambda: False,
    only_by_law: bool = False,
) -> Iterator[pa.Table]:
    """The plan rows of one partner in the order of sending, some thousand at a time: no sort of a whole plan.

    `only_by_law`: none but the withdrawals that the law asks for.
    """
    which = f"where plan_id = ? and partner = ? and ({BY_LAW if only_by_law else 'true'})"
    with connect(database, True, is_over) as db:
        [(first, last)] = db.execute(
            f"select coalesce(min(seq), 0), coalesce(max(seq), -1) from sync.plan {which}", [plan_id, partner]
        ).fetchall()

        def batch(start: int) -> pa.Table:
            return db.sql(
                f"select {COLUMNS} from sync.plan {which} and seq >= ? and seq < ? order by seq",
                params=[plan_id, partner, start, start + BATCH],
            ).to_arrow_table()

        for start in range(first, last + 1, BATCH):
            yield in_little_memory(db, partial(batch, start))
