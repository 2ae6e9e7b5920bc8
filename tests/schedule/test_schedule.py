"""Units and lines that make a site run by itself: systemd reads them, and means by the times what we mean."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.commands.init import init_folder
from pipelines.contract.contract import partners
from pipelines.schedule.files import HEAD, Installation, crontab, units
from pipelines.schedule.jobs import DOCUMENTS, JOBS, MASTER_DATA, VACANCIES, WATCH, Job, needed
from pipelines.settings import read_vars

systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd is not installed here: its reading of the units is not compared",
)
# Around both changes of the clock, at a time that is due, and just after it.
MOMENTS = (
    "2026-11-30 12:00:00",
    "2026-12-01 04:00:00",
    "2026-12-01 04:00:01",
    "2027-03-27 23:00:00",
    "2027-03-28 00:59:59",
    "2026-10-24 22:30:00",
    "2026-10-25 01:30:00",
)


def vars_with(**given: dict[str, Any]) -> Any:
    settings = {
        name: {"aktiv": True, "separator": "/", "mandanten": "alle", **more} for name, more in given.items()
    }
    return read_vars(partners(), json.dumps({"partners": settings}), "2026-11-30", [])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "Köln 100% $USER"
    init_folder(str(folder))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STAMMDATEN_HOME", str(tmp_path / 'a "home"'))
    return folder


def asked(*words: str) -> Any:
    done = CliRunner().invoke(app, ["schedule", *words])
    assert done.exit_code == 0, done.exception
    return done


def test_the_times_are_those_that_were_agreed() -> None:
    assert [(job.calendar, job.cron) for job in JOBS] == [
        ("Tue,Thu,Sun 05:00 Europe/Berlin", "0 5 * * 0,2,4"),
        ("*-*-* 06..20:30 Europe/Berlin", "30 6-20 * * *"),
        ("*-*-* 22:00 Europe/Berlin", "0 22 * * *"),
        ("*-*-* 06..22:50 Europe/Berlin", "50 6-22 * * *"),
    ]
    assert not any(hour in (2, 3) for job in JOBS for hour in job.hours)


def test_a_job_is_there_where_a_partner_gets_something_of_it() -> None:
    assert needed(vars_with(etg24={})) == (MASTER_DATA, WATCH)
    assert needed(vars_with(wohnungshelden={})) == (MASTER_DATA, VACANCIES, WATCH)
    assert needed(vars_with(facilioo={})) == (MASTER_DATA, WATCH)
    assert needed(vars_with(facilioo={"dokumente": True})) == (MASTER_DATA, DOCUMENTS, WATCH)


@systemd
@pytest.mark.parametrize("job", JOBS, ids=[job.name for job in JOBS])
@pytest.mark.parametrize("moment", MOMENTS)
def test_systemd_means_by_the_times_what_status_says_is_due(job: Job, moment: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "calendar", "--iterations=4", f"--base-time={moment} UTC", job.calendar],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    theirs = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    ours, at = [], datetime.fromisoformat(moment).replace(tzinfo=UTC)
    for _ in range(4):
        at = job.due_after(at)
        ours.append(f"{at:%Y-%m-%d %H:%M:%S}")
    assert ours == theirs
    assert job.due_before(at) == at


@systemd
def test_systemd_takes_the_units_of_a_folder_with_odd_signs(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    asked("systemd", "--out", str(folder), "--vars", json.dumps({"partners": {"wohnungshelden": {
        "aktiv": True, "separator": "/", "mandanten": "alle"}}}))  # fmt: skip
    names = sorted(file.name for file in folder.iterdir())
    assert names == [
        "stammdaten-leerstaende.service",
        "stammdaten-leerstaende.timer",
        "stammdaten-watch.service",
        "stammdaten-watch.timer",
        "stammdaten.service",
        "stammdaten.timer",
    ]
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", *(str(folder / name) for name in names)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "stammdaten" in line]
    assert (done.returncode, ours) == (0, [])


@systemd
def test_systemd_finds_fault_with_a_unit_that_is_wrong(tmp_path: Path) -> None:
    made = units(Installation(tmp_path, ("/nowhere/stammdaten",), "root"), [MASTER_DATA])
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", str(tmp_path / "stammdaten.service")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert "/nowhere/stammdaten is not executable" in done.stderr


def test_cron_runs_the_line_in_the_folder_with_our_variables(site: Path, tmp_path: Path) -> None:
    """The shell that cron would start, with what cron makes of a percent sign."""
    told = tmp_path / "told"
    program = tmp_path / "bin 1" / "stammdaten"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$PWD" "$STAMMDATEN_HOME" "$@" > "{told}"\n')
    program.chmod(0o755)
    here = Installation(site, (str(program),), "root", {"STAMMDATEN_HOME": "/srv/100 % $HOME"})
    line = next(one for one in crontab(here, [VACANCIES]).splitlines() if one.startswith("30 "))
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    subprocess.run(["/bin/sh", "-c", command], check=True)  # noqa: S603
    assert told.read_text().splitlines() == [
        str(site),
        "/srv/100 % $HOME",
        "run",
        "--use-case",
        "leerstaende",
    ]


def test_what_no_partner_gets_is_off_in_cron_and_not_among_the_units(site: Path) -> None:
    text = asked("cron").stdout
    assert text.startswith(HEAD)
    jobs = [line for line in text.splitlines() if "pipelines.cli.main" in line]
    assert [line.startswith("# ") for line in jobs] == [False, False, True, True]
    assert list(json.loads(asked("systemd", "--json").stdout)["files"]) == [
        "stammdaten.service",
        "stammdaten.timer",
        "stammdaten-watch.service",
        "stammdaten-watch.timer",
    ]


def test_a_setting_of_this_shell_alone_is_named_without_its_value(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", "geheim-4711")
    done = asked("systemd")
    assert "DESTINATION__ETG24__API_TOKEN" in done.stderr
    assert "geheim-4711" not in done.stdout + done.stderr


def test_nothing_is_written_over_and_an_unknown_kind_is_named(site: Path, tmp_path: Path) -> None:
    (tmp_path / "stammdaten.timer").write_text("ours")
    done = CliRunner().invoke(app, ["schedule", "systemd", "--out", str(tmp_path)])
    assert "stammdaten.timer there already; nothing was written" in str(done.exception)
    assert not (tmp_path / "stammdaten.service").exists()
    assert "did you mean systemd" in str(CliRunner().invoke(app, ["schedule", "sytemd"]).exception)
    done = CliRunner().invoke(app, ["schedule", "systemd", "--out", str(tmp_path / "nowhere")])
    assert "name a folder that you may write to" in str(done.exception)


def test_the_units_are_run_as_the_owner_of_the_folder_with_its_program(site: Path) -> None:
    text = json.loads(asked("systemd", "--json").stdout)["files"]["stammdaten.service"]
    assert f"User={site.owner()}\n" in text
    assert f"ExecStart={sys.executable} -m pipelines.cli.main run\n" in text
    assert 'Environment="STAMMDATEN_HOME=' in text
