"""Backups that are encrypted for keys of age, or of SSH, by pyrage."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pipelines.backup.encryption import Unreadable
from pipelines.errors import SettingsError

PACKAGE = "keys of age and SSH need the package pyrage; install it: pip install 'stammdaten[age]'"


@dataclass(frozen=True)
class AgeRecipients:
    """Public keys of age and SSH. They do not expire."""

    kind: ClassVar[str] = "age"
    keys: tuple[Any, ...] = field(repr=False)

    def unfit(self, now: datetime) -> list[str]:
        """Nothing is wrong with such a key."""
        return []

    def expiring(self, now: datetime) -> list[str]:
        """None expires."""
        return []

    def encrypt(self, source: BinaryIO, target: Any) -> None:
        """Reads to the end of `source`, and writes it encrypted."""
        _pyrage().encrypt_io(source, target, list(self.keys))


@dataclass(frozen=True)
class AgeIdentity:
    """Secret keys of age, or one of SSH."""

    keys: tuple[Any, ...] = field(repr=False)

    def decrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Writes what `source` holds. Raises `Unreadable` where none of the keys fits, `OSError` of the disk."""
        age = _pyrage()
        try:
            age.decrypt_io(source, target, list(self.keys))
        except (age.DecryptError, OSError) as problem:
            if isinstance(problem, OSError) and problem.errno is not None:
                raise
            raise Unreadable("it does not fit") from None


def is_age_key(text: str) -> bool:
    """Whether a recipient is written as age writes it."""
    return text.lower().startswith(("age1", "ssh-"))


def age_recipients(numbered: dict[int, str]) -> AgeRecipients:
    """The public keys. Raises `SettingsError` that names the number of the one that is none."""
    age, found = _pyrage(), []
    for number, key in numbered.items():
        kind = age.ssh if key.startswith("ssh-") else age.x25519
        try:
            found.append(kind.Recipient.from_str(key))
        except (age.RecipientError, ValueError, TypeError):
            raise SettingsError(
                f"BACKUP__RECIPIENTS: number {number} is no public key; write it as age1…, or as ssh-ed25519 …"
            ) from None
    return AgeRecipients(tuple(found))


def age_identity(file: Path, content: bytes) -> AgeIdentity:
    """The secret keys in a file. Raises `SettingsError` where it holds none."""
    age = _pyrage()
    keys = re.findall(r"^AGE-SECRET-KEY-[0-9A-Z]+", content.decode("utf-8", "replace"), re.MULTILINE)
    with suppress(age.IdentityError, ValueError, TypeError):
        return AgeIdentity(
            tuple(age.x25519.Identity.from_str(key) for key in keys)
            or (age.ssh.Identity.from_buffer(content),)
        )
    raise SettingsError(f"BACKUP__IDENTITY: {file} holds no secret key of age (AGE-SECRET-KEY-…) or SSH")


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError:
        raise SettingsError(f"BACKUP__RECIPIENTS, BACKUP__IDENTITY: {PACKAGE}") from None
    return pyrage
