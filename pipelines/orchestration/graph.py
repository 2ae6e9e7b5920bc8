"""The assets: tables of the ERP, models of dbt with their tests, and a push for each partner and use case."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from pipelines.commands.built import ids_to_build, tables_of
from pipelines.contract.contract import load_contract, partner_folders
from pipelines.contract.rhythms import STAMMDATEN
from pipelines.contract.use_cases import OWNED, limited
from pipelines.schedule.jobs import DAYS, Job, needed
from pipelines.settings import TIME_ZONE, Vars

Json = dict[str, Any]
ERP = "erp_raw"
BUILT = ("model", "seed", "snapshot")
# What is said of each push.
TESTS, GUARDS, DELIVERED = "tests_hold", "guards_hold", "all_delivered"
PUSH_CHECKS = {
    TESTS: "The tests of its marts hold, and its marts have the columns of its contract; else it gets nothing.",
    GUARDS: "No guard keeps its plan back. Look at the plan, then lift it with the job push.",
    DELIVERED: "All rows that should be at the partner, or gone from there, are.",
}
# A push is late when it did not come to its end so long after it was due; an hourly one when the next one is due.
LATE_AFTER = timedelta(hours=6)


@dataclass(frozen=True, order=True)
class PushOf:
    """What one push asset stands for: the entities of a use case at a partner."""

    partner: str
    use_case: str

    @property
    def key(self) -> dg.AssetKey:
        """The name of the asset."""
        return dg.AssetKey(["push", self.partner, self.use_case])

    @property
    def entities(self) -> frozenset[str]:
        """Names of the entities that it sends."""
        return load_contract(self.partner).of_use_case(self.use_case)

    @property
    def marts(self) -> frozenset[str]:
        """Names of the marts that it sends, and of their parents, whose ids it needs."""
        return frozenset(
            f"{self.partner}__{entity}" for entity in load_contract(self.partner).needed_by(self.use_case)
        )


@dataclass(frozen=True)
class Graph:
    """All assets and checks of a code location; `nodes` and `checks` by dbt's id, `tables` by name."""

    tables: Mapping[str, dg.AssetSpec]
    nodes: Mapping[str, dg.AssetSpec]
    tests: Mapping[str, dg.AssetCheckSpec]
    pushes: Mapping[PushOf, dg.AssetSpec]
    manifest: Json

    @property
    def assets(self) -> list[dg.AssetSpec]:
        """In the order of the way."""
        return [*self.tables.values(), *self.nodes.values(), *self.pushes.values()]

    @property
    def checks(self) -> list[dg.AssetCheckSpec]:
        """Tests of dbt, and what is said of pushes."""
        of_pushes = [
            dg.AssetCheckSpec(name, asset=push.key, description=what)
            for push in self.pushes
            for name, what in PUSH_CHECKS.items()
        ]
        return [*self.tests.values(), *of_pushes]

    def selected(self, settings: Vars, use_case: str | None) -> list[dg.AssetKey]:
        """Keys of what a run of a use case loads, builds and pushes; None: all."""
        if use_case is None:
            return [spec.key for spec in self.assets]
        limits = limited(settings, use_case, [])
        nodes = self.manifest["nodes"]
        tables = tables_of(nodes, limits) | {"mandant"} | OWNED.get(use_case, frozenset())
        built = ids_to_build(nodes, limits)
        return [
            *(spec.key for name, spec in self.tables.items() if name in tables),
            *(spec.key for unique_id, spec in self.nodes.items() if unique_id in built),
            *(push.key for push in self.pushes if push.use_case == use_case),
        ]


