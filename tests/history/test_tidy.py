"""What is removed once it is old, and what stays because the next run needs it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import CREATE_LOADS, load
from pipelines.erp.raw_layer import former_datasets
from pipelines.erp.sample import write_sample
from pipelines.history import tidy as module
from pipelines.history.record import recorded
from pipelines.history.run_file import run_files
from pipelines.history.runs import fold
from pipelines.history.tidy import OLD, tidy, tidy_after
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.settings import database
from tests.push.site import TODAY, Site
from tests.push.stock import HOUSE

STAMPS = {
    "sync.attempts": ("settled_at",),
    "sync.plans": ("created_at",),
    "sync.allowances": ("allowed_at",),
    "sync.pushed": ("pushed_at",),
    "sync.loads": ("loaded_at",),
    "sync.runs": ("begun_at", "last_seen_at", "ended_at"),
    "sync.ledger": ("last_synced_at",),
}


def age(home: Path, days: int) -> None:
    """Lets days go by: all that is noted is so much older."""
    with duckdb.connect(str(database(home))) as db:
        db.execute(CREATE_LOADS)
        for table, stamps in STAMPS.items():
            set_all = ", ".join(f"{stamp} = {stamp} - interval {days} day" for stamp in stamps)
            db.execute(f"update {table} set {set_all}")
    for file in run_files(home):
        then = file.stat().st_mtime - days * 86_400
        os.utime(file, (then, then))


def ran(home: Path) -> None:
    with recorded("push", None, print):
        pass


def counts(home: Path) -> dict[str, int]:
    with duckdb.connect(str(database(home))) as db:
        return {table: db.execute(f"select count(*) from {table}").fetchall()[0][0] for table in OLD}


def removed(home: Path, days: int = 30) -> dict[str, int]:
    report = tidy(home, days, apply=True)
    return {line.what: line.old for line in report.lines if line.old}


@pytest.fixture
def site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("STAMMDATEN_HOME", str(site.home))
    site.home.chmod(0o700)
    return site


@pytest.fixture
def pushed(site: Site) -> Site:
    """Three pushes: everything, a change, nothing; and a run of each."""
    changed = {**HOUSE, "einheiten": [{**row, "area": 99.0} for row in HOUSE["einheiten"]]}
    with open_database(site.home) as db:
        db.execute(CREATE_LOADS)
    for rows in (HOUSE, changed, changed):
        site.sync("etg24", rows)
        ran(site.home)
    return site


def test_what_is_young_stays(pushed: Site) -> None:
    before = counts(pushed.home)
    assert removed(pushed.home) == {}
    assert counts(pushed.home) == before


def test_old_plans_and_outcomes_go_and_the_next_plan_is_as_it_would_have_been(pushed: Site) -> None:
    home = pushed.home
    before = counts(home)
    age(home, 40)
    ran(home)
    gone = removed(home)
    # The first push made 16 records, the second changed 3 of them: of these the first outcome was not the last.
    assert gone["sync.attempts"] == 3
    assert gone["sync.plans"] == before["sync.plans"] - 1 == 2
    assert gone["sync.pushed"] == 2
    assert gone["sync.runs"] == 3
    assert pushed.ledger("select status from sync.plan_partners") == [("pushed",)]
    lines = pushed.sync("etg24", HOUSE)
    assert (lines["einheiten"].updated, lines["mieter"].unchanged) == (3, 3)


def test_showing_what_is_old_changes_nothing_and_says_what_would_go(pushed: Site) -> None:
    age(pushed.home, 40)
    ran(pushed.home)
    before = counts(pushed.home)
    shown = tidy(pushed.home, 30, apply=False)
    assert counts(pushed.home) == before
    assert not shown.applied
    assert shown.notes == (
        "Nothing was changed. Remove it with: stammdaten runs tidy --keep-days 30 --apply",
    )
    assert {line.what: line.old for line in shown.lines if line.old} == removed(pushed.home)


def test_an_open_plan_can_still_be_pushed_however_old(pushed: Site) -> None:
    made = engine.plan(pushed.home, ["etg24"], TODAY)
    age(pushed.home, 400)
    ran(pushed.home)
    removed(pushed.home)
    assert engine.check_plan(pushed.home, made.plan_id, ["etg24"]) == ["etg24"]


def test_a_row_that_was_given_up_is_given_up_and_goes_again_once_its_parent_has_changed(site: Site) -> None:
    bad = {**HOUSE, "mieter": [{**row, "emailAddress": "no address"} for row in HOUSE["mieter"]]}
    for _ in range(4):
        site.sync("etg24", bad)
        ran(site.home)
    sent = len(site.sent("etg24"))
    age(site.home, 400)
    ran(site.home)
    assert removed(site.home)["sync.attempts"] > 0
    site.sync("etg24", bad)
    assert len(site.sent("etg24")) == sent
    moved = {**bad, "mietvertraege": [{**row, "validFrom": "2021-01-01"} for row in bad["mietvertraege"]]}
    site.sync("etg24", moved)  # the parents change
    site.sync("etg24", moved)
    tried = [line for line in site.sent("etg24")[sent:] if line.endswith("participants 422")]
    assert len(tried) == 3


def test_the_loads_that_guards_and_builds_go_back_to_stay(pushed: Site) -> None:
    home = pushed.home
    with open_database(home) as db:
        for load_id, kind, days in (
            ("l0", "full", 95),
            ("l1", "full", 90),
            ("l2", "full", 80),
            ("l3", "increment", 70),
            ("l4", "kept", 60),
        ):
            db.execute(
                "insert into sync.loads values (?, now() at time zone 'UTC' - to_days(?), 's', 'person', 9, ?)",
                [load_id, days, kind],
            )
        db.execute("update sync.pushed set load_id = 'l1'")
    age(home, 1)
    ran(home)
    assert removed(home)["sync.loads"] == 1
    assert pushed.ledger("select load_id from sync.loads order by 1") == [("l1",), ("l2",), ("l3",), ("l4",)]


def test_a_clock_that_jumps_ahead_removes_nothing_at_once(pushed: Site) -> None:
    ahead = datetime.now(UTC) + timedelta(days=3_650)
    report = tidy(pushed.home, 30, apply=True, now=ahead)
    assert [line for line in report.lines if line.old] == []


def test_without_a_recorded_run_nothing_is_old(site: Site) -> None:
    site.sync("etg24", HOUSE)
    age(site.home, 400)
    report = tidy(site.home, 30, apply=True)
    assert [line for line in report.lines if line.old] == []
    assert report.notes == ("No run is recorded yet: nothing is old.",)


def test_files_of_runs_go_once_they_are_taken_over(pushed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    home = pushed.home
    (home / "trace-20250101-000000-1.txt").write_text("trace")
    os.utime(home / "trace-20250101-000000-1.txt", (0, 0))
    monkeypatch.setattr(module, "MOST_FILES", 2)
    assert removed(home) == {"files of runs": 1, "traces": 1}
    assert len(run_files(home)) == 2
    with duckdb.connect(str(database(home))) as db:
        assert db.execute("select count(*) from sync.runs").fetchall() == [(3,)]


def test_a_run_of_which_the_file_is_kept_stays_so_that_it_does_not_come_back_as_a_new_one(
    pushed: Site,
) -> None:
    home = pushed.home
    age(home, 40)
    ran(home)
    for file in run_files(home):  # it ended after what is old, and began before
        os.utime(file)
    assert "sync.runs" not in removed(home)
    with open_database(home) as db:
        assert fold(db, home) == 0


def test_what_fails_while_history_is_removed_is_told_and_leaves_all_of_it(pushed: Site) -> None:
    age(pushed.home, 40)
    ran(pushed.home)
    before = counts(pushed.home)
    with open_database(pushed.home) as db:
        db.execute("alter table sync.pushed rename column pushed_at to something")
    told: list[str] = []
    tidy_after(pushed.home, 30, told.append)
    assert len(told) == 1
    assert told[0].startswith("Old history stays for now: an error of this program (BinderException in")
    assert counts(pushed.home) == before


def test_a_push_of_another_use_case_has_its_own_last_load(pushed: Site) -> None:
    with open_database(pushed.home) as db:
        db.execute("insert into sync.pushed values ('etg24', 'l9', now() - interval 500 day, 'leerstaende')")
    age(pushed.home, 40)
    ran(pushed.home)
    removed(pushed.home)
    assert pushed.ledger("select use_case from sync.pushed order by 1 nulls last") == [
        ("leerstaende",),
        (None,),
    ]


@pytest.mark.slow
def test_two_hundred_daily_runs_leave_a_home_that_does_not_grow(site: Site) -> None:
    units = [
        {
            "external_id": f"001/1/01/{n:04}",
            "objekte_external_id": "001/1/01",
            "number": f"{n:04}",
            "area": 50.0,
        }
        for n in range(1, 301)
    ]
    sizes: dict[int, int] = {}
    site.keeps_open = False
    for day in range(1, 201):
        changed = [{**unit, "area": 50.0 + day} for unit in units[: 10 + day % 40]]
        only = {**HOUSE, "einheiten": changed + units[10 + day % 40 :], "mietvertraege": [], "mieter": [],
                "eigentuemervertraege": [], "eigentuemer": []}  # fmt: skip
        with recorded("push", None, print):
            site.sync("etg24", only)
        tidy(site.home, 30, apply=True)
        age(site.home, 1)
        sizes[day] = database(site.home).stat().st_size
    assert sizes[200] <= 1.2 * sizes[40]
    assert counts(site.home)["sync.plans"] <= 32
    assert counts(site.home)["sync.runs"] <= 32


@pytest.mark.slow
def test_two_hundred_loads_leave_one_raw_layer_and_a_file_that_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    write_sample(tmp_path / "erp", 200, 7)
    sizes: dict[int, int] = {}
    for day in range(1, 201):
        with recorded("load", None, print):
            load(FilesSettings(folder=tmp_path / "erp"), home)
        tidy(home, 30, apply=True)
        age(home, 1)
        sizes[day] = database(home).stat().st_size
    with duckdb.connect(str(database(home))) as db:
        assert len(former_datasets(db)) == 0
        (loads,) = db.execute("select count(distinct load_id) from sync.loads").fetchall()[0]
    assert loads <= 32
    assert sizes[200] <= 1.2 * sizes[40]
