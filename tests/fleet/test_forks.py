"""The process of a customer: what it has, and that whatever happens in it is its own."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from multiprocessing import forkserver
from pathlib import Path

import pytest

from pipelines.fleet.child import Work
from pipelines.fleet.customers import Customer
from pipelines.fleet.forks import Died, carry_out
from pipelines.fleet.work import Order, served

ENTRY = "tests.fleet.programs:main"
SECRET = "s3cr3t-t0ken"
MakesWork = Callable[..., Work]


@pytest.fixture
def work(tmp_path: Path) -> MakesWork:
    def made(*commands: tuple[str, ...]) -> Work:
        (tmp_path / "home").mkdir(exist_ok=True)
        given = {"PATH": os.environ["PATH"], "SECRET": SECRET, "TZ": "Asia/Tokyo"}
        return Work("muster", ENTRY, commands, tmp_path, tmp_path / "home", tmp_path / "log", given)

    return made


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def awaited(what: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    return what()


def test_a_process_has_what_it_was_given_and_nothing_else(
    work: MakesWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", "of another customer")
    one = work(("tell", str(tmp_path / "told")))
    status, line = carry_out(one)
    assert (status, line.customer, line.state) == (0, "muster", "never")
    told = json.loads((tmp_path / "told").read_text())
    # Python itself sets the last one.
    assert told["environment"] == {
        **one.environment,
        **{k: v for k, v in told["environment"].items() if k == "LC_CTYPE"},
    }
    assert (told["folder"], told["session"], told["umask"]) == (str(tmp_path), told["pid"], 0o077)
    assert told["blocked"] == 0
    assert (tmp_path / "log").read_text() == "told\nand said\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    assert SECRET not in repr(one)


def test_processes_are_forked_from_one_that_has_no_threads(work: MakesWork) -> None:
    carry_out(work(("exit", "0")))
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_commands_go_on_as_long_as_each_succeeds(work: MakesWork, tmp_path: Path) -> None:
    tell = ("tell", str(tmp_path / "told"))
    assert carry_out(work(("exit", "0"), ("exit", "2"), tell))[0] == 2
    assert not (tmp_path / "told").exists()


@pytest.mark.parametrize(
    ("words", "how"),
    [(("kill",), "signal 9"), (("end", "7"), "exit status 7"), (("end", "0"), "exit status 0")],
)
def test_one_that_ends_without_a_word_is_told_and_the_next_runs(
    work: MakesWork, words: tuple[str, ...], how: str
) -> None:
    with pytest.raises(Died, match=f"without a word \\({how}\\)"):
        carry_out(work(words))
    assert carry_out(work(("exit", "0")))[0] == 0


def test_one_that_is_killed_before_it_has_read_an_answer_is_to_be_tried_again(work: MakesWork) -> None:
    class Late:
        def hear(self, said: tuple[object, ...], tell: Callable[[object], None]) -> None:
            [process] = multiprocessing.active_children()
            assert process.pid
            os.kill(process.pid, signal.SIGSTOP)
            state = Path(f"/proc/{process.pid}/stat")
            assert awaited(lambda: state.read_text().split()[2] == "T")
            tell("an answer")
            os.kill(process.pid, signal.SIGKILL)

        def tick(self) -> None: ...

        def close(self) -> None: ...

    one = replace(work(("push", "http://127.0.0.1:9", "1", "5")), shares=True)
    with pytest.raises(Died, match="signal 9"):
        carry_out(one, desk=Late())


def test_an_exception_is_not_shown_with_its_values(work: MakesWork, tmp_path: Path) -> None:
    with pytest.raises(Died) as caught:
        carry_out(work(("raise",)))
    assert SECRET not in str(caught.value)


def test_one_that_is_told_to_end_ends(work: MakesWork, tmp_path: Path) -> None:
    started = tmp_path / "pid"
    with pytest.raises(Died, match="signal 15"):
        carry_out(work(("sleep", str(started))), started.exists)
    assert not is_there(int(started.read_text()))


def test_a_process_does_not_outlive_the_worker_that_started_it(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    call = (
        "from pathlib import Path; from pipelines.fleet.child import Work; from pipelines.fleet.forks import carry_out;"
        f"f = Path({str(tmp_path)!r});"
        f"carry_out(Work('a', {ENTRY!r}, (('sleep', {str(started)!r}),), f, f, f / 'log', {{}}))"
    )
    worker = subprocess.Popen([sys.executable, "-c", call], cwd=Path(__file__).parents[2])  # noqa: S603
    assert awaited(lambda: started.exists() and bool(started.read_text()), 60)
    pid = int(started.read_text())
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert awaited(lambda: not is_there(pid))


def test_whatever_is_wrong_with_a_customer_is_its_line(tmp_path: Path) -> None:
    def line(**given: object) -> tuple[int | None, str]:
        customer = Customer("muster", tmp_path, str(tmp_path / "home"), "muster.toml", **given)  # type: ignore[arg-type]
        found = served(Order(customer, ENTRY, (("exit", "0"),), tmp_path))
        return found.exit, found.what

    assert line() == (0, "nothing ran there yet")
    missing = {"DESTINATION__ETG24__API_TOKEN": "env:NOBODY"}
    assert line(settings=missing)[0] == 2
    assert "customer muster: DESTINATION__ETG24__API_TOKEN: env:NOBODY" in line(settings=missing)[1]
    (tmp_path / "home").rmdir()
    (tmp_path / "home").write_text("")
    assert line() == (
        2,
        f"{tmp_path / 'home'}: File exists; mend or move away what lies there, and run again",
    )


def test_after_its_deadline_nothing_is_begun_and_what_runs_is_told_to_end(tmp_path: Path) -> None:
    customer = Customer("muster", tmp_path, str(tmp_path / "home"), "muster.toml", deadline=time_of_day(6))
    past, started = datetime.now(UTC), tmp_path / "pid"
    late = served(Order(customer, ENTRY, (("sleep", str(started)),), tmp_path, past))
    assert (late.exit, late.what) == (2, "not begun: its deadline had passed (06:00:00)")
    assert not started.exists()
    soon = datetime.now(UTC) + timedelta(seconds=3)
    ended = served(Order(customer, ENTRY, (("wait", str(started)),), tmp_path, soon))
    assert (ended.exit, ended.state) == (143, "look")
    assert not is_there(int(started.read_text()))