def read_graph(manifest: Json, settings: Vars) -> Graph:
    """The assets of these settings, as dbt read the project."""
    words = _Translator(DagsterDbtTranslatorSettings(enable_source_metadata=False, enable_asset_checks=True))
    # Tests of models that are off stay in the manifest.
    there = {unique_id: node for unique_id, node in manifest["nodes"].items() if node["config"]["enabled"]}
    nodes = {
        unique_id: words.get_asset_spec(manifest, unique_id, None)
        for unique_id, node in there.items()
        if node["resource_type"] in BUILT and node["config"].get("materialized") != "ephemeral"
    }
    tables = {
        source["name"]: words.get_asset_spec(manifest, unique_id, None)
        for unique_id, source in manifest["sources"].items()
        if source["source_name"] == ERP
    }
    tests = {
        unique_id: _check(unique_id, node, asset, nodes)
        for unique_id, node in there.items()
        if node["resource_type"] == "test" and (asset := _tested(node, nodes))
    }
    models = {
        manifest["nodes"][unique_id]["name"]: spec.key
        for unique_id, spec in nodes.items()
        if unique_id.startswith("model.")
    }
    return Graph(
        tables={
            name: spec.replace_attributes(skippable=True, kinds={"duckdb"}) for name, spec in tables.items()
        },
        nodes=nodes,
        tests=tests,
        pushes={push: _push_spec(push, models, job) for push, job in _pushes(settings)},
        manifest=manifest,
    )


def _pushes(settings: Vars) -> Iterator[tuple[PushOf, Job]]:
    """The pushes of partners that are on, each with the job that makes it."""
    runs = [job for job in needed(settings) if job.words[0] == "run"]
    for job in runs:
        use_case = job.use_case or STAMMDATEN
        for partner in settings.active:
            if load_contract(partner).of_use_case(use_case) and job in needed(
                replace(settings, partners={partner: settings.partners[partner]})
            ):
                yield PushOf(partner, use_case), job


def _push_spec(push: PushOf, models: Mapping[str, dg.AssetKey], job: Job) -> dg.AssetSpec:
    contract = load_contract(push.partner)
    return dg.AssetSpec(
        push.key,
        deps=[models[name] for name in sorted(push.marts)],
        description=f"What {contract.title} holds of {', '.join(sorted(push.entities))}, as far as it confirmed it.",
        skippable=True,
        group_name=push.partner,
        kinds={"api"},
        freshness_policy=_freshness(job),
    )


def _freshness(job: Job) -> dg.FreshnessPolicy:
    """Late when it was not made between the moment at which the job was due and the deadline."""
    late = timedelta(minutes=55) if len(job.hours) > 1 else LATE_AFTER
    hours, minute = divmod(job.minute + late.seconds // 60, 60)
    first, last = job.hours[0] + hours, job.hours[-1] + hours
    # What is due in the evening is late in the morning after.
    days = job.days if last < 24 else [DAYS[(DAYS.index(day) + 1) % 7] for day in job.days]
    deadline = replace(
        job,
        minute=minute,
        hours=range(first % 24, last % 24 + 1),
        days=tuple(day for day in DAYS if day in days),
    )
    return dg.FreshnessPolicy.cron(deadline.cron, late, TIME_ZONE)


class _Translator(DagsterDbtTranslator):
    """Keys as a person finds them in the database (`partners/etg24__objekte`); a group for each partner and schema."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        partner = re.sub(r"^int_", "", dbt_resource_props["name"]).split("__")[0]
        if partner in partner_folders():
            return partner
        return re.sub(r"\W", "_", dbt_resource_props.get("source_name") or dbt_resource_props["schema"])

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        name = dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description") or "")


def _tested(node: Json, assets: Mapping[str, dg.AssetSpec]) -> str | None:
    """Id of the model or seed that a test is shown at: the one that it is written at, else the first that it reads."""
    read: Iterable[str] = (node.get("attached_node") or "", *node["depends_on"]["nodes"])
    return next((unique_id for unique_id in read if unique_id in assets), None)


def _check(unique_id: str, node: Json, asset: str, assets: Mapping[str, dg.AssetSpec]) -> dg.AssetCheckSpec:
    others = {
        assets[read].key for read in node["depends_on"]["nodes"] if read in assets and read != asset
    } - {assets[asset].key}
    return dg.AssetCheckSpec(
        re.sub(r"\W", "_", node["name"]),
        asset=assets[asset].key,
        description=node.get("description") or None,
        additional_deps=sorted(others),
    )
