"""The place that a setting names: a folder or packed file of this machine, or one on another."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.erp.delivery.encrypted import is_lifted
from pipelines.erp.files.remote import FILES, Remote, check_address, is_remote
from pipelines.errors import SettingsError
from pipelines.settings import config_value, setting_name, settings_path

PLACES = "set it in the environment or in .dlt/config.toml"


def place(section: str, packed: Collection[str]) -> Path | Remote | None:
    """What `<section>.folder` names; None where it is not set. `packed` are the endings of single files it may be.

    The file of known hosts is that of the section, else the delivery's. Raises `SettingsError` naming the setting.
    """
    key = f"{section}.folder"
    folder = config_value(key)
    if folder is None:
        return None
    if is_remote(folder):
        known_hosts = config_value(f"{section}.known_hosts") or config_value(f"{FILES}.known_hosts")
        trusted = settings_path(known_hosts) if known_hosts else Remote.known_hosts
        return Remote(check_address(folder, section), trusted, is_lifted(), section)
    try:
        local = unquote(urlsplit(folder).path) if folder.lower().startswith("file:") else folder
    except ValueError:
        raise SettingsError(
            f"{setting_name(key)}: not an address; write it as file:///folder; {PLACES}"
        ) from None
    path = settings_path(local)
    if not _is_place(path, packed):
        raise SettingsError(
            f"{setting_name(key)}: {path} is no folder; name the one with the ERP's files, or a ZIP; {PLACES}"
        )
    return path


def _is_place(path: Path, packed: Collection[str]) -> bool:
    with suppress(OSError):
        return path.is_dir() or (path.is_file() and path.suffix.lower() in packed)
    return False
