"""Backups for keys of GPG: written and read by a library, and by GPG itself where it is installed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pysequoia
import pytest

from pipelines.backup import openpgp
from pipelines.backup.openpgp import gpg_recipients
from pipelines.backup.settings import read_backup_settings
from pipelines.backup.take import backed_up
from pipelines.doctor import machine
from pipelines.ledger.ledger import open_database
from pipelines.lock import HALF
from tests.backup.backups import EARLY, LEDGER, archive, asked, files, lose, said
from tests.history.test_runs import push_report
from tests.push.site import Site

PASSPHRASE = "Zwölf Boxkämpfer jagen 12"
KEY, OTHER = pysequoia.Tsk.generate("ops@example.org"), pysequoia.Tsk.generate("other@example.org")


def kept(key: pysequoia.Tsk, folder: Path) -> tuple[Path, Path]:
    """Files with the public and the secret key."""
    public, secret = folder / f"{key.extract_certificate().fingerprint}.asc", folder / "secret.asc"
    public.write_text(str(key.extract_certificate()))
    secret.write_text(str(key))
    secret.chmod(0o600)
    return public, secret


class Gpg:
    """GPG itself, with a keyring of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *words: str | Path, passphrase: str = "") -> bytes:
        command = [
            "gpg", "--homedir", self.folder, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback",
            "--passphrase-fd", "0", *words,
        ]  # fmt: skip
        done = subprocess.run(command, input=f"{passphrase}\n".encode(), capture_output=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name: str, passphrase: str = "", *words: str) -> str:
        """A key; returns its fingerprint."""
        self(*words, "--quick-gen-key", name, "ed25519", "cert", "2y", passphrase=passphrase)
        listed = self("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in listed if line.startswith("fpr"))

    def files(self, name: str, to: Path, passphrase: str = "") -> tuple[Path, Path]:
        public, secret = to / f"{name}.pub", to / f"{name}.sec"
        public.write_bytes(self("--export", name))
        secret.write_bytes(self("--armor", "--export-secret-keys", name, passphrase=passphrase))
        secret.chmod(0o600)
        return public, secret


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    if not shutil.which("gpg"):
        pytest.skip("gpg is not installed")
    # Its sockets lie there: a long path is too long for them.
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        yield Gpg(Path(folder))
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False)  # noqa: S603, S607


