"""What is recorded of runs: good ends, bad ones, and none at all."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import current_run
from pipelines.cli.main import app
from pipelines.errors import DeliveryError
from pipelines.history.record import recorded, settings_digest
from pipelines.history.run_file import FOLDER, LARGEST_REPORT, RunFile, read_file, run_files
from pipelines.history.runs import fold_files, read_run, read_runs
from pipelines.history.shown import in_words, runs_report, show_report
from pipelines.ledger.ledger import open_database
from pipelines.lock import only_run
from pipelines.push.result_line import ResultLine
from pipelines.reports.run import FailureLine, GuardLine, LoadReport, PushReport, ReasonLine
from pipelines.settings import database, read_vars

ROOT = Path(__file__).resolve().parent.parent.parent
BAD = "{partners: 3}"


def ask(*words: str) -> Any:
    """The command in this process; `exit_code`, `stdout`, `stderr`, `exception`."""
    return CliRunner().invoke(app, list(words))


def rows(home: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(database(home))) as db:
        return db.execute(sql).fetchall()


def started(home: Path) -> "subprocess.Popen[str]":
    """A run that is in its step `push`."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.history.run_child"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "STAMMDATEN_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "at work\n"
    return child


def push_report(**changed: Any) -> PushReport:
    line = ResultLine("etg24", "mieter", in_mart=7, created=2, rejected=1, seconds=0.5)
    given = {
        "plan_id": "p1",
        "lines": (line,),
        "stopped": {"kiwi": "the login was refused"},
        "guards": (
            GuardLine(partner="casavi", guard="withdraw", entity="units", message="7 of 9", rows=("001/4",)),
        ),
        "renumbered": (),
        "reasons": (),
        "notes": (),
        "failures": (
            FailureLine(
                partner="quis", node="valid_quis", status="fail", message="Zzyzx", keys=("001/9/0815",)
            ),
        ),
        "is_complete": False,
    }
    return PushReport(**{**given, **changed})


def test_a_run_is_a_row_with_its_partners_entities_rules_and_steps(home: Path) -> None:
    with open_database(home):
        pass
    with recorded("push", None, print) as run:
        with current_run.step("plan"):
            settings = run.given(read_vars(["etg24"], "{partners: {etg24: {aktiv: true}}}", "2026-11-21", []))
        current_run.note("rules", lines=[{"rule": "E2", "table": "mieter", "partner": None, "rows": 4}])
        current_run.note("requests", lines=[{"partner": "etg24", "entity": "mieter", "requests": 9}])
        run.told(push_report())
        run_id = current_run.run_id()
    assert rows(
        home, "select run_id, command, exit, plan_id, stichtag, settings, message from sync.runs"
    ) == [(run_id, "push", 1, "p1", "2026-11-21", settings_digest(settings), None)]
    (seconds,) = rows(home, "select seconds > 0 and ended_at >= begun_at, json_keys(steps) from sync.runs")
    assert seconds == (True, ["plan"])
    assert rows(home, "select partner, result, why from sync.run_partners order by all") == [
        ("casavi", "guard", "withdraw"),
        ("etg24", "pushed", None),
        ("kiwi", "stopped", "the login was refused"),
        ("quis", "failure", "valid_quis"),
    ]
    assert rows(
        home, "select partner, entity, in_mart, created, rejected, held, requests from sync.run_entities"
    ) == [("etg24", "mieter", 7, 2, 1, 0, 9)]
    assert rows(home, "select rule, table_name, partner, row_count from sync.run_rules") == [
        ("E2", "mieter", None, 4)
    ]
    shown = show_report(home, run_id)
    assert (shown.run.state, shown.run.exit, shown.partners[0].partner) == ("ended", 1, "etg24")
    assert shown.report
    assert shown.report["lines"][0]["created"] == 2
    assert shown.versions["duckdb"] == duckdb.__version__
    assert "stammdaten status" in (shown.advice or "")


def test_nothing_in_the_history_names_a_row(home: Path) -> None:
    with open_database(home):
        pass
    with recorded("push", None, print) as run:
        run.told(push_report())
    text = run_files(home)[0].read_text() + str(rows(home, "select report from sync.runs"))
    assert "valid_quis" in text
    for named in ("001/9/0815", "001/4", "Zzyzx"):
        assert named not in text


