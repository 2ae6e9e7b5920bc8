"""Every setting below `DESTINATION__…`, `SOURCES__…`, `ALERTS__…` and `BACKUP__…`; anything else is refused.

Looked at are the environment and the two files of dlt in the project. What else dlt can be told (`RUNTIME__…`,
`NORMALIZE__…`) is not ours, and neither are its own destinations and sources.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.api.settings import known_keys
from pipelines.contract.contract import load_contract, partner_folders, partners
from pipelines.contract.use_cases import limited
from pipelines.errors import SettingsError
from pipelines.settings import Vars, read_vars, setting_name, working_folder
from pipelines.suggest import did_you_mean

FILES = ("config.toml", "secrets.toml")
# Keys of the doors into the ERP, below `sources.erp.`; one that ends in a star has keys of a library below it.
ERP_KEYS = (
    "kind", "incremental", "full_every_days", "overlap_hours", "allow_unencrypted",
    "files.folder", "files.mapping", "files.encoding", "files.delimiter", "files.control", "files.quiet_seconds",
    "files.max_gb", "files.max_ratio", "files.max_workbook_mb", "files.known_hosts",
    "files.credentials.*", "files.kwargs.*", "files.client_kwargs.*", "files.config_kwargs.*",
    "sql.credentials", "sql.credentials.*", "sql.mapping",
    "openwowi.username", "openwowi.password", "openwowi.api_key", "openwowi.base_url", "openwowi.customer",
    "openwowi.version", "openwowi.rollen", "openwowi.tables", "openwowi.idnum_we", "openwowi.idnum_gebaeude",
    "openwowi.idnum_ve",
    "dokumente.kind", "dokumente.folder", "dokumente.known_hosts", "dokumente.query", "dokumente.column",
    "dokumente.credentials", "dokumente.credentials.*", "dokumente.kwargs.*", "dokumente.client_kwargs.*",
    "dokumente.config_kwargs.*",
)  # fmt: skip
# Keys below `alerts.`; thresholds may stand below a partner, and below an entity of it, too.
THRESHOLDS = ("rejected_percent", "held_percent")
ALERT_KEYS = (
    "targets.*", "name", "grace_minutes", "timeout_seconds", "least_rows", "dropped_percent", *THRESHOLDS,
)  # fmt: skip
BACKUP_KEYS = (
    "after_run", "keep", "recipients", "identity", "passphrase", "known_hosts", "credentials.*", "kwargs.*",
    "client_kwargs.*", "config_kwargs.*",
)  # fmt: skip
OWN = (
    "STAMMDATEN_BACKUP", "STAMMDATEN_HOME", "STAMMDATEN_MEMORY", "STAMMDATEN_METRICS", "STAMMDATEN_PARTNERS",
    "STAMMDATEN_SNAPSHOT_KEY_FILE", "STAMMDATEN_SPARK", "STAMMDATEN_SPARK_MEMORY", "STAMMDATEN_WAIT",
)  # fmt: skip
EXAMPLES = {"DESTINATION": "DESTINATION__ETG24__API_TOKEN", "SOURCES": "SOURCES__ERP__FILES__FOLDER"}
SECTIONS = ("destination", "sources", "alerts", "backup")
PREFIXES = tuple(f"{name.upper()}__" for name in SECTIONS)
_ALMOST = re.compile(r"(DESTINATIONS?|SOURCES?)_+(.+)")
# What dlt itself reads there, whatever the source or destination.
OF_DLT = {
    "sources": {"filesystem", "sql_database", "rest_api", "data_writer", "schema", "extract", "normalize"},
    "destination": {"data_writer"},
}


def read_settings(
    stichtag: str | None = None,
    partners: list[str] | None = None,
    given: str | None = None,
    use_case: str | None = None,
) -> Vars:
    """The vars of a run, once it is sure that all settings are known ones; `partners`: these alone, if any.

    Raises `SettingsError`.
    """
    check_known_settings()
    settings = read_vars(list(partner_folders()), given, stichtag, partners or [])
    return settings if use_case is None else limited(settings, use_case, partners or [])


def check_known_settings() -> None:
    """Raises `SettingsError` for the first setting that nobody reads, with what may have been meant."""
    names = partners()
    for name in os.environ:
        _check_spelled(name, names)
        if name.upper().startswith(PREFIXES):
            if name != name.upper():
                raise SettingsError(
                    f"{name}: names of settings are in capitals here; write it as {name.upper()}"
                )
            _check(name.lower().replace("__", "."), name, setting_name, names)
    for file, key in keys_in_files():
        section = key.partition(".")[0]
        if section in SECTIONS:
            _check(key, f".dlt/{file}: {key}", str, names)
        elif section.lower().removesuffix("s") in {name.removesuffix("s") for name in SECTIONS}:
            raise SettingsError(f".dlt/{file}: [{section}]: unknown section{did_you_mean(section, SECTIONS)}")


def keys_in_files() -> Iterator[tuple[str, str]]:
    """Name of the file and key, for each setting in dlt's two files. Raises `SettingsError` for a broken one."""
    for file in FILES:
        for key in _keys(_read(working_folder() / ".dlt" / file)):
            yield file, key


