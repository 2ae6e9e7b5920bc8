"""Where a run writes, and what the settings say. Every check here happens before anything runs.

What shapes rows are dbt vars (`dbt_project.yml`, `--vars`); what reaches systems is dlt configuration
(`.dlt/config.toml`, `.dlt/secrets.toml`, or the environment).
"""

import ipaddress
import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.errors import SettingsError
from pipelines.suggest import did_you_mean
from pipelines.yaml_file import LOADER, YamlError, parse_yaml

PROJECT_FILE = "dbt_project.yml"
# Name of dbt's profile, and of our own dbt project.
PROFILE = "stammdaten"
VARS = "dbt_project.yml or --vars"
# Every var of dbt and of the commands; a new one is added here.
KNOWN_VARS = ("stichtag", "quelle_erp", "zeitzone", "max_dokument_bytes", "warn", "partners", "guards")
TIME_ZONE = "Europe/Berlin"


def local_path(text: str | Path) -> Path:
    """A path with the home of a user in place of `~`; where there is no such user, as it is written."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


@cache
def is_checkout() -> bool:
    """Whether this is a checkout of the sources, which is its own working folder."""
    return (Path(__file__).resolve().parent.parent / PROJECT_FILE).is_file()


@cache
def project_root() -> Path:
    """Folder of our own dbt project (models, macros, seeds, docs): the checkout, or what a wheel brought.

    Read only: where it is installed, nothing may be written there.
    """
    package = Path(__file__).resolve().parent
    return package.parent if is_checkout() else package / "base_project"


def working_folder() -> Path:
    """Folder with the settings (`dbt_project.yml`, `.dlt`) and the default home: the current one, made by `init`.

    In a checkout it is the checkout, wherever it is called from. Folders above are not searched: whoever may write
    there would say what is sent. Raises `SettingsError` in any other folder, so that no second ledger begins there.
    """
    try:
        here = Path.cwd()
    except OSError:
        if is_checkout():
            return project_root()
        raise SettingsError(
            "the current folder is not there any more; go into the one of stammdaten"
        ) from None
    if is_site(here):
        return here
    if is_checkout():
        return project_root()
    raise SettingsError(
        f"{here}: is no folder of stammdaten (it has no {PROJECT_FILE} with profile: {PROFILE} and a name of its own);"
        " go into yours, or make one with: stammdaten init DIR"
    )


def is_site(folder: Path) -> bool:
    """Whether the folder holds a dbt project that has ours as its base. Our own has our name, and is none."""
    file = folder / PROJECT_FILE
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as problem:
        raise SettingsError(
            f"{file}: cannot be read ({problem.strerror}); get the right to read it"
        ) from None
    return _top_level(text, "profile") == PROFILE and _top_level(text, "name") != PROFILE


def _top_level(text: str, key: str) -> str | None:
    """The text of a key at the left margin, also in a document that is broken elsewhere."""
    found = re.search(rf"^{key}:\s*[\"']?([\w-]+)", text, re.MULTILINE)
    return found[1] if found else None


def settings_path(text: str | Path) -> Path:
    """A path out of a setting: a relative one begins at the folder that `init` made, in a checkout where it is used."""
    path = local_path(text)
    folder = working_folder()
    return path if folder == project_root() else folder / path


def home() -> Path:
    """Folder under which a run writes everything: `STAMMDATEN_HOME`, else `.stammdaten` in the working folder.

    It is created on demand, and everything in it, readable by its owner only. One that is there keeps its mode.
    Raises `SettingsError` for a folder that cannot be written to, and for one that others may write to.
    """
    os.umask(0o077)
    given = checked_text(
        "stammdaten_home", os.environ.get("STAMMDATEN_HOME") or str(working_folder() / ".stammdaten")
    )
    try:
        folder = Path(given).expanduser().absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = folder.stat()
        # The lock is the first that every run writes.
        is_writable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except (OSError, ValueError, RuntimeError) as problem:
        why = getattr(problem, "strerror", None) or "no path"
        raise SettingsError(
            f"STAMMDATEN_HOME: {given} cannot be used ({why}); name a folder that you may write to"
        ) from None
    if not is_writable:
        raise SettingsError(
            f"STAMMDATEN_HOME: {folder} is read-only for you; name a folder that you may write to"
        )
    if there.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(
            f"STAMMDATEN_HOME: others may write to {folder} ({stat.filemode(there.st_mode)}), and could change what is"
            f" sent; forbid it with: chmod go-w {folder}, or name a folder of your own"
        )
    if there.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
        raise SettingsError(f"STAMMDATEN_HOME: {folder} belongs to somebody else; name a folder of your own")
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


def wait_limit() -> float:
    """Seconds to wait for a database that another program holds: `STAMMDATEN_WAIT`, else 60.

    Raises `SettingsError` for what is no number of seconds up to a day.
    """
    given = os.environ.get("STAMMDATEN_WAIT") or "60"
    if not re.fullmatch(r"\d{1,5}(\.\d+)?", given, re.ASCII) or float(given) > 86_400:
        raise SettingsError(f"STAMMDATEN_WAIT: {given!r} is no number of seconds; write it as 60")
    return float(given)


@dataclass(frozen=True)
class Vars:
    """The dbt vars of one run: those of `dbt_project.yml`, overridden by `--vars`, `--stichtag`, `--partner`.

    `use_case` is the one that the run is limited to; None: all. `only` are the partners that were asked for by name;
    none: all. `switched_on` are those that are on without either limit.
    """

    stichtag: date
    quelle_erp: str
    partners: Mapping[str, Mapping[str, Any]]
    guards: Any = None
    warn: Any = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    use_case: str | None = None
    only: tuple[str, ...] = ()
    switched_on: tuple[str, ...] = ()

    @property
    def active(self) -> list[str]:
        """Partners that are switched on and asked for."""
        return [name for name, settings in self.partners.items() if settings.get("aktiv")]

    def whole(self) -> "Vars":
        """The same without a limit to partners or to a use case."""
        partners = {name: {**s, "aktiv": name in self.switched_on} for name, s in self.partners.items()}
        return replace(self, partners=partners, use_case=None, only=())

    def for_dbt(self) -> str:
        """The value of dbt's `--vars`; without the key date, or dbt would read the whole project anew each day."""
        overrides = {name: value for name, value in self.overrides.items() if name != "stichtag"}
        return json.dumps({**overrides, "partners": self.partners}, ensure_ascii=False)


