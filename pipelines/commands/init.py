"""Makes the folder of a site: settings to edit, a schedule, and a dbt project that has ours as its base."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from string import Template

from pipelines.api.settings import server_variables
from pipelines.commands.base_link import LINK, link_base
from pipelines.contract.contract import Contract, load_contract, partners
from pipelines.errors import SettingsError
from pipelines.reports.setup import InitReport
from pipelines.schedule.files import CRONTAB, crontab, installation, units
from pipelines.schedule.jobs import JOBS, MASTER_DATA, WATCH
from pipelines.settings import PROJECT_FILE, is_checkout, is_site, local_path, project_root
from pipelines.versions import stammdaten_version

TEMPLATES = Path(__file__).parent / "init_files"
SECRETS = ".dlt/secrets.toml"
SCHEDULE = "schedule"
UNITS = tuple(f"{job.name}.{kind}" for job in JOBS for kind in ("service", "timer"))
# File in the folder → the template it is made of; none for what is copied, and for the schedule.
FILES = {
    PROJECT_FILE: "dbt_project.yml",
    "profiles.yml": "",
    "packages.yml": "packages.yml",
    ".dlt/config.toml": "config.toml",
    SECRETS: "secrets.toml",
    **{f"{SCHEDULE}/{name}": "" for name in (CRONTAB, *UNITS)},
    "README.md": "README.md",
    ".gitignore": "gitignore",
}
FOLDERS = ("models", "models/partners", "macros", "seeds", "tests")


def init_folder(given: str) -> InitReport:
    """Writes what is missing in the folder; what is there is never written over.

    Raises `SettingsError` for a folder that is no place for it, or that cannot be written to.
    """
    folder = _place(given)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        former = {path.name for path in folder.iterdir()}
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        left_alone = tuple(name for name in FILES if not _write(folder, name))
    except OSError as problem:
        raise SettingsError(
            f"{problem.filename or folder}: cannot be made or written to ({problem.strerror}); name one of your own"
        ) from None
    link_base(folder)
    ours = {Path(name).parts[0] for name in (*FILES, *FOLDERS, str(LINK))}
    return InitReport(
        folder=str(folder),
        written=tuple(name for name in FILES if name not in left_alone),
        left_alone=left_alone,
        also_there=tuple(sorted(former - ours)),
        notes=tuple(_notes(folder)),
    )


def _place(given: str) -> Path:
    """The folder to make. Raises `SettingsError` for one that belongs to something else."""
    if not given.strip() or re.search("[\x00-\x1f\x7f]", given):
        raise SettingsError("init: DIR is empty or has a control character; name the folder to make")
    try:
        folder = Path(os.path.abspath(local_path(given)))
    except FileNotFoundError:
        raise SettingsError("the current folder is not there any more; name DIR from / on") from None
    really = folder.resolve()
    if really.is_relative_to(project_root() if is_checkout() else TEMPLATES.parents[2].resolve()):
        raise SettingsError(f"{folder}: is where the program lies; name a folder outside of it")
    if really in (Path(really.anchor), local_path("~").resolve()):
        raise SettingsError(f"{folder}: holds much else; name a folder below it")
    if (folder / PROJECT_FILE).exists() and not is_site(folder):
        raise SettingsError(
            f"{folder}: holds another dbt project ({PROJECT_FILE}); nothing was written; name another folder"
        )
    return folder


def _write(folder: Path, name: str) -> bool:
    """Writes one file, unless something of that name is there."""
    file = folder / name
    if file.is_symlink() or file.exists():
        return False
    text = _text(folder, name)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        file.touch(mode=0o600 if name == SECRETS else 0o644, exist_ok=False)
        file.write_text(text, encoding="utf-8")
    except FileExistsError:
        return False
    except OSError:
        # Half a file would be left alone by the next call.
        with suppress(OSError):
            file.unlink()
        raise
    return True


def _text(folder: Path, name: str) -> str:
    base = project_root()
    if name.startswith(f"{SCHEDULE}/"):
        here, file = installation(folder, {}), Path(name).name
        # Nobody has said yet which partners are on.
        return crontab(here, [MASTER_DATA, WATCH]) if file == CRONTAB else units(here)[file]
    if not FILES[name]:
        return (base / name).read_text(encoding="utf-8")
    template = Template((TEMPLATES / f"{FILES[name]}.template").read_text(encoding="utf-8"))
    project = (base / PROJECT_FILE).read_text(encoding="utf-8")
    credentials = name == SECRETS
    return template.substitute(
        base=json.dumps(str(base), ensure_ascii=False),
        docs=str(base / "docs"),
        version=stammdaten_version(),
        dispatch=top_level_block(project, "dispatch"),
        flags=top_level_block(project, "flags"),
        vars=top_level_block(project, "vars"),
        partners="\n".join(_keys(load_contract(partner), credentials) for partner in partners()),
    )


def top_level_block(text: str, key: str) -> str:
    """A key at the left margin of a YAML document with all that belongs to it, comments too."""
    found = re.search(rf"^{key}:.*\n(?:(?:[ \t]+.*|[ \t]*)\n)*", text, re.MULTILINE)
    return found[0].rstrip() if found else f"{key}: {{}}"


def _keys(contract: Contract, credentials: bool) -> str:
    """Lines to take the # away from: a partner's credentials, or what else is its own."""
    start = f"# destination.{contract.partner}."
    if credentials:
        return "\n".join(f'{start}{key} = ""' for key in contract.credentials)
    has_environments = len({server.get("x-environment") for server in contract.document["servers"]}) > 1
    names = [
        "base_url",
        *(["login_base_url"] if contract.login else []),
        *(["environment"] if has_environments else []),
        *server_variables(contract),
    ]
    values = {name: "" for name in names if name not in contract.credentials} | dict(contract.settings)
    return "\n".join(f"{start}{key} = {json.dumps(value)}" for key, value in values.items())


def _notes(folder: Path) -> list[str]:
    notes = []
    if folder.stat().st_mode & 0o022:
        notes.append(
            f"others may write to {folder} and change what is sent; forbid it with: chmod go-w {folder}"
        )
    if (folder / SECRETS).is_file() and (folder / SECRETS).stat().st_mode & 0o077:
        notes.append(f"{SECRETS}: others may read it; forbid it with: chmod 600 {folder / SECRETS}")
    return notes
