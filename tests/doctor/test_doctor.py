"""Each line of `doctor`: what it says when all is well, and that it is told when something is not."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.api.http.client import Answered
from pipelines.cli.main import app
from pipelines.doctor import doctor, machine
from pipelines.doctor.runs import last_runs
from pipelines.history.due import GRACE
from pipelines.history.record import recorded
from pipelines.history.run_file import RecordedRun, RunFile
from pipelines.history.runs import read_runs
from pipelines.reports.doctor import CheckLine
from pipelines.sandbox.server import Sandbox
from pipelines.schedule.jobs import DOCUMENTS, MASTER_DATA, VACANCIES, WATCH
from pipelines.settings import database

NAMES = ("etg24", "facilioo", "plentific")
GIVEN = {name: {"aktiv": name in NAMES, "separator": "/", "mandanten": "alle"} for name in NAMES}
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)  # a Tuesday; master data was due at 04:00 UTC


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(state=tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite") as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Iterator[Path]:
    for name in [n for n in os.environ if n.upper().startswith(("DESTINATION__", "SOURCES__"))]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "erp").mkdir()
    given = {
        **{
            name: value
            for name, value in sandbox.environment().items()
            if name.split("__")[1].lower() in NAMES
        },
        "STAMMDATEN_HOME": str(tmp_path / "home"),
        "SOURCES__ERP__KIND": "files",
        "SOURCES__ERP__FILES__FOLDER": str(tmp_path / "erp"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    former = os.umask(0o022)
    os.umask(former)
    yield tmp_path / "home"
    os.umask(former)


def asked(*words: str, given: Any = None) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Exit status, and the lines by what they are about."""
    variables = json.dumps({"partners": GIVEN if given is None else given})
    done = CliRunner().invoke(app, ["doctor", "--json", "--vars", variables, *words])
    found: dict[str, list[dict[str, Any]]] = {}
    for line in json.loads(done.stdout)["checks"]:
        found.setdefault(line["what"], []).append(line)
    return done.exit_code, found


def run(
    job_use_case: str | None, begun: datetime, status: int | None = 0, running: bool = False
) -> RecordedRun:
    return RecordedRun(
        run_id="r1", number=1, command="run", use_case=job_use_case, begun_at=begun, last_seen_at=begun,
        is_running=running, exit=status,
    )  # fmt: skip


def test_a_login_and_nothing_else_goes_to_partners(home: Path, sandbox: Sandbox) -> None:
    before = {name: len(sandbox.requests(name)) for name in NAMES}
    status, lines = asked()
    sent = {name: [r.path for r in sandbox.requests(name)[before[name] :]] for name in NAMES}
    assert sent["etg24"] == []
    assert [len(sent["facilioo"]), sent["facilioo"][0].endswith("/api/auth/login")] == [1, True]
    assert len(sent["plentific"]) == 1
    assert [(line["subject"], line["state"]) for line in lines["login"]] == [
        ("etg24", "look"),
        ("facilioo", "well"),
        ("plentific", "well"),
    ]
    assert "facilioo" in lines["clock"][0]["text"]
    assert status == 0


def test_without_login_nothing_is_sent(home: Path, sandbox: Sandbox) -> None:
    before = {name: len(sandbox.requests(name)) for name in NAMES}
    _, lines = asked("--no-login")
    assert {name: len(sandbox.requests(name)) for name in NAMES} == before
    assert "login" not in lines


def test_a_refused_login_is_wrong_and_its_credential_is_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FACILIOO__PASSWORD", "geheim-4711")
    status, lines = asked()
    (line,) = [one for one in lines["login"] if one["subject"] == "facilioo"]
    assert (status, line["state"]) == (1, "wrong")
    assert line["text"] == "the login answered 401; check the credentials and the address"
    assert "geheim-4711" not in json.dumps(lines)


def test_a_missing_credential_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESTINATION__PLENTIFIC__CLIENT_SECRET")
    _, lines = asked()
    assert any("DESTINATION__PLENTIFIC__CLIENT_SECRET" in one["text"] for one in lines["login"])


