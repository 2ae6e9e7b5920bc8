"""Secrets of customers: only where they lie is written down. What they are is read on the machine that runs, and told
to the process of that customer alone."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import config_value

# An environment variable, a file, or a key of a provider of dlt (secrets.toml, Vault, a cloud's secrets manager).
KINDS = ("env", "file", "dlt")
REFERENCE = re.compile(rf"({'|'.join(KINDS)}):(\S.*)")
SECRET_NAMES = re.compile(
    r"(TOKEN|PASSWORD|PASSPHRASE|SECRET|API_?KEY|__KEY|PRIVATE_KEY|ACCESS_KEY|ACCOUNT_KEY|CREDENTIALS|CONNECTION_STRING)$"
    r"|^ALERTS__TARGETS__"
)
# A password inside of an address.
IN_ADDRESS = re.compile(r"//[^/@\s]*:[^/@\s]+@")


def is_secret(name: str, value: str) -> bool:
    """Whether the value of a setting must not be read by everybody."""
    return bool(SECRET_NAMES.search(name) or IN_ADDRESS.search(value))


def is_reference(value: str) -> bool:
    """Whether a value says where the real one lies."""
    return bool(REFERENCE.fullmatch(value))


def resolved(customer: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings with what their references lead to.

    Raises `SettingsError` that names customer, setting and reference, never a value.
    """
    found = {}
    for name, value in settings.items():
        reference = REFERENCE.fullmatch(value)
        try:
            found[name] = _read(reference[1], reference[2]) if reference else value
        except SettingsError as problem:
            raise SettingsError(f"customer {customer}: {name}: {value}: {problem}") from None
    return found


def _read(kind: str, place: str) -> str:
    if kind == "env":
        value = os.environ.get(place)
    elif kind == "dlt":
        value = config_value(place)
    else:
        value = _of_file(Path(place).expanduser())
    if not value:
        raise SettingsError("is empty, or not there, on the machine that runs this customer")
    return value


def _of_file(file: Path) -> str:
    if not file.is_absolute():
        raise SettingsError("write the whole path, as it is on the machine that runs this customer")
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(f"others may read it; forbid it with: chmod 600 {file}")
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "no text"
        raise SettingsError(f"cannot be read ({why})") from None
