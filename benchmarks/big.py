"""Ten million units in one home: load, build and a plan in which nothing changed, against the same at a million.

`python -m benchmarks --big` measures it once, in an hour or several, and leaves `make bench` alone. Each step is a
process of its own; what it took is written down at once, so that a broken-off measurement goes on where it ended.
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.process import Cost, python
from benchmarks.suite import FOUR, Result, Say, command, environment, nothing

STEPS = ("load from Parquet", "dbt build", "plan, nothing changed")
MOST_GB = 4.0


@dataclass(frozen=True)
class Step:
    """What a step took: seconds, processor seconds, peak of memory and of the home's size on disk, both in MB."""

    seconds: float
    cpu: float
    peak_mb: float
    disk_mb: float


def big(units: int, base: int, folder: Path, say: Say) -> Iterator[Result]:
    """Each step at both sizes: processor seconds against those of the small one times the ratio of sizes.

    Others may use the machine at the same time, so time on the clock says little.
    """
    small, large = (_measured(size, folder / f"big_{size}", say) for size in (base, units))
    for step in STEPS:
        linear = small[step].cpu * units / base
        yield Result(
            f"{step}, processor time",
            units,
            large[step].cpu,
            large[step].peak_mb,
            f"{units // base} × that at {base:,}",
            linear,
            large[step].cpu / linear,
            "≤ 1.1",
            f"{large[step].seconds:,.0f} s on the clock, {large[step].disk_mb / 1024:.1f} GB on disk at most",
            partners=len(FOUR),
            most_gb=MOST_GB,
        )


def _measured(units: int, folder: Path, say: Say) -> dict[str, Step]:
    """The steps at one size, those already measured as they were."""
    erp, home, kept = folder / "erp", folder / "home", folder / "measured.json"
    done = (
        {name: Step(**step) for name, step in json.loads(kept.read_text()).items()} if kept.exists() else {}
    )
    env = environment(home, erp, FOUR)

    def measure(step: str, work: Callable[[], Cost]) -> None:
        if step in done:
            return
        say(f"{units:,} units: {step}")
        with _size_of(home) as most:
            cost = work()
        done[step] = Step(cost.seconds, cost.cpu, cost.peak_mb, most[0])
        kept.write_text(json.dumps({name: asdict(took) for name, took in done.items()}, indent=1) + "\n")
        say(f"{units:,} units: {step}: {done[step]}")

    folder.mkdir(parents=True, exist_ok=True)
    measure("delivery", lambda: python("benchmarks.large_delivery", erp, units))
    shutil.rmtree(folder / "erp_once", ignore_errors=True)
    measure(STEPS[0], lambda: command(env, "load", FOUR))
    measure(STEPS[1], lambda: command(env, "build", FOUR))
    measure("ledger", lambda: python("benchmarks.steps", "deliver", home, *FOUR))
    measure(STEPS[2], lambda: nothing(python("benchmarks.steps", "plan", home, *FOUR)))
    return done


@contextmanager
def _size_of(folder: Path) -> Iterator[list[float]]:
    """The largest size of a folder on disk in MB, looked at every second while the block runs."""
    most, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(1):
            most[0] = max(most[0], sum(map(_bytes, folder.rglob("*"))) / 2**20)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _bytes(file: Path) -> int:
    try:
        return file.lstat().st_blocks * 512
    except OSError:
        # It went while it was looked at.
        return 0
