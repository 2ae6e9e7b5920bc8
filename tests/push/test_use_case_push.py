"""Plans and pushes of one use case, where contracts are taken for vacancies: master data stays untouched."""

import copy
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contract import contract
from pipelines.errors import StammdatenError
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.plan.plan import Plan
from pipelines.push import push as engine
from pipelines.push.push import Push
from pipelines.push.recovery import recover
from tests.push.marts import write_marts
from tests.push.shape_stock import LINKED, SHAPES
from tests.push.site import TODAY, Rows, Site

VACANCIES, MASTER_DATA = "leerstaende", "stammdaten"


@pytest.fixture
def rhythms(tmp_path: Path, shapes: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The small partner `linked`, whose contracts belong to the use case of vacancies."""
    folder = tmp_path / "partners" / "linked"
    shutil.copytree(SHAPES, folder.parent)
    text = (SHAPES / "linked" / "contract.yaml").read_text(encoding="utf-8")
    told = text.replace(
        "    withdraw: {end: endDate}\n", f"    withdraw: {{end: endDate}}\n    use_case: {VACANCIES}\n"
    )
    assert told != text
    (folder / "contract.yaml").write_text(told, encoding="utf-8")
    monkeypatch.setattr(contract, "FOLDER", folder.parent)
    return shapes


def marts(site: Site, rows: Rows) -> None:
    with open_database(site.home) as db:
        write_marts(db, "linked", rows)


def made(site: Site, use_case: str | None) -> Plan:
    recover(site.home, ["linked"])
    return engine.plan(site.home, ["linked"], TODAY, use_case=use_case)


def pushed(site: Site, plan_id: str) -> Push:
    return engine.push(site.home, plan_id, ["linked"], DEFAULTS)


def ledger(site: Site, entity: str) -> list[Any]:
    return site.ledger(f"from sync.ledger where entity = '{entity}' order by external_id")


def rows(**changes: Any) -> Rows:
    changed = copy.deepcopy(LINKED)
    for entity, given in changes.items():
        changed[entity] = given
    return changed


def noted(note: str) -> list[dict[str, Any]]:
    return [{**row, "note": note} for row in LINKED["vertraege"]]


def test_nothing_of_master_data_is_changed_withdrawn_or_counted(rhythms: Site) -> None:
    rhythms.sync("linked", LINKED)
    before = ledger(rhythms, "haeuser")
    # Most houses are gone, one has another name: a run of vacancies does not know.
    fewer = [{**LINKED["haeuser"][0], "name": "Anders"}, LINKED["haeuser"][1]]
    marts(rhythms, rows(haeuser=fewer, vertraege=noted("neu")))
    plan = made(rhythms, VACANCIES)
    assert [(line.entity, line.update, line.withdraw) for line in plan.counts] == [("vertraege", 2, 0)]
    result = pushed(rhythms, plan.plan_id)
    assert [(line.entity, line.updated) for line in result.lines] == [("vertraege", 2)]
    assert result.is_complete
    assert ledger(rhythms, "haeuser") == before
    assert {record["name"] for record in rhythms.sandbox.records("linked", "haeuser")} == {
        row["name"] for row in LINKED["haeuser"]
    }
    # Master data sees all of it in its own time.
    counts = {line.entity: (line.update, line.withdraw) for line in made(rhythms, None).counts}
    assert counts == {"haeuser": (1, 5), "vertraege": (0, 0)}


def test_a_row_whose_parent_is_not_there_yet_waits_with_a_reason_and_goes_once_it_is(rhythms: Site) -> None:
    marts(rhythms, LINKED)
    result = pushed(rhythms, made(rhythms, VACANCIES).plan_id)
    assert [(line.entity, line.created, line.blocked) for line in result.lines] == [("vertraege", 0, 2)]
    assert rhythms.ledger("select distinct state, reason from sync.ledger") == [("blocked", "parent_missing")]
    assert rhythms.sent("linked") == []
    pushed(rhythms, made(rhythms, MASTER_DATA).plan_id)
    result = pushed(rhythms, made(rhythms, VACANCIES).plan_id)
    assert [(line.entity, line.created, line.blocked) for line in result.lines] == [("vertraege", 2, 0)]


def test_a_plan_of_master_data_outlives_runs_of_vacancies_and_one_of_everything_does_not(
    rhythms: Site,
) -> None:
    rhythms.sync("linked", LINKED)
    houses = [{**LINKED["haeuser"][0], "name": "Anders"}, *LINKED["haeuser"][1:]]
    marts(rhythms, rows(haeuser=houses, vertraege=noted("neu")))
    of_houses = made(rhythms, MASTER_DATA)
    pushed(rhythms, made(rhythms, VACANCIES).plan_id)
    assert engine.check_plan(rhythms.home, of_houses.plan_id, ["linked"]) == ["linked"]
    result = pushed(rhythms, of_houses.plan_id)
    assert [(line.entity, line.updated) for line in result.lines] == [("haeuser", 1)]

    marts(rhythms, rows(haeuser=LINKED["haeuser"], vertraege=noted("noch neuer")))
    of_all = made(rhythms, None)
    of_vacancies = made(rhythms, VACANCIES)
    with pytest.raises(StammdatenError, match="nothing is open in it"):
        engine.check_plan(rhythms.home, of_all.plan_id, ["linked"])
    assert made(rhythms, None).operations == 3
    with pytest.raises(StammdatenError, match="nothing is open in it"):
        engine.check_plan(rhythms.home, of_vacancies.plan_id, ["linked"])


def test_marts_of_another_use_case_need_not_be_there(rhythms: Site) -> None:
    rhythms.sync("linked", LINKED)
    with duckdb.connect(str(rhythms.home / "stammdaten.duckdb")) as db:
        db.execute("drop table partners.linked__vertraege")
    plan = made(rhythms, MASTER_DATA)
    assert [(line.entity, line.unchanged) for line in plan.counts] == [("haeuser", 7)]
    assert engine.misfitting(rhythms.home, ["linked"], MASTER_DATA) == {}


def test_a_table_that_shrank_is_compared_with_the_last_push_of_the_same_use_case(rhythms: Site) -> None:
    marts(rhythms, LINKED)
    loaded(rhythms, "a", verwaltungseinheit=100, mieter=100)
    pushed(rhythms, made(rhythms, None).plan_id)
    # The leases were cut short: master data waits for somebody, vacancies do not.
    loaded(rhythms, "b", verwaltungseinheit=100, mieter=10)
    assert pushed(rhythms, made(rhythms, VACANCIES).plan_id).held == {}
    held = pushed(rhythms, made(rhythms, MASTER_DATA).plan_id).held["linked"]
    assert [(trip.guard, trip.entity, trip.rows) for trip in held.tripped] == [("shrink", "mieter", 90)]
    # The units were: both wait, and a push of vacancies would not have made it the usual thing.
    loaded(rhythms, "c", verwaltungseinheit=10, mieter=100)
    for use_case in (VACANCIES, MASTER_DATA):
        held = pushed(rhythms, made(rhythms, use_case).plan_id).held["linked"]
        assert [(trip.guard, trip.entity, trip.rows) for trip in held.tripped] == [
            ("shrink", "verwaltungseinheit", 90)
        ]


def loaded(site: Site, load_id: str, **tables: int) -> None:
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute(
            "create table if not exists sync.loads"
            " (load_id varchar, loaded_at timestamp, table_name varchar, row_count bigint, kind varchar)"
        )
        for table, count in tables.items():
            db.execute(
                "insert into sync.loads values (?, get_current_timestamp()::timestamp, ?, ?, 'full')",
                [load_id, table, count],
            )