def test_wrong_settings_are_a_line_and_the_rest_is_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, lines = asked(given={"etg42": {"aktiv": True}})
    assert (status, lines["settings"][0]["state"]) == (1, "wrong")
    assert "did you mean etg24" in lines["settings"][0]["text"]
    assert {"disk", "versions", "permissions", "backup", "clock", "history"} <= lines.keys()
    monkeypatch.setenv("SOURCES__ERP__KIND", "fax")
    assert "SOURCES__ERP__KIND" in asked("--no-login")[1]["erp"][0]["text"]


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        ([], "look", "it never ran here"),
        ([run(None, NOW - timedelta(hours=7, minutes=59))], "well", "all is as it should be"),
        ([run(None, NOW - timedelta(hours=7, minutes=59), 1)], "wrong", "not all"),
        ([run(None, NOW - timedelta(hours=7, minutes=59), None)], "wrong", "ended without a word"),
        (
            [run(None, NOW - timedelta(hours=8, minutes=1))],
            "wrong",
            "overdue since Tue 1 Dec 2026, 05:00 CET",
        ),
        ([run(None, NOW - timedelta(days=2), None, running=True)], "well", "at work"),
        ([run("leerstaende", NOW - timedelta(hours=1))], "look", "it never ran here"),
    ],
)
def test_the_last_run_is_judged_by_how_it_ended_and_by_what_was_due(
    found: list[RecordedRun], state: str, said: str
) -> None:
    (line,) = last_runs((MASTER_DATA, WATCH), found, NOW)
    assert (line.state, said in line.text) == (state, True)
    assert (line.todo is None) == (state == "well")


def test_each_job_has_a_last_run_and_a_run_that_is_just_due_may_still_come() -> None:
    due = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)
    hour_ago = [run("leerstaende", due - timedelta(hours=1)), run("dokumente", due - timedelta(hours=14))]
    states = {
        line.subject: line.state for line in last_runs((VACANCIES, DOCUMENTS), hour_ago, due + GRACE / 2)
    }
    assert states == {"stammdaten-leerstaende": "well", "stammdaten-dokumente": "well"}
    (late, _) = last_runs((VACANCIES, DOCUMENTS), hour_ago, due + GRACE)
    assert late.state == "wrong"


def test_a_run_that_ended_without_a_word_is_wrong_until_another_one_has_ended(home: Path) -> None:
    file = RunFile(home, "run", None)
    os.close(file._file or 0)
    file._file = None
    _, lines = asked("--no-login")
    assert (lines["history"][0]["state"], lines["last run"][0]["state"]) == ("wrong", "wrong")
    with recorded("run", None, print):
        pass
    _, lines = asked("--no-login")
    assert lines["history"][0] == {
        "what": "history",
        "subject": None,
        "state": "well",
        "text": "2 runs are known, 1 of them ended without a word",
        "todo": None,
    }


@pytest.mark.parametrize(
    "ending",
    [
        '{"at": "2026-11-30T12:00:00+00:00", "event": "end", "exit": 2, "message": "no room", "seconds": 1}',
        "",
    ],
)
def test_a_run_of_which_a_full_disk_took_little_is_the_last_run(home: Path, ending: str) -> None:
    with recorded("run", None, print):
        pass
    (home / "runs" / "000002-0123456789ab.jsonl").write_text(ending)
    _, lines = asked("--no-login")
    line = lines["last run"][0]
    assert (line["state"], line["todo"]) == ("wrong", "stammdaten runs show 0123456789ab")
    assert ("no room" if ending else "ended without a word") in line["text"]


def test_a_clock_that_is_apart_from_a_partner_s_or_was_set_back_is_wrong(home: Path) -> None:
    def state(skews: dict[str, float], runs: list[RecordedRun]) -> list[str]:
        return [line.state for line in machine.clock(runs, skews, NOW)]

    assert state({"facilioo": 3.0}, [run(None, NOW)]) == ["well"]
    assert state({"facilioo": -400.0, "kiwi": 1.0}, []) == ["wrong"]
    assert state({}, [run(None, NOW + timedelta(minutes=3))]) == ["wrong"]
    began = time.time()
    there = Answered(200, formatdate(began + 500, usegmt=True))
    assert 497 < (doctor._skew(there, began) or 0) < 502
    back = Answered(200, formatdate(began - 500, usegmt=True))
    assert -502 < (doctor._skew(back, began) or 0) < -497
    assert doctor._skew(Answered(200, "soon"), began) is None
    assert doctor._skew(Answered(200, None), began) is None


def test_little_room_is_wrong_and_says_how_much_is_needed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [line.state for line in machine.disk(home)] == ["well"]
    with database(home).open("wb") as file:  # sparse: larger than any disk here
        file.truncate(2**43)
    (line,) = machine.disk(home)
    assert (line.state, "8192.0" in line.text, "GiB free" in (line.todo or "")) == ("wrong", True, True)


