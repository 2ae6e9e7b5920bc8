"""Partners outside the project: one folder each below the folder that the setting `STAMMDATEN_PARTNERS` names."""

import keyword
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path

from pipelines.errors import SettingsError

SETTING = "STAMMDATEN_PARTNERS"
CONTRACT, PROFILE = "contract.yaml", "profile.yaml"
# dbt, dlt, our schemas and folders have a meaning for these already.
TAKEN = frozenset({
    "base", "dbt", "destination", "erp", "findings", "int", "intermediate", "macros", "main", "models", "own_partners",
    "partners", "pipelines", "quality", "sandbox", "seeds", "sources", "staging", "stammdaten", "stg", "sync", "tests",
})  # fmt: skip
LONGEST = 30


def own_folder() -> Path | None:
    """The folder with partners of one's own, or None where `STAMMDATEN_PARTNERS` names none.

    Raises `SettingsError` for what is no folder, and for one that others may write to: its code is run.
    """
    given = os.environ.get(SETTING, "").strip()
    if not given:
        return None
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", given):
        raise SettingsError(f"{SETTING}: holds a line break or another control character; set it again")
    try:
        folder = Path(given).expanduser().absolute()
        mode = folder.stat().st_mode
    except (OSError, RuntimeError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "no path"
        raise SettingsError(
            f"{SETTING}: {given} cannot be read ({why}); name the folder of your partners"
        ) from None
    if not stat.S_ISDIR(mode):
        raise SettingsError(
            f"{SETTING}: {given} is no folder; name the folder that holds one for each partner"
        )
    check_owned(folder)
    return folder


def own_partners(built_in: Collection[str]) -> dict[str, Path]:
    """Name → folder of each partner outside the project, in alphabetical order.

    Raises `SettingsError` for a name that cannot be one or that is built in, and for a partner without its files.
    """
    folder = own_folder()
    if folder is None:
        return {}
    found: dict[str, Path] = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        there = [name for name in (CONTRACT, PROFILE, "__init__.py", "models") if (place / name).exists()]
        if not there or place.name.startswith((".", "__")):
            continue
        check_name(place.name, built_in, f"{SETTING}: {place}")
        for name in (CONTRACT, PROFILE):
            if not (place / name).is_file():
                raise SettingsError(
                    f"{SETTING}: {place} has {there[0]} but no {name}; docs/add-a-partner.md has it"
                )
        check_owned(place)
        found[place.name] = place
    return found


def check_name(name: str, built_in: Collection[str], where: str) -> None:
    """Raises `SettingsError` unless the name can be that of a Python module, of a mart, and of a package of dbt."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
        raise SettingsError(
            f"{where}: {name!r} cannot be the name of a partner; lower case letters a-z, digits and single _ between"
            f" them are allowed, a letter first, at most {LONGEST} characters"
        )
    if name in built_in:
        raise SettingsError(f"{where}: a partner {name} is built in; give yours another name")
    if keyword.iskeyword(name) or name in TAKEN or name.startswith(("int_", "stg_", "base_")):
        raise SettingsError(
            f"{where}: {name} has a meaning in Python, dbt or stammdaten; give it another name"
        )


def check_owned(folder: Path) -> None:
    """Raises `SettingsError` where others may write to a folder whose code is run."""
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(
            f"{SETTING}: others may write to {folder} ({stat.filemode(mode)}), and its code is run; forbid it with:"
            f" chmod go-w {folder}"
        )
