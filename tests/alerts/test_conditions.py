"""What counts as wrong and as over, told by the files of runs; twenty days of them, with their messages counted."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.alerts import alerts as telling
from pipelines.alerts.conditions import LONGEST, Key, Seen, look
from pipelines.alerts.settings import AlertSettings, Thresholds, read_alerts
from pipelines.contract.contract import partners
from pipelines.errors import RunningError, SettingsError
from pipelines.history.due import GRACE
from pipelines.history.record import recorded
from pipelines.history.run_file import RunFile, read_file, run_files
from pipelines.lock import only_run
from pipelines.schedule.jobs import MASTER_DATA, VACANCIES
from pipelines.settings import Vars, read_vars
from tests.alerts.conftest import SECRET, Ran

ON = ("etg24", "facilioo", "wohnungshelden")
# A Tuesday in winter; master data was due at 04:00 UTC.
DAY = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
FAR = datetime(2020, 1, 1, tzinfo=UTC)


def settings(*on: str) -> Vars:
    given = {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in on or ON}
    rest = {name: {"aktiv": False} for name in ON if name not in given}
    return read_vars(partners(), str({"partners": {**given, **rest}}), "2026-12-01", [])


def seen(
    home: Path,
    now: datetime = DAY + timedelta(hours=1),
    is_open: frozenset[Key] = frozenset(),
    alerts: AlertSettings | None = None,
    given: Vars | None = None,
    since: datetime = FAR,
) -> Seen:
    return look(home, given or settings("etg24", "facilioo"), alerts or AlertSettings(), is_open, since, now)


def wrong(home: Path, **more: Any) -> set[tuple[str, str | None, str | None]]:
    return {(key.kind, key.partner, key.what) for key in seen(home, **more).wrong}


@pytest.mark.parametrize(
    ("exit", "message", "is_wrong"),
    [
        (0, None, False),
        (1, None, False),  # what was not delivered is told by itself
        (1, "the ledger cannot take over the outcomes", True),
        (2, "mandant.csv is missing", True),
        (None, None, True),
        (143, "ended by a signal", True),
        (130, "ended by a signal", False),  # somebody sat there
    ],
)
def test_a_run_fails_where_it_breaks_off_or_ends_without_a_word(
    home: Path, ran: Ran, exit: int | None, message: str | None, is_wrong: bool
) -> None:
    ran(DAY, exit, message=message)
    assert wrong(home) == ({("run", None, None)} if is_wrong else set())


@pytest.mark.parametrize("written", ["end", "end of a former version", "nothing"])
def test_a_run_that_a_full_disk_did_not_let_write_its_beginning_fails(
    home: Path, ran: Ran, written: str
) -> None:
    ran(DAY)
    called = {"command": "run", "use_case": None} if written == "end" else {}
    end = {
        "at": "2026-12-01T04:20:00+00:00",
        "event": "end",
        **called,
        "exit": 2,
        "message": "x",
        "seconds": 1,
    }
    text = "" if written == "nothing" else json.dumps(end) + "\n"
    (home / "runs" / "000002-0123456789ab.jsonl").write_text(text)
    assert wrong(home) == {("run", None, None)}
    (text,) = (one.text for one in seen(home).wrong.values())
    named = "stammdaten run" if written == "end" else "a run that could not be noted"
    assert text.startswith(f"{named} failed: ")


def test_a_failed_run_is_over_with_a_good_one_for_all_of_its_partners(home: Path, ran: Ran) -> None:
    failed = {("run", None, None)}
    ran(DAY, 2)
    ran(DAY + timedelta(minutes=10), 0, only=("etg24",))
    assert wrong(home) == failed
    ran(DAY + timedelta(minutes=20), 0, use_case="leerstaende")
    assert wrong(home) == failed
    ran(DAY + timedelta(minutes=30), 2, use_case="leerstaende")
    assert wrong(home) == failed | {("run", None, "leerstaende")}
    ran(DAY + timedelta(minutes=40), 0, only=("facilioo",))
    assert wrong(home) == {("run", None, "leerstaende")}
    ran(DAY + timedelta(minutes=50), 0)
    assert wrong(home) == set()
    assert {Key("run"), Key("run", None, "leerstaende")} <= seen(home).well


def test_a_run_that_was_given_other_partners_makes_good_for_these_and_switches_no_other_off(
    home: Path, ran: Ran
) -> None:
    ran(DAY, 2, on=("etg24", "facilioo"))
    ran(DAY + timedelta(minutes=5), 1, partners={"facilioo": ("stopped", "down")}, command="push")
    ran(DAY + timedelta(minutes=10), 0, on=("etg24",))
    assert wrong(home) == {("run", None, None), ("stopped", "facilioo", None)}
    given, now = settings("etg24"), DAY + timedelta(hours=1)
    found = look(home, given, AlertSettings(), frozenset(), FAR, now, is_watch=False)
    assert found.end_of(Key("stopped", "facilioo")) is None
    assert found.end_of(Key("overdue", None, "leerstaende")) is None
    found = look(home, given, AlertSettings(), frozenset(), FAR, now)
    assert found.end_of(Key("stopped", "facilioo")) == "the partner was switched off"
    assert found.end_of(Key("overdue", None, "leerstaende")) == "well again"


def test_a_limited_run_that_fails_is_made_good_by_one_of_its_partners(home: Path, ran: Ran) -> None:
    ran(DAY, 0)
    ran(DAY + timedelta(minutes=10), 2, only=("etg24",))
    assert wrong(home) == {("run", None, None)}
    ran(DAY + timedelta(minutes=20), 0, only=("etg24", "facilioo"))
    assert wrong(home) == set()


def test_a_plan_a_load_and_a_push_that_break_off_are_no_failed_run(home: Path, ran: Ran) -> None:
    ran(DAY)
    for command in ("plan", "verify", "load", "build", "push", "adopt"):
        ran(DAY + timedelta(minutes=1), 2, command=command)
    assert wrong(home) == set()


def test_a_run_that_found_another_at_work_says_nothing(
    home: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = only_run(home, "run"), recorded("run", "leerstaende", print)
    with pytest.raises(RunningError), both[0], both[1], only_run(home, "run", "leerstaende"):
        pass
    (file,) = run_files(home)
    run = read_file(file)
    assert run
    assert (run.exit, run.is_refused) == (2, True)
    assert wrong(home, now=run.begun_at, since=run.begun_at) == set()


def test_results_of_partners_hold_until_a_run_of_the_same_use_case(home: Path, ran: Ran) -> None:
    given = settings("etg24", "facilioo")
    given.partners["facilioo"]["dokumente"] = True
    ran(DAY, 1, partners={"facilioo": ("guard", "withdraw"), "etg24": ("failure", "unique_etg24__mieter")})
    both = {("guard", "facilioo", None), ("failure", "etg24", None)}
    assert wrong(home, given=given) == both
    ran(DAY + timedelta(minutes=10), use_case="dokumente", partners={"facilioo": ("pushed", None)})
    assert wrong(home, given=given) == both
    ran(DAY + timedelta(minutes=20), only=("etg24",), partners={"etg24": ("pushed", None)})
    assert wrong(home, given=given) == {("guard", "facilioo", None)}
    ran(DAY + timedelta(minutes=30), use_case="stammdaten", partners={"facilioo": ("pushed", None)})
    assert wrong(home, given=given) == set()
    ran(DAY + timedelta(minutes=40), 1, partners={"facilioo": ("stopped", "down")})
    ran(DAY + timedelta(minutes=50), use_case="stammdaten", partners={"facilioo": ("pushed", None)})
    assert wrong(home, given=given) == {("stopped", "facilioo", None)}
    assert wrong(home) == set()  # no documents are asked for
    ran(DAY + timedelta(hours=1), command="push", partners={"facilioo": ("pushed", None)})
    assert wrong(home, given=given) == set()


@pytest.mark.parametrize("then", [("guard", "withdraw"), ("failure", "unique_etg24__mieter")])
def test_a_partner_that_was_given_up_is_well_again_only_when_it_is_served(
    home: Path, ran: Ran, then: tuple[str, str]
) -> None:
    ran(DAY, 1, partners={"etg24": ("stopped", "no answer")})
    ran(DAY + timedelta(minutes=10), 1, partners={"etg24": then})
    assert wrong(home) == {("stopped", "etg24", None), (then[0], "etg24", None)}
    ran(DAY + timedelta(minutes=20), use_case="stammdaten", partners={"etg24": ("pushed", None)})
    ran(DAY + timedelta(minutes=30), use_case="leerstaende", partners={"etg24": ("pushed", None)})
    assert wrong(home) == set()
    assert seen(home).end_of(Key("stopped", "etg24")) == "well again"


def test_what_lies_too_far_back_to_be_seen_is_not_over_while_a_guard_holds(home: Path, ran: Ran) -> None:
    ran(DAY, 1, partners={"etg24": ("guard", "withdraw")})
    assert seen(home).end_of(Key("stopped", "etg24")) is None


def test_what_a_person_interrupted_is_no_verdict_on_a_partner(home: Path, ran: Ran) -> None:
    ran(DAY, 0, partners={"etg24": ("pushed", None)})
    ran(DAY + timedelta(minutes=10), 130, partners={"etg24": ("stopped", "interrupted")})
    assert wrong(home) == set()


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("the login answered 401; check the credentials and the address", "credential"),
        ("the partner refused the login (401); check the credentials", "credential"),
        ("the login answered 503; try again later", "stopped"),
        ("the login gave no answer; check the credentials and the address", "stopped"),
    ],
)
def test_a_refused_credential_is_told_from_a_partner_that_is_down(
    home: Path, ran: Ran, why: str, kind: str
) -> None:
    ran(DAY, 1, partners={"facilioo": ("stopped", why)})
    assert wrong(home) == {(kind, "facilioo", None)}


@pytest.mark.parametrize(
    ("counts", "is_wrong"),
    [
        ({"in_mart": 100, "rejected": 5}, True),  # exactly met
        ({"in_mart": 100, "rejected": 4}, False),
        ({"in_mart": 19, "rejected": 19}, False),  # too few to judge by
        ({"in_mart": 20, "rejected": 1}, True),
        ({"in_mart": 0, "rejected": 30}, True),  # withdrawals that are refused
        ({"in_mart": 0, "rejected": 0}, False),
    ],
)
def test_a_share_of_refused_rows_is_wrong_from_its_threshold_on(
    home: Path, ran: Ran, counts: dict[str, int], is_wrong: bool
) -> None:
    ran(DAY, 1, entities={("etg24", "mieter"): counts})
    assert wrong(home) == ({("rejected", "etg24", "mieter")} if is_wrong else set())


def test_held_rows_count_beside_those_of_the_mart(home: Path, ran: Ran) -> None:
    ran(DAY, entities={("etg24", "mieter"): {"in_mart": 95, "held": 5}})
    assert wrong(home) == {("held", "etg24", "mieter")}


def test_a_share_is_over_only_when_it_is_well_below_and_stays_where_nothing_new_is_known(
    home: Path, ran: Ran
) -> None:
    key = Key("rejected", "etg24", "mieter")
    ran(DAY, 1, entities={("etg24", "mieter"): {"in_mart": 1000, "rejected": 45}})
    assert wrong(home, is_open=frozenset({key})) == {("rejected", "etg24", "mieter")}
    assert wrong(home) == set()
    ran(DAY, 1, entities={("facilioo", "units"): {"in_mart": 1000}})
    assert wrong(home, is_open=frozenset({key})) == {("rejected", "etg24", "mieter")}
    ran(DAY, 1, entities={("etg24", "mieter"): {"in_mart": 1000, "rejected": 39}})
    assert seen(home, is_open=frozenset({key})).end_of(key) == "well again"


def test_thresholds_of_a_partner_and_of_an_entity_go_before_those_of_all(
    home: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS__REJECTED_PERCENT", "50")
    monkeypatch.setenv("ALERTS__ETG24__REJECTED_PERCENT", "20")
    monkeypatch.setenv("ALERTS__ETG24__MIETER__REJECTED_PERCENT", "10")
    monkeypatch.setenv("ALERTS__LEAST_ROWS", "10")
    counts = {"in_mart": 10, "rejected": 2}
    names = [("etg24", "mieter"), ("etg24", "einheiten"), ("facilioo", "units")]
    ran(DAY, 1, entities=dict.fromkeys(names, counts))
    assert wrong(home, alerts=read_alerts()) == {("rejected", *name) for name in names[:2]}


def test_rules_that_drop_much_are_told_and_history_is_not(home: Path, ran: Ran) -> None:
    line = {"table": "mieter", "partner": None, "row_count": 30, "of_rows": 100, "share": 30.0}
    found = [
        {**line, "rule": "L3"},
        {**line, "rule": "E2"},  # people without e-mail: expected
        {**line, "rule": "C2"},  # drops nothing
        {**line, "rule": "L3", "table": "person", "of_rows": 19},
        "… and 3 more",
    ]
    ran(DAY, warnings=found)
    assert wrong(home) == {("dropped", None, "L3 mieter")}
    ran(DAY + timedelta(minutes=5), use_case="leerstaende", warnings=[])
    assert wrong(home) == {("dropped", None, "L3 mieter")}
    ran(DAY + timedelta(minutes=9), warnings=[])
    assert seen(home).end_of(Key("dropped", None, "L3 mieter")) == "well again"


def test_a_partner_that_is_switched_off_is_over_with_a_word(home: Path, ran: Ran) -> None:
    ran(DAY, 1, partners={"etg24": ("stopped", "down"), "facilioo": ("pushed", None)})
    found = seen(home, given=settings("facilioo"))
    assert found.wrong == {}
    assert found.end_of(Key("stopped", "etg24")) == "the partner was switched off"
    assert found.end_of(Key("guard", "facilioo")) == "well again"
    # One of some partners only has not switched off the others.
    only = read_vars(partners(), str({"partners": dict(settings().partners)}), "2026-12-01", ["facilioo"])
    assert wrong(home, given=only) == {("stopped", "etg24", None)}


def test_a_run_that_was_due_and_did_not_come_is_told_after_a_while(home: Path, ran: Ran) -> None:
    ran(DAY - timedelta(days=2))
    overdue = {("overdue", None, None)}
    assert wrong(home, now=DAY + GRACE - timedelta(seconds=1)) == set()
    assert wrong(home, now=DAY + GRACE) == overdue
    assert wrong(home, now=DAY + timedelta(hours=2), alerts=AlertSettings(grace=timedelta(hours=3))) == set()
    ran(DAY + timedelta(hours=1), 0, only=("etg24",))
    assert wrong(home, now=DAY + timedelta(hours=2)) == overdue
    ran(DAY + timedelta(hours=1), 2, refused=True)
    assert wrong(home, now=DAY + timedelta(hours=2)) == overdue
    ran(DAY + timedelta(hours=2), 2, message="it failed, and it came")
    assert wrong(home, now=DAY + timedelta(hours=3)) == {("run", None, None)}


def test_a_run_that_took_no_backup_is_told_until_one_is_taken(home: Path, ran: Ran) -> None:
    key = ("backup", None, "after a run")
    ran(DAY, steps={"push": 3.0, "backup": 1.0})
    assert wrong(home) == set()
    note = "No backup was taken: /mnt/backup: no room is left on the disk"
    failed = ran(DAY + timedelta(minutes=10), 1, steps={"backup": None}, notes=["1 row waits", note])
    # One that was killed or broke off has an alert of its own, and says nothing of this.
    ran(DAY + timedelta(minutes=20), 2, message="the delivery is not complete")
    assert wrong(home) == {key, ("run", None, None)}
    assert seen(home).wrong[Key(*key)].text == f"{note}; stammdaten runs show {failed}"
    ran(DAY + timedelta(minutes=30), command="backup")
    assert key not in wrong(home)
    ran(DAY + timedelta(minutes=40), steps={"backup": None})
    assert key in wrong(home)
    ran(DAY + timedelta(minutes=50), steps={"push": 3.0})  # the setting was taken back
    assert wrong(home) == set()


def test_a_run_by_hand_that_was_at_work_when_it_was_due_counts(home: Path, ran: Ran) -> None:
    ran(DAY - timedelta(minutes=10), minutes=30)
    assert wrong(home) == set()


def test_a_run_of_all_is_one_of_vacancies_too_and_a_run_at_work_is_waited_for_for_a_day(home: Path) -> None:
    file = RunFile(home, "run", None)
    (path,) = run_files(home)
    begun = read_file(path)
    assert begun
    given, since = settings(*ON), begun.begun_at - timedelta(days=9)
    for job in (MASTER_DATA, VACANCIES):
        due = job.due_after(begun.begun_at) + GRACE
        late = due - begun.begun_at > timedelta(days=1)
        assert (("overdue", None, job.use_case) in wrong(home, now=due, given=given, since=since)) == late
    week = begun.begun_at + timedelta(days=7)
    assert ("overdue", None, None) in wrong(home, now=week, given=given, since=since)
    os.close(file._file or 0)
    file._file = None


@pytest.mark.parametrize(
    ("due", "zone"),
    [("2027-03-28 03:00", "CEST"), ("2026-10-25 04:00", "CET")],
    ids=["summer begins", "summer ends"],
)
def test_summer_time_moves_what_is_due(home: Path, ran: Ran, due: str, zone: str) -> None:
    moment = datetime.fromisoformat(f"{due}+00:00")
    ran(moment - timedelta(days=2, hours=22))
    assert wrong(home, now=moment + GRACE - timedelta(seconds=1)) == set()
    assert wrong(home, now=moment + GRACE) == {("overdue", None, None)}
    # As the schedule has it, whatever the time of the year.
    told = seen(home, now=moment + GRACE).wrong[Key("overdue")].text
    assert f"was due on {moment:%a %-d %b %Y}, 05:00 {zone} and" in told


def test_a_home_that_never_ran_is_overdue_only_for_what_was_due_since_it_is_watched(home: Path) -> None:
    assert wrong(home, now=DAY + GRACE, since=DAY + timedelta(minutes=1)) == set()
    assert wrong(home, now=DAY + timedelta(days=2) + GRACE, since=DAY + timedelta(minutes=1)) == {
        ("overdue", None, None)
    }
    assert not list(home.iterdir())


def test_without_settings_runs_are_judged_and_nothing_else_is_over(home: Path, ran: Ran) -> None:
    ran(DAY, 2, message="partners: a map is needed")
    found = look(home, None, AlertSettings(), frozenset(), FAR, DAY + timedelta(days=9))
    assert set(found.wrong) == {Key("run")}
    assert found.end_of(Key("stopped", "etg24")) is None
    assert found.end_of(Key("overdue")) is None


def test_a_full_disk_and_an_old_backup_are_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("STAMMDATEN_BACKUP", str(tmp_path / "backups"))
    monkeypatch.setattr("pipelines.doctor.machine.AT_LEAST", 1 << 60)
    found = seen(home, since=DAY + timedelta(days=1))
    assert {key.kind for key in found.wrong} == {"disk", "backup"}
    assert "holds no" in found.wrong[Key("backup")].text
    monkeypatch.setenv("STAMMDATEN_BACKUP", "s3://akten/x")
    monkeypatch.setenv("BACKUP__CREDENTIALS__ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BACKUP__CREDENTIALS__AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("BACKUP__CREDENTIALS__AWS_SECRET_ACCESS_KEY", "s")
    assert seen(home, since=DAY + timedelta(days=1)).end_of(Key("backup")) is None


def test_a_text_is_one_line_of_bounded_length(home: Path, ran: Ran) -> None:
    run_id = ran(DAY, 2, message="a\nb\tc; d " + "ü" * 1000)
    (only,) = seen(home).wrong.values()
    assert "failed: a b c; d üü" in only.text
    assert only.text.endswith(f"ü…; stammdaten runs show {run_id}")
    assert len(only.text) == LONGEST


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "ALERTS__TARGETS__OPS",
            f"hsmtp://{SECRET}@host",
            "ALERTS__TARGETS__OPS: is no address that apprise knows",
        ),
        ("ALERTS__TARGETS__OPS", SECRET, "ALERTS__TARGETS__OPS: is no address"),
        ("ALERTS__TARGETS__OPS", f"slack://{SECRET}", "ALERTS__TARGETS__OPS: is no address"),
        ("ALERTS__TARGETS__OPS", f"mailto://{SECRET}\n@x.de", "ALERTS__TARGETS__OPS: holds a line break"),
        ("ALERTS__TARGETS__a-b", f"json://{SECRET}", "ALERTS__TARGETS__a-b: no name of a target"),
        ("ALERTS__GRACE_MINUTES", "-1", "ALERTS__GRACE_MINUTES: a number from 0 to 1440"),
        ("ALERTS__LEAST_ROWS", "0", "ALERTS__LEAST_ROWS: a number from 1"),
        ("ALERTS__ETG24__HELD_PERCENT", "nan", "ALERTS__ETG24__HELD_PERCENT: a number from 0 to 100"),
        ("ALERTS__NAME", "x" * 61, "ALERTS__NAME: is longer than 60 signs"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    try:
        (why,) = read_alerts().wrong.values()
        assert SECRET not in repr(read_alerts())
    except SettingsError as problem:
        why = str(problem)
    assert why.startswith(said)
    assert SECRET not in why
    assert SECRET not in repr(AlertSettings({"ops": SECRET}))


def test_targets_and_thresholds_of_the_files_are_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.commands.init import init_folder

    init_folder(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path / "site")
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path / "site"))
    (tmp_path / "site/.dlt/secrets.toml").write_text(f'[alerts.targets]\nops = "json://127.0.0.1/{SECRET}"\n')
    (tmp_path / "site/.dlt/config.toml").write_text(
        "[alerts]\nleast_rows = 7\n[alerts.etg24.mieter]\nheld_percent = 3\n"
    )
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    Container()[PluggableRunContext].reload()
    read = read_alerts()
    assert list(read.targets) == ["ops"]
    assert read.thresholds == Thresholds(least_rows=7, own={"etg24.mieter": {"held_percent": 3}})


# What happened on each of twenty days: hours after 04:00 UTC, exit, results of partners, and more.
STORY: dict[int, dict[str, Any]] = {
    2: {
        "partners": {"etg24": ("stopped", "20 requests in a row failed"), "facilioo": ("pushed", None)},
        "exit": 1,
    },
    4: {
        "partners": {"etg24": ("stopped", "20 requests in a row failed"), "facilioo": ("pushed", None)},
        "exit": 1,
    },
    7: {"exit": 2, "message": "gebaeude.csv has half of its rows"},
    9: {"exit": None},
    11: {"partners": {"etg24": ("pushed", None), "facilioo": ("guard", "shrink")}, "exit": 1},
    14: {"absent": True},
}


def test_twenty_days_come_to_the_messages_that_somebody_needs(
    home: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watched every hour; a partner dies, deliveries are late, half or nothing, the machine is off."""
    sent: list[tuple[int, str, list[str]]] = []
    start = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)  # a Sunday

    def send(messages: Any, targets: Any, timeout: float, told: Any) -> None:
        for name, message in messages.items():
            sent.append((day, message.title, list(message.lines)))
            told(name, None)

    monkeypatch.setattr(telling, "send", send)
    targets = AlertSettings(targets={"ops": "json://localhost"}, name="prod")
    for day in range(20):
        morning = start + timedelta(days=day)
        what = dict(STORY.get(day, {}))
        if MASTER_DATA.due_before(morning) == morning and not what.pop("absent", False):
            given = {"partners": {"etg24": ("pushed", None), "facilioo": ("pushed", None)}, "exit": 0, **what}
            if given["exit"] == 2 or given["exit"] is None:
                del given["partners"]
            ran(morning, **given)
        for hour in range(24):
            telling._tell(
                home, settings("etg24", "facilioo"), targets, morning + timedelta(hours=hour, minutes=50)
            )
    assert [(day, title.removeprefix("Stammdaten prod: ")) for day, title, _ in sent] == [
        (2, "1 new"),  # Tuesday: etg24 is down
        (7, "1 new"),  # Sunday: half a delivery; nothing is known of etg24
        (11, "1 new, 2 over"),  # Thursday: a guard at facilioo; the run came to its end, and etg24 answers
        (14, "1 new"),  # Sunday: the machine was off; nothing is known of the guard
        (16, "2 over"),
    ]
