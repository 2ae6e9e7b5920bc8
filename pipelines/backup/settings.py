"""The settings of backups: where they go, who can read them, how many stay."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.backup.age import age_identity, age_recipients, is_age_key
from pipelines.backup.encryption import ENDINGS, IDENTITY_SETTING, Identity, Recipients
from pipelines.backup.openpgp import gpg_identity, gpg_recipients
from pipelines.backup.store import Bucket, Folder, Store
from pipelines.erp.files.remote import Remote, check_address, is_remote
from pipelines.errors import SettingsError
from pipelines.settings import checked_text, config_value, setting_name, settings_path

TO = "STAMMDATEN_BACKUP"
SECTION = "backup"
RECIPIENTS, IDENTITY, PASSPHRASE = "backup.recipients", "backup.identity", "backup.passphrase"


@dataclass(frozen=True)
class BackupSettings:
    """`recipients` are public keys; without any, backups are not encrypted. `keep`: all, where None."""

    recipients: Recipients | None = field(default=None, repr=False)
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


def identity(kind: str) -> Identity:
    """The key that can read backups encrypted by `age` or `gpg`, of the file that `BACKUP__IDENTITY` names.

    Raises `SettingsError` where none is named, it cannot be read, or it needs another passphrase.
    """
    given = config_value(IDENTITY)
    if not given:
        owner = "GPG" if kind == "gpg" else "age or SSH"
        raise SettingsError(
            f"{IDENTITY_SETTING}: missing; the backup is encrypted: name the file with the secret key of {owner}"
        )
    file = settings_path(given)
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(
                f"{IDENTITY_SETTING}: others may read {file}; forbid it with: chmod 600 {file}"
            )
        content = file.read_bytes()
    except OSError as problem:
        raise SettingsError(f"{IDENTITY_SETTING}: {file} cannot be read ({problem.strerror})") from None
    return gpg_identity(file, config_value(PASSPHRASE)) if kind == "gpg" else age_identity(file, content)


def _bucket(text: str, name: str) -> tuple[Store, str | None]:
    folder, _, last = text.rpartition("/")
    is_file = last.endswith((".json", *ENDINGS.values()))
    url = folder if is_file else text.rstrip("/")
    trusted = config_value("backup.known_hosts")
    known_hosts = settings_path(trusted) if trusted else Remote.known_hosts
    try:
        check_address(url, SECTION)
    except SettingsError as problem:
        raise SettingsError(str(problem).replace(setting_name(f"{SECTION}.folder"), name)) from None
    return Bucket(Remote(url, known_hosts, False, SECTION), name), last if is_file else None


def _recipients() -> Recipients | None:
    given = config_value(RECIPIENTS)
    if not given:
        return None
    keys: dict[int, str] = {}
    files: dict[int, Path] = {}
    # A list in a file comes as Python writes it.
    for number, text in enumerate(re.split(r"\s*,\s*", given.strip("[] ")), 1):
        key = text.strip("'\" ")
        if is_age_key(key):
            keys[number] = key
        elif (file := settings_path(key)).is_file():
            files[number] = file
        else:
            raise SettingsError(
                f"BACKUP__RECIPIENTS: number {number} is no public key of age or SSH (age1…, ssh-ed25519 …), and no"
                " file with one of GPG"
            )
    if keys and files:
        raise SettingsError(
            "BACKUP__RECIPIENTS: keys of GPG and of age or SSH cannot read the same archive; name those of one kind"
        )
    return gpg_recipients(files) if files else age_recipients(keys)
