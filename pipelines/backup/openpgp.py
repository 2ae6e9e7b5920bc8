"""Backups that are encrypted for keys of GPG (OpenPGP), by pysequoia; GPG itself is not needed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from pipelines.backup.encryption import IDENTITY_SETTING, Unreadable
from pipelines.errors import SettingsError, StammdatenError

if TYPE_CHECKING:
    from pysequoia import Cert, Tsk
    from pysequoia.packet import Packet

PACKAGE = "keys of GPG need the package pysequoia; install it: pip install 'stammdaten[gpg]'"
PASSPHRASE_SETTING = "BACKUP__PASSPHRASE"  # noqa: S105 -- a name
PROCESS = Path(__file__).with_name("openpgp_process.py")
BLOCK = 1 << 20
SOON = timedelta(days=30)
# The library says so, and it has one kind of exception.
NO_KEY = "No key to decrypt message"


@dataclass(frozen=True)
class PublicKey:
    """One of a file; `ends`: when its owner can no longer decrypt with it, None: never."""

    file: Path
    fingerprint: str
    ends: datetime | None
    is_revoked: bool
    # Why nothing can be encrypted for it.
    refused: str | None = None

    def __str__(self) -> str:
        return f"{self.fingerprint[-16:].upper()} in {self.file}"


@dataclass(frozen=True)
class GpgRecipients:
    """Public keys of GPG."""

    kind: ClassVar[str] = "gpg"
    keys: tuple[PublicKey, ...]

    def unfit(self, now: datetime) -> list[str]:
        """Keys that are revoked, that have expired, and those that nothing can be encrypted for.

        The library would take the first two without a word.
        """
        found = []
        for key in self.keys:
            if key.is_revoked:
                found.append(f"the key {key} is revoked; name another one")
            elif key.ends and key.ends <= now:
                found.append(f"the key {key} has expired on {key.ends:%Y-%m-%d}; {_anew(key)}")
            elif key.refused:
                found.append(f"the key {key} cannot be encrypted for ({key.refused}); name another one")
        return found

    def expiring(self, now: datetime) -> list[str]:
        """Keys that expire within a month."""
        return [
            f"the key {key} expires on {key.ends:%Y-%m-%d}; {_anew(key)}"
            for key in self.keys
            if key.ends and now < key.ends <= now + SOON
        ]

    def encrypt(self, source: BinaryIO, target: Any) -> None:
        """Reads to the end of `source`, and writes it encrypted for all keys. Raises `StammdatenError`."""
        files = dict.fromkeys(str(key.file) for key in self.keys)
        said = _through(["encrypt", *files], source, target)
        if said is not None:
            raise StammdatenError(f"BACKUP__RECIPIENTS: nothing can be encrypted for these keys ({said})")


@dataclass(frozen=True)
class GpgIdentity:
    """A file with a secret key of GPG, and its passphrase."""

    file: Path
    passphrase: str = field(repr=False)

    def decrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Writes what `source` holds. Raises `Unreadable` where the key is another one, or the archive is changed."""
        said = _through(["decrypt", str(self.file)], source, target, self.passphrase)
        if said is not None:
            raise Unreadable("it does not fit" if NO_KEY in said else f"the archive is damaged: {said}")


def gpg_recipients(numbered: dict[int, Path]) -> GpgRecipients:
    """The public keys in files. Raises `SettingsError` for a file that has none, and for one with a secret key."""
    pysequoia = _pysequoia()
    from pysequoia.packet import PacketPile, Tag

    found: list[PublicKey] = []
    for number, file in numbered.items():
        where = f"BACKUP__RECIPIENTS: number {number}: {file}"
        try:
            content = file.read_bytes()
            certs = pysequoia.Cert.split_bytes(content)
            packets = list(PacketPile.from_bytes(content))
        except OSError as problem:
            raise SettingsError(f"{where} cannot be read ({problem.strerror})") from None
        except RuntimeError:
            certs = []
        if not certs:
            raise SettingsError(
                f"{where} holds no public key; write one with: gpg --armor --export NAME > {file}"
            )
        if any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in packets):
            raise SettingsError(
                f"{where} holds a secret key, which does not belong on the machine that takes backups; export the"
                " public one: gpg --armor --export NAME"
            )
        found += [_public_key(file, cert) for cert in certs]
    return GpgRecipients(tuple(found))


