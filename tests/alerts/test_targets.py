"""Real targets: who is told, how often, and what happens when one of them does not take it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.alerts.alerts import after_run, who_hears
from pipelines.alerts.book import MOST_UNKNOWN, open_book
from pipelines.alerts.courier import body
from pipelines.cli.main import app
from pipelines.ledger.ledger import open_database
from pipelines.settings import database
from tests.alerts.conftest import GIVEN, SECRET, Mailbox, Ran, Webhook

ROOT = Path(__file__).resolve().parent.parent.parent


def asked(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def watched() -> dict[str, Any]:
    done = asked("watch", "--json", "--vars", GIVEN)
    assert done.exit_code in (0, 1), done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_one_message_when_it_begins_one_when_it_is_over_and_none_between(
    home: Path, ran: Ran, webhook: Webhook, mailbox: Mailbox, now: datetime
) -> None:
    ran(now - timedelta(hours=3), 2, message="the delivery has no mandant.csv")
    ran(now - timedelta(hours=2), 1, partners={"etg24": ("stopped", "20 requests in a row failed")})
    assert [line["kind"] for line in watched()["begun"]] == ["stopped"]
    assert watched()["begun"] == []
    ran(now - timedelta(hours=1), 1, partners={"etg24": ("stopped", "20 requests in a row failed")})
    assert watched()["begun"] == []
    ran(now - timedelta(minutes=30), partners={"etg24": ("pushed", None)})
    assert [line["kind"] for line in watched()["over"]] == ["stopped"]
    assert watched()["over"] == []
    assert webhook.titles == ["Stammdaten prod: 1 new", "Stammdaten prod: 1 over"]
    assert [mail["subject"] for mail in mailbox.mails] == webhook.titles
    assert "etg24 was given up: 20 requests in a row failed" in webhook.taken[0]["message"]
    assert "etg24 was given up" in mailbox.mails[0].get_body().get_content()
    assert "well again" in webhook.taken[1]["message"]


def doctor(home: Path) -> dict[str | None, tuple[str, str]]:
    """What `stammdaten doctor` says of each target."""
    return {line.subject: (line.state, line.text) for line in who_hears(home)}


def test_several_that_begin_in_one_run_go_in_one_message(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(
        now - timedelta(minutes=5),
        1,
        partners={
            "etg24": ("guard", "withdraw"),
            "facilioo": ("stopped", "the partner refused the login (401); check the credentials"),
        },
        guards=[{"partner": "etg24", "guard": "withdraw", "entity": "mieter", "message": "7 of 9"}],
        entities={("etg24", "mieter"): {"in_mart": 100, "rejected": 5}},
    )
    assert len(watched()["begun"]) == 3
    assert webhook.titles == ["Stammdaten prod: 3 new"]
    text = webhook.taken[0]["message"]
    assert "guard withdraw (mieter)" in text
    assert "facilioo refuses the credential" in text
    assert "etg24 mieter: 5 of 100 rows are refused (5 %)" in text


def test_a_target_that_fails_hears_all_later_and_no_other_hears_it_twice(
    home: Path, ran: Ran, webhook: Webhook, mailbox: Mailbox, now: datetime
) -> None:
    webhook.status = 503
    ran(now - timedelta(hours=3), 2, message="broken")
    failed = watched()
    assert [(line["target"], line["taken"], line["why"]) for line in failed["targets"]] == [
        ("hook", False, "it answered 503"),
        ("mail", True, None),
    ]
    # The timer calls it each hour, and cron mails what it prints.
    assert asked("watch", "--vars", GIVEN).output == ""
    ran(now - timedelta(hours=1), 0)
    told = asked("watch", "--vars", GIVEN).output
    assert "over: " in told
    assert "hook was not told (it answered 503)" in told
    assert (len(mailbox.mails), webhook.taken) == (2, [])
    assert doctor(home) == {
        "hook": ("wrong", "it did not take its message: it answered 503"),
        "mail": ("well", "is told; whether it is reached: stammdaten alerts test"),
    }
    webhook.status = 200
    watched()
    watched()
    assert doctor(home)["hook"][0] == "well"
    assert webhook.titles == ["Stammdaten prod: 1 new, 1 over"]
    assert len(mailbox.mails) == 2


def test_a_target_that_hangs_is_ended(
    home: Path, ran: Ran, webhook: Webhook, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS__TIMEOUT_SECONDS", "8")
    webhook.hangs.set()
    ran(now - timedelta(hours=1), 2)
    found = watched()
    assert [(line["target"], line["why"]) for line in found["targets"]] == [
        ("hook", "no answer in 8 s"),
        ("mail", None),
    ]


def test_a_run_tells_by_itself_and_is_not_touched_by_a_target_that_fails(
    home: Path, webhook: Webhook, mailbox: Mailbox
) -> None:
    """The whole program: a run that cannot begin, with a mail server and a webhook that answers 500."""
    webhook.status = 500
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli.main", "run", "--vars", "{partners: 3}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Alerts: hook was not told (it answered 500); it is tried again" in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert [mail["subject"] for mail in mailbox.mails] == ["Stammdaten prod: 1 new"]
    assert "stammdaten run failed: partners: a map" in mailbox.mails[0].get_body().get_content()
    assert asked("alerts").exit_code == 1
    assert "hook has to be told 1 yet: it answered 500" in asked("alerts").stdout


def test_a_wrong_address_ends_a_run_before_anything_and_the_right_ones_hear_of_it(
    home: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS__TARGETS__TEAMS", f"workflow://{SECRET}")
    done = asked("run")
    assert (done.exit_code, str(done.exception).partition(":")[0]) == (1, "ALERTS__TARGETS__TEAMS")
    assert SECRET not in str(done.exception)
    (mail,) = mailbox.mails
    assert "stammdaten run failed: ALERTS__TARGETS__TEAMS: is no address" in mail.get_body().get_content()
    assert [file.name for file in home.iterdir() if file.suffix == ".duckdb"] == []


def test_no_secret_is_told_noted_or_kept(
    home: Path, ran: Ran, webhook: Webhook, mailbox: Mailbox, now: datetime
) -> None:
    webhook.status = 401
    with open_database(home):
        pass
    ran(now - timedelta(hours=1), 2)
    said = (
        asked("watch", "--vars", GIVEN),
        asked("alerts", "test"),
        asked("alerts"),
        asked("doctor", "--no-login"),
    )
    text = "".join(done.stdout + done.stderr for done in said)
    assert "it answered 401" in text
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    for secret in (SECRET, "dienst@example.org"):
        assert secret not in text
        assert secret.encode() not in kept


def test_what_was_sent_stands_in_the_database(home: Path, ran: Ran, webhook: Webhook, now: datetime) -> None:
    with open_database(home):
        pass
    ran(now - timedelta(hours=2), 2, message="broken")
    watched()
    ran(now - timedelta(hours=1), 0)
    watched()
    with duckdb.connect(str(database(home))) as db:
        rows = db.execute(
            "select kind, partner, what, over_text, over_at >= begun_at, begin_sent_to, end_sent_to from sync.alerts"
        ).fetchall()
    assert rows == [("run", None, None, "well again", True, ["hook"], ["hook"])]


def test_watch_tells_while_another_program_holds_the_database_and_the_lock(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    with open_database(home):
        pass
    code = (
        "import sys, time; from pathlib import Path; from pipelines.lock import only_run;"
        "from pipelines.ledger.ledger import open_database; home = Path(sys.argv[1])\n"
        "with only_run(home, 'run'), open_database(home):\n    print('holds', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "holds\n"
        assert [line["kind"] for line in watched()["begun"]] == ["run"]
        assert len(webhook.taken) == 1
    finally:
        holder.kill()
        holder.wait()
    watched()
    with duckdb.connect(str(database(home))) as db:
        assert db.execute("select begin_sent_to from sync.alerts").fetchall() == [(["hook"],)]


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_tells_makes_it_come_again_but_not_without_end(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    webhook.hangs.set()
    for killed in range(1, MOST_UNKNOWN + 1):
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "pipelines.cli.main", "watch", "--vars", GIVEN],
            cwd=ROOT,
            env={**os.environ, "ALERTS__TIMEOUT_SECONDS": "60"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while webhook.asked < killed:
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
        webhook.goes_on.set()
        webhook.goes_on.clear()
    with sqlite3.connect(home / "alerts.sqlite") as db:
        assert db.execute("select state, unknown from deliveries").fetchall() == [("sending", MOST_UNKNOWN)]
    webhook.hangs.clear()
    assert watched()["targets"] == []
    assert webhook.taken == []


def test_a_message_whose_sender_was_killed_comes_once_more(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    watched()
    with sqlite3.connect(home / "alerts.sqlite") as db:
        db.execute("update deliveries set state = 'sending', unknown = 1")
    watched()
    watched()
    assert len(webhook.taken) == 2


def test_a_target_that_is_new_hears_what_is_open_and_one_that_is_not_set_just_now_hears_it_later(
    home: Path, ran: Ran, webhook: Webhook, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALERTS__TARGETS__HOOK")
    ran(now - timedelta(hours=2), 2, message="broken")
    assert len(watched()["begun"]) == 1
    monkeypatch.setenv("ALERTS__TARGETS__HOOK", webhook.url)
    watched()
    watched()
    assert webhook.titles == ["Stammdaten prod: 1 new"]


def test_two_that_look_at_once_do_not_tell_it_twice(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    command = [sys.executable, "-m", "pipelines.cli.main", "watch", "--vars", GIVEN]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for _ in range(2)
    ]
    assert [child.wait() for child in both] == [1, 1]
    assert len(webhook.taken) == 1


def test_who_finds_the_book_taken_leaves_it_to_the_next(
    home: Path, ran: Ran, webhook: Webhook, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.alerts.alerts.STARTING", 0)
    monkeypatch.setenv("ALERTS__TIMEOUT_SECONDS", "1")
    ran(now - timedelta(hours=2), 2, message="broken")
    with open_book(home):
        assert after_run(home, lambda: None) == ()
        assert asked("watch", "--vars", GIVEN).exit_code == 0
    assert webhook.taken == []


def test_a_disk_that_takes_nothing_more_is_told_all_the_same(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    """Once the book is there it has room of its own; no file of this process may grow."""
    watched()
    ran(now - timedelta(hours=2), 2, message="broken")
    size = (home / "alerts.sqlite").stat().st_size
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY));"
        "from pipelines.cli.main import main; sys.argv = ['stammdaten', 'watch', '--vars', sys.argv[2]]; main()"
    )
    words = [sys.executable, "-c", code, str(size), GIVEN]
    for _ in range(2):
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        assert (done.returncode, done.stderr) == (1, "")
    assert webhook.titles == ["Stammdaten prod: 1 new"]


def test_without_room_to_note_it_somebody_hears_of_it(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    watched()
    ran(now - timedelta(hours=1), 0)
    with sqlite3.connect(home / "alerts.sqlite") as db:
        db.execute(
            "create trigger full before update on alerts begin select raise(fail, 'disk is full'); end"
        )
    (note,) = watched()["notes"]
    assert note.startswith("Alerts cannot be noted (disk is full)")
    assert webhook.titles[1:] == ["Stammdaten prod: 1 over"]


@pytest.mark.slow
def test_a_disk_that_was_full_from_the_first_is_told_too(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY));"
        "from pipelines.cli.main import main; sys.argv = ['stammdaten', 'watch', '--vars', sys.argv[1]]; main()"
    )
    words = [sys.executable, "-c", code, GIVEN]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr[:22]) == (1, "Alerts cannot be noted")
    assert webhook.titles == ["Stammdaten prod: 1 new"]


def _cut_short(home: Path) -> None:
    """As a disk leaves it that was full while the book was made."""
    (home / "alerts.sqlite").write_bytes(b"no database at all, though it is long enough to be one" * 9)


def _no_lock(home: Path) -> None:
    (home / "alerts.lock").mkdir()


@pytest.mark.sampled
@pytest.mark.parametrize("harm", [_cut_short, _no_lock])
def test_a_book_that_cannot_be_opened_on_a_full_disk_keeps_nobody_from_being_told(
    home: Path, ran: Ran, webhook: Webhook, now: datetime, harm: Callable[[Path], None]
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    harm(home)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY));"
        "from pathlib import Path; import sys; from pipelines.alerts.alerts import after_run;"
        "print(*after_run(Path(sys.argv[1]), lambda: None))"
    )
    words = [sys.executable, "-c", code, str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout[:22], done.stderr) == ("Alerts cannot be noted", "")
    assert webhook.titles == ["Stammdaten prod: 1 new"]


def test_a_book_that_is_damaged_is_put_aside_and_what_is_open_is_told_again(
    home: Path, ran: Ran, webhook: Webhook, now: datetime
) -> None:
    ran(now - timedelta(hours=2), 2, message="broken")
    (home / "alerts.sqlite").write_bytes(b"no database at all, though it is long enough to be one" * 9)
    assert asked("alerts").exit_code == 0
    watched()
    watched()
    assert webhook.titles == ["Stammdaten prod: 1 new"]
    assert (home / "alerts.sqlite.damaged").exists()


def test_a_test_says_target_by_target_what_became_of_it(
    home: Path, webhook: Webhook, mailbox: Mailbox
) -> None:
    webhook.status = 404
    done = asked("alerts", "test")
    assert done.exit_code == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [["hook", "not"], ["mail", "taken"]]
    (mail,) = mailbox.mails
    assert mail["subject"] == "Stammdaten prod: a test"
    assert "äöüß, €" in mail.get_body().get_content()
    assert not (home / "alerts.sqlite").exists()


def test_a_long_message_is_cut_with_a_count() -> None:
    lines = [f"NEW {n}: " + "ü" * 50 for n in range(100)]
    text = body(lines, 160)
    assert text.splitlines()[:2] == lines[:2]
    assert text.splitlines()[2] == "… and 98 more: stammdaten alerts"
    assert len(text) <= 160
    assert body(["x" * 500], 160) == "x" * 159 + "…"
    assert body(["x" * 500, "y"], 160).endswith("x… +1")
    long = f"NEW run failed: {'x; ' * 200}; stammdaten runs show 0123456789ab"
    for more, end in (([], ""), (["y"], " +1")):
        assert body([long, *more], 70).endswith(f"…; stammdaten runs show 0123456789ab{end}")
        assert len(body([long, *more], 70)) == 70
    assert body([f"x; {'y' * 500}"], 60) == f"x; {'y' * 56}…"
    assert len(body(lines, 1_000_000)) <= 4_000
    assert body(["one", "two"], 160) == "one\ntwo"


def test_nothing_is_looked_at_twice_where_nothing_is_set(home: Path) -> None:
    done = asked("alerts", "test")
    assert (done.exit_code, "No target is set" in done.stdout) == (1, True)
    assert asked("alerts").exit_code == 0
    assert asked("watch", "--vars", GIVEN).exit_code == 0
    assert asked("watch", "--vars", GIVEN).stdout == ""
    assert doctor(home) == {None: ("look", "No target is set, so nobody is told")}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ALERTS__TARGTS__OPS", "ALERTS__TARGETS"),
        ("ALERTS__ETG24__MITER__HELD_PERCENT", "ALERTS__ETG24__MIETER__HELD_PERCENT"),
        ("ALERTS__TARGETS__Ops", "ALERTS__TARGETS__OPS"),
    ],
)
def test_a_setting_that_nobody_reads_is_refused_with_what_was_meant(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "7")
    for words in (["alerts"], ["alerts", "test"], ["watch", "--vars", GIVEN]):
        problem = asked(*words).exception
        assert str(problem).startswith(f"{name}: ")
        assert meant in str(problem)
