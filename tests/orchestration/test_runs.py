"""Runs of Dagster in this process: what is pushed, what is kept back, and what the page shows."""

import os
from typing import Any

import duckdb
import pytest
from dagster_shared.serdes import serialize_value

from pipelines.errors import SettingsError
from pipelines.lock import only_run
from pipelines.orchestration.launch import settings_for
from tests.orchestration.conftest import HELD_UP, WELL, Operator, failure_of, switch_on

# What a run keeps back and pushes is shown without Dagster; what Dagster makes of it takes a build of its own.
pytestmark = pytest.mark.slow


def materialized(result: Any) -> dict[str, Any]:
    """Name of the asset → its metadata."""
    events = [event for event in result.all_events if event.event_type_value == "ASSET_MATERIALIZATION"]
    return {
        event.asset_key.to_user_string(): event.event_specific_data.materialization.metadata
        for event in events
    }


def checks(result: Any, asset: str) -> dict[str, bool]:
    found = result.get_asset_check_evaluations()
    return {check.check_name: check.passed for check in found if check.asset_key.to_user_string() == asset}


def test_a_failing_test_of_one_partner_holds_back_that_partner_alone(operator: Operator) -> None:
    ran = operator.launch("stammdaten")

    assert not ran.success
    assert failure_of(ran) == f"{HELD_UP}: quis_has_no_exposes: fail"
    assets = materialized(ran)
    assert f"push/{WELL}/stammdaten" in assets
    assert f"push/{HELD_UP}/stammdaten" not in assets
    assert operator.sent(WELL) > 0
    assert operator.sent(HELD_UP) == 0
    assert checks(ran, f"push/{WELL}/stammdaten") == {
        "tests_hold": True, "guards_hold": True, "all_delivered": True,
    }  # fmt: skip
    assert checks(ran, f"push/{HELD_UP}/stammdaten") == {"tests_hold": False}
    assert checks(ran, "partners/quis__exposes")["quis_has_no_exposes"] is False
    # Everything else went its way: tables, models, the marts of the partner that is kept back too.
    assert {"erp_raw/mietvertrag", "staging/stg_erp__mieter", "partners/quis__objektgruppen"} <= assets.keys()


def test_the_page_of_a_push_shows_counts_plan_and_report(operator: Operator) -> None:
    shown = materialized(operator.results[0])[f"push/{WELL}/stammdaten"]
    counts = [record.data for record in shown["counts"].records]
    ((rows, plan_id),) = operator.query(
        f"select count(*), any_value(plan_id) from sync.attempts where partner = '{WELL}' and state = 'synced'"
    )
    assert sum(line["created"] for line in counts) == shown["created"].value == rows > 10
    assert shown["plan"].value == plan_id
    report = shown["report"].value
    assert {line["entity"] for line in report["lines"]} == {line["entity"] for line in counts}
    ((run_id, exit_status),) = operator.query("select run_id, exit from sync.runs where command = 'run'")
    assert (shown["run"].value, exit_status) == (run_id, 1)


def test_after_a_failed_load_nothing_is_built_or_pushed(operator: Operator) -> None:
    sent = operator.sent(WELL)
    hidden = (operator.folder / "erp" / "mandant.csv").rename(operator.folder / "mandant.csv")
    ran = operator.launch("stammdaten")
    hidden.rename(operator.folder / "erp" / "mandant.csv")

    assert not ran.success
    assert "mandant" in failure_of(ran)
    assert materialized(ran) == {}
    assert operator.sent(WELL) == sent


def test_dbt_of_dagster_and_dbt_of_the_command_line_read_and_write_apart(operator: Operator) -> None:
    assert not (operator.home / "dbt").exists()
    assert (operator.home / "dagster/dbt/manifest.json").exists()


def test_a_guard_is_lifted_from_the_page_for_the_plan_that_was_looked_at(operator: Operator) -> None:
    with duckdb.connect(str(operator.home / "stammdaten.duckdb")) as db:
        (gone,) = db.execute("delete from partners.plentific__unterobjekte_mieter").fetchone() or (0,)
    planned = operator.launch("plan", {"use_case": "all"}, op="make_plan")
    assert planned.success
    [seen] = [event for event in planned.all_events if event.event_type_value == "ASSET_OBSERVATION"]
    observed = seen.event_specific_data.asset_observation
    assert observed.asset_key.to_user_string() == f"push/{WELL}/stammdaten"
    plan_id = observed.metadata["plan"].value
    assert [record.data["guard"] for record in observed.metadata["guards"].records] == ["withdraw"]
    assert f"plan_id: {plan_id}\n      allow: [withdraw]" in observed.metadata["how"].value
    sent = operator.sent(WELL)

    refused = operator.launch("push", {"use_case": "all", "plan_id": plan_id})
    assert "guard withdraw" in failure_of(refused)
    assert operator.sent(WELL) == sent
    assert checks(refused, f"push/{WELL}/stammdaten") == {"tests_hold": True, "guards_hold": False}

    wrong = operator.launch("push", {"plan_id": plan_id, "allow": ["withdrew"]})
    assert "did you mean withdraw?" in failure_of(wrong)

    lifted = operator.launch("push", {"use_case": "all", "plan_id": plan_id, "allow": ["withdraw"]})
    shown = materialized(lifted)[f"push/{WELL}/stammdaten"]
    assert shown["withdrawn"].value == gone > 5
    assert operator.query("select guard from sync.allowances") == [("withdraw",)]

    with_load = operator.launch("stammdaten", {"plan_id": plan_id})
    assert "take the job push" in failure_of(with_load)


def test_a_run_waits_for_nobody_and_says_who_works(operator: Operator) -> None:
    sent = operator.sent(WELL)
    with only_run(operator.home, "run"):
        ran = operator.launch("stammdaten")
    assert f"`stammdaten run` (process {os.getpid()}" in failure_of(ran)
    assert operator.sent(WELL) == sent


def test_what_dagster_keeps_holds_no_value_of_a_row(operator: Operator) -> None:
    values = {
        str(value)
        for (value,) in operator.query(
            "select nachname from staging.stg_erp__person where length(nachname) > 4"
            " union select wert from erp_raw.kontaktweg"
            " union select external_id from partners.plentific__unterobjekte_mieter"
        )
        if value and len(value) > 4
    }
    assert len(values) > 50
    said = "\n".join(
        f"{entry.user_message} {serialize_value(entry)}"
        for result in operator.results
        for entry in operator.instance.all_logs(result.run_id)
    )
    assert len(said) > 100_000
    assert [value for value in values if value in said] == []


def test_a_partner_that_was_switched_on_since_gets_nothing_before_it_has_its_assets(
    operator: Operator,
) -> None:
    project = operator.folder / "dbt_project.yml"
    former = project.read_text(encoding="utf-8")
    there = {WELL, HELD_UP}
    assert sorted(settings_for(there, None).active) == sorted(there)
    switch_on(project, WELL, HELD_UP, "etg24")
    assert sorted(settings_for(there, None).active) == sorted(there)
    project.write_text(former.replace(f"    {HELD_UP}: {{aktiv: true", f"    {HELD_UP}: {{aktiv: false"))
    assert settings_for(there, None).active == [WELL]
    with pytest.raises(SettingsError, match="reload the code location"):
        settings_for({HELD_UP}, None)
    project.write_text(former, encoding="utf-8")
