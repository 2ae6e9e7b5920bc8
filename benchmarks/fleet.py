"""What a fleet costs against its customers one by one: CPU seconds, all of Ray included; and what kills leave behind.

`python -m benchmarks.fleet --customers 200 --units 500 --large 5 --large-units 100000 [--changed 1] [--kill 10]
[--nights 2]`

Three ways, each on fresh copies of a home of that size to which everything is delivered (`fleet_customers.py`): the
plain command line, cold; forked from one warm process, one after the other; the fleet. The first two are measured on
every tenth customer (at least ten, and two of the large ones) and multiplied. With --changed, so many of a hundred
units are changed and as many added, and go to sandboxes, one a customer. With --nights 2, a night that is not measured
comes first: in it each customer finds that nothing is left to do at its addresses. With --kill, the fleet runs once
more: of so many of a hundred customers the worker or the process is killed; at the end all ledgers and partners are
held against those of three that were left alone.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from benchmarks.fleet_customers import MANY, ROOT, Base, Company, behind, called, filled, write
from benchmarks.fleet_kills import Books, Killer
from pipelines.fleet.customers import in_order
from pipelines.fleet.fleet import RUN
from pipelines.fleet.work import Order, served

ENTRY = "pipelines.cli.main:main"
TICKS = os.sysconf("SC_CLK_TCK")
# So many homes are there before their turn comes: disks are not as large as fleets.
AHEAD = 12
# So many customers of each size show what all have to hold.
ALONE = 3
# An answer of a partner takes so long where processes are killed while they wait for one.
LATENCY_MS = 50
LINE = re.compile(r"(well|look|wrong)\s+(\w+): (.*)")
MOST = 1.15


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


class Fleet:
    """All customers of a measurement; what a way leaves on the disk is gone when it ends."""

    def __init__(self, given: argparse.Namespace, folder: Path):
        self._given, self._folder = given, folder
        kept = given.bases or folder
        sizes = [("small", given.units, given.customers), ("large", given.large_units, given.large)]
        self._bases = [
            (filled(kept / f"{name}-{units}", units, given.changed), number)
            for name, units, number in sizes
            if number
        ]
        if given.behind:
            self._bases = [
                (behind(base, folder / f"behind-{base.units}"), number) for base, number in self._bases
            ]
        for base, _ in self._bases:
            base.deliver(given.changed)

    @property
    def size(self) -> int:
        """How many they are."""
        return sum(number for _, number in self._bases)

    def sampled(self, way: str, run: Callable[[Company, Order], float | None]) -> float:
        """CPU seconds of all, one by one, from those of a sample."""
        total = 0.0
        for base, number in self._bases:
            size = min(number, 2 if base.units > MANY else max(10, number // 10))
            costs = [self._one(way, base, at, run) for at in range(size)]
            mean = statistics.mean(costs)
            total += number * mean
            told(way, units=base.units, measured=size, cpu_each=round(mean, 2), times=number)
        return total

    def once(self, run: Callable[[Company, Order], float | None]) -> None:
        """One run that is not measured: it starts what all others use."""
        self._one("first", self._bases[0][0], 0, run)

    def _one(self, way: str, base: Base, at: int, run: Callable[[Company, Order], float | None]) -> float:
        one = Company(f"{way}{at}", base, self._folder)
        try:
            customer = one.announce()
            one.copy()
            for _ in range(self._given.nights - 1):
                run(one, Order(customer, ENTRY, RUN, one.folder))
            with Spent() as spent:
                cost = run(one, Order(customer, ENTRY, RUN, one.folder))
            return spent.cpu if cost is None else cost
        finally:
            one.close()

    def run(
        self, name: str, books: Books | None = None, kill: int = 0, seconds: float = 0.0
    ) -> tuple[Spent, dict[str, float]]:
        """The fleet by its command line, and how long each run took. It goes on once, where kills left something.

        With books and without kills: three of each size, which hold what all have to hold.
        """
        base = self._folder / name
        base.mkdir()
        sizes = [
            size
            for size, number in self._bases
            for _ in range(min(number, ALONE) if books and not kill else number)
        ]
        companies = {f"{name}{at:03}": Company(f"{name}{at:03}", size, base) for at, size in enumerate(sizes)}
        customers = in_order([one.announce() for one in companies.values()])
        if books:
            for one in companies.values():
                one.slow(LATENCY_MS)
        table = write(customers, base)
        took: dict[str, float] = {}
        waiting = iter(customers)

        def ended(state: str, customer: str, what: str) -> None:
            one = companies[customer]
            if found := re.search(r"\(([\d.]+) s\)$", what):
                took[customer] = float(found[1])
            if state == "well":
                if books:
                    books.note(name, one)
                one.close()
                del companies[customer]
            else:
                print(f"{state} {customer}: {what}", flush=True)
            if following := next(waiting, None):
                companies[following.name].copy()

        if self._given.nights > 1:
            for one in companies.values():
                one.copy()
            for _ in range(self._given.nights - 1):
                self._command(table, lambda state, customer, what: None)
            waiting = iter(())
        # Who was killed is not told of at once, and others go on before it.
        for _ in range(len(customers) if kill else AHEAD):
            if following := next(waiting, None):
                companies[following.name].copy()
        victims = [one for one in companies.values() if one.base.units == self._given.units]
        killer = Killer(victims, kill, self._given.seed, seconds) if kill else None
        with Spent() as spent, killer or nullcontext():
            self._command(table, ended)
        if killer:
            print("killed:", *killer.killed, sep="\n  ", flush=True)
        if companies:
            print(f"{len(companies)} customers are not through", flush=True)
            assert kill, "nothing was killed"
            left = write([one for one in customers if one.name in companies], base)
            self._command(left, ended)
        assert not companies, f"not through in a second run: {', '.join(companies)}"
        return spent, took

    def _command(self, table: Path, ended: Callable[[str, str, str], None]) -> None:
        words = ["fleet", "run", str(table), "--workers", str(self._given.workers)]
        line = [sys.executable, "-m", "pipelines.cli.main", *words]
        with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=-1, text=True) as process:
            assert process.stderr is not None
            for text in process.stderr:
                if found := LINE.match(text):
                    ended(found[1], found[2], found[3])
                else:
                    print(text, end="", flush=True)


def told(what: str, **figures: object) -> None:
    """One line of the result."""
    load = os.getloadavg()[0]
    print(
        f"{what:6}",
        *(f"{name} {value}" for name, value in figures.items()),
        f"(load {load:.0f})",
        sep="  ",
        flush=True,
    )


def _cold(one: Company, _: Order) -> float:
    return called(one.home, one.plain(), *RUN[0]).cpu


def _warm(_: Company, order: Order) -> None:
    line = served(order)
    assert line.exit == 0, line


def main() -> None:
    """Measures the ways that are asked for, then the kills."""
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=12)
    options.add_argument("--units", type=int, default=500)
    options.add_argument("--large", type=int, default=0)
    options.add_argument("--large-units", type=int, default=100_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--changed", type=float, default=0, metavar="PERCENT")
    options.add_argument("--ways", default="cold,warm,fleet")
    options.add_argument("--kill", type=float, default=0, metavar="PERCENT")
    options.add_argument(
        "--behind",
        action="store_true",
        help="ledgers and partners are not up to date, instead of a changed delivery",
    )
    options.add_argument(
        "--nights", type=int, default=1, help="so many runs of each, of which the last one is measured"
    )
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--bases", type=Path, help="folder in which filled homes are kept for the next time")
    given = options.parse_args()
    ways = given.ways.split(",")
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(given, Path(folder))
        if "cold" in ways:
            told("cold", cpu=round(fleet.sampled("cold", _cold)))
        if "warm" in ways:
            # Else each process would import this module, which costs as much as its run.
            sys.modules["__main__"].__spec__ = None
            fleet.once(_warm)
            warm = fleet.sampled("warm", _warm)
            told("warm", cpu=round(warm))
        if "fleet" in ways:
            spent, _ = fleet.run("fleet")
            told("fleet", customers=fleet.size, seconds=round(spent.seconds), cpu=round(spent.cpu))
            if "warm" in ways:
                told("ratio", fleet_to_warm=round(spent.cpu / warm, 3), at_most=MOST)
        if given.kill:
            books = Books(Path(folder) / "books.duckdb")
            _, took = fleet.run("alone", books)
            number = round(given.customers * given.kill / 100)
            told("kill", seed=given.seed, customers=number)
            fleet.run("killed", books, number, statistics.median(took.values()))
            for name in ("alone", "killed"):
                for what, rows in books.compared("alone", name).items():
                    told(name, **{what.replace(" ", "_"): rows})


if __name__ == "__main__":
    main()