def gpg_identity(file: Path, passphrase: str | None) -> GpgIdentity:
    """The secret key in a file, tried. Raises `SettingsError` where it holds none, or needs another passphrase."""
    pysequoia, where = _pysequoia(), f"{IDENTITY_SETTING}: {file}"
    try:
        secret: Tsk = pysequoia.Tsk.from_file(str(file))
        ends = _ends(secret.extract_certificate())
    except RuntimeError:
        raise SettingsError(
            f"{where} holds no secret key of GPG, or more than one; write it with: gpg --armor"
            " --export-secret-keys NAME"
        ) from None
    try:
        secret.decryptor()
    except RuntimeError as problem:
        if "encrypted" not in str(problem).partition("\n")[0]:
            why = (
                f"has expired on {ends:%Y-%m-%d}" if ends and ends <= datetime.now(UTC) else "cannot decrypt"
            )
            raise SettingsError(
                f"{where}: the key in it {why}; have it extended and exported anew, or decrypt by hand (docs/backup.md)"
            ) from None
    else:
        return GpgIdentity(file, "")
    if not passphrase:
        raise SettingsError(f"{PASSPHRASE_SETTING}: missing; the key in {file} is protected by one")
    try:
        secret.decryptor(passphrase)
    except RuntimeError:
        raise SettingsError(f"{PASSPHRASE_SETTING}: does not open the key in {file}; set it again") from None
    return GpgIdentity(file, passphrase)


def _anew(key: PublicKey) -> str:
    return (
        "its owner extends it and its subkey (docs/backup.md), and exports it anew: gpg --armor --export NAME >"
        f" {key.file}"
    )


def _public_key(file: Path, cert: "Cert") -> PublicKey:
    refused = None
    try:
        ends = _ends(cert)
        _pysequoia().encrypt(b"", recipients=[cert])
    except RuntimeError as problem:
        ends, refused = None, str(problem).partition("\n")[0]
    return PublicKey(file, cert.fingerprint, ends, cert.is_revoked, refused)


def _ends(cert: "Cert") -> datetime | None:
    """When the last part of a key that encrypts expires, or the key as a whole; None: never."""
    last: list[datetime | None] = []
    for subkey, signatures in _subkeys(cert):
        bound = max(signatures, key=lambda one: one.signature_created or datetime.min.replace(tzinfo=UTC))
        flags = bound.key_flags
        if flags and not flags.transport_encryption and not flags.storage_encryption:
            continue
        span = bound.key_validity_period
        last.append(subkey.key_created + span if span and subkey.key_created else None)
    ends = [cert.expiration]
    if last and None not in last:
        ends.append(max(one for one in last if one))
    return min((one for one in ends if one), default=None)


def _subkeys(cert: "Cert") -> Iterator[tuple["Packet", list["Packet"]]]:
    """Subkeys that are not revoked, with the signatures that bind them to the key."""
    from pysequoia.packet import PacketPile, SignatureType, Tag

    found: list[tuple[Packet, list[Packet], list[Packet]]] = []
    for packet in PacketPile.from_bytes(bytes(cert)):
        if packet.tag in (Tag.PublicSubkey, Tag.SecretSubkey):
            found.append((packet, [], []))
        elif found and packet.signature_type == SignatureType.SubkeyBinding:
            found[-1][1].append(packet)
        elif found and packet.signature_type == SignatureType.SubkeyRevocation:
            found[-1][2].append(packet)
    return ((subkey, bindings) for subkey, bindings, revocations in found if bindings and not revocations)


def _through(words: list[str], source: BinaryIO, target: Any, secret: str | None = None) -> str | None:
    """Leads `source` through the process into `target`; returns what it refuses, None where all went well.

    Raises `StammdatenError` where it was killed, and `OSError` of `target`.
    The secret goes by a pipe: an argument, and the environment, can be read by others.
    """
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write((secret or "").encode())
        command = [sys.executable, "-P", str(PROCESS), *words, *([] if secret is None else [str(reading)])]
        with subprocess.Popen(  # noqa: S603 -- words of ours, no shell
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=() if secret is None else (reading,),
        ) as process:
            assert process.stdout  # noqa: S101 -- for mypy: both are pipes
            assert process.stderr  # noqa: S101
            try:
                shutil.copyfileobj(process.stdout, target, BLOCK)
                said = process.stderr.read().decode("utf-8", "replace")
            except BaseException:
                process.kill()
                raise
    finally:
        os.close(reading)
    if process.returncode == 0:
        return None
    if process.returncode < 0:
        raise StammdatenError(
            f"the process that encrypts and decrypts was ended by signal {-process.returncode}; look at the log of the"
            " machine (memory: journalctl -k --grep 'out of memory'), then do it again"
        )
    return (said.strip().splitlines() or [f"it ended with status {process.returncode}"])[-1]


def _pysequoia() -> Any:
    try:
        import pysequoia
    except ImportError:
        raise SettingsError(f"BACKUP__RECIPIENTS, {IDENTITY_SETTING}: {PACKAGE}") from None
    return pysequoia
