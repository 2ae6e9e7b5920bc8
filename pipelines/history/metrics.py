"""The history as metrics for the textfile collector of Prometheus' node exporter: counts and times, no id of a row."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.history.run_file import RecordedRun
from pipelines.history.runs import read_run, read_runs
from pipelines.history.tidy import sizes
from pipelines.settings import checked_text, settings_path
from pipelines.versions import versions

OUTCOMES = (
    "created", "updated", "withdrawn", "unchanged", "rejected", "blocked", "pending", "held", "delivered",
)  # fmt: skip
# A run that ended without a word has no exit status.
LOST = -1


@dataclass(frozen=True)
class Metric:
    """A metric: what it counts, and its labels. All are gauges: of the last run, not sums over runs."""

    help: str
    labels: tuple[str, ...] = ()


RUN = ("command", "use_case")
ENTITY = ("partner", "entity")
# `use_case` is `all` for a run that is not limited to one. Other programs read the names: those that exist stay.
METRICS = {
    "stammdaten_info": Metric(
        "Always 1; the versions that work here.", ("version", "python", "dbt", "duckdb", "dlt")
    ),
    "stammdaten_last_run_timestamp_seconds": Metric("When the last run began.", RUN),
    "stammdaten_last_run_seconds": Metric("How long it took.", RUN),
    "stammdaten_last_run_exit_status": Metric(
        "How it ended (docs: exit status); -1: ended without a word.", RUN
    ),
    "stammdaten_last_success_timestamp_seconds": Metric("When the last run with exit status 0 began.", RUN),
    "stammdaten_running": Metric("1 while a run is at work, as far as was known when this was written.", RUN),
    "stammdaten_step_seconds": Metric("Seconds by step of the last run.", (*RUN, "step")),
    "stammdaten_in_mart_rows": Metric("Rows of the mart.", ENTITY),
    "stammdaten_rows": Metric("Rows by what became of them in the last run or push.", (*ENTITY, "outcome")),
    "stammdaten_undelivered_rows": Metric("Rows that wait or are refused, by reason.", (*ENTITY, "reason")),
    "stammdaten_requests": Metric("Requests that the rows of the last run or push took.", ENTITY),
    "stammdaten_partner_result": Metric(
        "1 for what the last run or push came to: pushed, stopped, guard, failure.", ("partner", "result")
    ),
    "stammdaten_rule_rows": Metric(
        "Rows that a rule dropped, mended or doubted in the last build.", ("rule", "table", "partner")
    ),
    "stammdaten_lost_runs": Metric("Runs of the history that ended without a word."),
    "stammdaten_home_bytes": Metric("What a file or folder of the home takes.", ("name",)),
}
Sample = tuple[str, tuple[str, ...], float]


def metrics_text(home: Path) -> str:
    """The metrics in Prometheus' text format, each with its help, in the order of `METRICS`."""
    found: dict[str, list[str]] = {name: [] for name in METRICS}
    for name, values, number in _samples(home):
        pairs = zip(METRICS[name].labels, values, strict=True)
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in pairs)
        found[name].append(f"{name}{{{labels}}} {number}" if labels else f"{name} {number}")
    return "".join(
        f"# HELP {name} {METRICS[name].help}\n# TYPE {name} gauge\n" + "\n".join(lines) + "\n"
        for name, lines in found.items()
        if lines
    )


def metrics_file() -> Path | None:
    """The file that each run writes, by `STAMMDATEN_METRICS`. Raises `SettingsError` for one that nobody would read."""
    given = os.environ.get("STAMMDATEN_METRICS")
    if not given:
        return None
    path = settings_path(checked_text("stammdaten_metrics", given))
    if path.suffix != ".prom":
        raise SettingsError(
            f"STAMMDATEN_METRICS: {path} does not end in .prom, so no collector reads it; rename it"
        )
    return path


def write_metrics(home: Path, path: Path) -> None:
    """Writes the file as a whole or not at all, for everybody to read: the collector is another user."""
    text = metrics_text(home)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.chmod(0o644)
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink()
        raise


def _samples(home: Path) -> Iterator[Sample]:
    known = versions()
    names = ("stammdaten", "Python", "dbt-core", "duckdb", "dlt")
    yield "stammdaten_info", tuple(known[name] for name in names), 1
    runs, _ = read_runs(home)
    lasts: dict[tuple[str, str], RecordedRun] = {}
    ended: dict[tuple[str, str], RecordedRun] = {}
    good: dict[tuple[str, str], RecordedRun] = {}
    for run in runs:  # the last one first
        who = (run.command, run.use_case or "all")
        lasts.setdefault(who, run)
        if not run.is_running:
            ended.setdefault(who, run)
        if run.exit == 0:
            good.setdefault(who, run)
    for who, run in lasts.items():
        yield "stammdaten_running", who, float(run.is_running)
    for who, run in ended.items():
        yield "stammdaten_last_run_timestamp_seconds", who, run.begun_at.timestamp()
        yield "stammdaten_last_run_exit_status", who, LOST if run.exit is None else run.exit
        if run.seconds is not None:
            yield "stammdaten_last_run_seconds", who, run.seconds
        for step, seconds in run.steps.items():
            if seconds is not None:
                yield "stammdaten_step_seconds", (*who, step), seconds
    for who, run in good.items():
        yield "stammdaten_last_success_timestamp_seconds", who, run.begun_at.timestamp()
    yield "stammdaten_lost_runs", (), sum(run.exit is None and not run.is_running for run in runs)
    yield from _of_partners(home, [run for who, run in ended.items() if who[0] in ("run", "push", "build")])
    for line in sizes(home):
        yield "stammdaten_home_bytes", (line.name,), line.bytes


def _of_partners(home: Path, runs: list[RecordedRun]) -> Iterator[Sample]:
    """What became of each entity in the last run or push that had it, and of each rule in the last build."""
    seen: set[tuple[str, ...]] = set()

    def is_new(*what: str) -> bool:
        before = len(seen)
        seen.add(what)
        return len(seen) > before

    for each in sorted(runs, key=lambda run: -run.number):
        run = read_run(home, each.run_id) or each
        mine = {
            (line["partner"], line["entity"])
            for line in run.entities
            if is_new(line["partner"], line["entity"])
        }
        for line in run.entities:
            entity = (line["partner"], line["entity"])
            if entity in mine:
                yield "stammdaten_in_mart_rows", entity, line["in_mart"]
                yield "stammdaten_requests", entity, line["requests"] or 0
                for outcome in OUTCOMES:
                    yield "stammdaten_rows", (*entity, outcome), line[outcome]
        for line in (run.report or {}).get("reasons", ()):
            if isinstance(line, dict) and (line["partner"], line["entity"]) in mine:
                yield (
                    "stammdaten_undelivered_rows",
                    (line["partner"], line["entity"], line["reason"]),
                    line["rows"],
                )
        for line in run.partners:
            if is_new(line["partner"]):
                yield "stammdaten_partner_result", (line["partner"], line["result"]), 1
        if run.rules and is_new():
            for line in run.rules:
                yield (
                    "stammdaten_rule_rows",
                    (line["rule"], line["table"], line["partner"] or ""),
                    line["rows"],
                )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