def _check_spelled(name: str, names: list[str]) -> None:
    """Refuses names that are almost ours: nobody would read them, and a run without them is another one."""
    upper = name.upper()
    prefix, _, rest = upper.partition("_")
    if prefix == "STAMMDATEN" and name not in OWN:
        # Kubernetes gives a service of this name STAMMDATEN_SERVICE_HOST and the like.
        near = get_close_matches(rest.strip("_"), [one.partition("_")[2] for one in OWN], 1, 0.7)
        if near:
            raise SettingsError(f"{name}: unknown setting; did you mean STAMMDATEN_{near[0]}?")
        return
    found = _ALMOST.match(upper)
    if found is None or upper.startswith(PREFIXES):
        return
    section = "DESTINATION" if found[1].startswith("DEST") else "SOURCES"
    first = re.split("_+", found[2])[0].lower()
    # SOURCE_DATE_EPOCH and the like belong to other programs.
    if "__" in found[2] or first in (*names, "erp"):
        raise SettingsError(
            f"{name}: unknown setting; names begin with {section}__ and have two underscores between their parts, as in"
            f" {EXAMPLES[section]}"
        )


def _check(key: str, where: str, written: Callable[[str], str], names: list[str]) -> None:
    """Refuses a key such as `destination.etg24.api_token`; `written` spells a right one as it stands there.

    `names`: of all partners.
    """
    first, _, rest = key.partition(".")
    name = rest.partition(".")[0]
    # With the named partner's contract alone: this is done for each setting, and nearly all are right.
    if any(_is(key, one) for one in _known_keys(first, [name] if name in names else [])):
        return
    if name in OF_DLT.get(first, ()) or (first == "destination" and name in destinations_of_dlt()):
        return
    near = names if first == "destination" else [name] if name in names else []
    known = [one.removesuffix(".*") for one in _known_keys(first, near)]
    meant = did_you_mean(key, known, written)
    if first == "destination" and name not in names:
        raise SettingsError(f"{where}: unknown partner{meant}; known are {', '.join(names)}")
    there = sorted(known_keys(load_contract(name))) if first == "destination" else []
    raise SettingsError(
        f"{where}: unknown setting{meant}" + (f"; {name} has {', '.join(there)}" if there else "")
    )


def _known_keys(section: str, names: list[str]) -> Iterator[str]:
    """The keys of a section, as far as they are not those of partners; of partners those of `names`."""
    if section == "destination":
        yield from (f"destination.{one}.{key}" for one in names for key in known_keys(load_contract(one)))
    elif section == "sources":
        yield from (f"sources.erp.{key}" for key in ERP_KEYS)
    elif section == "backup":
        yield from (f"backup.{key}" for key in BACKUP_KEYS)
    else:
        yield from (f"alerts.{key}" for key in ALERT_KEYS)
        for name in names:
            yield from (f"alerts.{name}.{key}" for key in THRESHOLDS)
            yield from (
                f"alerts.{name}.{one}.{key}" for one in load_contract(name).entities for key in THRESHOLDS
            )


def _is(key: str, known: str) -> bool:
    return key == known or (known.endswith("*") and key.startswith(known[:-1]) and len(key) >= len(known))


def destinations_of_dlt() -> set[str]:
    """Names below `DESTINATION__` that are dlt's own."""
    found = find_spec("dlt")
    places = found.submodule_search_locations if found else None
    folders = Path(places[0], "destinations", "impl").iterdir() if places else ()
    return {folder.name for folder in folders}


def _read(path: Path) -> Mapping[str, Any]:
    """The file as dlt reads it. Raises `SettingsError` with the line for one that is broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as problem:
        # Its text says what and where, and quotes no value.
        raise SettingsError(f".dlt/{path.name}: no TOML: {problem}; mend the line") from None
    except (OSError, UnicodeDecodeError, RecursionError) as problem:
        raise SettingsError(
            f".dlt/{path.name}: cannot be read ({type(problem).__name__}); mend the file"
        ) from None


def _keys(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _keys(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"
