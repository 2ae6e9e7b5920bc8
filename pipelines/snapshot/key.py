"""The secret that decides which invented person stands for whom: random for each snapshot, or out of a file."""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import local_path

SETTING = "STAMMDATEN_SNAPSHOT_KEY_FILE"
LEAST, MOST = 32, 4096
# A text of fewer different characters was typed, not drawn.
DIFFERENT = 12


@dataclass(frozen=True)
class Key:
    """The secret; it is shown nowhere, not even in an error's traceback."""

    secret: bytes

    def __repr__(self) -> str:
        return "Key(…)"

    def stream(self, kind: str, text: str, length: int) -> bytes:
        """So many bytes that depend on secret, kind and text, and tell nothing of them."""
        hashed = hashlib.blake2b(text.encode(), key=self.secret, person=kind.encode()[:16], digest_size=64)
        return hashed.digest() if length <= hashed.digest_size else _longer(hashed.digest(), length)


def _longer(seed: bytes, length: int) -> bytes:
    return hashlib.shake_256(seed).digest(length)


def read_key(given: str | None) -> Key:
    """The key of the file that is named, or of `STAMMDATEN_SNAPSHOT_KEY_FILE`; without either a new one.

    Raises `SettingsError` for a file that is missing, readable for others, too short or no secret.
    """
    name = "--key-file" if given else SETTING
    path_text = given or os.environ.get(SETTING)
    if not path_text:
        return Key(secrets.token_bytes(32))
    path = local_path(path_text)
    try:
        with path.open("rb") as file:
            there = os.fstat(file.fileno())
            if not stat.S_ISREG(there.st_mode):
                raise SettingsError(f"{name}: {path} is no file; {_how(path)}")
            content = file.read(MOST + 1)
    except OSError as problem:
        raise SettingsError(f"{name}: {path} cannot be read ({problem.strerror}); {_how(path)}") from None
    if there.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(f"{name}: others may read {path}; forbid it with: chmod 600 {path}")
    if len(content) > MOST:
        raise SettingsError(f"{name}: {path} is larger than {MOST} bytes, so it is no key; {_how(path)}")
    secret = content.strip()
    if len(secret) < LEAST or len(set(secret)) < DIFFERENT:
        raise SettingsError(
            f"{name}: {path} holds no key of at least {LEAST} random characters; {_how(path)}"
        )
    return Key(hashlib.blake2b(secret, digest_size=32).digest())


def _how(path: Path) -> str:
    return f"make one with: (umask 077; openssl rand -hex 32 > {path}.new), and name that"
