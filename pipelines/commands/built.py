"""Whether the marts were built with the settings in force: dbt notes them on each model (macro `note_settings`).

A plan of marts that were built with another separator, Mandant or key date is a plan of something else.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contract.contract import load_contract, partner_folders
from pipelines.contract.profile import load_profile
from pipelines.contract.rhythms import STAMMDATEN
from pipelines.dbt_folder import dbt_folder
from pipelines.errors import BuildError
from pipelines.settings import Vars, project_vars

Json = dict[str, Any]
TODO = "run `stammdaten build`"
# Models that a run of any use case makes anew, although they also read what only other use cases need: that is used as
# it lies.
IN_EVERY_USE_CASE = "every_use_case"


def check_built(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> None:
    """Compares what the active partners' marts, and all models behind them, were built with.

    Needs the manifest of a dbt command that ran before. Raises `BuildError` naming the setting that differs.
    """
    nodes = read_nodes(home)
    comments = _comments(db)
    loads = _loads(db)
    for partner in settings.active:
        for schema, name in sorted(models_behind(nodes, partner, settings.use_case)):
            if (schema, name) in comments:
                noted = _noted(name, comments[schema, name])
                _check_model(name, noted, settings)
                _check_age(name, noted, _loaded_at(loads, nodes, name))
    _check_one_delivery(loads, nodes, settings)


def read_nodes(home: Path) -> dict[str, Json]:
    """Models, seeds and tests by their id, as dbt read them last."""
    manifest = json.loads((dbt_folder(home) / "manifest.json").read_text(encoding="utf-8"))
    nodes: dict[str, Json] = manifest["nodes"]
    return nodes


def models_behind(
    nodes: Mapping[str, Json], partner: str, use_case: str | None = None
) -> set[tuple[str, str]]:
    """Schema and name of the partner's marts, those of a use case and their parents, and of all models behind them."""
    models = (nodes[key] for key in _behind(nodes, _marts(partner, use_case)))
    return {(node["schema"], node["alias"]) for node in models if node["resource_type"] == "model"}


def tables_of(nodes: Mapping[str, Json], settings: Vars) -> frozenset[str]:
    """The ERP tables that a run of the settings' use case stands on."""
    marts = {mart for partner in settings.active for mart in _marts(partner, settings.use_case)}
    return _tables(nodes, _behind(nodes, marts))


def names_to_build(
    db: duckdb.DuckDBPyConnection, nodes: Mapping[str, Json], settings: Vars
) -> tuple[str, ...]:
    """Names of the models and seeds that a run of the settings' use case builds.

    Those of `ids_to_build`, and what they need and is not there at all.
    """
    found = ids_to_build(nodes, settings, _comments(db).keys())
    return tuple(sorted(nodes[key]["name"] for key in found))


def ids_to_build(
    nodes: Mapping[str, Json], settings: Vars, there: Collection[tuple[str, str]] | None = None
) -> set[str]:
    """Ids of the models and seeds that a run of the settings' use case builds; `there` are tables, None: all are.

    Its marts, their parents and all that is behind them; what is held and what has left (rules H1 to H3). Models of
    these that stand on other tables, too, are used as they lie, unless they are not there at all.
    """
    marts = {mart for partner in settings.active for mart in _marts(partner, settings.use_case)}
    needed = _behind(nodes, marts)
    tables = _tables(nodes, needed)
    doubts = {f"{partner}__{part}" for partner in settings.active for part in ("held", "departures")}
    for key in _behind(nodes, doubts) - needed:
        node = nodes[key]
        is_own = node["name"] in doubts or IN_EVERY_USE_CASE in node.get("tags", ())
        is_there = there is None or (node["schema"], node["alias"]) in there
        if is_own or not is_there or _tables(nodes, _behind(nodes, {node["name"]})) <= tables:
            needed.add(key)
    return needed


def marts_to_test(settings: Vars) -> tuple[str, ...]:
    """What has to hold its tests before a push: the partners, or of one use case its marts and their parents."""
    if settings.use_case is None:
        return tuple(settings.active)
    return tuple(sorted(mart for partner in settings.active for mart in _marts(partner, settings.use_case)))


def check_one_delivery(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> None:
    """Master data is built from one delivery: raises `BuildError` where its tables are of several loads."""
    _check_one_delivery(_loads(db), read_nodes(home), settings)


def _check_one_delivery(
    loads: Mapping[str, tuple[str, datetime]], nodes: Mapping[str, Json], settings: Vars
) -> None:
    if settings.use_case not in (None, STAMMDATEN):
        return
    marts = {mart for partner in settings.active for mart in _marts(partner, STAMMDATEN)}
    found = {name: loads[name] for name in _tables(nodes, _behind(nodes, marts)) if name in loads}
    if len({load_id for load_id, _ in found.values()}) > 1:
        newest, oldest = (choose(found, key=lambda name: found[name][1]) for choose in (max, min))
        raise BuildError(
            f"{newest} was loaded by a run of another use case, {oldest} was not; master data is built from one"
            " delivery; run `stammdaten load` first"
        )


def _marts(partner: str, use_case: str | None) -> set[str]:
    return {f"{partner}__{entity}" for entity in load_contract(partner).needed_by(use_case)}


def _behind(nodes: Mapping[str, Json], names: Collection[str]) -> set[str]:
    """Ids of the models of these names and of all models and seeds that they are made from."""
    kinds = ("model", "seed")
    open_ = [key for key, node in nodes.items() if node["name"] in names and node["resource_type"] in kinds]
    seen: set[str] = set()
    while open_:
        unique_id = open_.pop()
        if unique_id in nodes and unique_id not in seen:
            seen.add(unique_id)
            open_ += nodes[unique_id]["depends_on"].get("nodes", ())
    return seen


def _tables(nodes: Mapping[str, Json], keys: Iterable[str]) -> frozenset[str]:
    """The ERP tables that any of these nodes reads."""
    read = (name for key in keys for name in nodes[key]["depends_on"].get("nodes", ()))
    return frozenset(name.split(".")[-1] for name in read if name.startswith("source."))


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


def _loads(db: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, datetime]]:
    """By ERP table: the load that read it last, and when that was. A load of other tables keeps it as it is."""
    there = "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'loads'"
    if not db.execute(there).fetchone():
        return {}
    found = db.execute(
        "select table_name, max_by(load_id, loaded_at), max(loaded_at) from sync.loads"
        " where kind is distinct from 'kept' group by table_name"
    )
    return {name: (load_id, at.replace(tzinfo=UTC)) for name, load_id, at in found.fetchall()}


def _loaded_at(
    loads: Mapping[str, tuple[str, datetime]], nodes: Mapping[str, Json], model: str
) -> datetime | None:
    """When the youngest of the tables behind a model was loaded; None when none was."""
    read = _tables(nodes, _behind(nodes, {model}))
    return max((loads[name][1] for name in read if name in loads), default=None)


def _plain(value: Any) -> Any:
    """A setting as JSON would give it back."""
    return json.loads(json.dumps(value, default=str))
