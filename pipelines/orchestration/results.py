"""What the page of an asset shows: counts, words and ids of ours. No value of a row and no id of a record."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg

from pipelines import current_run
from pipelines.commands.build import Node
from pipelines.history.run_file import bounded
from pipelines.orchestration.graph import DELIVERED, GUARDS, TESTS, Graph, PushOf
from pipelines.report import as_json
from pipelines.reports.run import BuildReport, FailureLine, GuardLine, LoadReport, PlanReport, PushReport

Result = dg.MaterializeResult[Any] | dg.AssetCheckResult
Lines = Iterable[Mapping[str, Any]]


def load_results(report: LoadReport, graph: Graph) -> Iterator[Result]:
    """The tables that a load brought."""
    for name, rows in report.rows.items():
        if name in graph.tables:
            yield dg.MaterializeResult(
                asset_key=graph.tables[name].key,
                metadata={
                    "dagster/row_count": rows,
                    "load": report.load_id,
                    "kind": "increment" if name in report.changed else "full",
                },
            )


def node_results(nodes: Iterable[Node], graph: Graph, is_current: bool = False) -> Iterator[Result]:
    """Models that were built, and tests that were run, as dbt left them.

    `is_current`: by a former run, and they would be the same now. They are told all the same: what a run does not tell
    Dagster shows as skipped.
    """
    since: dict[str, Any] = {"still current": True} if is_current else {}
    for node in nodes:
        if node.unique_id in graph.nodes and node.is_well:
            yield dg.MaterializeResult(
                asset_key=graph.nodes[node.unique_id].key, metadata={"seconds": node.seconds, **since}
            )
        elif node.unique_id in graph.tests and node.status != "skipped":
            spec = graph.tests[node.unique_id]
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=node.is_well,
                severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"status": node.status, "rows": node.rows or 0, "seconds": node.seconds, **since},
            )


def push_results(report: PushReport, pushes: Collection[PushOf]) -> Iterator[Result]:
    """What became of each of these pushes; one that was kept back or given up is not materialized."""
    for push in sorted(pushes):
        lines = [
            line for line in report.lines if line.partner == push.partner and line.entity in push.entities
        ]
        yield from _checks(report, push, sum(line.undelivered for line in lines))
        if lines and push.partner not in kept_back(report):
            yield dg.MaterializeResult(
                asset_key=push.key,
                metadata={
                    "dagster/row_count": sum(line.in_mart for line in lines),
                    "plan": report.plan_id,
                    "run": current_run.run_id(),
                    "counts": table(_without_partner(line) for line in lines),
                    **_sums(lines),
                    **_reasons(report, push),
                    "report": dg.MetadataValue.json(of_partner(report, push)),
                },
            )


def plan_observations(report: PlanReport, pushes: Collection[PushOf]) -> Iterator[dg.AssetObservation]:
    """What a plan would do, at the page of each push."""
    for push in sorted(pushes):
        lines = [
            line for line in report.plan if line.partner == push.partner and line.entity in push.entities
        ]
        if lines:
            yield dg.AssetObservation(
                asset_key=push.key,
                metadata={
                    "plan": report.plan_id,
                    "operations": sum(
                        line.create + line.match + line.update + line.withdraw for line in lines
                    ),
                    "planned": table(_without_partner(line) for line in lines),
                    "guards": table(as_json(line, with_rows=False) for line in _of(push, report.guards)),
                    "how": how_to_push(report.plan_id, report.guards),
                },
            )


def kept_back(report: BuildReport | PushReport | PlanReport) -> dict[str, list[str]]:
    """Partners that got nothing, or not all because they were given up, and why."""
    found: dict[str, list[str]] = {}
    for failure in report.failures:
        found.setdefault(failure.partner, []).append(f"{failure.node}: {failure.status}")
    for trip in getattr(report, "guards", ()):
        found.setdefault(trip.partner, []).append(f"guard {trip.guard}: {trip.message}")
    for partner, why in getattr(report, "stopped", {}).items():
        found.setdefault(partner, []).append(f"given up: {bounded(why)}")
    return found


def how_to_push(plan_id: str, guards: Iterable[GuardLine]) -> dg.MarkdownMetadataValue:
    """The run configuration that sends this plan, with its guards lifted."""
    allow = ", ".join(sorted({trip.guard for trip in guards}))
    return dg.MetadataValue.md(
        "Once you have looked at the plan: job `push`, Launchpad\n```yaml\nops:\n  run:\n    config:\n"
        f"      plan_id: {plan_id}\n      allow: [{allow}]\n```"
    )


def of_partner(report: PushReport, push: PushOf) -> dict[str, Any]:
    """What the report of a run says of this partner and use case alone, without what names single rows."""
    document: dict[str, Any] = bounded(as_json(report, with_rows=False))
    lists = ("lines", "guards", "renumbered", "reasons", "failures")
    own = {
        key: [
            line
            for line in document[key]
            if isinstance(line, dict)
            and line["partner"] == push.partner
            and line.get("entity", "") in {"", *push.entities}
        ]
        for key in lists
    }
    return {"plan_id": report.plan_id, **own, "stopped": document["stopped"].get(push.partner)}


def table(lines: Lines) -> dg.TableMetadataValue | str:
    """Lines of counts as a table; a word where there are none."""
    records = [dg.TableRecord({name: _cell(value) for name, value in line.items()}) for line in lines]
    return dg.MetadataValue.table(records) if records else "none"


def _without_partner(line: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(line).items() if name != "partner"}


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _of(push: PushOf, lines: Iterable[GuardLine]) -> list[GuardLine]:
    return [line for line in lines if line.partner == push.partner]


def _sums(lines: Iterable[Any]) -> dict[str, int]:
    names = (
        "created",
        "updated",
        "withdrawn",
        "unchanged",
        "rejected",
        "blocked",
        "pending",
        "held",
        "delivered",
    )
    return {name: sum(getattr(line, name) for line in lines) for name in names}


def _reasons(report: PushReport, push: PushOf) -> dict[str, Any]:
    own = [
        as_json(line, with_rows=False)
        for line in report.reasons
        if line.partner == push.partner and line.entity in push.entities
    ]
    return {"reasons": table(own)} if own else {}


def _checks(report: PushReport, push: PushOf, undelivered: int) -> Iterator[dg.AssetCheckResult]:
    failures: list[FailureLine] = [line for line in report.failures if line.partner == push.partner]
    yield dg.AssetCheckResult(
        asset_key=push.key,
        check_name=TESTS,
        passed=not failures,
        metadata={"tests": table({"name": line.node, "status": line.status} for line in failures)},
    )
    if failures:
        return
    guards = _of(push, report.guards)
    yield dg.AssetCheckResult(
        asset_key=push.key,
        check_name=GUARDS,
        passed=not guards,
        metadata={
            "guards": table(as_json(line, with_rows=False) for line in guards),
            "how": how_to_push(report.plan_id, guards),
        }
        if guards
        else {},
    )
    if guards:
        return
    stopped = report.stopped.get(push.partner)
    yield dg.AssetCheckResult(
        asset_key=push.key,
        check_name=DELIVERED,
        passed=not undelivered and not stopped,
        severity=dg.AssetCheckSeverity.ERROR if stopped else dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": undelivered,
            **({"given up": bounded(stopped)} if stopped else {}),
            **_reasons(report, push),
        },
    )
