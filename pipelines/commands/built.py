"""Whether the marts were built with the settings in force: dbt notes them on each model (macro `note_settings`).

A plan of marts that were built with another separator, Mandant or key date is a plan of something else.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contract.contract import load_contract, partner_folders
from pipelines.contract.profile import load_profile
from pipelines.errors import BuildError
from pipelines.settings import Vars, project_vars

Json = dict[str, Any]
TODO = "run `stammdaten build`"


def check_built(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> None:
    """Compares what the active partners' marts, and all models behind them, were built with.

    Needs the manifest of a dbt command that ran before. Raises `BuildError` naming the setting that differs.
    """
    nodes = json.loads((home / "dbt" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    comments = _comments(db)
    loaded_at = _last_load(db)
    for partner in settings.active:
        for schema, name in sorted(models_behind(nodes, partner)):
            if (schema, name) in comments:
                noted = _noted(name, comments[schema, name])
                _check_model(name, noted, settings)
                _check_age(name, noted, loaded_at)


def models_behind(nodes: Mapping[str, Json], partner: str) -> set[tuple[str, str]]:
    """Schema and name of the partner's marts and of all models that they are made from."""
    wanted = {f"{partner}__{entity}" for entity in load_contract(partner).entities}
    open_ = [unique_id for unique_id, node in nodes.items() if node["name"] in wanted]
    seen: set[str] = set()
    while open_:
        unique_id = open_.pop()
        if unique_id in nodes and unique_id not in seen:
            seen.add(unique_id)
            open_ += nodes[unique_id]["depends_on"].get("nodes", ())
    models = (nodes[unique_id] for unique_id in seen)
    return {(node["schema"], node["alias"]) for node in models if node["resource_type"] == "model"}


def differing_settings(noted: Json, settings: Vars, model: str) -> list[tuple[str, Any, Any]]:
    """Settings that are not those of the build: name, value then, value now."""
    partner = model.removeprefix("int_").split("__")[0]
    is_partner = noted["partner"] is not None
    then = _complete(partner, noted["partner"] or {}) if is_partner else {}
    now = _complete(partner, settings.partners.get(partner, {})) if is_partner else {}
    keys = sorted((then.keys() | now.keys()) - {"aktiv"})
    pairs = [(f"partners.{partner}.{key}", then.get(key), _plain(now.get(key))) for key in keys]
    merged = {**project_vars(), **settings.overrides}
    pairs += [(name, value, _plain(merged.get(name))) for name, value in noted["vars"].items()]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _complete(partner: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a partner with its own ones at their defaults where they are not set."""
    options = load_profile(partner).options.items() if partner in partner_folders() else ()
    return {**{name: option.default for name, option in options}, **given}


def _check_model(name: str, noted: Json, settings: Vars) -> None:
    for setting, then, now in differing_settings(noted, settings, name):
        raise BuildError(f"{setting}: the marts were built with {then!r}, and now it is {now!r}; {TODO}")
    if noted["stichtag"] != settings.stichtag.isoformat():
        raise BuildError(
            f"stichtag: {name} was built for {noted['stichtag']}, and this is for {settings.stichtag}: leases that"
            f" ended or began between are not seen; {TODO}, or name that day with --stichtag {noted['stichtag']}"
        )


def _check_age(name: str, noted: Json, loaded_at: datetime | None) -> None:
    if loaded_at and datetime.fromisoformat(noted["built_at"]) < loaded_at:
        raise BuildError(f"{name} was built before the last delivery was loaded; {TODO}")


def _noted(name: str, comment: str | None) -> Json:
    try:
        noted: Json = json.loads(comment or "")
        if noted.keys() >= {"built_at", "stichtag", "vars", "partner"}:
            return noted
    except (ValueError, AttributeError):
        pass
    raise BuildError(f"{name}: it is not known with which settings it was built; {TODO}")


def _comments(db: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str | None]:
    found: Iterable[tuple[str, str, str | None]] = db.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = current_database()"
        " union all"
        " select schema_name, view_name, comment from duckdb_views() where database_name = current_database()"
    ).fetchall()
    return {(schema, name): comment for schema, name, comment in found}


def _last_load(db: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the delivery in the raw layer was loaded; None when nothing was."""
    there = "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'loads'"
    if not db.execute(there).fetchone():
        return None
    row = db.execute("select max(loaded_at) from sync.loads").fetchone()
    return row[0].replace(tzinfo=UTC) if row and row[0] else None


def _plain(value: Any) -> Any:
    """A setting as JSON would give it back."""
    return json.loads(json.dumps(value, default=str))