def back_up(home: Path, to: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup of an empty home for a key that lies in the folder, and the settings that put it back."""
    with open_database(home):
        pass
    public, secret = kept(KEY, folder)
    monkeypatch.setenv("BACKUP__RECIPIENTS", str(public))
    monkeypatch.setenv("BACKUP__IDENTITY", str(secret))
    assert asked("backup", str(to)).exit_code == 0


def test_a_backup_for_keys_of_gpg_comes_back_with_one_of_them_alone(
    site: Site, home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", EARLY)
    before = site.ledger(LEDGER)
    public, secret = kept(KEY, tmp_path)
    other = tmp_path / "other.pgp"
    other.write_bytes(bytes(OTHER.extract_certificate()))
    monkeypatch.setenv("BACKUP__RECIPIENTS", f"{other}, {public}")
    done = json.loads(asked("backup", str(to), "--json").stdout)
    assert (done["encrypted"], done["notes"]) == ("gpg", [])
    assert archive(to).name.endswith(".tar.gpg")
    raw = archive(to).read_bytes() + b"".join(file.read_bytes() for file in to.glob("*.json"))
    assert b"Muster" not in raw
    assert b"stammdaten.duckdb" not in archive(to).read_bytes()
    assert archive(to).stat().st_mode & 0o777 == 0o600
    lose(home)
    assert said("restore", str(to)).startswith(
        "BACKUP__IDENTITY: missing; the backup is encrypted: name the file with the secret key of GPG"
    )
    monkeypatch.setenv("BACKUP__IDENTITY", str(public))
    public.chmod(0o600)
    assert "the key in it cannot decrypt" in said("restore", str(to))
    public.write_text("no key")
    assert "holds no secret key of GPG" in said("restore", str(to))
    stranger = tmp_path / "stranger.asc"
    stranger.write_text(str(pysequoia.Tsk.generate("else@example.org")))
    stranger.chmod(0o600)
    monkeypatch.setenv("BACKUP__IDENTITY", str(stranger))
    assert "cannot be read with the key of BACKUP__IDENTITY (it does not fit)" in said("restore", str(to))
    stranger.chmod(0o640)
    assert "others may read" in said("restore", str(to))
    assert (files(home), files(home / HALF)) == ([HALF, "run.lock"], [])
    monkeypatch.setenv("BACKUP__IDENTITY", str(secret))
    # A passphrase that the key does not need is none that is wrong.
    monkeypatch.setenv("BACKUP__PASSPHRASE", PASSPHRASE)
    done = asked("restore", str(archive(to)))
    assert done.exit_code == 0, done.exception
    assert site.ledger(LEDGER) == before
    assert not (home / HALF).exists()


def test_gpg_and_this_program_read_each_other(
    site: Site, home: Path, to: Path, tmp_path: Path, gpg: Gpg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key with a passphrase that GPG made; and its owner may decrypt by hand, as where it is on a card."""
    site.sync("etg24", EARLY)
    before = site.ledger(LEDGER)
    fingerprint = gpg.make("pw@example.org", PASSPHRASE)
    gpg("--quick-add-key", fingerprint, "cv25519", "encr", "1y", passphrase=PASSPHRASE)
    public, secret = gpg.files("pw@example.org", tmp_path, PASSPHRASE)
    monkeypatch.setenv("BACKUP__RECIPIENTS", str(public))
    assert asked("backup", str(to)).exit_code == 0
    lose(home)
    monkeypatch.setenv("BACKUP__IDENTITY", str(secret))
    assert said("restore", str(to)) == f"BACKUP__PASSPHRASE: missing; the key in {secret} is protected by one"
    monkeypatch.setenv("BACKUP__PASSPHRASE", "Boxkämpfer")
    why = said("restore", str(to))
    assert (why.startswith("BACKUP__PASSPHRASE: does not open"), "Boxkämpfer" in why) == (True, False)
    monkeypatch.setenv("BACKUP__PASSPHRASE", PASSPHRASE)
    done = asked("restore", str(to))
    assert done.exit_code == 0, done.exception
    assert PASSPHRASE not in done.output
    assert site.ledger(LEDGER) == before
    lose(home)
    monkeypatch.delenv("BACKUP__IDENTITY")
    whole = archive(to)
    by_hand = whole.with_suffix("")
    gpg("--output", by_hand, "--decrypt", whole, passphrase=PASSPHRASE)
    with tarfile.open(by_hand) as tar:
        assert tar.getnames()[0] == "stammdaten.duckdb"
    by_hand.write_bytes(good := by_hand.read_bytes()[:-20_000])
    assert "is damaged" in said("restore", str(to))
    gpg("--yes", "--output", by_hand, "--decrypt", whole, passphrase=PASSPHRASE)
    assert len(good) < by_hand.stat().st_size
    done = asked("restore", str(to))
    assert done.exit_code == 0, done.exception
    assert site.ledger(LEDGER) == before


def test_a_subkey_that_has_expired_is_not_encrypted_for(tmp_path: Path, gpg: Gpg) -> None:
    """GPG extends a key and leaves what hangs on it, unless it is told otherwise."""
    past = ["--faked-system-time", "20240101T000000"]
    fingerprint = gpg.make("old@example.org", "", *past)
    gpg(*past, "--quick-add-key", fingerprint, "cv25519", "encr", "1y")
    gpg("--quick-set-expire", fingerprint, "3y")
    public, _ = gpg.files("old@example.org", tmp_path)
    (text,) = gpg_recipients({1: public}).unfit(datetime.now(UTC))
    assert f"{fingerprint[-16:]} in {public} has expired on 2024-12-31" in text
    listed = gpg("--with-colons", "--list-keys", fingerprint).decode().splitlines()
    (_, subkey) = (line.split(":")[9] for line in listed if line.startswith("fpr"))
    gpg("--quick-set-expire", fingerprint, "20d", subkey)
    public, _ = gpg.files("old@example.org", tmp_path)
    keys = gpg_recipients({1: public})
    assert keys.unfit(datetime.now(UTC)) == []
    (text,) = keys.expiring(datetime.now(UTC))
    assert "expires on" in text
    gpg("--quick-add-key", fingerprint, "cv25519", "encr", "2y")
    public, _ = gpg.files("old@example.org", tmp_path)
    assert gpg_recipients({1: public}).expiring(datetime.now(UTC)) == []


def test_a_key_that_expires_ends_backups_not_runs_and_is_told_before(
    site: Site, home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(home):
        pass
    monkeypatch.setenv("STAMMDATEN_BACKUP", str(to))
    monkeypatch.setenv("BACKUP__AFTER_RUN", "true")
    (line,) = machine.backup_keys(home)
    assert (line.state, "not encrypted" in line.text) == ("look", True)
    public, secret = kept(pysequoia.Tsk.generate("brief@example.org", validity_seconds=900_000), tmp_path)
    monkeypatch.setenv("BACKUP__RECIPIENTS", str(public))
    monkeypatch.setenv("BACKUP__IDENTITY", str(secret))
    done = json.loads(asked("backup", "--json").stdout)
    assert "expires on" in done["notes"][0]
    (line,) = machine.backup_keys(home)
    assert (line.state, line.what) == ("look", "backup keys")
    # The library begins a minute before now.
    past = pysequoia.Tsk.generate("past@example.org", validity_seconds=30)
    public.write_text(str(past.extract_certificate()))
    secret.write_text(str(past))
    before = files(to)
    assert "has expired on" in said("backup")
    (line,) = machine.backup_keys(home)
    assert (line.state, "has expired on" in line.text) == ("wrong", True)
    read_backup_settings()  # as each run does when it begins
    report = backed_up(home, push_report(), lambda _: None)
    assert report.exit == push_report().exit
    assert "No backup was taken: BACKUP__RECIPIENTS: the key" in report.notes[-1]
    assert files(to) == before
    lose(home)
    assert "the key in it has expired on" in said("restore")


def test_a_key_that_is_revoked_or_cannot_encrypt_is_not_taken(
    home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(home):
        pass
    public, _ = kept(OTHER, tmp_path)
    cert = OTHER.extract_certificate()
    public.write_bytes(bytes(cert) + bytes(cert.revoke(OTHER.certifier())))
    monkeypatch.setenv("BACKUP__RECIPIENTS", str(public))
    assert "is revoked; name another one" in said("backup", str(to))
    # Without its subkeys it can only sign.
    whole = bytes(cert)
    from pysequoia.packet import PacketPile, Tag

    packets = list(PacketPile.from_bytes(whole))
    first = next(n for n, packet in enumerate(packets) if packet.tag == Tag.PublicSubkey)
    public.write_bytes(b"".join(bytes(packet) for packet in packets[:first]))
    assert "cannot be encrypted for (No suitable encryption subkey" in said("backup", str(to))
    assert files(to) == []


@pytest.mark.parametrize(
    ("recipients", "why"),
    [
        ("{public}, age1qqqq", "keys of GPG and of age or SSH cannot read the same archive"),
        ("{secret}", "number 1: {secret} holds a secret key, which does not belong on the machine"),
        ("{public}, {none}", "number 2: {none} holds no public key; write one with: gpg --armor --export"),
        ("nowhere.asc", "number 1 is no public key of age or SSH"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "number 1 is no public key of age or SSH"),
    ],
)
def test_recipients_that_cannot_be_meant_are_named(
    home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipients: str, why: str
) -> None:
    with open_database(home):
        pass
    public, secret = kept(KEY, tmp_path)
    names = {"public": public, "secret": secret, "none": tmp_path / "none"}
    names["none"].write_text("x")
    monkeypatch.setenv("BACKUP__RECIPIENTS", recipients.format(**names))
    assert said("backup", str(to)).startswith(f"BACKUP__RECIPIENTS: {why.format(**names)}")
    assert files(to) == []


def test_an_archive_that_somebody_changed_is_told_from_a_wrong_key(
    home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(home, to, tmp_path, monkeypatch)
    lose(home)
    data = bytearray(archive(to).read_bytes())
    data[-5000] ^= 1
    archive(to).write_bytes(data)
    assert "its SHA-256 is not the one of the manifest" in said("restore", str(to))
    # And where the manifest was changed with it, the encryption says so.
    (manifest,) = to.glob("*.json")
    given = json.loads(manifest.read_text())
    given["archive"]["sha256"] = hashlib.sha256(data).hexdigest()
    manifest.write_text(json.dumps(given))
    assert "(the archive is damaged: " in said("restore", str(to))
    given["encrypted"] = "later"
    manifest.write_text(json.dumps(given))
    assert "encrypted by later, which this version does not know" in said("restore", str(to))
    assert (files(home), files(home / HALF)) == ([HALF, "run.lock"], [])


def test_a_process_that_is_killed_is_told_and_leaves_the_former_backup(
    home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(home, to, tmp_path, monkeypatch)
    before = files(to)
    time.sleep(1.1)  # two backups of one second would have the same name
    killed = tmp_path / "killed.py"
    killed.write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(openpgp, "PROCESS", killed)
    assert "was ended by signal 9" in said("backup", str(to))
    assert files(to) == before
    lose(home)
    assert "was ended by signal 9" in said("restore", str(to))
    assert (files(home), files(home / HALF)) == ([HALF, "run.lock"], [])


@pytest.mark.parametrize(("package", "extra"), [("pysequoia", "gpg"), ("pyrage", "age")])
def test_without_its_package_the_way_to_install_it_is_said(
    home: Path, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    with open_database(home):
        pass
    public, _ = kept(KEY, tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("BACKUP__RECIPIENTS", str(public) if extra == "gpg" else "age1qqqq")
    assert f"pip install 'stammdaten[{extra}]'" in said("backup", str(to))
    monkeypatch.delenv("BACKUP__RECIPIENTS")
    assert asked("backup", str(to)).exit_code == 0
    assert os.listdir(to)
