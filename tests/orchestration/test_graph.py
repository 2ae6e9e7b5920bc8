"""The whole graph, with all partners on: what hangs on what, what is in the pool, and what is due when."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from dagster._utils.schedules import cron_string_iterator

from pipelines.commands.build import Node
from pipelines.contract.contract import load_contract, partners
from pipelines.contract.rhythms import DOKUMENTE, LEERSTAENDE, STAMMDATEN
from pipelines.orchestration.definitions import POOL, define
from pipelines.orchestration.graph import Graph, PushOf, read_graph
from pipelines.orchestration.launch import use_case_of
from pipelines.orchestration.results import node_results
from pipelines.schedule.jobs import DOCUMENTS, MASTER_DATA, VACANCIES
from pipelines.settings import Vars, read_vars
from tests.conftest import SHIPPED, Dbt

RUNS = (MASTER_DATA, VACANCIES, DOCUMENTS)


@pytest.fixture(scope="module")
def settings() -> Vars:
    """All partners are on, and those that may get documents do."""
    on = {name: {**given, "aktiv": True} for name, given in SHIPPED.items()}
    for name in partners():
        if load_contract(name).of_use_case(DOKUMENTE):
            on[name]["dokumente"] = True
    return replace(read_vars(list(SHIPPED), None, "2026-11-20", []), partners=on)


@pytest.fixture(scope="module")
def graph(dbt: Dbt, settings: Vars) -> Graph:
    return read_graph(dbt.manifest(), settings)


@pytest.fixture(scope="module")
def definitions(graph: Graph, settings: Vars) -> dg.Definitions:
    return define(graph, settings)


@pytest.fixture(scope="module")
def assets(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def test_every_partner_has_a_push_for_each_use_case_that_it_has_entities_of(graph: Graph) -> None:
    wanted = {
        PushOf(name, use_case)
        for name in partners()
        for use_case in (STAMMDATEN, LEERSTAENDE, DOKUMENTE)
        if load_contract(name).of_use_case(use_case)
    }
    assert set(graph.pushes) == wanted
    assert {push.use_case for push in wanted} == {STAMMDATEN, LEERSTAENDE, DOKUMENTE}


def test_a_push_has_exactly_its_marts_as_parents_and_the_erp_among_its_ancestors(
    graph: Graph, assets: Any
) -> None:
    tables = {spec.key for spec in graph.tables.values()}
    assert len(tables) >= 18
    for push in graph.pushes:
        contract = load_contract(push.partner)
        marts = {
            dg.AssetKey(["partners", f"{push.partner}__{name}"]) for name in contract.needed_by(push.use_case)
        }
        assert assets.get(push.key).parent_keys == marts, push
        assert marts
        ancestors = assets.get_ancestor_asset_keys(push.key)
        assert dg.AssetKey(["erp_raw", "mandant"]) in ancestors & tables, push
    assert not any(assets.get(key).parent_keys for key in tables)


def test_every_model_seed_and_test_of_a_model_is_there(graph: Graph) -> None:
    nodes = [node for node in graph.manifest["nodes"].values() if node["config"]["enabled"]]
    # Some tests of the rules read no model at all.
    tests = {
        node["unique_id"] for node in nodes if node["resource_type"] == "test" and node["depends_on"]["nodes"]
    }
    assert tests - graph.tests.keys() == set()
    assert graph.tests.keys() - tests == set()
    assert len(tests) > 450
    built = {node["unique_id"] for node in nodes if node["resource_type"] in ("model", "seed")}
    assert graph.nodes.keys() ^ built == set()
    assert len({(check.asset_key, check.name) for check in graph.checks}) == len(graph.checks)
    assert len({spec.key for spec in graph.assets}) == len(graph.assets)


def test_everything_is_in_the_pool(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    pools = {
        node.name: node.pools for job in repository.get_all_jobs() for node in job.all_node_defs if node.pools
    }
    assert pools == {"run": {POOL}, "make_plan": {POOL}}
    for job in repository.get_all_jobs():
        assert {node.name for node in job.nodes} <= pools.keys(), job.name
    assert {job.executor_def.name for job in repository.get_all_jobs()} == {"in_process"}


def test_the_schedules_are_those_of_the_command_line_in_german_time(definitions: dg.Definitions) -> None:
    schedules = {one.name: one for one in definitions.get_repository_def().schedule_defs}
    assert {name: one.cron_schedule for name, one in schedules.items()} == {
        "stammdaten": "0 5 * * 0,2,4",
        "stammdaten_leerstaende": "30 6-20 * * *",
        "stammdaten_dokumente": "0 22 * * *",
    }
    assert {one.execution_timezone for one in schedules.values()} == {"Europe/Berlin"}
    # In summer and in winter, whatever the clock of the machine says.
    for job in RUNS:
        for moment in (datetime(2026, 7, 6, 12, tzinfo=UTC), datetime(2026, 12, 7, 12, tzinfo=UTC)):
            due = schedules[job.name.replace("-", "_")]
            at = next(cron_string_iterator(moment.timestamp(), due.cron_schedule, due.execution_timezone))
            assert at.astimezone(UTC) == job.due_after(moment)


def test_a_job_of_a_use_case_loads_builds_and_pushes_what_it_needs_alone(
    graph: Graph, settings: Vars
) -> None:
    everything = set(graph.selected(settings, None))
    vacancies = set(graph.selected(settings, LEERSTAENDE))
    assert dg.AssetKey(["erp_raw", "leerstand"]) in vacancies < everything
    assert {key.path[2] for key in vacancies if key.path[0] == "push"} == {LEERSTAENDE}
    assert dg.AssetKey(["partners", "etg24__mieter"]) not in vacancies
    for push in graph.pushes:
        if push.use_case == LEERSTAENDE:
            assert {dg.AssetKey(["partners", name]) for name in push.marts} <= vacancies


def test_a_push_is_late_when_its_run_did_not_come(graph: Graph) -> None:
    policies = {push.use_case: spec.freshness_policy for push, spec in graph.pushes.items()}
    assert {name: (one.deadline_cron, one.timezone) for name, one in policies.items()} == {
        STAMMDATEN: ("0 11 * * 0,2,4", "Europe/Berlin"),
        LEERSTAENDE: ("25 7-21 * * *", "Europe/Berlin"),
        DOKUMENTE: ("0 4 * * *", "Europe/Berlin"),
    }


def test_a_job_that_waits_or_works_is_not_launched_once_more(definitions: dg.Definitions) -> None:
    schedule = definitions.get_schedule_def("stammdaten_leerstaende")
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(instance=instance)
        assert len(schedule.evaluate_tick(context).run_requests) == 1
        run = definitions.resolve_job_def("stammdaten_leerstaende")
        instance.create_run_for_job(run, status=dg.DagsterRunStatus.STARTED)
        assert "waits or is at work already" in (schedule.evaluate_tick(context).skip_message or "")


def test_what_is_selected_says_the_use_case_where_nobody_did(graph: Graph) -> None:
    def selected(use_case: str) -> list[PushOf]:
        return [push for push in graph.pushes if push.use_case == use_case]

    assert use_case_of("", selected(LEERSTAENDE), graph.pushes) == LEERSTAENDE
    assert use_case_of("", list(graph.pushes), graph.pushes) is None
    assert use_case_of("", selected(STAMMDATEN), selected(STAMMDATEN)) is None
    assert use_case_of("", [], graph.pushes) is None
    assert use_case_of("all", selected(LEERSTAENDE), graph.pushes) is None
    assert use_case_of(DOKUMENTE, [], graph.pushes) == DOKUMENTE


def test_models_and_tests_that_are_still_current_are_told_as_such(graph: Graph) -> None:
    nodes = [Node(next(iter(graph.nodes)), "success", 0.5), Node(next(iter(graph.tests)), "pass", 0.1, 0)]
    for is_current in (False, True):
        told = list(node_results(nodes, graph, is_current))
        assert [type(result) for result in told] == [dg.MaterializeResult, dg.AssetCheckResult]
        assert [("still current" in (result.metadata or {})) for result in told] == [is_current] * 2