def test_a_killed_run_stands_in_the_history_with_its_last_sign_of_life_and_what_to_do(home: Path) -> None:
    with open_database(home):
        pass
    child = started(home)
    (line,) = runs_report(home, 9).runs
    assert (line.state, line.what, line.use_case) == ("running", "at work in its step push", "leerstaende")
    child.kill()
    child.wait()
    shown = show_report(home, None)
    assert (shown.run.state, shown.run.exit, shown.run.seconds) == ("lost", None, None)
    assert shown.run.what == f"ended without a word in its step push, last heard of at {shown.last_seen_at}"
    assert "run it again" in (shown.advice or "")
    assert "ended without a word" in ask("runs").stdout
    fold_files(home)
    assert rows(home, "select exit, ended_at, steps from sync.runs") == [(None, None, '{"push": null}')]
    assert runs_report(home, 9).runs == (shown.run,)


def test_a_run_that_is_at_work_is_taken_over_only_when_it_has_ended(home: Path) -> None:
    with open_database(home):
        pass
    child = started(home)
    with recorded("load", None, print):
        pass
    assert rows(home, "select command from sync.runs") == [("load",)]
    child.send_signal(signal.SIGTERM)
    assert child.wait() != 0
    with recorded("load", None, print):
        pass
    told = rows(home, "select command, exit, message from sync.runs order by number")
    assert sorted(told) == [("load", 0, None), ("load", 0, None), ("run", 143, "ended by a signal")]


@pytest.mark.parametrize("command", ["run", "load", "build", "plan", "push"])
def test_a_run_that_could_not_start_is_recorded_with_the_reason(home: Path, command: str) -> None:
    assert ask(command, "--vars", BAD).exit_code == 1  # as `main` is not there to tell it
    (run,), _ = read_runs(home)
    assert (run.command, run.exit, run.settings) == (command, 2, None)
    assert run.message == (
        "partners: a map from partner to its settings is needed; set it in dbt_project.yml or --vars"
    )
    assert not database(home).exists()


def test_a_run_that_found_the_lock_held_is_recorded_with_who_held_it(home: Path) -> None:
    with only_run(home, "run"):
        ask("load")
    (run,), _ = read_runs(home)
    assert run.exit == 2
    assert "`stammdaten run` (process" in (run.message or "")
    assert in_words(run) == f"not begun: {run.message}"


def test_an_error_of_the_program_is_recorded_without_its_values(home: Path) -> None:
    with pytest.raises(ValueError, match="Zzyzx"), recorded("run", None, print):
        raise ValueError("Zzyzx")
    shown = show_report(home, None)
    assert shown.run.what.startswith("an error of this program (ValueError in pipelines/")
    assert "trace-" in (shown.advice or "")
    assert b"Zzyzx" not in run_files(home)[0].read_bytes()


def test_the_message_of_a_command_about_one_person_is_not_kept(home: Path) -> None:
    with pytest.raises(DeliveryError), recorded("forget", None, print):
        raise DeliveryError("--person 4711: neither the delivery nor a partner has this number")
    assert b"4711" not in run_files(home)[0].read_bytes()
    assert read_runs(home)[0][0].exit == 2


def test_a_home_that_cannot_be_written_to_records_nothing_and_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(0o722)
    told: list[str] = []
    with recorded("run", None, told.append) as run:
        report = run.told(push_report())
    assert report.exit == 1
    assert (told, list(home.iterdir())) == ([], [])


def test_what_lies_in_the_way_of_the_history_is_told_and_changes_nothing(home: Path) -> None:
    (home / FOLDER).write_text("a file")
    told: list[str] = []
    with recorded("run", None, told.append) as run:
        run.told(push_report())
    assert told == [
        "The history of this run is not complete: File exists. The run itself is not touched by it."
    ]


