"""The load from PostgreSQL against `COPY … TO` of the same tables, on a server that lasts as long as the measurement.

`python -m benchmarks.postgres HOME` is the measured load; it finds the database in the settings of the database door.
"""

import sys
from pathlib import Path

from benchmarks import process
from benchmarks.process import Cost
from pipelines.erp.files import csv_file
from pipelines.erp.load import load
from pipelines.erp.settings import erp_settings
from tests.erp.postgres import PASSWORD, Server, running

MODULE = "benchmarks.postgres"
DATABASE = "postgres"
ENCODINGS = {"utf-8": "UTF8", "windows-1252": "WIN1252", "iso-8859-1": "LATIN1"}


def costs(sample: Path, scratch: Path) -> tuple[Cost, Cost]:
    """What the load of a sample took, and copying its tables out; the faster of two runs each, alternating."""
    scratch.mkdir(parents=True)
    mapping = scratch / "views.yml"
    names = [path.stem for path in sorted(sample.glob("*.csv"))]
    mapping.write_text("tables:\n" + "".join(f"  {name}:\n" for name in names), encoding="utf-8")
    with running(shared_buffers="512MB", max_wal_size="16GB") as server:
        _fill(server, sample, names)
        env = {
            "SOURCES__ERP__KIND": "sql",
            "SOURCES__ERP__SQL__CREDENTIALS": server.url(DATABASE),
            "SOURCES__ERP__SQL__MAPPING": str(mapping),
        }
        loads, copies = [], []
        for number in range(2):
            copies.append(_copy(server, names, scratch))
            loads.append(process.python(MODULE, scratch / f"home_{number}", env=env))
    fastest = min(loads, key=lambda cost: cost.seconds)
    highest = max(cost.peak_mb for cost in loads)
    cost = Cost(fastest.seconds, fastest.cpu, highest, fastest.said)
    return cost, min(copies, key=lambda cost: cost.seconds)


def _fill(server: Server, sample: Path, names: list[str]) -> None:
    """A table of texts for each file of a sample."""
    commands = []
    for name in names:
        file = csv_file.inspect(sample / f"{name}.csv")
        columns = ", ".join(f"{column} text" for column in file.columns)
        form = f"format csv, header, delimiter '{file.delimiter}', encoding '{ENCODINGS[file.encoding]}'"
        commands += [f"create table {name} ({columns})", f"\\copy {name} from '{file.path}' ({form})"]
    _psql(server, [*commands, "vacuum analyze"])


def _copy(server: Server, names: list[str], scratch: Path) -> Cost:
    """Every table into a CSV file, by the server's own client."""
    return _psql(server, [f"\\copy {name} to '{scratch / 'table.csv'}' (format csv)" for name in names])


def _psql(server: Server, commands: list[str]) -> Cost:
    address = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": PASSWORD,
    }
    argv = [str(server.psql), "--quiet", "--set=ON_ERROR_STOP=1", *(f"--command={c}" for c in commands)]
    return process.run(argv, env={**address, "PGDATABASE": DATABASE})


if __name__ == "__main__":
    print(sum(load(erp_settings(), Path(sys.argv[1])).rows.values()))
