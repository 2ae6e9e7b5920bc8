"""Where a run writes, and what the settings say. Every check here happens before anything runs.

What shapes rows are dbt vars (`dbt_project.yml`, `--vars`); what reaches systems is dlt configuration
(`.dlt/config.toml`, `.dlt/secrets.toml`, or the environment).
"""

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from pipelines.errors import SettingsError

VARS = "dbt_project.yml or --vars"
TIME_ZONE = "Europe/Berlin"


@cache
def project_root() -> Path:
    """Folder that holds `dbt_project.yml`."""
    return Path(__file__).resolve().parent.parent


def home() -> Path:
    """Folder under which a run writes everything: `STAMMDATEN_HOME`, else `.stammdaten` in the project.

    It is created on demand and readable by its owner only.
    """
    os.umask(0o077)
    folder = Path(os.environ.get("STAMMDATEN_HOME") or project_root() / ".stammdaten").expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as problem:
        raise SettingsError(
            f"STAMMDATEN_HOME: {folder} cannot be used ({problem.strerror}); name a folder that you may write to"
        ) from None
    return folder


def database(at_home: Path) -> Path:
    """The DuckDB file with raw, staging, marts, plan and ledger."""
    return at_home / "stammdaten.duckdb"


def memory_limit() -> str:
    """How much memory DuckDB may take before it goes on disk: `STAMMDATEN_MEMORY`, else 3 GB; dbt takes the same.

    Raises `SettingsError` for what is no size.
    """
    given = os.environ.get("STAMMDATEN_MEMORY") or "3GB"
    if not re.fullmatch(r"\d{1,6}(\.\d+)?\s?([MGT]i?B)", given):
        raise SettingsError(f"STAMMDATEN_MEMORY: {given!r} is no size; write it as 3GB or 1500MB")
    return given


@dataclass(frozen=True)
class Vars:
    """The dbt vars of one run: those of `dbt_project.yml`, overridden by `--vars`, `--stichtag`, `--partner`."""

    stichtag: date
    quelle_erp: str
    partners: Mapping[str, Mapping[str, Any]]
    guards: Any = None
    warn: Any = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> list[str]:
        """Partners that are switched on and asked for."""
        return [name for name, settings in self.partners.items() if settings.get("aktiv")]

    def for_dbt(self) -> str:
        """The value of dbt's `--vars`."""
        return json.dumps(
            {**self.overrides, "stichtag": self.stichtag.isoformat(), "partners": self.partners},
            ensure_ascii=False,
        )


def read_vars(known: list[str], given: str | None, stichtag: str | None, only: list[str]) -> Vars:
    """Merges project vars with the command line.

    Separator, Mandanten and options are checked by the macro `partner_settings`, for dbt users too.
    Raises `SettingsError` for what is no map, no date, or a partner that is not there or not switched on.
    """
    project = yaml.safe_load((project_root() / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    overrides = _parse_vars(given)
    merged = {**project, **overrides}
    partners = merged.get("partners")
    if not isinstance(partners, dict):
        raise SettingsError(f"partners: a map from partner to its settings is needed; set it in {VARS}")
    for name, settings in partners.items():
        if name not in known:
            raise SettingsError(
                f"partners.{name}: unknown partner; known are {', '.join(known)}; set it in {VARS}"
            )
        if not isinstance(settings, dict):
            raise SettingsError(
                f"partners.{name}: a map with aktiv, separator and mandanten is needed; set it in {VARS}"
            )
    return Vars(
        stichtag=_key_date(stichtag or merged.get("stichtag"), merged.get("zeitzone")),
        quelle_erp=str(merged.get("quelle_erp")),
        partners=_limit(partners, only, known),
        guards=merged.get("guards"),
        warn=merged.get("warn"),
        overrides=overrides,
    )


def _parse_vars(given: str | None) -> dict[str, Any]:
    if not given:
        return {}
    try:
        parsed = yaml.safe_load(given)
    except yaml.YAMLError:
        parsed = None
    if not isinstance(parsed, dict):
        raise SettingsError(
            "--vars: a YAML or JSON map is needed, for example --vars '{stichtag: 2026-01-31}'"
        )
    return parsed


def today(zone: Any, now: datetime | None = None) -> date:
    """The day in a time zone (rule C2), whatever the zone of the machine. Raises `SettingsError` for no zone."""
    try:
        return (now or datetime.now(UTC)).astimezone(ZoneInfo(zone or TIME_ZONE)).date()
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise SettingsError(
            f"zeitzone: {zone!r} is no time zone; write it as Europe/Berlin; set it in {VARS}"
        ) from None


def _key_date(value: Any, zone: Any) -> date:
    current = today(zone)
    if value is None:
        return current
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise SettingsError(f"stichtag: {value!r} is not a date; write it as 2026-01-31") from None


def _limit(
    partners: Mapping[str, Mapping[str, Any]], only: list[str], known: list[str]
) -> dict[str, Mapping[str, Any]]:
    """The same settings with every partner switched off that was not asked for."""
    for name in only:
        if name not in known:
            raise SettingsError(f"--partner {name}: unknown partner; known are {', '.join(known)}")
        if not partners.get(name, {}).get("aktiv"):
            raise SettingsError(
                f"--partner {name}: not switched on; set partners.{name}.aktiv: true in {VARS}"
            )
    if not only:
        return dict(partners)
    return {
        name: settings if name in only else {**settings, "aktiv": False}
        for name, settings in partners.items()
    }


def config_value(key: str) -> str | None:
    """A dlt configuration value such as `destination.etg24.base_url` as text, or None."""
    os.environ.setdefault("DLT_PROJECT_DIR", str(project_root()))
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    import dlt

    # Each looks into the environment and its own file.
    value = dlt.secrets.get(key)
    value = dlt.config.get(key) if value is None else value
    text = None if value is None else str(value).strip()
    return text or None


def setting_name(key: str) -> str:
    """The name of the environment variable for a dlt key."""
    return key.upper().replace(".", "__")


def check_url(key: str, url: str) -> str:
    """The address without trailing slash.

    Raises `SettingsError` unless it is https, or http on this machine's loopback.
    """
    parts = urlsplit(url)
    name = setting_name(key)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{name}: not an address; write it as https://host or https://host/path")
    if parts.username or parts.password:
        raise SettingsError(f"{name}: credentials do not belong into an address; set them by their own names")
    if parts.scheme == "http" and not is_loopback(url):
        raise SettingsError(f"{name}: http is allowed for this machine only (127.0.0.1); use https")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether an address points to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_variable(key: str, value: str) -> str:
    """A server variable that is safe inside an address."""
    if not re.fullmatch(r"[A-Za-z0-9._/-]{0,64}", value) or ".." in value:
        raise SettingsError(f"{setting_name(key)}: only letters, digits and . _ / - may stand here")
    return value
