"""Which pages are written, when, for whom, and what becomes of them; and that nothing of it touches a run."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import current_run
from pipelines.cli.main import app
from pipelines.cli.terminal import recorded
from pipelines.errors import DeliveryError, RunningError
from pipelines.history import tidy as tidy_module
from pipelines.history.run_file import run_files
from pipelines.history.runs import fold_files, read_runs
from pipelines.history.tidy import PAGES, page_files, tidy
from pipelines.ledger.ledger import open_database
from pipelines.run_page import files
from pipelines.run_page.files import INDEX, MADE_UP, list_again, report, write_after
from tests.history.test_runs import started
from tests.run_page.story import BEGAN, write_run

ROOT = Path(__file__).resolve().parent.parent.parent


def ask(*words: str) -> Any:
    """The command in this process; `exit_code`, `stdout`, `stderr`, `exception`."""
    return CliRunner().invoke(app, list(words))


def pages(home: Path) -> list[str]:
    return [page.stem for page in page_files(home)]


def test_each_run_writes_its_page_and_the_list_for_their_owner_only(home: Path) -> None:
    os.umask(0o022)
    with recorded("load"):
        run_id = current_run.run_id()
    page, index = home / PAGES / f"{run_id}.html", home / PAGES / INDEX
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home / PAGES, page, index)] == [
        0o700,
        0o600,
        0o600,
    ]
    assert f'href="{run_id}.html"' in index.read_text()
    assert sorted(path.name for path in (home / PAGES).iterdir()) == sorted([page.name, INDEX])


def test_a_run_that_fails_has_a_page_with_what_broke_it_off(home: Path) -> None:
    with pytest.raises(DeliveryError), recorded("load"):
        raise DeliveryError("mandant.csv: missing; the delivery is not complete")
    (page,) = page_files(home)
    text = page.read_text()
    assert "<h1>" in text
    assert "Nothing was sent" in text
    assert "Mandant.csv: missing; the delivery is not complete" in text or "andant.csv: missing" in text


def test_a_run_that_could_not_read_its_settings_has_a_page(home: Path) -> None:
    assert ask("run", "--vars", "{partners: 3}").exit_code == 1  # as `main` is not there to tell it
    (page,) = page_files(home)
    assert "artners: a map from partner to its settings is needed" in page.read_text()


def test_a_killed_run_gets_its_page_from_the_next_one(home: Path) -> None:
    child = started(home)
    with recorded("load"):
        after = current_run.run_id()
    assert pages(home) == [after]  # the other one is at work
    assert "At work" in (home / PAGES / INDEX).read_text()
    child.send_signal(signal.SIGKILL)
    child.wait()
    with recorded("load"):
        pass
    lost = next(run.run_id for run in read_runs(home)[0] if run.command == "run")
    assert len(pages(home)) == 3
    text = (home / PAGES / f"{lost}.html").read_text()
    assert "Ended without a word" in text
    assert "not finished" in text
    assert "run it again" in text


def test_pages_that_could_not_be_written_are_made_up_for_as_far_as_they_are_of_late(home: Path) -> None:
    ids = [write_run(home, number) for number in range(1, 12)]
    assert write_after(home, ids[-1], ()) is None
    assert pages(home) == ids[-MADE_UP - 1 :]


@pytest.mark.parametrize("in_the_way", ["file", "link", "read-only"])
def test_what_lies_in_the_way_is_told_in_one_line_and_changes_nothing_of_the_run(
    home: Path, in_the_way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    if in_the_way == "file":
        (home / PAGES).write_text("a file")
    elif in_the_way == "link":
        (home / PAGES).symlink_to(tmp_path / "elsewhere")
    else:
        (home / PAGES).mkdir()
        (home / PAGES / INDEX).mkdir()
    with recorded("load"):
        pass
    assert read_runs(home)[0][0].exit == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "page" in line]
    assert len(told) == 1
    assert told[0].startswith("The page of this run: not written (")
    assert told[0].endswith("The run itself is not touched by it.")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_full_disk_is_told_and_leaves_no_half_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with recorded("load"):
        former = current_run.run_id()
    before = (home / PAGES / INDEX).read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with recorded("load"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "The page of this run: not written (File too large)" in capsys.readouterr().err.replace("\n", " ")
    assert sorted(path.name for path in (home / PAGES).iterdir()) == sorted([f"{former}.html", INDEX])
    assert (home / PAGES / INDEX).read_bytes() == before


def test_what_a_killed_writer_left_is_cleared_away(home: Path) -> None:
    run_id = write_run(home, 1)
    (home / PAGES).mkdir()
    (home / PAGES / f".{run_id}.999.half").write_text("<h1>ha")
    assert write_after(home, run_id, ()) is None
    assert sorted(path.name for path in (home / PAGES).iterdir()) == [f"{run_id}.html", INDEX]


def test_an_error_of_the_page_itself_is_told_and_does_not_reach_the_run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "page_of", lambda *_: 1 / 0)
    with recorded("load"):
        pass
    assert "not written (an error of this program (ZeroDivisionError" in capsys.readouterr().err.replace(
        "\n", " "
    )


def test_pages_go_with_their_runs_and_the_list_follows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_database(home):
        pass
    ids = [write_run(home, number, at=BEGAN - timedelta(days=400 - number)) for number in (1, 2, 390, 391)]
    fold_files(home)
    for run_id in ids:
        report(home, run_id, ())
    mine = home / PAGES / "notes.html"
    mine.write_text("not ours")
    for file in run_files(home)[:2]:
        os.utime(file, (0, 0))
    shown = {line.what: line.old for line in tidy(home, 30, apply=False).lines}
    assert (shown["pages of runs"], len(pages(home))) == (2, 4)
    done = ask("runs", "tidy", "--keep-days", "30", "--apply")
    assert done.exit_code == 0, done.exception
    assert pages(home) == ids[2:]
    index = (home / PAGES / INDEX).read_text()
    assert ids[0] not in index
    assert ids[-1] in index
    assert mine.exists()
    monkeypatch.setattr(tidy_module, "MOST_FILES", 1)
    tidy(home, 3_000, apply=True)
    assert ids[-1] in pages(home)
    assert len(pages(home)) == 1


def test_no_list_is_made_where_there_are_no_pages(home: Path) -> None:
    write_run(home, 1)
    assert list_again(home, ()) is None
    assert not (home / PAGES).exists()


def test_before_the_first_run_there_is_a_list_that_says_so(home: Path) -> None:
    done = ask("report", "--json")
    assert done.exit_code == 0
    made = json.loads(done.stdout)
    assert (made["run_id"], made["page"]) == (None, None)
    assert "No run is recorded here yet" in Path(made["index"]).read_text()


def test_a_page_is_made_again_by_its_id_and_an_unknown_one_is_named(home: Path) -> None:
    first, last = write_run(home, 1), write_run(home, 2, exit=2, message="nobody is there")
    done = ask("report", first)
    assert done.stdout.splitlines()[0] == str(home / PAGES / f"{first}.html")
    assert ask("report").stdout.splitlines()[0] == str(home / PAGES / f"{last}.html")
    assert f"did you mean {last}" in str(ask("report", last[:-1] + "3").exception)
    (home / PAGES / INDEX).unlink()
    (home / PAGES / INDEX).mkdir()
    assert "cannot be written to (Is a directory)" in str(ask("report").exception)


def test_open_hands_the_file_to_a_browser_and_says_where_there_is_none(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = write_run(home, 1)
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": str(browser), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipelines.cli.main", "report", "--open"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    assert seen.read_text().strip() == f"file://{home}/{PAGES}/{run_id}.html"
    nobody = {**environment, "BROWSER": "/nowhere/%s", "PATH": str(tmp_path)}
    nobody.pop("DISPLAY", None)
    done = subprocess.run(command, env=nobody, cwd=ROOT, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0
    assert "No browser is known here" in done.stderr


def test_a_run_that_met_another_one_is_not_the_last_word_of_the_list(home: Path) -> None:
    write_run(home, 1)
    with pytest.raises(RunningError), recorded("run"):
        raise RunningError("another run is at work: `stammdaten run`")
    index = (home / PAGES / INDEX).read_text()
    assert "<title>Runs · Everything is delivered</title>" in index
    assert "Not begun: another run was at work" in index


def test_two_runs_that_end_together_are_both_in_the_list(home: Path) -> None:
    ids = [write_run(home, number) for number in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as at_once:
        assert list(at_once.map(lambda run_id: write_after(home, run_id, ()), ids)) == [None] * 4
    index = (home / PAGES / INDEX).read_text()
    assert all(f'href="{run_id}.html"' in index for run_id in ids)
