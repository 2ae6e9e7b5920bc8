"""The settings of backups: where they go, who can read them, how many stay."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines.backup.store import Bucket, Folder, Store
from pipelines.erp.files.remote import Remote, check_address, is_remote
from pipelines.errors import SettingsError
from pipelines.settings import checked_text, config_value, setting_name, settings_path

TO = "STAMMDATEN_BACKUP"
SECTION = "backup"
PACKAGE = "encryption needs the package pyrage; install it: pip install 'stammdaten[age]'"
RECIPIENTS, IDENTITY = "backup.recipients", "backup.identity"


@dataclass(frozen=True)
class BackupSettings:
    """`recipients` are public keys of age or SSH; without any, backups are not encrypted. `keep`: all, where None."""

    recipients: tuple[Any, ...] = field(default=(), repr=False)
    keep: int | None = None
    after_run: bool = False


def read_backup_settings() -> BackupSettings:
    """The settings below `[backup]`. Raises `SettingsError` that names the one that is wrong."""
    after_run = (config_value("backup.after_run") or "false").lower()
    if after_run not in ("true", "false"):
        raise SettingsError(f"BACKUP__AFTER_RUN: {after_run!r} is not true or false")
    if after_run == "true" and not os.environ.get(TO):
        raise SettingsError(f"BACKUP__AFTER_RUN: needs {TO}, the folder or address that backups go to")
    keep = config_value("backup.keep")
    if keep is not None and not re.fullmatch("[1-9][0-9]{0,4}", keep):
        raise SettingsError("BACKUP__KEEP: a whole number from 1 on is needed: so many backups stay")
    return BackupSettings(_recipients(), int(keep) if keep else None, after_run == "true")


def place(given: str | None, name: str = TO) -> tuple[Store, str | None]:
    """The folder that is named, and the file in it where that is one; without a word the one of `STAMMDATEN_BACKUP`.

    Raises `SettingsError` for what is no place.
    """
    text = checked_text(name, given or os.environ.get(TO) or "")
    if not text:
        raise SettingsError(f"{name}: name a folder, or an address such as s3://bucket/folder, or set {TO}")
    if is_remote(text):
        return _bucket(text, name)
    try:
        local = unquote(urlsplit(text).path) if text.lower().startswith("file:") else text
    except ValueError:
        raise SettingsError(f"{name}: not an address; write it as file:///folder") from None
    path = settings_path(local)
    if path.is_file():
        return Folder(path.parent), path.name
    return Folder(path), None


def identities() -> list[Any]:
    """The keys that can read backups, of the file that `BACKUP__IDENTITY` names: of age, or one of SSH.

    Raises `SettingsError` where none is named, or it cannot be read.
    """
    given = config_value(IDENTITY)
    if not given:
        raise SettingsError(
            "BACKUP__IDENTITY: missing; the backup is encrypted: name the file with the secret key of age or SSH"
        )
    age, file = _age(), settings_path(given)
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(f"BACKUP__IDENTITY: others may read {file}; forbid it with: chmod 600 {file}")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "no text"
        raise SettingsError(f"BACKUP__IDENTITY: {file} cannot be read ({why})") from None
    keys = re.findall(r"^AGE-SECRET-KEY-[0-9A-Z]+", text, re.MULTILINE)
    with suppress(age.IdentityError, ValueError, TypeError):
        return [age.x25519.Identity.from_str(key) for key in keys] or [
            age.ssh.Identity.from_buffer(text.encode())
        ]
    raise SettingsError(f"BACKUP__IDENTITY: {file} holds no secret key of age (AGE-SECRET-KEY-…) or SSH")


def _bucket(text: str, name: str) -> tuple[Store, str | None]:
    folder, _, last = text.rpartition("/")
    is_file = last.endswith((".json", ".tar", ".age"))
    url = folder if is_file else text.rstrip("/")
    trusted = config_value("backup.known_hosts")
    known_hosts = settings_path(trusted) if trusted else Remote.known_hosts
    try:
        check_address(url, SECTION)
    except SettingsError as problem:
        raise SettingsError(str(problem).replace(setting_name(f"{SECTION}.folder"), name)) from None
    return Bucket(Remote(url, known_hosts, False, SECTION), name), last if is_file else None


def _recipients() -> tuple[Any, ...]:
    given = config_value(RECIPIENTS)
    if not given:
        return ()
    age, found = _age(), []
    # A list in a file comes as Python writes it.
    for number, text in enumerate(re.split(r"\s*,\s*", given.strip("[] ")), 1):
        key = text.strip("'\" ")
        kind = age.ssh if key.startswith("ssh-") else age.x25519
        try:
            found.append(kind.Recipient.from_str(key))
        except (age.RecipientError, ValueError, TypeError):
            raise SettingsError(
                f"BACKUP__RECIPIENTS: number {number} is no public key; write it as age1…, or as ssh-ed25519 …"
            ) from None
    return tuple(found)


def _age() -> Any:
    try:
        import pyrage
    except ImportError:
        raise SettingsError(f"BACKUP__RECIPIENTS, BACKUP__IDENTITY: {PACKAGE}") from None
    return pyrage
