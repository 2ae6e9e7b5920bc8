"""Where files are dropped, and where answers to them lie, as the settings say it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.errors import SettingsError
from pipelines.settings import local_path, settings_path

PORTS = {"sftp": 22, "ftps": 21, "ftp": 21}
SCHEMES = tuple(PORTS)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Address:
    """A folder of a server, and as whom it is entered.

    `known_hosts` lists the SFTP servers that may be trusted; `ca_file` has the certificates that vouch for an FTPS
    server, None: those of this machine.
    """

    scheme: str
    host: str
    port: int
    folder: str
    username: str
    password: str = field(default="", repr=False)
    key_file: str = ""
    known_hosts: Path = Path("~/.ssh/known_hosts")
    ca_file: Path | None = None


def read_address(
    key: str, schemes: tuple[str, ...], settings: Mapping[str, str], name: Callable[[str], str]
) -> Address:
    """The address in the setting `key`, with the credentials of `intake_…`. `name` writes a key as its setting.

    Raises `SettingsError`.
    """
    try:
        parts = urlsplit(settings.get(key, ""))
        port = parts.port or PORTS.get(parts.scheme, 0)
        folder = unquote(parts.path) or "/"
        is_plain = not (parts.query or parts.fragment or CONTROL.search(folder))
        is_address = bool(parts.hostname) and parts.scheme in schemes and is_plain
    except ValueError:
        is_address = False
    if not is_address:
        raise SettingsError(f"{name(key)}: an address such as {schemes[0]}://host/folder is needed")
    if "@" in parts.netloc:
        raise SettingsError(
            f"{name(key)}: credentials do not belong into an address; set {name('intake_username')}"
        )
    if not settings.get("intake_username"):
        raise SettingsError(f"{name('intake_username')}: missing; set it in .dlt/secrets.toml")
    ca_file = settings_path(settings["intake_ca_file"]) if settings.get("intake_ca_file") else None
    if ca_file and not ca_file.is_file():
        raise SettingsError(f"{name('intake_ca_file')}: {ca_file} is no file")
    return Address(
        parts.scheme,
        str(parts.hostname),
        port,
        folder,
        settings["intake_username"],
        settings.get("intake_password", ""),
        str(local_path(settings["intake_key_file"])) if settings.get("intake_key_file") else "",
        local_path(settings.get("intake_known_hosts", "~/.ssh/known_hosts")),
        ca_file,
    )


def read_place(key: str, settings: Mapping[str, str], name: Callable[[str], str]) -> Address | Path | None:
    """The folder in the setting `key`, of a server or of this machine; None where nothing is set.

    Raises `SettingsError`.
    """
    text = settings.get(key, "")
    if not text:
        return None
    # With a colon before any slash it was meant to be an address.
    if ":" in text.partition("/")[0]:
        return read_address(key, SCHEMES, settings, name)
    return settings_path(text)
