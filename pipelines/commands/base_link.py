"""How a working folder finds our dbt project: as the dbt package `dbt_packages/stammdaten`, a link to where it lies.

A link and no copy, so that models and Python are always of one version; each command that runs dbt renews it, after an
update into another place too. dbt needs no network for it. Partners outside the project are linked beside it.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import PROFILE, PROJECT_FILE, project_root

PACKAGES = Path("dbt_packages")
LINK = PACKAGES / PROFILE


def link_base(folder: Path, root: Path | None = None) -> None:
    """Lets the link of a working folder point to our dbt project, or to `root`; nothing is written when it does.

    Raises `SettingsError` where something else lies there, or the folder may not be written to.
    """
    _link(folder, folder / LINK, root or project_root(), "the dbt project of this version")


def link_packages(folder: Path, packages: Collection[Path]) -> None:
    """Lets a working folder have these packages of dbt, and none that it had from a home and has no more.

    Raises like `link_base`, and for a folder of a former version whose dbt project would not ask them.
    """
    if packages and "own_partners" not in (folder / PROJECT_FILE).read_text(encoding="utf-8"):
        raise SettingsError(
            f"{folder / PROJECT_FILE}: its dispatch does not name own_partners, so dbt would know no partner of your"
            " own; add the lines that docs/upgrade.md has"
        )
    wanted = {folder / PACKAGES / package.name: package for package in packages}
    for link in (folder / PACKAGES).iterdir():
        if link not in wanted and link.is_symlink() and link.readlink().parts[-2:] == ("partners", link.name):
            link.unlink()
    for link, package in wanted.items():
        _link(folder, link, package, "your own partner")


def _link(folder: Path, link: Path, target: Path, what: str) -> None:
    try:
        if link.is_symlink() and os.readlink(link) == str(target):
            return
        if link.exists() and not link.is_symlink():
            raise SettingsError(f"{link}: is no link to {what}; move it away")
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