def test_a_full_disk_is_told_and_what_is_written_later_can_be_read(home: Path) -> None:
    file = RunFile(home, "run", None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        for _ in range(3):
            file.note("said", {"text": "x" * 900_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    file.note("step", {"name": "push", "seconds": 1.5})
    file.end(0, None)
    assert file.trouble in ("No space left on device", "File too large")
    run = read_file(run_files(home)[0])
    assert run
    assert (run.exit, run.steps) == (0, {"push": 1.5})


@pytest.mark.sampled
@pytest.mark.parametrize("taken", [0, 1, 40])
def test_a_run_whose_beginning_a_full_disk_did_not_take_is_known_by_its_end(home: Path, taken: int) -> None:
    with open_database(home), recorded("run", None, print):
        pass
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (taken, hard))
    try:
        file = RunFile(home, "run", "leerstaende")
        file.note("step", {"name": "load"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.trouble in ("No space left on device", "File too large")
    assert next((run.command, run.is_running) for run in read_runs(home)[0]) == ("unknown", True)
    file.end(2, "no room")
    for _ in range(2):  # from its file, then from the database
        run = read_runs(home)[0][0]
        assert (run.run_id, run.number, run.command, run.use_case) == (file.run_id, 2, "run", "leerstaende")
        assert (run.exit, run.message, run.is_running) == (2, "no room", False)
        assert show_report(home, file.run_id).run.what == "no room"
        fold_files(home)
    assert rows(home, f"select exit from sync.runs where run_id = '{file.run_id}'") == [(2,)]


def test_a_run_of_which_a_full_disk_took_nothing_is_a_run_that_ended_without_a_word(home: Path) -> None:
    with open_database(home), recorded("run", None, print):
        pass
    (home / FOLDER / "000002-0123456789ab.jsonl").write_text("")
    (home / FOLDER / "000003-0123456789ac.jsonl").write_text(
        '{"at": "2026-11-30T12:00:00+00:00", "event": "beg'
    )
    with recorded("run", None, print):
        pass
    known = [(run.number, run.command, run.exit, run.is_running) for run in read_runs(home)[0]]
    assert known == [
        (4, "run", 0, False),
        (3, "unknown", None, False),
        (2, "unknown", None, False),
        (1, "run", 0, False),
    ]
    assert rows(home, "select count(*) from sync.runs") == [(4,)]


def test_two_runs_at_once_are_two_rows(home: Path) -> None:
    with open_database(home):
        pass
    first, second = RunFile(home, "run", None), RunFile(home, "run", "leerstaende")
    second.end(2, "another run is at work")
    first.end(0, None)
    fold_files(home)
    fold_files(home)
    assert rows(home, "select use_case, exit from sync.runs order by exit") == [(None, 0), ("leerstaende", 2)]


def test_the_order_is_that_of_the_runs_whatever_the_clock_says(home: Path) -> None:
    with open_database(home):
        pass
    with recorded("run", None, print):
        first = current_run.run_id()
    with open_database(home) as db:  # the clock was a day ahead then
        db.execute("update sync.runs set begun_at = begun_at + interval 1 day")
    for file in run_files(home):  # and somebody threw the files away
        file.unlink()
    with recorded("load", None, print):
        second = current_run.run_id()
    assert [line.run_id for line in runs_report(home, 9).runs] == [second, first]
    assert rows(home, "select run_id from sync.runs order by number desc") == [(second,), (first,)]
    assert runs_report(home, 1).notes == ("… and 1 more; --last 2 shows all.",)


def test_a_report_of_ten_megabytes_is_cut_and_all_counts_are_kept(home: Path) -> None:
    with open_database(home):
        pass
    names = tuple(f"{n:05} {'x' * 100}.pdf" for n in range(100_000))
    load = LoadReport(
        notes=(), load_id="l1", source="files", kind="full", rows={}, changed={}, unknown_columns={},
        unknown_files=names, absent_tables=(),
    )  # fmt: skip
    with recorded("load", None, print) as run:
        run.told(load)
    kept = show_report(home, None).report
    assert kept
    assert kept["unknown_files"][199:] == [names[199], "… and 99,800 more"]
    long = {f"partner{n}": "x" * 5_000 for n in range(150)}
    many = tuple(f"{n} {'y' * 3_000}" for n in range(1_000))
    reasons = tuple(
        ReasonLine(partner="etg24", entity="mieter", rows=1, reason="rejected", how="z" * 3_000)
        for _ in range(1_000)
    )
    with recorded("push", None, print) as run:
        run.told(push_report(stopped=long, notes=many, reasons=reasons))
    shown = show_report(home, None)
    assert shown.report
    assert list(shown.report) == ["left_out"]
    assert int(shown.report["left_out"].split()[0].replace(",", "")) > LARGEST_REPORT
    assert shown.entities[0].created == 2
    assert run_files(home)[-1].stat().st_size < LARGEST_REPORT


def test_a_home_of_an_earlier_version_gets_the_tables_and_keeps_its_ledger(home: Path) -> None:
    with open_database(home) as db:
        db.execute(
            "insert into sync.ledger (partner, entity, id_space, external_id, state)"
            " values ('etg24', 'mieter', 'mieter', '001/1', 'synced')"
        )
        for table in ("schema", "runs", "run_partners", "run_entities", "run_rules"):
            db.execute(f"drop table sync.{table}")
    assert runs_report(home, 9).runs == ()
    with recorded("push", None, print) as run:
        run.told(push_report())
    assert rows(home, "select count(*) from sync.runs") == [(1,)]
    assert rows(home, "select external_id, state from sync.ledger") == [("001/1", "synced")]


def test_files_of_the_history_are_for_their_owner_only(home: Path) -> None:
    os.umask(0o022)
    with recorded("load", None, print):
        pass
    assert [stat.S_IMODE(p.stat().st_mode) for p in (home / FOLDER, run_files(home)[0])] == [0o700, 0o600]


def test_a_database_that_is_held_loses_no_run_and_is_not_waited_for(home: Path) -> None:
    with open_database(home):
        pass
    with recorded("load", None, print):
        pass
    shell = subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            "-c",
            "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); input()",
            str(database(home)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout
    assert shell.stdout.readline() == "open\n"
    told: list[str] = []
    with recorded("push", None, told.append):
        pass
    report = runs_report(home, 9)
    assert [run.command for run in report.runs] == ["push", "load"]
    assert report.notes == (
        "The database is held by a run or another program: runs that are in it are shown from their files alone.",
    )
    shell.communicate("\n")
    assert told == []
    assert [run.command for run in runs_report(home, 9).runs] == ["push", "load"]


def test_a_file_of_somebody_else_and_odd_text_keep_no_other_run_from_the_history(home: Path) -> None:
    with open_database(home):
        pass
    (home / FOLDER).mkdir()
    ours = '{"at": "2026-11-30T12:00:00+00:00", "event": "begin", "run_id": "0123456789ab"'
    for name, text in (
        ("notes.jsonl", "{}"),
        ("1x-2.jsonl", ours),
        ("000007-0123456789ab.jsonl", "no json"),
        ("000008-0123456789ac.jsonl", "[]\n7\nnull\n"),
        ("000009-0123456789ad.jsonl", f'{ours}, "command": "run"}}'),
        (
            "000010-0123456789ae.jsonl",
            f'{ours}, "command": "run", "use_case": null, "versions": 3, "at": "soon"}}',
        ),
        ("000011-0123456789af.jsonl", ""),
    ):
        (home / FOLDER / name).write_text(text)
    with pytest.raises(DeliveryError), recorded("load", None, print):
        raise DeliveryError("lost\udcff half \x00 nul \u202e 😀")
    with recorded("load", None, print):
        pass
    assert [(run.number, run.command, run.exit) for run in read_runs(home)[0]] == [
        (13, "load", 0),
        (12, "load", 2),
        *((number, "unknown", None) for number in range(11, 6, -1)),
    ]
    assert rows(home, "select count(*) from sync.runs") == [(7,)]
    assert rows(home, "select message from sync.runs where exit = 2") == [("lost? half \x00 nul \u202e 😀",)]


def test_runs_are_shown_as_json_and_an_unknown_one_is_named(home: Path) -> None:
    with recorded("load", None, print):
        run_id = current_run.run_id()
    assert json.loads(ask("runs", "--json").stdout)["runs"][0]["run_id"] == run_id
    assert json.loads(ask("runs", "show", run_id, "--json").stdout)["run"]["command"] == "load"
    assert f"did you mean {run_id}" in str(ask("runs", "show", run_id[:-1]).exception)
    assert read_run(home, "nobody") is None


def test_records_that_are_not_simply_at_the_partner_are_shown_by_state_and_reason(home: Path) -> None:
    states = [
        {"partner": "etg24", "entity": "mieter", "state": "synced", "reason": None, "rows": 40, "there": 40},
        {
            "partner": "etg24",
            "entity": "mieter",
            "state": "rejected",
            "reason": "invalid_format",
            "rows": 3,
            "there": 1,
        },
        {"partner": "etg24", "entity": "mieter", "state": "held", "reason": "H1", "rows": 2, "later": "x"},
    ]
    flow = [{"station": "dropped", "table": "person", "rule": "P1", "rows": 4}]
    with recorded("push", None, print):
        current_run.note("states", lines=states)
        current_run.note("flow", lines=flow)
    shown = json.loads(ask("runs", "show", "--json").stdout)
    assert [line["rows"] for line in shown["states"]] == [40, 3, 2]
    assert shown["states"][2]["there"] is None
    assert shown["flow"] == [{**flow[0], "partner": None, "entity": None}]
    lines = [line.split() for line in ask("runs", "show").stdout.splitlines()]
    assert ["etg24", "mieter", "rejected", "invalid_format", "3", "1"] in lines
    assert ["mieter", "held", "H1", "2"] in lines
    assert not [line for line in lines if "synced" in line]


def test_the_digest_changes_with_settings_and_not_with_the_day_or_a_credential(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "{partners: {etg24: {aktiv: true, separator: '/'}}}"

    def digest(variables: str, day: str) -> str:
        return settings_digest(read_vars(["etg24"], variables, day, []))

    first = digest(given, "2026-11-21")
    assert digest(given, "2026-11-22") == first
    assert digest(given.replace("'/'", "'-'"), "2026-11-21") != first
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", "geheim")
    assert digest(given, "2026-11-21") == first
    monkeypatch.setenv("DESTINATION__ETG24__BASE_URL", "https://test.example")
    assert digest(given, "2026-11-21") != first
