"""A home that is lost comes back, against a real partner on loopback; and all that can be wrong with a backup."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyrage
import pysequoia
import pytest

from pipelines.backup.manifest import manifest_of, read_manifest
from pipelines.backup.restore import check_not_lost
from pipelines.backup.settings import BackupSettings, place, read_backup_settings
from pipelines.backup.store import Folder
from pipelines.backup.take import backed_up, mark_of, newest_backup, take
from pipelines.commands import adopt_verify
from pipelines.commands import run as flow
from pipelines.doctor import machine
from pipelines.doctor.runs import restored
from pipelines.errors import RunningError, SettingsError
from pipelines.history.record import recorded
from pipelines.history.run_file import read_file, run_files
from pipelines.ledger.ledger import open_database
from pipelines.ledger.restored import check_restored
from pipelines.lock import HALF, only_run
from pipelines.settings import database, read_vars
from tests.backup.backups import EARLY, LEDGER, archive, asked, child_at, files, in_little_room, lose, said
from tests.erp import sftp_server
from tests.erp.content import store as object_store
from tests.history.test_runs import push_report
from tests.push.marts import write_marts
from tests.push.site import Site
from tests.push.stock import HOUSE

KEY = pyrage.x25519.Identity.generate()


def nothing(*_: object) -> None:
    """Nobody watches the progress."""


def settings() -> Any:
    given = {"partners": {"etg24": {"aktiv": True, "separator": "/", "mandanten": "alle"}}}
    return read_vars(["etg24"], json.dumps(given), "2026-11-21", [])


def written(site: Site) -> list[str]:
    """What changed something at the partner."""
    return [line for line in site.sent("etg24") if not line.startswith("GET")]


def verified() -> Any:
    return adopt_verify.verify_report(
        Path(os.environ["STAMMDATEN_HOME"]), settings(), "etg24", False, False, nothing
    )


def test_a_home_that_is_lost_comes_back_and_nothing_is_doubled_or_withdrawn(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", HOUSE)
    before, sent = site.ledger(LEDGER), written(site)
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    done = asked("restore", str(to))
    assert done.exit_code == 0, done.exception
    assert "2. stammdaten load && stammdaten build" in done.stdout
    # facilioo is on and not in the ledger: it may have been switched on after the backup was taken.
    assert "stammdaten verify etg24 " in done.stdout
    assert "stammdaten verify facilioo " in done.stdout
    assert site.ledger(LEDGER) == before
    with pytest.raises(SettingsError, match=r"etg24: the ledger was restored .* stammdaten verify etg24"):
        check_restored(home, ["etg24"])
    assert [line.subject for line in restored(home)] == ["etg24"]
    assert [line.subject for line in restored(home, ["facilioo"])] == ["etg24", "facilioo"]
    report = verified()
    assert (report.exit, report.findings) == (0, ())
    assert "it is sent to again" in report.notes[0]
    check_restored(home, ["etg24"])
    site.sync("etg24", HOUSE)
    assert written(site) == sent


def test_records_that_were_created_after_the_backup_are_adopted_and_not_created_again(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    site.sync("etg24", HOUSE)
    sent = written(site)
    lose(home)
    assert asked("restore", str(to)).exit_code == 0
    report = verified()
    unknown = {(line.entity, line.external_id) for line in report.findings}
    assert ("mieter", "001/1/01/0002/01/79") in unknown
    assert "stammdaten adopt etg24 --apply" in report.notes[0]
    with pytest.raises(SettingsError, match="etg24: the ledger was restored"):
        flow.push_only(home, settings(), None, [], False, nothing)
    with open_database(home) as db:
        write_marts(db, "etg24", HOUSE)
    adopted = adopt_verify.adopt_report(home, settings(), "etg24", True, nothing)
    assert (adopted.applied, adopted.strangers, adopted.ambiguous) == (True, (), ())
    check_restored(home, ["etg24"])
    site.sync("etg24", HOUSE)
    assert written(site) == sent
    assert verified().exit == 0


@pytest.mark.slow
def test_what_left_after_the_backup_is_withdrawn_once_more_and_does_no_harm(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", HOUSE)
    assert asked("backup", str(to)).exit_code == 0
    site.sync("etg24", EARLY)
    lose(home)
    assert asked("restore", str(to)).exit_code == 0
    verified()
    check_restored(home, ["etg24"])
    lines = site.sync("etg24", EARLY)
    assert sum(line.rejected + line.created for line in lines.values()) == 0
    assert verified().exit == 0


def test_without_words_nothing_older_than_a_known_push_is_restored(site: Site, home: Path, to: Path) -> None:
    """The database is lost, and the journal and the files of runs are still there."""
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    run_id = "0123456789ab"
    at = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    lines = [
        {"event": "begin", "run_id": run_id, "command": "run", "use_case": None, "versions": {}},
        {
            "event": "entities",
            "lines": [{"partner": "etg24", "entity": "mieter", "created": 3, "updated": 0}],
        },
        {"event": "report", "load_id": None, "plan_id": "a-later-plan", "report": {}},
        {"event": "end", "exit": 0, "message": None, "seconds": 1},
    ]
    (home / "runs").mkdir(exist_ok=True)
    text = "".join(json.dumps({"at": at, **line}) + "\n" for line in lines)
    (home / "runs" / f"000009-{run_id}.jsonl").write_text(text)
    with sqlite3.connect(home / "journal.sqlite") as db:
        db.execute("insert into intent values ('a-lost-plan', 1, 'etg24', 0)")
    database(home).unlink()
    why = said("restore", str(to))
    assert f"run {run_id} of" in why
    assert "etg24 3 records" in why
    assert "1 operations at etg24 in the journal of the home" in why
    assert not database(home).exists()
    done = asked("restore", str(to), "--older")
    assert (done.exit_code, "Newer than the backup: run" in done.stderr) == (0, True)
    assert (home / "runs" / f"000009-{run_id}.jsonl").read_text() == text


def test_a_push_that_the_backup_knows_is_not_newer(site: Site, home: Path, to: Path) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    database(home).unlink()
    assert asked("restore", str(to)).exit_code == 0


def test_an_older_backup_is_taken_only_with_a_word_where_there_is_a_newer_one(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", EARLY)
    now = datetime.now(UTC)
    for hours in (2, 1):
        take(home, Folder(to), BackupSettings(), now - timedelta(hours=hours))
    old, new = [name for name in files(to) if name.endswith(".json")]
    lose(home)
    assert f"the backup {new}" in said("restore", str(to / old))
    assert asked("restore", str(to / old.replace(".json", ".tar")), "--older").exit_code == 0


def test_a_ledger_that_is_gone_is_not_taken_for_empty_partners(site: Site, home: Path, to: Path) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    with recorded("push", None, print) as run:
        run.told(push_report())
    check_not_lost(home)
    database(home).unlink()
    lost = r"the ledger is empty, though run \w+ of .* \(etg24 2 records\)"
    with pytest.raises(SettingsError, match=lost):
        flow.push_only(home, settings(), None, [], False, nothing)
    with pytest.raises(SettingsError, match=lost):
        flow.run_all(home, settings(), print, nothing)
    # A database that a refused run made holds nothing.
    assert asked("restore", str(to), "--older").exit_code == 0
    check_not_lost(home)


def test_a_living_home_is_moved_aside_and_only_with_a_word(site: Site, home: Path, to: Path) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    site.sync("etg24", HOUSE)
    now = site.ledger("select count(*) from sync.ledger")
    assert "there is a home already" in said("restore", str(to))
    assert site.ledger("select count(*) from sync.ledger") == now
    assert asked("restore", str(to), "--over").exit_code == 0
    (aside,) = home.glob("before-restore-*")
    with duckdb.connect(str(aside / "stammdaten.duckdb"), read_only=True) as db:
        assert db.execute("select count(*) from sync.ledger").fetchall() == now
    assert site.ledger("select count(*) from sync.ledger") < now


def test_a_database_that_cannot_be_read_is_moved_aside_only_with_a_word(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    database(home).write_bytes(b"no database")
    assert "there is a home already" in said("restore", str(to))
    assert asked("restore", str(to), "--over").exit_code == 0
    assert site.ledger("select count(*) > 0 from sync.ledger") == [(True,)]


def test_a_backup_has_what_a_home_needs_and_no_more_for_its_owner_only(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", EARLY)
    for name in ("dbt/manifest.json", "sample/person.csv", "tmp/x", "trace-1.txt"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("x")
    assert asked("alerts").exit_code == 0
    os.umask(0o022)
    assert asked("watch", "--vars", "{partners: {}}").exit_code == 0
    done = json.loads(asked("backup", str(to), "--json").stdout)
    assert done["partners"] == {"etg24": len([row for rows in EARLY.values() for row in rows])}
    with tarfile.open(archive(to)) as tar:
        assert [entry.name for entry in tar] == ["stammdaten.duckdb", "journal.sqlite", "alerts.sqlite"]
        assert {entry.mode for entry in tar} == {0o600}
    assert {file.stat().st_mode & 0o777 for file in to.iterdir()} == {0o600}
    assert to.stat().st_mode & 0o777 == 0o700
    assert "not encrypted" in done["notes"][0]
    assert not list(home.glob("backup-*"))


@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["age", "ssh"])
def test_an_encrypted_backup_is_read_with_its_key_alone(
    site: Site, home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    site.sync("etg24", HOUSE)
    before = site.ledger(LEDGER)
    secret, public = tmp_path / "key", str(KEY.to_public())
    if kind == "age":
        secret.write_text(f"# a comment\n{KEY}\n")
    else:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(secret)], check=True)  # noqa: S603, S607
        public = secret.with_suffix(".pub").read_text().strip()
    secret.chmod(0o600)
    other = pyrage.x25519.Identity.generate().to_public()
    monkeypatch.setenv("BACKUP__RECIPIENTS", f"{public}, {other}")
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    assert archive(to).name.endswith(".tar.age")
    raw = archive(to).read_bytes() + b"".join(file.read_bytes() for file in to.glob("*.json"))
    assert b"Muster" not in raw
    assert b"example.org" not in raw
    assert said("restore", str(to)).startswith("BACKUP__IDENTITY: missing; the backup is encrypted")
    monkeypatch.setenv("BACKUP__IDENTITY", str(tmp_path / "wrong"))
    assert "cannot be read (No such file" in said("restore", str(to))
    (tmp_path / "wrong").write_text("no key")
    (tmp_path / "wrong").chmod(0o600)
    assert "holds no secret key" in said("restore", str(to))
    (tmp_path / "wrong").write_text(str(pyrage.x25519.Identity.generate()))
    assert "cannot be read with the key of BACKUP__IDENTITY" in said("restore", str(to))
    (tmp_path / "wrong").chmod(0o644)
    assert "others may read" in said("restore", str(to))
    assert (files(home), files(home / HALF)) == ([HALF, "run.lock"], [])
    monkeypatch.setenv("BACKUP__IDENTITY", str(secret))
    assert asked("restore", str(to)).exit_code == 0
    assert site.ledger(LEDGER) == before


def _flip(folder: Path) -> None:
    with archive(folder).open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))


def _cut(folder: Path) -> None:
    os.truncate(archive(folder), 5000)


def _no_archive(folder: Path) -> None:
    archive(folder).unlink()


def _manifest(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        (file,) = folder.glob("*.json")
        given = json.loads(file.read_text())
        change(given)
        file.write_text(json.dumps(given))

    return changed


def _half_a_manifest(folder: Path) -> None:
    (file,) = folder.glob("*.json")
    file.write_text(file.read_text()[:100])


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_flip, "is damaged (its SHA-256 is not the one of the manifest)"),
        (_cut, "is damaged (its SHA-256"),
        (_no_archive, "is not there"),
        (_half_a_manifest, "is damaged, or no manifest"),
        (_manifest(lambda m: m.update(format=2)), "is of a newer version; install that"),
        (
            _manifest(lambda m: m["versions"].update(stammdaten="99.1")),
            "was taken with stammdaten 99.1, here is",
        ),
        (_manifest(lambda m: m["versions"].update(duckdb="99.0.0")), "was taken with duckdb 99.0.0"),
        (_manifest(lambda m: m["files"].pop()), "does not hold what its manifest says"),
        (_manifest(lambda m: m["files"][0].update(name="../../etc/passwd")), "names files that no home has"),
        (_manifest(lambda m: m["archive"].update(name="../x")), "names files that no home has"),
        (_manifest(lambda m: m["files"][0].update(sha256="0")), "does not hold what its manifest says"),
    ],
)
def test_a_backup_that_is_damaged_or_newer_is_refused_and_nothing_is_left_of_it(
    site: Site, home: Path, to: Path, harm: Callable[[Path], None], why: str
) -> None:
    with open_database(home):
        pass
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    harm(to)
    assert why in said("restore", str(to))
    assert (files(home), files(home / HALF)) == ([HALF, "run.lock"], [])


@pytest.mark.sampled
@pytest.mark.parametrize("harm", [_flip, _half_a_manifest, shutil.rmtree])
def test_after_a_restore_that_failed_nothing_is_sent_until_one_succeeds(
    site: Site, home: Path, to: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    shutil.copytree(to, tmp_path / "good")
    harm(to)
    now = site.ledger(LEDGER)
    said("restore", str(to), "--over")
    with only_run(home, "run"):  # the home that was there is left alone
        assert site.ledger(LEDGER) == now
    database(home).unlink()
    shutil.rmtree(home / "runs", ignore_errors=True)
    (home / "journal.sqlite").unlink(missing_ok=True)
    said("restore", str(to))
    sent = written(site)
    for _ in range(2):
        for refused in (
            lambda: flow.run_all(home, settings(), print, nothing),
            lambda: flow.push_only(home, settings(), None, [], False, nothing),
        ):
            with pytest.raises(SettingsError, match=r"restore again\. Without a backup: .*adopt.*remove"):
                refused()
        with only_run(home, "adopt"):
            pass
        said("restore", str(to))
    assert written(site) == sent
    assert asked("restore", str(tmp_path / "good")).exit_code == 0
    assert not (home / HALF).exists()
    assert site.ledger(LEDGER) == now


def test_an_archive_that_somebody_packed_writes_nothing_outside(
    site: Site, home: Path, to: Path, tmp_path: Path
) -> None:
    with open_database(home):
        pass
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    evil = tmp_path / "evil"
    evil.write_text("x")
    with tarfile.open(archive(to), "w") as tar:
        tar.add(evil, "../escaped")
    data = archive(to).read_bytes()
    _manifest(lambda m: m["archive"].update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))(to)
    assert "is damaged (" in said("restore", str(to))
    assert not (home / "escaped").exists()


def test_the_last_n_of_this_home_stay_and_those_of_others(site: Site, home: Path, to: Path) -> None:
    with open_database(home):
        pass
    now, store = datetime.now(UTC), Folder(to)
    others = [
        "stammdaten-00000000-20200101T000000Z.json",
        "stammdaten-00000000-20200101T000000Z.tar",
        "notes.txt",
    ]
    for name in others:
        (to / name).write_text("{}")
    reports = [take(home, store, BackupSettings(keep=2), now + timedelta(minutes=n)) for n in range(4)]
    assert [len(report.removed) for report in reports] == [0, 0, 1, 1]
    own = [name for name in files(to) if name not in others]
    assert len(own) == 4
    assert {name.partition(".")[0] for name in own} == {
        f"stammdaten-{mark_of(home)}-{now + timedelta(minutes=n):%Y%m%dT%H%M%SZ}" for n in (2, 3)
    }
    lose(home)
    assert "holds backups of 2 homes; name the one that you mean" in said("restore", str(to))
    assert (
        said("restore", str(to / "nothing"))
        == f"{to / 'nothing'}: is not there; mount it, or name another place"
    )
    (to / "empty").mkdir()
    assert "holds no backup" in said("restore", str(to / "empty"))


def test_what_broke_off_is_no_backup_and_goes_with_the_next_one(site: Site, home: Path, to: Path) -> None:
    """A process that is killed while it writes; its archive has no manifest."""
    with open_database(home) as db:
        db.execute("create table ballast as select random() as x from range(3_000_000)")
    code = (
        "import os, sys, time; from pathlib import Path; from pipelines.backup import take\n"
        "def slow(*_):\n    print('writes', flush=True); time.sleep(60)\n"
        "take._pack = slow\n"
        "take.backup_report(Path(sys.argv[1]), sys.argv[2])"
    )
    child = child_at("writes", code, home, to)
    with (home / "run.lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert [name[-9:] for name in files(to)] == [".tar.part"]
    (left,) = home.glob("backup-*")
    (left / "journal.sqlite").touch()
    (home / "backup-of-mine").mkdir()
    (home / "backup-of-mine" / "notes").touch()
    assert newest_backup(Folder(to), home) is None
    (to / f"stammdaten-{mark_of(home)}-20200101T000000Z.tar").write_text("its manifest was never written")
    with pytest.raises(SettingsError, match="holds no backup"):
        manifest_of(Folder(to), None)
    time.sleep(1)
    assert asked("backup", str(to)).exit_code == 0
    assert sorted(name.partition(".")[2] for name in files(to)) == ["json", "tar"]
    assert [path.name for path in home.glob("backup-*")] == ["backup-of-mine"]


@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["plain", "age", "gpg"])
def test_a_full_disk_ends_a_backup_in_one_line_and_leaves_the_former_one(
    site: Site, home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / "key.asc").write_text(str(pysequoia.Tsk.generate("ops@example.org").extract_certificate()))
    keys = {"plain": "", "age": str(KEY.to_public()), "gpg": str(tmp_path / "key.asc")}
    monkeypatch.setenv("BACKUP__RECIPIENTS", keys[kind])
    with open_database(home) as db:
        db.execute("create table ballast as select random() as x from range(300_000)")
    assert asked("backup", str(to)).exit_code == 0
    before = files(to)
    time.sleep(1)
    done = in_little_room("backup", to)
    assert done.returncode == 2
    assert f"{to}: no backup can be written there (no room is left on the disk)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert files(to) == before


@pytest.mark.slow
def test_a_full_disk_ends_a_restore_and_leaves_the_home_as_it_was(site: Site, home: Path, to: Path) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    before = site.ledger(LEDGER)
    done = in_little_room("restore", to, "--over")
    assert (done.returncode, "no room is left on the disk" in done.stderr) == (2, True)
    assert not [name for name in files(home) if name.startswith((HALF, "before-restore"))]
    assert site.ledger(LEDGER) == before


def test_a_restore_that_is_killed_leaves_a_home_that_nothing_runs_in(
    site: Site, home: Path, to: Path
) -> None:
    site.sync("etg24", EARLY)
    before = site.ledger(LEDGER)
    assert asked("backup", str(to)).exit_code == 0
    code = (
        "import sys, time; from pathlib import Path; from pipelines.backup import restore\n"
        "moved = Path.rename\n"
        "def slow(path, target):\n"
        "    done = moved(path, target)\n"
        "    if path.name == 'stammdaten.duckdb': print('moved', flush=True); time.sleep(60)\n"
        "    return done\n"
        "Path.rename = slow\n"
        "restore.restore_report(Path(sys.argv[1]), sys.argv[2], True, True, [])"
    )
    child = child_at("moved", code, home, to)
    child.kill()
    child.wait()
    assert not database(home).exists()
    for command in (["load"], ["run"], ["backup", str(to)]):
        assert "a restore broke off there; restore again" in said(*command)
    assert asked("restore", str(to), "--older").exit_code == 0
    assert site.ledger(LEDGER) == before
    assert not (home / HALF).exists()


def test_a_backup_waits_for_no_run_and_a_run_finds_no_half_restored_home(
    site: Site, home: Path, to: Path
) -> None:
    with open_database(home):
        pass
    with only_run(home, "run"):
        assert isinstance(asked("backup", str(to)).exception, RunningError)
        assert isinstance(asked("restore", str(to), "--over").exception, RunningError)
    assert asked("backup", str(to)).exit_code == 0
    (home / HALF).mkdir()
    (home / HALF / "archive").touch()
    database(home).unlink()
    with (
        pytest.raises(SettingsError, match=r"a restore broke off there; restore again$"),
        only_run(home, "load"),
    ):
        pass
    assert asked("restore", str(to)).exit_code == 0
    with only_run(home, "load"):
        pass


def test_a_partner_that_cannot_be_read_back_is_released_by_name(site: Site, home: Path, to: Path) -> None:
    with open_database(home):
        pass
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    assert asked("restore", str(to)).exit_code == 0
    with pytest.raises(SettingsError, match="immomio: the ledger was restored"):
        check_restored(home, ["immomio"])
    assert "did you mean immomio?" in said("restore", "--release", "immomo")
    assert "immomio is sent to again" in asked("restore", "--release", "immomio").stdout
    check_restored(home, ["immomio"])
    with pytest.raises(SettingsError, match="etg24"):
        check_restored(home, ["etg24"])


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("BACKUP__KEEP", "0", "BACKUP__KEEP: a whole number from 1 on"),
        ("BACKUP__AFTER_RUN", "yes", "BACKUP__AFTER_RUN: 'yes' is not true or false"),
        ("BACKUP__AFTER_RUN", "true", "BACKUP__AFTER_RUN: needs STAMMDATEN_BACKUP"),
        ("BACKUP__RECIPIENTS", "age1geheim", "BACKUP__RECIPIENTS: number 1 is no public key"),
        ("BACKUP__RECIPIENT", "x", "BACKUP__RECIPIENT: unknown setting; did you mean BACKUP__RECIPIENTS?"),
    ],
)
def test_a_wrong_setting_is_named(
    home: Path, to: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    with open_database(home):
        pass
    monkeypatch.setenv(name, value)
    assert said("backup", str(to)).startswith(why)
    assert not files(to)


def test_a_place_that_is_none_is_refused(home: Path, to: Path) -> None:
    assert said("backup").startswith("TO: name a folder")
    assert "nothing to back up" in said("backup", str(to))
    with open_database(home):
        pass
    assert "lies in the home that is backed up" in said("backup", str(home / "backups"))
    to.rmdir()
    for place_of in (to, to / "below", Path("/proc/x")):
        assert (
            said("backup", str(place_of))
            == f"{place_of}: is not there; mount it, or make it once: mkdir -m 700 {place_of}"
        )
    assert not to.exists()
    assert said("backup", "/proc").startswith("/proc: no backup can be written there (")
    assert "ftp:// cannot be read" in said("backup", "ftp://host/x")
    assert "credentials do not belong into an address" in said("backup", "sftp://me:geheim@host/x")
    assert "geheim" not in said("backup", "sftp://me:geheim@host/x")


def test_one_setting_serves_backup_and_doctor_and_half_a_backup_has_no_age(
    home: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(home):
        pass
    monkeypatch.setenv("STAMMDATEN_BACKUP", str(to))
    (line,) = machine.backup(home)
    assert (line.state, "holds no file" in line.text) == ("wrong", True)
    assert asked("backup").exit_code == 0
    (line,) = machine.backup(home)
    assert (line.state, line.text) == ("well", f"the newest in {to} is 0.0 days old")
    next(to.glob("*.json")).unlink()
    (line,) = machine.backup(home)
    assert line.state == "wrong"
    shutil.rmtree(to)
    (line,) = machine.backup(home)
    assert (line.state, line.text) == ("wrong", f"STAMMDATEN_BACKUP: {to} is not there")


def test_a_run_backs_up_at_its_end_where_that_is_set_and_does_not_fail_by_it(
    home: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(home):
        pass
    monkeypatch.setenv("STAMMDATEN_BACKUP", str(to))
    monkeypatch.setenv("BACKUP__AFTER_RUN", "true")
    report = push_report()
    told: list[str] = []
    assert "Backed up to" in backed_up(home, report, told.append).notes[-1]
    assert read_backup_settings().after_run
    shutil.rmtree(to)
    with recorded("run", None, told.append):
        noted = backed_up(home, report, told.append)
    run = read_file(run_files(home)[-1])
    assert run
    assert run.steps == {"backup": None}  # it did not come to its end, which alerts look for
    assert noted.exit == report.exit
    assert noted.notes[-1].startswith(f"No backup was taken: {to}: is not there; mount it")
    assert not to.exists()
    assert len(told) == 2


@pytest.mark.slow
def test_an_object_store_takes_a_backup_and_gives_it_back(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", EARLY)
    before = site.ledger(LEDGER)
    monkeypatch.setenv("BACKUP__KEEP", "1")
    with object_store.running() as store:
        for name, value in store.credentials.items():
            monkeypatch.setenv(f"BACKUP__CREDENTIALS__{name}", value)
        monkeypatch.setenv("STAMMDATEN_BACKUP", "s3://akten/stammdaten/prod")
        for _ in range(2):
            done = asked("backup")
            assert done.exit_code == 0, done.exception
            time.sleep(1)
        kept = [one["Key"] for one in store.client.list_objects_v2(Bucket="akten")["Contents"]]
        assert [key.rpartition(".")[2] for key in kept] == ["json", "tar"]
        (line,) = machine.backup(home)
        assert line.state == "well"
        lose(home)
        assert asked("restore").exit_code == 0
        monkeypatch.setenv("BACKUP__CREDENTIALS__ENDPOINT_URL", "http://127.0.0.1:9")
        why = said("backup")
        assert object_store.SECRET not in why
    assert site.ledger(LEDGER) == before


@pytest.mark.slow
def test_an_sftp_server_takes_a_backup_and_gives_it_back(
    site: Site, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", EARLY)
    before = site.ledger(LEDGER)
    (tmp_path / "there" / "backups").mkdir(parents=True)
    monkeypatch.setenv("BACKUP__CREDENTIALS__SFTP_USERNAME", sftp_server.USER)
    monkeypatch.setenv("BACKUP__CREDENTIALS__SFTP_PASSWORD", sftp_server.PASSWORD)
    with sftp_server.serve(tmp_path / "there") as server:
        server.writable = True
        monkeypatch.setenv("BACKUP__KNOWN_HOSTS", str(server.known_hosts(tmp_path / "known_hosts")))
        done = asked("backup", server.url("/backups"))
        assert done.exit_code == 0, done.exception
        assert sorted(name.partition(".")[2] for name in files(tmp_path / "there/backups")) == ["json", "tar"]
        lose(home)
        done = asked("restore", server.url("/backups/"))
        assert done.exit_code == 0, done.exception
        monkeypatch.setenv("BACKUP__CREDENTIALS__SFTP_PASSWORD", "wrong")
        assert "BACKUP__CREDENTIALS__" in said("backup", server.url("/backups"))
    assert site.ledger(LEDGER) == before


def test_a_manifest_says_what_was_there(site: Site, home: Path, to: Path) -> None:
    site.sync("etg24", EARLY)
    assert asked("backup", str(to)).exit_code == 0
    store, _ = place(str(to))
    (name,) = [name for name in store.names() if name.endswith(".json")]
    read = read_manifest(store, name)
    assert read.encrypted is None
    assert read.ledger["partners"]["etg24"]["held"] == read.ledger["partners"]["etg24"]["records"]
    assert read.versions["duckdb"] == duckdb.__version__
    assert read.archive.bytes == archive(to).stat().st_size
