"""The JSON schemas of the reports as files, and the tables of `docs/reports.md`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.pages.markdown import cell, table
from pipelines.reports.schemas import REPORTS, schema

Json = dict[str, Any]


def schema_files() -> Mapping[str, str]:
    """The text of each schema by its place in the project."""
    return {
        f"docs/{_file(command)}": json.dumps(schema(command), indent=2, ensure_ascii=False) + "\n"
        for command in REPORTS
    }


def report_tables() -> list[str]:
    """A table of keys for each command, then one for each kind of line in them."""
    schemas = {command: schema(command) for command in REPORTS}
    lines = ["## Commands"]
    for command, report in schemas.items():
        lines += ["", f"### {command}", "", report["description"], ""]
        lines += [
            f"Schema: [{_file(command)}]({_file(command)})",
            "",
            *_keys(report),
        ]
    kinds = {name: line for report in schemas.values() for name, line in report.get("$defs", {}).items()}
    lines += ["", "## Lines"]
    for name, line in sorted(kinds.items()):
        lines += ["", f"### {name}", "", cell(line["description"]), "", *_keys(line)]
    return lines


def _file(command: str) -> str:
    return f"reports/{command.replace(' ', '-')}.schema.json"


def _keys(report: Json) -> list[str]:
    rows = [
        (
            f"`{name}`",
            _type(given),
            "" if name in report["required"] else "sometimes",
            given.get("description", ""),
        )
        for name, given in report["properties"].items()
    ]
    return table(["key", "value", "there", "meaning"], rows)


def _type(given: Json) -> str:
    if "$ref" in given:
        name = given["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in given:
        return " or ".join(_type(one) for one in given["anyOf"])
    if "enum" in given:
        return _one_of(given["enum"])
    if given.get("type") == "array":
        return f"list of {_type(given['items'])}"
    if given.get("type") == "object":
        values = given["additionalProperties"]
        return f"map of {'anything' if values is True else _type(values)}"
    return str(given.get("type", "anything"))


def _one_of(values: Iterable[object]) -> str:
    return " or ".join(f"`{value}`" for value in values)
