"""Partners outside the project as packages of dbt: made below the home, where `packages-install-path` looks.

A package is a folder of links to the partner's own folder, so that dbt neither writes into it nor, with `dbt deps`,
deletes what is in it.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from pipelines.contract.contract import built_in_partners
from pipelines.contract.jinja_macro import macro, of_checks, of_profiles
from pipelines.contract.own_partners import own_partners
from pipelines.contract.profile import load_profile
from pipelines.errors import SettingsError

FOLDER, LIST = "partners", "own_partners"
# Folders of a partner that dbt reads.
LINKED = ("models", "macros", "seeds")
PROJECT = """\
# Made by stammdaten, and made again by each command.
name: {name}
version: "1.0"
config-version: 2
model-paths: [models]
macro-paths: [macros]
seed-paths: [seeds]
test-paths: [dbt_tests]
"""
MODELS = """\
models:
  {name}:
    +materialized: table
    +post-hook: "{{{{ note_settings() }}}}"
"""


def write_packages(home: Path) -> list[Path]:
    """Makes the packages what `STAMMDATEN_PARTNERS` names now; returns their folders, with the list of partners.

    Raises `SettingsError` for a partner that cannot be one, and where the packages cannot be written.
    """
    found = own_partners(built_in_partners())
    folder, wanted = home / FOLDER, _wanted(found)
    try:
        _make(folder, wanted)
    except OSError as problem:
        raise SettingsError(
            f"{folder}: cannot be written ({problem.strerror}); delete it and try again"
        ) from None
    return sorted({folder / path.parts[0] for path in wanted})


def _wanted(found: Mapping[str, Path]) -> dict[Path, str | Path]:
    """Path in the folder of packages → the text of a file, or where a link leads."""
    if not found:
        return {}
    profiles = of_profiles(load_profile(name) for name in found)
    wanted: dict[Path, str | Path] = {
        Path(LIST, "dbt_project.yml"): PROJECT.format(name=LIST),
        Path(LIST, "macros", "own_profiles.sql"): macro("own_profiles", profiles, "profile.yaml of each"),
    }
    for name, place in found.items():
        wanted[Path(LIST, "macros", f"{name}.sql")] = of_checks(name)
        wanted[Path(name, "dbt_project.yml")] = PROJECT.format(name=name) + MODELS.format(name=name)
        for part in LINKED:
            if (place / part).is_dir():
                wanted[Path(name, part)] = place / part
    return wanted


def _make(folder: Path, wanted: Mapping[Path, str | Path]) -> None:
    """Writes what differs, and removes what is not wanted; a link is removed, never what it leads to."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
        return
    kept = {folder / parent for path in wanted for parent in (path, *path.parents)}
    for path in sorted(folder.rglob("*"), reverse=True):  # what lies in a folder comes before the folder
        if path not in kept:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, content in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            _link(path, content)
        elif not path.is_file() or path.read_text(encoding="utf-8") != content:
            _write(path, content)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    if path.is_symlink() or path.is_file():
        path.unlink()
    path.symlink_to(target, target_is_directory=True)


def _write(path: Path, content: str) -> None:
    half = path.with_suffix(".half")
    half.write_text(content, encoding="utf-8")
    half.replace(path)
