"""What each way to encrypt backups offers, and how its archives are called."""

from datetime import datetime
from typing import Any, BinaryIO, Protocol

# Endings of an archive, by how it is encrypted (`encrypted` of its manifest).
ENDINGS: dict[str | None, str] = {None: ".tar", "age": ".tar.age", "gpg": ".tar.gpg"}
IDENTITY_SETTING = "BACKUP__IDENTITY"


class Unreadable(Exception):
    """An archive cannot be read with the secret key; the text says why."""


class Recipients(Protocol):
    """Public keys; the owner of each can read what is encrypted for them."""

    @property
    def kind(self) -> str:
        """`age` or `gpg`."""

    def unfit(self, now: datetime) -> list[str]:
        """A sentence for each key that nothing may be encrypted for any more."""

    def expiring(self, now: datetime) -> list[str]:
        """A sentence for each key that expires soon."""

    def encrypt(self, source: BinaryIO, target: Any) -> None:
        """Reads to the end of `source`, a file of the system, and writes it encrypted, in flat memory."""


class Identity(Protocol):
    """A secret key, ready to be used."""

    def decrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Writes what `source`, a file of the system, holds. Raises `Unreadable`, and `OSError` of the disk."""