def test_what_others_may_read_or_change_is_wrong(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / ".dlt").mkdir(parents=True)
    folder.chmod(0o700)
    assert [line.state for line in machine.permissions(home, folder)] == ["well"]
    (folder / ".dlt" / "secrets.toml").write_text("")
    (folder / ".dlt" / "secrets.toml").chmod(0o640)
    folder.chmod(0o770)
    (home / "old").write_text("")
    (home / "old").chmod(0o644)
    home.chmod(0o755)
    assert [(line.subject, line.todo) for line in machine.permissions(home, folder)] == [
        (str(folder), f"chmod go-w {folder}"),
        (str(folder / ".dlt/secrets.toml"), f"chmod 600 {folder / '.dlt/secrets.toml'}"),
        (str(home), f"chmod -R go= {home}"),
    ]


def test_a_library_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [line.state for line in machine.installed()] == ["well"]
    monkeypatch.setattr(machine, "requires", lambda _: ["duckdb>=99", "typer>=0.1", "nobody-has-this>=1"])
    (line,) = machine.installed()
    assert line.state == "wrong"
    assert "duckdb 2" in line.text
    assert "nobody-has-this none (needed: >=1)" in line.text
    assert "typer" not in line.text


def test_the_age_of_the_backup_is_that_of_its_newest_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state() -> tuple[str, str]:
        (line,) = machine.backup(home)
        return line.state, line.text

    assert state()[0] == "look"
    monkeypatch.setenv("STAMMDATEN_BACKUP", str(tmp_path / "backup"))
    assert state()[0] == "wrong"
    (tmp_path / "backup" / "monday").mkdir(parents=True)
    assert state()[0] == "wrong"
    file = tmp_path / "backup" / "monday" / "stammdaten.duckdb"
    file.write_text("")
    assert state() == ("well", f"the newest in {tmp_path / 'backup'} is 0.0 days old")
    os.utime(file, (time.time() - 8 * 86_400,) * 2)
    assert state() == ("wrong", f"the newest in {tmp_path / 'backup'} is 8.0 days old")
    assert str(next(machine.backup(home)).todo).startswith("stammdaten backup;")


def test_a_schedule_is_found_in_the_crontab_of_the_user_or_in_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs `crontab` and `systemctl` are stood in for by scripts: a test may not change those of a machine."""

    def found(crontab: str, enabled: str) -> list[CheckLine]:
        for name, text in (("crontab", crontab), ("systemctl", enabled)):
            (tmp_path / name).write_text(f"#!/bin/sh\ncat <<'X'\n{text}\nX\n")
            (tmp_path / name).chmod(0o755)
        return list(machine.scheduled((MASTER_DATA,), tmp_path / "site"))

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    line = f"0 5 * * 0,2,4 cd {tmp_path / 'site'} && stammdaten run"
    assert [one.state for one in found("", "disabled")] == ["look"]
    assert [one.state for one in found(f"# {line}", "disabled")] == ["look"]
    assert [one.state for one in found(line, "")] == ["well"]
    assert found("", "enabled")[0].text == "systemd: Tue,Thu,Sun 05:00 Europe/Berlin"
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert [one.state for one in machine.scheduled((MASTER_DATA,), tmp_path)] == ["look"]


def test_a_check_that_fails_itself_is_a_line_without_a_value() -> None:
    def broken() -> Iterator[CheckLine]:
        raise ValueError("Zzyzx")
        yield

    (line,) = doctor._safely("disk", broken)
    assert (line.what, line.state, "Zzyzx" in line.text) == ("disk", "wrong", False)


def test_status_says_the_last_run_what_is_due_and_what_a_rule_means(home: Path) -> None:
    with recorded("run", "leerstaende", print):
        pass
    given = json.dumps(
        {"partners": {"wohnungshelden": {"aktiv": True, "separator": "/", "mandanten": "alle"}}}
    )
    said = json.loads(CliRunner().invoke(app, ["status", "--json", "--vars", given]).stdout)
    assert [(run["use_case"], run["exit"]) for run in said["last_runs"]] == [("leerstaende", 0)]
    assert {due["job"] for due in said["next_runs"]} == {"stammdaten", "stammdaten-leerstaende"}
    assert all(datetime.fromisoformat(due["at"]) > datetime.now(UTC) for due in said["next_runs"])
    assert read_runs(home)[0][0].use_case == "leerstaende"
