"""What is measured, against what, and what must be reached."""

import itertools
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import peers, process
from benchmarks.process import Cost, python, stub
from pipelines.contract.contract import load_contract
from pipelines.contract.contract import partners as known

FOUR = ("etg24", "facilioo", "plentific", "kiwi")
SETTINGS = {"aktiv": True, "separator": "/", "mandanten": "alle"}
CONNECTIONS = 16
LATENCY_MS = 50


@dataclass(frozen=True)
class Sizes:
    """How much is measured: units of the portfolios, and rows of each push."""

    units: tuple[int, ...]
    at_once: int
    delayed: int
    changed_of: int
    memory: tuple[int, int]
    peer: int
    repeats: int
    # Small documents, large ones, and those that have not changed.
    documents: tuple[int, int, int]


QUICK = Sizes((10_000,), 5_000, 5_000, 20_000, (1_000, 10_000), 150, 1, (2_000, 200, 100_000))
WHOLE = Sizes(
    (10_000, 100_000, 1_000_000), 30_000, 20_000, 1_000_000, (10_000, 1_000_000), 1_000, 3,
    (100_000, 1_000, 1_000_000),
)  # fmt: skip
SMALL, LARGE, LARGEST = 10_000, 20 * 2**20, 50 * 2**20
# Documents that a push sends at once (`content.in_flight`).
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Result:
    """One line of the table: a step at a size, what it took, and its ratio against something of the same run.

    `must` is the bound of the ratio (`≤ 2.5` or `≥ 0.8`), empty where a figure is only shown; `most_gb` is that of the
    peak memory, 0 where there is none. `partners` is how many took part, 0 where it does not matter.
    """

    step: str
    size: int
    seconds: float
    peak_mb: float
    against: str
    against_seconds: float
    ratio: float
    must: str = ""
    note: str = ""
    partners: int = 0
    most_gb: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether ratio and peak memory are on the right side of their bounds."""
        if self.most_gb and self.peak_mb > self.most_gb * 1024:
            return False
        sign, _, bound = self.must.partition(" ")
        if not bound:
            return True
        return self.ratio <= float(bound) if sign == "≤" else self.ratio >= float(bound)


Say = Callable[[str], None]


def pipeline(units: int, partners: Sequence[str], folder: Path, repeats: int, say: Say) -> Iterator[Result]:
    """Load, build, plan and a whole run in which nothing has changed, for a portfolio of so many units."""
    for result in _pipeline(units, partners, folder, repeats, say):
        yield replace(result, partners=len(partners))


def _pipeline(units: int, partners: Sequence[str], folder: Path, repeats: int, say: Say) -> Iterator[Result]:
    erp, home, reference = folder / "erp", folder / "home", folder / "reference.duckdb"
    shutil.rmtree(home, ignore_errors=True)
    env = environment(home, erp, partners)
    what = f"{units:,} units, {len(partners)} partners"
    if not (erp / "mandant.csv").exists():
        say(f"{what}: writing the sample portfolio")
        process.run([sys.executable, "-c", _WRITE_SAMPLE, str(erp), str(units)])

    def files() -> Cost:
        reference.unlink(missing_ok=True)
        return python("benchmarks.steps", "files", erp, reference)

    say(f"{what}: load")
    load, read = _pairs(lambda: command(env, "load", partners), files, repeats)
    yield _compared("load from CSV", units, load, "DuckDB alone, files into tables", read, "≤ 2.5")
    reference.unlink(missing_ok=True)

    say(f"{what}: build")
    build, compiled = _pairs(
        lambda: command(env, "build", partners),
        lambda: python("benchmarks.steps", "compiled", home),
        repeats,
    )
    must = "≤ 1.3" if units >= 1_000_000 else ""
    yield _compared("dbt build", units, build, "the compiled SQL in one process", compiled, must)

    say(f"{what}: plan")
    python("benchmarks.steps", "onboard", home, *partners)
    plan, joined = _pairs(
        lambda: nothing(python("benchmarks.steps", "plan", home, *partners)),
        lambda: python("benchmarks.steps", "join", home, *partners),
        repeats,
    )
    yield _compared(
        "plan, nothing changed", units, plan, "one full outer join on hashes", joined, "≤ 3", inside=True
    )

    say(f"{what}: whole run, nothing changed")
    with stub(0) as url:
        whole = command(environment(home, erp, partners, url), "run", partners)
        if sent := _requests(url):
            raise RuntimeError(f"a run in which nothing had changed sent {sent} requests")
    parts = load.seconds + build.seconds + plan.seconds
    yield Result(
        "whole run, nothing changed",
        units,
        whole.seconds,
        whole.peak_mb,
        "load + build + plan above",
        parts,
        whole.seconds / parts,
        "≤ 1.1" if units >= 1_000_000 else "",
        f"0 requests, {whole.peak_mb / 1024:.1f} GB at most",
        most_gb=4.0,
    )

    say(f"{what}: plan, 1 % changed")
    python("benchmarks.steps", "outdate", home)
    changed = python("benchmarks.steps", "plan", home, *partners)
    planned = json.loads(changed.said)["operations"]
    yield _compared(
        "plan, 1 % changed",
        units,
        changed,
        "the plan in which nothing changed",
        plan,
        inside=True,
        note=f"{planned:,} operations",
    )
    shutil.rmtree(home, ignore_errors=True)


def growth(results: Sequence[Result]) -> Iterator[Result]:
    """How much faster than its size each step grows, from one size to the next: 1 is linear, the worst is shown."""
    steps: dict[tuple[str, int], list[Result]] = {}
    for result in results:
        steps.setdefault((result.step, result.partners), []).append(result)
    for (step, partners), found in steps.items():
        sizes = sorted(found, key=lambda result: result.size)
        pairs = [
            (large.seconds / small.seconds * small.size / large.size, small, large)
            for small, large in itertools.pairwise(sizes)
            if large.size > small.size
        ]
        if not pairs:
            continue
        ratio, small, large = max(pairs, key=lambda pair: pair[0])
        yield Result(
            f"growth of {step}",
            large.size,
            large.seconds,
            large.peak_mb,
            f"{large.size // small.size} × its time at {small.size:,}",
            large.size / small.size * small.seconds,
            ratio,
            "≤ 1",
            partners=partners,
        )


def pushes(sizes: Sizes, folder: Path, say: Say) -> Iterator[Result]:
    """Pushes against a bare loop, and of few changes among many records."""
    say(f"push of {sizes.at_once:,} records to a server that answers at once")
    ours, bare = _pushed(sizes.at_once, folder, 0), _bare(sizes.at_once, folder, 0)
    yield _rates("push, server that answers at once", ours, "a bare requests loop", bare, "≥ 0.8")

    say(f"push of {sizes.delayed:,} records to a server that takes {LATENCY_MS} ms")
    ours, bare = _pushed(sizes.delayed, folder, LATENCY_MS), _bare(sizes.delayed, folder, LATENCY_MS)
    result = _rates(f"push, server that takes {LATENCY_MS} ms", ours, "a bare requests loop", bare, "≥ 0.95")
    share = ours.rate / (CONNECTIONS / (LATENCY_MS / 1000))
    yield replace(result, note=f"{result.note}, {share:.0%} of {CONNECTIONS} / {LATENCY_MS} ms")

    say(f"push of 1 % changes out of {sizes.changed_of:,} records")
    changed = sizes.changed_of // 100
    among = _pushed(sizes.changed_of, folder, 0, changed=changed)
    alone = _pushed(sizes.changed_of, folder, 0, changed=changed, alone=True)
    yield _times("push of 1 % changes", sizes.changed_of, among, "the same rows alone", alone, "≤ 1.2")


def memory(sizes: Sizes, folder: Path, say: Say) -> Iterator[Result]:
    """The memory of a long push against that of a short one."""
    few, many = sizes.memory
    say(f"memory of a push of {many:,} operations")
    small, large = _pushed(few, folder, 0), _pushed(many, folder, 0)
    yield Result(
        "memory of a push",
        many,
        large.seconds,
        large.peak_mb,
        f"{few:,} operations: {small.peak_mb:.0f} MB",
        small.seconds,
        large.peak_mb / small.peak_mb,
        "≤ 1.2",
        f"{many / large.seconds:,.0f} records/s",
    )
    yield from growth([Result("a push", p.rows, p.seconds, p.peak_mb, "", 0, 0) for p in (small, large)])


def documents(sizes: Sizes, folder: Path, say: Say) -> Iterator[Result]:
    """Bytes of documents: memory by number and size, throughput against a loop, a plan in which none has changed."""
    few, many = sizes.documents[0], sizes.documents[1]
    say(f"documents: {few:,} of {SMALL:,} bytes, and one of {LARGEST:,}")
    one, small = _documents(1, LARGEST, folder), _documents(few, SMALL, folder)
    most, least = max(one.peak_mb, small.peak_mb), min(one.peak_mb, small.peak_mb)
    yield Result(
        "memory of documents",
        few,
        small.seconds,
        small.peak_mb,
        f"one of 50 MiB: {one.peak_mb:.0f} MB",
        one.seconds,
        most / least,
        "≤ 1.2",
        f"{small.rate:,.0f} documents/s",
    )
    # The smaller a document, the more of its time goes into its record, which the loops do not send.
    for size, must in ((LARGEST, "≥ 0.8"), (LARGE, "")):
        yield from _throughput(many * LARGE // size, size, must, sizes.repeats, folder, say)
    unchanged = sizes.documents[2]
    say(f"documents: plan of {unchanged:,}, nothing changed")
    home = folder / "documents"
    shutil.rmtree(home, ignore_errors=True)
    python("benchmarks.documents", "unchanged", home, unchanged)
    plan, joined = _pairs(
        lambda: nothing(python("benchmarks.steps", "plan", home, "facilioo")),
        lambda: python("benchmarks.steps", "join", home, "facilioo"),
        sizes.repeats,
    )
    shutil.rmtree(home)
    yield _compared(
        "plan of documents, nothing changed",
        unchanged,
        plan,
        "one full outer join on hashes",
        joined,
        "≤ 3",
        inside=True,
        note="no byte read",
    )


def _throughput(number: int, size: int, must: str, repeats: int, folder: Path, say: Say) -> Iterator[Result]:
    """Bytes of so many documents of one size, against a loop that hashes them as well, and one that does not."""
    say(f"documents: {number:,} of {size:,} bytes")
    ours, hashing, bare = (
        sorted(runs, key=lambda push: push.seconds)[(len(runs) - 1) // 2]
        for runs in zip(*(_bytes(number, size, folder) for _ in range(repeats)), strict=True)
    )
    home = _prepared_documents(1, size, folder)
    alone = _rate_of_bytes(_read(python("benchmarks.documents", "hash", home)), size)
    step, rate = f"documents, {size >> 20} MiB each", _rate_of_bytes(ours, size)
    for against, loop, bound, more in (
        ("a streaming loop that hashes", hashing, must, ""),
        ("a streaming loop that does not hash", bare, "", f"; SHA-256 alone, one core: {alone:,.0f} MiB/s"),
    ):
        other = _rate_of_bytes(loop, size)
        note = f"{rate:,.0f} against {other:,.0f} MiB/s{more}"
        yield Result(
            step, number, ours.seconds, ours.peak_mb, against, loop.seconds, rate / other, bound, note
        )  # fmt: skip


def _documents(number: int, size: int, folder: Path) -> "_Push":
    home = _prepared_documents(number, size, folder)
    with stub(0) as url:
        env = {
            **environment(home, home, ["facilioo"], url),
            "SOURCES__ERP__DOKUMENTE__FOLDER": str(home / "documents"),
        }
        pushed = _read(python("benchmarks.documents", "go", home, env=env))
    shutil.rmtree(home)
    return pushed


def _bytes(number: int, size: int, folder: Path) -> tuple["_Push", "_Push", "_Push"]:
    """Documents by a push, by a loop that hashes, and by one that does not, in turn."""
    ours, home = _documents(number, size, folder), _prepared_documents(number, size, folder)
    loops = []
    for step in ("hashing", "bare"):
        with stub(0) as url:
            loops.append(_read(python("benchmarks.documents", step, home, url, SIDE_BY_SIDE)))
    shutil.rmtree(home)
    return ours, loops[0], loops[1]


def _rate_of_bytes(push: "_Push", size: int) -> float:
    """MiB/s of documents of so many bytes."""
    return push.rate * size / 2**20


def _prepared_documents(number: int, size: int, folder: Path) -> Path:
    home = folder / "documents"
    shutil.rmtree(home, ignore_errors=True)
    python("benchmarks.documents", "prepare", home, number, size)
    return home


def against_peers(sizes: Sizes, folder: Path, say: Say) -> Iterator[Result]:
    """The same job with drt and with a plain dlt destination, at 50 ms an answer."""
    say("drt and a plain dlt destination")
    programs = peers.environment(folder / "peers")
    ours = _pushed(sizes.delayed, folder, LATENCY_MS)
    home = _prepared(sizes.peer, folder)
    with stub(LATENCY_MS) as url:
        drt = peers.drt(programs, url, home / "stammdaten.duckdb", folder / "drt")
        sent = _requests(url)
    if sent != sizes.peer:
        raise RuntimeError(f"drt sent {sent} of {sizes.peer} records")
    theirs = _Push(sent, drt.seconds, drt.peak_mb)
    yield _rates(f"the same job, {LATENCY_MS} ms", ours, "drt", theirs, "≥ 10")
    with stub(LATENCY_MS) as url:
        cost = python("benchmarks.bare", "dlt", url, home)
    plain = _read(cost)
    yield _rates(f"the same job, {LATENCY_MS} ms", ours, "a plain dlt destination, its own batch size", plain)


@dataclass(frozen=True)
class _Push:
    rows: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


_WRITE_SAMPLE = (
    "import sys; from pathlib import Path; from pipelines.erp.sample import write_sample;"
    " write_sample(Path(sys.argv[1]), int(sys.argv[2]), 1, lambda *_: None)"
)


def environment(
    home: Path, erp: Path, partners: Sequence[str], url: str = "http://127.0.0.1:9"
) -> dict[str, str]:
    env = {
        "STAMMDATEN_HOME": str(home),
        "SOURCES__ERP__KIND": "files",
        "SOURCES__ERP__FILES__FOLDER": str(erp),
    }
    for partner in partners:
        prefix = f"DESTINATION__{partner.upper()}"
        for key in load_contract(partner).credentials:
            env[f"{prefix}__{key.upper()}"] = "bench@example.org" if key != "subdomain" else "bench"
        env[f"{prefix}__BASE_URL"] = url
    return env


def command(env: Mapping[str, str], name: str, partners: Sequence[str]) -> Cost:
    active = {partner: {**SETTINGS, "aktiv": partner in partners} for partner in known()}
    program = "from pipelines.cli.main import main; main()"
    given = ["--vars", json.dumps({"partners": active}), "--json"]
    return process.run([sys.executable, "-c", program, name, *given], env)


def _pairs(ours: Callable[[], Cost], theirs: Callable[[], Cost], repeats: int) -> tuple[Cost, Cost]:
    """The runs with the median time of each side; both run in turn, so that a slow minute hits both."""
    pairs = [(ours(), theirs()) for _ in range(repeats)]
    return _median([first for first, _ in pairs]), _median([second for _, second in pairs])


def _median(costs: Sequence[Cost]) -> Cost:
    middle = statistics.median_low([cost.seconds for cost in costs])
    return next(cost for cost in costs if cost.seconds == middle)


def nothing(cost: Cost) -> Cost:
    if json.loads(cost.said)["operations"]:
        raise RuntimeError(f"the plan should be empty: {cost.said}")
    return cost


def _compared(
    step: str,
    size: int,
    ours: Cost,
    against: str,
    theirs: Cost,
    must: str = "",
    inside: bool = False,
    note: str = "",
) -> Result:
    """A ratio of wall times; `inside` leaves the start of the interpreter and the imports out of both."""
    mine, other = ((json.loads(cost.said)["seconds"] if inside else cost.seconds) for cost in (ours, theirs))
    return Result(step, size, mine, ours.peak_mb, against, other, mine / other, must, note)


def _rates(step: str, ours: _Push, against: str, theirs: _Push, must: str = "") -> Result:
    note = f"{ours.rate:,.0f} against {theirs.rate:,.0f} records/s"
    ratio = ours.rate / theirs.rate
    return Result(step, ours.rows, ours.seconds, ours.peak_mb, against, theirs.seconds, ratio, must, note)


def _times(step: str, size: int, ours: _Push, against: str, theirs: _Push, must: str) -> Result:
    ratio = ours.seconds / theirs.seconds
    return Result(step, size, ours.seconds, ours.peak_mb, against, theirs.seconds, ratio, must)


def _prepared(rows: int, folder: Path, changed: int = 0, alone: bool = False) -> Path:
    home = folder / "push"
    shutil.rmtree(home, ignore_errors=True)
    more = ["--changed", changed, *(["--alone"] if alone else [])] if changed else []
    python("benchmarks.push", "prepare", home, rows, *more)
    return home


def _pushed(rows: int, folder: Path, latency_ms: int, changed: int = 0, alone: bool = False) -> _Push:
    home = _prepared(rows, folder, changed, alone)
    with stub(latency_ms) as url:
        env = {
            **environment(home, home, ["plentific"], url),
            "DESTINATION__PLENTIFIC__IN_FLIGHT": str(CONNECTIONS),
        }
        pushed = _read(python("benchmarks.push", "go", home, env=env))
    shutil.rmtree(home)
    return pushed


def _bare(rows: int, folder: Path, latency_ms: int) -> _Push:
    home = _prepared(rows, folder)
    with stub(latency_ms) as url:
        return _read(python("benchmarks.bare", "requests", url, home, CONNECTIONS))


def _read(cost: Cost) -> _Push:
    said = json.loads(cost.said)
    return _Push(int(said["rows"]), float(said["seconds"]), cost.peak_mb)


def _requests(url: str) -> int:
    """How many records a stub has been sent."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        return int(session.get(f"{url}/written", timeout=10).text)


def scratch(home: Path) -> Path:
    """The folder that everything of the suite lies in; portfolios stay there from run to run."""
    folder = home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(os.path.abspath(folder))
