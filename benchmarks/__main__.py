"""`python -m benchmarks`: measures, prints a table, and writes JSON and the page on request."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks import big, report, suite
from pipelines.settings import home

# Units in one home, and the size that it is held against.
BIG, BASE = 10_000_000, 1_000_000


def main() -> int:
    """Exit status 1 when a figure is on the wrong side of its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under three minutes")
    parser.add_argument(
        "--only", choices=("pushes", "memory", "documents", "peers", "pipeline"), help="only this part"
    )
    parser.add_argument(
        "--big", action="store_true", help="only 10,000,000 units in one home (or --units), which takes hours"
    )
    parser.add_argument("--units", type=int, metavar="N", help="only portfolios of this size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument(
        "--page", action="store_true", help="write docs/benchmarks.md and its plots; steps left out stay"
    )
    given = parser.parse_args()
    sizes = suite.QUICK if given.quick else suite.WHOLE
    if given.units:
        sizes = replace(sizes, units=(given.units,))
    folder = suite.scratch(home())
    errors = Console(stderr=True)
    results: list[suite.Result] = []
    for result in _measure(given.only, sizes, folder, errors, given.units or BIG if given.big else 0):
        results.append(result)
        document = report.as_json(results)
        # An hour's figures are not lost with the last step.
        if given.json:
            given.json.write_text(document + "\n", encoding="utf-8")
    Console(width=170).print(report.table(results))
    if given.page and given.big:
        report.write_big(document)
    elif given.page:
        python = suite.peers.environment(folder / "peers") / "python"
        report.write_page(document, python, is_whole=not (given.only or given.units or given.big))
    return 0 if all(result.holds for result in results) else 1


def _measure(
    only: str | None, sizes: suite.Sizes, folder: Path, errors: Console, large: int
) -> Iterator[suite.Result]:
    def say(text: str) -> None:
        errors.print(text, style="dim")

    if large:
        yield from big.big(large, BASE, folder, say)
        return

    if only in (None, "pushes"):
        yield from suite.pushes(sizes, folder, say)
    if only in (None, "memory"):
        yield from suite.memory(sizes, folder, say)
    if only in (None, "documents"):
        yield from suite.documents(sizes, folder, say)
    if only in (None, "peers"):
        yield from suite.against_peers(sizes, folder, say)
    if only in (None, "pipeline"):
        measured: list[suite.Result] = []
        for units in sizes.units:
            repeats = 1 if units >= 1_000_000 else sizes.repeats
            for partners in (suite.known(), *([suite.FOUR] if units >= 1_000_000 else [])):
                for result in suite.pipeline(units, partners, folder / f"{units}", repeats, say):
                    measured.append(result)
                    yield result
        yield from suite.growth(measured)


if __name__ == "__main__":
    sys.exit(main())
