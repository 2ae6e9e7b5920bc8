"""How a working folder finds our dbt project: as the dbt package `dbt_packages/stammdaten`, a link to where it lies.

A link and no copy, so that models and Python are always of one version; each command that runs dbt renews it, after an
update into another place too. dbt needs no network for it.
"""

import os
from contextlib import suppress
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import PROFILE, project_root

LINK = Path("dbt_packages") / PROFILE


def link_base(folder: Path) -> None:
    """Lets the link of a working folder point to our dbt project; nothing is written when it does already.

    Raises `SettingsError` where something else lies there, or the folder may not be written to.
    """
    link, target = folder / LINK, project_root()
    try:
        if link.is_symlink() and os.readlink(link) == str(target):
            return
        if link.exists() and not link.is_symlink():
            raise SettingsError(f"{link}: is no link to the dbt project of this version; move it away")
        link.parent.mkdir(mode=0o700, exist_ok=True)
        _replace(link, target)
    except OSError as problem:
        raise SettingsError(
            f"{link}: cannot be made a link to {target} ({problem.strerror}); get the right to write there, or let the"
            f" owner of the folder call: stammdaten init {folder}"
        ) from None


def _replace(link: Path, target: Path) -> None:
    """In one step, so that a command that runs beside this one finds the old link or the new one."""
    made = link.with_name(f"__{link.name}.{os.getpid()}")  # dbt takes no folder for a package that begins so
    try:
        made.symlink_to(target, target_is_directory=True)
        made.replace(link)
    except OSError:
        with suppress(OSError):
            made.unlink()
        raise
