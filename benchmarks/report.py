"""The results as a table, as JSON, and as `docs/benchmarks.md` with plots."""

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.process import ROOT
from benchmarks.suite import Result

PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "benchmarks"
FIGURES = ("<!-- figures: written by make bench -->", "<!-- end of figures -->")
BIG = ("<!-- figures: written by python -m benchmarks --big --page -->", "<!-- end of the big one -->")


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("dlt", "duckdb", "dbt-core", "dbt-duckdb", "pyarrow", "requests")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }


def table(results: Sequence[Result]) -> Table:
    """The results as the terminal shows them."""
    shown = Table(
        "step", "size", "partners", "time", "peak", "against", "its time", "ratio", "must reach", ""
    )
    for column in (1, 2, 3, 4, 6, 7):
        shown.columns[column].justify = "right"
    for r in results:
        style = "" if r.holds else "red"
        shown.add_row(*_cells(r), style=style)
    return shown


def as_json(results: Sequence[Result]) -> str:
    """Machine, versions and all results."""
    lines = [{**asdict(result), "holds": result.holds} for result in results]
    return json.dumps({"machine": machine(), "results": lines}, indent=1, ensure_ascii=False)


def write_page(document: str, python: Path, is_whole: bool) -> None:
    """Puts the figures of a run into `docs/benchmarks.md`, between its two marks, and draws the plots beside it.

    `python` is an interpreter with matplotlib. What stands outside the marks is written by people and stays; so do,
    unless the run `is_whole`, the figures of what it has not measured.
    """
    read, kept = json.loads(document), PLOTS / "results.json"
    PLOTS.mkdir(exist_ok=True)
    if kept.exists() and not is_whole:
        read["results"] = _renewed(json.loads(kept.read_text())["results"], read["results"])
    kept.write_text(json.dumps(read, indent=1, ensure_ascii=False) + "\n")
    subprocess.run([python, ROOT / "benchmarks" / "plots.py", kept, PLOTS], check=True)
    plots = ["", "![ratios](benchmarks/ratios.svg)", "", "![growth](benchmarks/growth.svg)"]
    _put([*_figures(read), *plots], FIGURES)


def write_big(document: str) -> None:
    """Puts the figures of the big one into `docs/benchmarks.md`, between marks and with a date of their own."""
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / "big.json").write_text(document + "\n")
    _put(_figures(json.loads(document)), BIG)


def _put(lines: Sequence[str], marks: tuple[str, str]) -> None:
    page = PAGE.read_text()
    before, after = page[: page.index(marks[0])], page[page.index(marks[1]) :]
    PAGE.write_text(before + marks[0] + "\n\n" + "\n".join(lines) + "\n\n" + after)


def _renewed(former: list[dict[str, Any]], measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The former results in their order, those that were measured again in place of their own; then what is new."""

    def which(entry: dict[str, Any]) -> tuple[Any, ...]:
        return entry["step"], entry["size"], entry.get("partners", 0), entry["against"].partition(":")[0]

    again = {which(entry): entry for entry in measured}
    return [again.pop(which(entry), entry) for entry in former] + list(again.values())


def _figures(read: dict[str, Any]) -> list[str]:
    m = read["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    lines = [
        f"Measured on {m['date']} on {m['system']}, {m['cores']} cores, {m['memory_gib']} GiB, Python {m['python']},"
        f" {versions}.",
        "",
        "| step | size | partners | time | peak memory | against | its time | ratio | must reach | |",
        "|---|--:|--:|--:|--:|---|--:|--:|---|---|",
    ]
    for entry in read["results"]:
        held = entry.pop("holds")
        cells = _cells(Result(**entry))
        lines.append("| " + " | ".join([*cells[:-1], ("" if held else "**missed** ") + cells[-1]]) + " |")
    return lines


def _cells(r: Result) -> list[str]:
    return [
        r.step,
        f"{r.size:,}",
        f"{r.partners or ''}",
        f"{r.seconds:,.1f} s",
        f"{r.peak_mb:,.0f} MB",
        r.against,
        f"{r.against_seconds:,.1f} s",
        f"{r.ratio:.2f}",
        ", ".join(filter(None, [r.must, f"≤ {r.most_gb:g} GB" if r.most_gb else ""])),
        r.note,
    ]
