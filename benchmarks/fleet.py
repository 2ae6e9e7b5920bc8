"""What a fleet costs against its customers one by one: CPU seconds, all of Ray included.

`python -m benchmarks.fleet --customers 12 --units 500 [--large 5 --large-units 100000] [--changed] [--workers 2]`

One home is filled for each size and copied for each customer, so all hold the same; a run then finds nothing new, or,
with --changed, one row in a hundred. Three ways, each on fresh copies: the plain command line, cold; forked from one
warm process, one after the other; the fleet.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from pipelines.erp.sample import write_sample
from pipelines.fleet.customers import Customer
from pipelines.fleet.fleet import RUN, carried_out
from pipelines.fleet.secrets import is_secret
from pipelines.fleet.work import Order, served
from pipelines.sandbox.server import Sandbox

ENTRY = "pipelines.cli.main:main"
PARTNERS = ("etg24", "facilioo", "plentific", "kiwi")
VARS = {"partners": {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in PARTNERS}}
TICKS = os.sysconf("SC_CLK_TCK")


class Spent:
    """CPU seconds of this process' descendants inside the `with`, those that ended too, where somebody saw them."""

    def __init__(self) -> None:
        self._most: dict[int, float] = {}
        self._over = threading.Event()

    def __enter__(self) -> "Spent":
        # A warm server of an earlier way still lives.
        self._look()
        self._before = dict(self._most)
        self._thread = threading.Thread(target=self._watch)
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._over.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._began
        self.cpu = sum(self._most.values()) - sum(self._before.values())

    def _watch(self) -> None:
        while not self._over.wait(0.3):
            self._look()

    def _look(self) -> None:
        stats: dict[int, tuple[int, list[str], str]] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    stats[int(folder.name)] = int(fields[1]), fields, (folder / "cmdline").read_text()
                except OSError:
                    continue
        for pid, (parent, fields, line) in stats.items():
            above, is_ours = pid, False
            while above in stats and not is_ours:
                above = stats[above][0]
                is_ours = above == os.getpid()
            is_server = "multiprocessing.forkserver" in line
            is_forked = is_server and "multiprocessing.forkserver" in stats.get(parent, (0, [], ""))[2]
            if is_ours and not is_forked:  # a server has waited for those that it forked
                # utime, stime, and of those that were waited for.
                places = (11, 12, 13, 14) if is_server else (11, 12)
                spent = sum(int(fields[place]) for place in places) / TICKS
                self._most[pid] = max(self._most.get(pid, 0.0), spent)


def filled(base: Path, units: int, stack: ExitStack, changed: bool) -> tuple[Path, dict[str, str]]:
    """A home to which everything is delivered, and its settings; then one row in a hundred changes, if so."""
    base.mkdir()
    write_sample(base / "erp", units, 1)
    sandbox = stack.enter_context(Sandbox(state=base / "sandbox.sqlite"))
    prefixes = tuple(f"DESTINATION__{name.upper()}__" for name in PARTNERS)
    settings = {name: value for name, value in sandbox.environment().items() if name.startswith(prefixes)}
    settings |= {"SOURCES__ERP__KIND": "files", "SOURCES__ERP__FILES__FOLDER": str(base / "erp")}
    (base / "home").mkdir(mode=0o700)
    for _ in range(2):
        call(base / "home", settings)
    if changed:
        change(base / "erp" / "verwaltungseinheit.csv")
    return base / "home", settings


def call(home: Path, settings: dict[str, str]) -> None:
    words = [sys.executable, "-m", "pipelines.cli.main", "run", "--vars", json.dumps(VARS)]
    env = {**os.environ, **settings, "STAMMDATEN_HOME": str(home)}
    subprocess.run(words, env=env, cwd=ROOT, check=True, capture_output=True)


def change(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        heads, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows[::100]:
        row["wohnflaeche"] = "77,7"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, heads, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def copies(base: Path, sizes: list[tuple[int, Path, dict[str, str]]]) -> list[Customer]:
    """The customers, each with a copy of the home of its size; secrets in files."""
    found = []
    for number, (units, home, settings) in enumerate(sizes):
        mine = base / f"c{number}"
        shutil.copytree(home, mine)
        given = {}
        for name, value in settings.items():
            given[name] = value
            if is_secret(name, value):
                file = base / f"{name}-{number}"
                file.write_text(value)
                file.chmod(0o600)
                given[name] = f"file:{file}"
        found.append(Customer(f"c{number}", ROOT, str(mine), "bench", given, VARS, units))
    return found


def write(customers: list[Customer], folder: Path) -> None:
    lines = [
        {
            "name": one.name,
            "folder": str(one.folder),
            "home": one.home,
            "size": one.size,
            "vars": json.dumps(VARS),
        }
        | dict(one.settings)
        for one in customers
    ]
    with (folder / "customers.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0], delimiter=";")
        writer.writeheader()
        writer.writerows(lines)


def measured(name: str, spent: Spent, customers: int) -> dict[str, Any]:
    line = {"way": name, "seconds": round(spent.seconds, 1), "cpu": round(spent.cpu, 1)}
    print({**line, "cpu_each": round(spent.cpu / customers, 2)}, flush=True)
    return line


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=12)
    options.add_argument("--units", type=int, default=500)
    options.add_argument("--large", type=int, default=0)
    options.add_argument("--large-units", type=int, default=100_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--changed", action="store_true")
    options.add_argument("--ways", default="cold,warm,fleet")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        base = Path(folder)
        sizes = [(given.units, *filled(base / "small", given.units, stack, given.changed))] * given.customers
        if given.large:
            sizes += [
                (given.large_units, *filled(base / "large", given.large_units, stack, given.changed))
            ] * given.large
        for way in given.ways.split(","):
            (base / way).mkdir()
            customers = copies(base / way, sizes)
            with Spent() as spent:
                if way == "cold":
                    for one, (_, _, settings) in zip(customers, sizes, strict=True):
                        call(Path(one.home), settings)
                elif way == "warm":
                    lines = [served(Order(one, ENTRY, RUN, base / way)) for one in customers]
                    assert all(line.exit == 0 for line in lines), lines
                else:
                    write(customers, base / way)
                    table = base / way / "customers.csv"
                    report = carried_out(table, ENTRY, RUN, [], None, given.workers, lambda _: None)
                    assert report.exit == 0, report
            measured(way, spent, len(customers))


if __name__ == "__main__":
    main()
