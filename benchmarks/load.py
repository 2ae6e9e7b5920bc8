"""The load against the least that could be done: `make bench-load`, or `python -m benchmarks.load --units 100000`.

Each measurement is a process of its own: its whole time counts, from start to end, and its peak of resident memory.
`python -m benchmarks.load csv FOLDER HOME` and `… duckdb FOLDER HOME` are those processes.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import postgres, process
from benchmarks.process import Cost
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.erp.sample import write_sample
from pipelines.settings import home

MODULE = "benchmarks.load"
UNITS = 1_000_000
SEED = 1
MOST_MB = 2048


@dataclass(frozen=True)
class Measured:
    """One way into the raw layer, and what it is held against in the same run."""

    door: str
    cost: Cost
    against: str
    floor: Cost
    must_reach: float

    @property
    def ratio(self) -> float:
        """How many times as long as the least."""
        return self.cost.seconds / self.floor.seconds

    @property
    def is_good(self) -> bool:
        """Whether time and memory are what they must be."""
        return self.ratio <= self.must_reach and self.cost.peak_mb <= MOST_MB

    def __str__(self) -> str:
        return (
            f"{self.door}: {self.cost.seconds:.1f} s, {self.against}: {self.floor.seconds:.1f} s, "
            f"ratio {self.ratio:.2f} (≤ {self.must_reach:g}); {self.cost.said} rows, "
            f"peak {self.cost.peak_mb:,.0f} MB (≤ {MOST_MB:,}), {self.floor.peak_mb:,.0f} MB there: "
            f"{'reached' if self.is_good else 'MISSED'}"
        )


def measure_csv(sample: Path, scratch: Path) -> Measured:
    """CSV files against DuckDB alone reading the same files into tables; the faster of two runs each, alternating."""
    floors, costs = [], []
    for number in range(2):
        floors.append(process.python(MODULE, "duckdb", sample, scratch / f"duckdb_{number}"))
        costs.append(process.python(MODULE, "csv", sample, scratch / f"csv_{number}"))
        shutil.rmtree(scratch)
    fastest = min(costs, key=lambda cost: cost.seconds)
    highest = max(cost.peak_mb for cost in costs)
    floor = min(floors, key=lambda cost: cost.seconds)
    cost = Cost(fastest.seconds, fastest.cpu, highest, fastest.said)
    return Measured("CSV", cost, "DuckDB alone", floor, must_reach=2.5)


def measure_postgres(sample: Path, scratch: Path) -> Measured:
    """A PostgreSQL server against copying the same tables out of it."""
    cost, floor = postgres.costs(sample, scratch)
    return Measured("PostgreSQL", cost, "COPY … TO", floor, must_reach=3)


# Every door with its measurement; it gets the sample and a folder to write in.
DOORS: Mapping[str, Callable[[Path, Path], Measured]] = {
    "csv": measure_csv,
    "postgres": measure_postgres,
}


def sample_of(units: int) -> Path:
    """The sample portfolio of this size, written once: a million units take a minute or two."""
    folder = home() / "bench" / f"sample_{units}"
    if not (folder / "mandant.csv").exists():
        print(f"Writing a sample portfolio of {units:,} units (once)", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        write_sample(folder, units, SEED)
    return folder


def load_csv(folder: Path, at_home: Path) -> int:
    """The load itself; returns its rows."""
    return sum(load(FilesSettings(folder), at_home).rows.values())


def read_by_duckdb(folder: Path, at_home: Path) -> int:
    """DuckDB alone: every file into a table of texts; returns the rows."""
    at_home.mkdir(parents=True)
    rows = 0
    with duckdb.connect(str(at_home / "alone.duckdb")) as db:
        for path in sorted(folder.glob("*.csv")):
            db.execute(
                f"create table {path.stem} as select * from read_csv(?, all_varchar = true)", [str(path)]
            )
            counted = db.execute(f"select count(*) from {path.stem}").fetchone()
            rows += counted[0] if counted else 0
    return rows


STEPS: Mapping[str, Callable[[Path, Path], int]] = {"csv": load_csv, "duckdb": read_by_duckdb}


def main(argv: list[str]) -> int:
    """Measures every door, or the one that is named; 1 if a figure is missed."""
    if argv and argv[0] in STEPS:
        print(STEPS[argv[0]](Path(argv[1]), Path(argv[2])))
        return 0
    parser = argparse.ArgumentParser(prog="make bench-load", description="The load against the least.")
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--door", choices=[*DOORS], action="append")
    options = parser.parse_args(argv)
    sample = sample_of(options.units)
    missed = 0
    for door in options.door or DOORS:
        with tempfile.TemporaryDirectory(dir=home()) as scratch:
            measured = DOORS[door](sample, Path(scratch) / door)
        print(measured, flush=True)
        missed += not measured.is_good
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