def read_vars(known: list[str], given: str | None, stichtag: str | None, only: list[str]) -> Vars:
    """Merges project vars with the command line.

    Separator, Mandanten and options are checked by the macro `partner_settings`, for dbt users too.
    Raises `SettingsError` for what is no map, no date, or a partner that is not there or not switched on.
    """
    overrides = parse_vars(given)
    merged = {**project_vars(), **overrides}
    check_names(merged, known)
    partners = merged.get("partners")
    if not isinstance(partners, dict):
        raise SettingsError(f"partners: a map from partner to its settings is needed; set it in {VARS}")
    for name, settings in partners.items():
        if name not in known:
            raise SettingsError(f"partners.{name}: {unknown_partner(name, known)}; set it in {VARS}")
        if not isinstance(settings, dict):
            raise SettingsError(
                f"partners.{name}: a map with aktiv, separator and mandanten is needed; set it in {VARS}"
            )
    return Vars(
        stichtag=key_date(merged.get("stichtag") if stichtag is None else stichtag, merged.get("zeitzone")),
        quelle_erp=str(merged.get("quelle_erp")),
        partners=_limit(partners, only, known),
        guards=merged.get("guards"),
        warn=merged.get("warn"),
        overrides=overrides,
        only=tuple(only),
        switched_on=tuple(name for name, settings in partners.items() if settings.get("aktiv")),
    )


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises `SettingsError` for a var that there is not, with what may have been meant; `known`: partners."""
    for name in given:
        if name not in KNOWN_VARS:
            meant = f"; did you mean partners.{name}?" if name in known else did_you_mean(name, KNOWN_VARS)
            raise SettingsError(
                f"{name}: unknown var{meant}; there are {', '.join(KNOWN_VARS)}; set it in {VARS}"
            )


def unknown_partner(name: object, known: Iterable[str]) -> str:
    """What to say of a partner that is not there."""
    known = list(known)
    return f"unknown partner{did_you_mean(name, known)}; known are {', '.join(known)}"


class _VarsLoader(LOADER):  # type: ignore[misc, valid-type]
    """Dates stay text, so that one that is none (2026-02-30) can be told apart from a broken document."""


_VarsLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}


def project_vars() -> dict[str, Any]:
    """Vars of our own `dbt_project.yml`, and over them, name by name, those of the working folder, as dbt takes them.

    Raises `SettingsError` naming the file that cannot be read.
    """
    folder = working_folder()
    ours = vars_of(project_root() / PROJECT_FILE)
    return ours if folder == project_root() else {**ours, **vars_of(folder / PROJECT_FILE)}


def vars_of(file: Path) -> dict[str, Any]:
    """The vars of a `dbt_project.yml`. Raises `SettingsError` naming a file that cannot be read."""
    try:
        found = _plain_yaml(file.read_text(encoding="utf-8")).get("vars")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{file}: cannot be read as UTF-8; mend the file") from None
    except ValueError as problem:
        raise SettingsError(f"{file}: {problem}; mend the file") from None
    if found is None:  # whoever has none of their own takes ours
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"{file}: vars: a map is needed; mend the file")
    return found


def parse_vars(given: str | None) -> dict[str, Any]:
    """What `--vars` says. Raises `SettingsError` for what is no map."""
    if not given:
        return {}
    try:
        return _plain_yaml(given)
    except ValueError as problem:
        raise SettingsError(
            f"--vars: {problem}; a YAML or JSON map is needed, for example --vars '{{stichtag: 2026-01-31}}'"
        ) from None


def _plain_yaml(text: str) -> dict[str, Any]:
    """A map of what JSON has too. Raises `ValueError` that says what is wrong, without a value."""
    try:
        parsed = parse_yaml(text, _VarsLoader)
        json.dumps(parsed)
    except YamlError as problem:
        raise ValueError(f"{problem} (line {problem.line})" if problem.line else str(problem)) from None
    except TypeError:
        raise ValueError("holds something that is no text, number, list or map") from None
    if not isinstance(parsed, dict):
        raise ValueError("is no map")
    return parsed


def today(zone: Any, now: datetime | None = None) -> date:
    """The day in a time zone (rule C2), whatever the zone of the machine. Raises `SettingsError` for no zone."""
    try:
        return (now or datetime.now(UTC)).astimezone(ZoneInfo(zone or TIME_ZONE)).date()
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise SettingsError(
            f"zeitzone: {zone!r} is no time zone; write it as Europe/Berlin; set it in {VARS}"
        ) from None


def key_date(value: Any, zone: Any) -> date:
    """The key date that is set, today in the zone where none is. Raises `SettingsError` for no date."""
    current = today(zone)
    if value is None:
        return current
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise SettingsError(f"stichtag: {str(value)[:40]!r} is not a date; write it as 2026-01-31") from None


def _limit(
    partners: Mapping[str, Mapping[str, Any]], only: list[str], known: list[str]
) -> dict[str, Mapping[str, Any]]:
    """The same settings with every partner switched off that was not asked for."""
    for name in only:
        if name not in known:
            raise SettingsError(f"--partner {name}: {unknown_partner(name, known)}")
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
    """A dlt configuration value such as `destination.etg24.base_url` as text, or None.

    Raises `SettingsError` for a value with a control character or one that is not UTF-8; never with the value.
    """
    os.environ.setdefault("DLT_PROJECT_DIR", str(working_folder()))
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    import dlt

    # Each looks into the environment and its own file.
    value = dlt.secrets.get(key)
    value = dlt.config.get(key) if value is None else value
    text = None if value is None else str(value).strip()
    return checked_text(key, text) if text else None


def config_files() -> tuple[Path, ...]:
    """Every TOML file that dlt may take a setting from, of the working folder, the machine and the user.

    For those who must not wait for dlt itself, which takes half a second to import.
    """
    folders = (
        Path(os.environ.get("DLT_PROJECT_DIR") or working_folder()) / ".dlt",
        Path(os.environ.get("DLT_DATA_DIR") or "/var/dlt"),
        Path("~/.dlt").expanduser(),
    )
    return tuple(sorted(file for folder in folders if folder.is_dir() for file in folder.glob("*.toml")))


def may_be_set(section: str) -> bool:
    """Whether the environment or a file names anything of a section (`alerts`); True where that cannot be told."""
    if any(name.upper().startswith(f"{section.upper()}__") for name in os.environ):
        return True
    try:
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in config_files()]
    except OSError:
        return True
    return any(re.search(rf"\b{section}\b", text, re.IGNORECASE) for text in texts)


def checked_text(key: str, value: str) -> str:
    """The value of a setting. Raises `SettingsError`, with its name alone, for what is no single line of text."""
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", value):
        raise SettingsError(
            f"{setting_name(key)}: holds a line break, another control character, or is not UTF-8; set it again"
        )
    return value


def check_credential(key: str, value: str) -> str:
    """A credential that a header can carry: what people choose (passwords, names of users) may be any text.

    Raises `SettingsError` that names the setting, never the value.
    """
    if not key.endswith(("password", "username", "secret")) and re.search(r"[^\x21-\x7e]", value):
        raise SettingsError(
            f"{setting_name(key)}: has a blank or a sign that no token has (a quotation mark, an umlaut, a sign that"
            " cannot be seen); copy it again"
        )
    return value


def setting_name(key: str) -> str:
    """The name of the environment variable for a dlt key."""
    return key.upper().replace(".", "__")


def check_url(key: str, url: str) -> str:
    """The address without trailing slash.

    Raises `SettingsError` unless it is https, or http on this machine's loopback.
    """
    name = setting_name(key)
    try:
        parts = urlsplit(url)
        is_address = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:  # also for a port that is none
        is_address = False
    is_plain = url.isprintable() and not re.search(r"[\s\\<>\"^`{|}]", url)
    if not is_address or parts.query or parts.fragment or not is_plain:
        raise SettingsError(f"{name}: not an address; write it as https://host or https://host/path")
    if parts.username or parts.password or "@" in parts.netloc:
        raise SettingsError(f"{name}: credentials do not belong into an address; set them by their own names")
    if parts.scheme == "http" and not is_loopback(url):
        raise SettingsError(f"{name}: http is allowed for this machine only (127.0.0.1); use https")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether an address points to this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_variable(key: str, value: str) -> str:
    """A server variable that is safe inside an address."""
    if not re.fullmatch(r"[A-Za-z0-9._/-]{0,64}", value) or ".." in value:
        raise SettingsError(f"{setting_name(key)}: only letters, digits and . _ / - may stand here")
    return value
