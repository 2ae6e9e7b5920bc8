"""The load from PostgreSQL against `COPY … TO` of the same tables, on a server that lasts as long as the measurement.

`python -m benchmarks.postgres load HOME` and `… copy FOLDER` are the measured processes; both find the database in the
settings of the database door.
"""

import os
import sys
from pathlib import Path

import duckdb
import psycopg

from benchmarks import process
from benchmarks.process import Cost
from pipelines.erp.load import load
from pipelines.erp.settings import erp_settings
from tests.erp.postgres import Server, running

MODULE = "benchmarks.postgres"
DATABASE = "postgres"
BLOCK = 1 << 20


def costs(sample: Path, scratch: Path) -> tuple[Cost, Cost]:
    """What the load of a sample took, and what copying its tables out took; the faster of two runs each, alternating."""
    scratch.mkdir(parents=True)
    mapping = scratch / "views.yml"
    names = [path.stem for path in sorted(sample.glob("*.csv"))]
    mapping.write_text("tables:\n" + "".join(f"  {name}:\n" for name in names), encoding="utf-8")
    with running(shared_buffers="512MB", max_wal_size="16GB") as server:
        for name in names:
            _fill(server, sample / f"{name}.csv", scratch / "table.csv")
        with server.connect() as connection:
            connection.execute("vacuum analyze")
        env = {
            "SOURCES__ERP__KIND": "sql",
            "SOURCES__ERP__SQL__CREDENTIALS": server.url(DATABASE),
            "SOURCES__ERP__SQL__MAPPING": str(mapping),
        }
        loads, copies = [], []
        for number in range(2):
            copies.append(process.python(MODULE, "copy", scratch / f"copy_{number}", env=env))
            loads.append(process.python(MODULE, "load", scratch / f"home_{number}", env=env))
    fastest = min(loads, key=lambda cost: cost.seconds)
    highest = max(cost.peak_mb for cost in loads)
    cost = Cost(fastest.seconds, fastest.cpu, highest, fastest.said)
    return cost, min(copies, key=lambda cost: cost.seconds)


def _fill(server: Server, file: Path, plain: Path) -> None:
    """A table of texts with the rows of a file."""
    rows = f"read_csv('{file}', all_varchar = true, header = true)"
    with duckdb.connect() as db:
        columns = [name for name, *_ in db.execute(f"describe from {rows}").fetchall()]
        db.execute(f"copy (from {rows}) to '{plain}' (format csv, header false)")
    with server.connect() as connection, plain.open("rb") as content:
        connection.execute(f"create table {file.stem} ({', '.join(f'{name} text' for name in columns)})")
        with connection.cursor().copy(f"copy {file.stem} from stdin (format csv)") as copy:
            while block := content.read(BLOCK):
                copy.write(block)


def load_all(home: Path) -> int:
    """The load itself; returns its rows."""
    return sum(load(erp_settings(), home).rows.values())


def copy_all(folder: Path) -> int:
    """Every table as a CSV file, as the server hands it out; returns the rows."""
    folder.mkdir()
    rows = 0
    with psycopg.connect(os.environ["SOURCES__ERP__SQL__CREDENTIALS"]) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (name,) in names:
            cursor = connection.cursor()
            with (
                (folder / f"{name}.csv").open("wb") as file,
                cursor.copy(f"copy {name} to stdout (format csv)") as copy,
            ):
                for block in copy:
                    file.write(block)
            rows += cursor.rowcount
    return rows


if __name__ == "__main__":
    print({"load": load_all, "copy": copy_all}[sys.argv[1]](Path(sys.argv[2])))
