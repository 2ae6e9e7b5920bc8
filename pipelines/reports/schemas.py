"""JSON schemas of the reports, made from their dataclasses: docstrings become descriptions."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from pipelines.explain.report import ExplainReport
from pipelines.forget.report import ForgetReport, KeptRecord
from pipelines.report import Report
from pipelines.reports.alerts import AlertsReport, AlertsTestReport, WatchReport
from pipelines.reports.backup import BackupReport, RestoreReport
from pipelines.reports.check import AdoptReport, RekeyReport, VerifyReport
from pipelines.reports.diff import DiffReport
from pipelines.reports.doctor import DoctorReport
from pipelines.reports.fleet import FleetDoctorReport, FleetPageReport, FleetReport, FleetStatusReport
from pipelines.reports.history import PageReport, RunShowReport, RunsReport, TidyReport
from pipelines.reports.look import PartnersReport, SampleReport, StatusReport
from pipelines.reports.run import BuildReport, LoadReport, PlanReport, PushReport, RunReport
from pipelines.reports.setup import InitReport, PartnerNewReport, ScheduleReport
from pipelines.reports.snapshot import SnapshotReport

Json = dict[str, Any]

REPORTS: Mapping[str, type[Report]] = {
    "run": RunReport,
    "load": LoadReport,
    "build": BuildReport,
    "plan": PlanReport,
    "push": PushReport,
    "status": StatusReport,
    "partners": PartnersReport,
    "adopt": AdoptReport,
    "verify": VerifyReport,
    "rekey": RekeyReport,
    "diff": DiffReport,
    "explain": ExplainReport,
    "forget": ForgetReport,
    "sample": SampleReport,
    "init": InitReport,
    "schedule": ScheduleReport,
    "doctor": DoctorReport,
    "alerts test": AlertsTestReport,
    "alerts": AlertsReport,
    "watch": WatchReport,
    "backup": BackupReport,
    "restore": RestoreReport,
    "snapshot": SnapshotReport,
    "partner new": PartnerNewReport,
    "runs show": RunShowReport,
    "runs tidy": TidyReport,
    "runs": RunsReport,
    "report": PageReport,
    "fleet run": FleetReport,
    "fleet plan": FleetReport,
    "fleet status": FleetStatusReport,
    "fleet report": FleetPageReport,
    "fleet doctor": FleetDoctorReport,
}
LINES_WITH_BASES = (KeptRecord,)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(command: str) -> Json:
    """The JSON schema (2020-12) of what `stammdaten COMMAND --json` prints.

    Keys that are left out at times are not required. More keys may come with a later version, so others are allowed.
    """
    report = REPORTS[command]
    lines = {name: _trimmed(line) for name, line in sorted(_made(report).items())}
    for kind in (report, *LINES_WITH_BASES):
        if kind.__name__ in lines:
            _describe_inherited(kind, lines[kind.__name__])
    top = lines.pop(report.__name__)
    if report.has_exit:
        top["properties"]["exit"] = {"description": _exit(report), "enum": [0, 1]}
        top["required"].append("exit")
    head = {"$schema": DIALECT, "title": f"stammdaten {command} --json"}
    return {**head, **top, **({"$defs": lines} if lines else {})}


def _made(kind: type) -> Json:
    """What pydantic says of a dataclass and of all that it holds, by class name."""
    config = ConfigDict(use_attribute_docstrings=True, json_schema_serialization_defaults_required=True)
    made = TypeAdapter(list[kind], config=config).json_schema(mode="serialization")  # type: ignore[valid-type]
    lines: Json = made["$defs"]
    return lines


def _describe_inherited(kind: type, line: Json) -> None:
    """Adds the docstrings of fields that stand in a base, where pydantic does not look."""
    for base in filter(is_dataclass, kind.__mro__[1:]):
        for name, given in _made(base)[base.__name__]["properties"].items():
            if "description" in given:
                line["properties"][name].setdefault("description", given["description"])


def _exit(report: type[Report]) -> str:
    meaning = report.exit.__doc__ or ""
    return f"Exit status. {meaning.strip()}"


def _trimmed(line: Json) -> Json:
    """Without what says nothing: titles made from names, defaults of what is always there, `null` of what is not."""
    properties = {
        name: _property(name in line["required"], given) for name, given in line["properties"].items()
    }
    kept = {name: value for name, value in line.items() if name not in ("title", "properties", "required")}
    return {**kept, "properties": properties, "required": list(line["required"])}


def _property(is_required: bool, given: Json) -> Json:
    kept = {name: value for name, value in given.items() if name not in ("title", "default")}
    types = [one for one in kept.get("anyOf", []) if one != {"type": "null"}]
    if is_required or not types:
        return kept
    (only,) = types
    return {**only, **{name: value for name, value in kept.items() if name != "anyOf"}}
