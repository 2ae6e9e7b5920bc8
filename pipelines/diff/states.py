"""Which states of the project are compared: a revision of git, a folder, a wheel, what is installed, files at hand.

Only dbt's project and the contracts of a state are read; none of its Python runs.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.contract.own_partners import CONTRACT, SETTING, own_folder
from pipelines.dbt_folder import Project
from pipelines.errors import SettingsError
from pipelines.settings import (
    PROFILE,
    PROJECT_FILE,
    is_site,
    project_root,
    vars_of,
    working_folder,
)
from pipelines.versions import stammdaten_version

INSTALLED = "installed"
SINCE = "..."
# What of a checkout decides what is sent; a revision may lack some of it.
PARTS = (PROJECT_FILE, "profiles.yml", "macros", "models", "seeds", "tests/generic", "pipelines/partners")
CONTRACTS = Path("pipelines", "partners")
PACKAGED = Path("pipelines", "base_project")
# What lies in a working folder and is no part of its project.
LEFT_OUT = (".*", "dbt_packages", "target", "logs", "node_modules", "__pycache__", "venv")
# Of a program that calls us from a hook of git: these name its repository, not the one of the folder.
OF_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
PATIENCE = 120
# What of a folder of partners is read: never their Python.
READ = ("*.yaml", "*.yml", "*.graphql", "*.sql", "*.csv")


@dataclass(frozen=True)
class State:
    """A state of the project. `label`: as people call it.

    `project`: dbt's. `contracts` has a folder for each built-in partner, `own` for each one outside the project (None:
    there are none). `with_vars_of`: a folder whose vars stand over its own, as a working folder's do.
    """

    label: str
    project: Project
    contracts: Path | None
    own: Path | None = None
    with_vars_of: Path | None = None

    def vars(self) -> dict[str, Any]:
        """The vars of its `dbt_project.yml`, name by name over those of the project it stands on, as dbt takes them."""
        folders = dict.fromkeys(
            [self.project.root, self.project.folder, self.with_vars_of or self.project.folder]
        )
        return {name: value for folder in folders for name, value in vars_of(folder / PROJECT_FILE).items()}

    def partners(self) -> dict[str, Path]:
        """Name → folder of each partner that has a contract there."""
        found = {}
        for above in (self.contracts, self.own):
            for file in sorted(above.glob(f"*/{CONTRACT}")) if above else ():
                found[file.parent.name] = file.parent
        return found

    def digest(self, partner: str | None = None) -> str:
        """What tells this state, or what it has of one partner, from others: names and bytes of what decides."""
        found = hashlib.sha256()
        if partner:
            for folder in dict.fromkeys([self.project.root, self.project.folder]):
                _add(found, folder / "models" / "partners" / partner)
            _add(found, self.partners()[partner], READ)
            return found.hexdigest()
        for folder in dict.fromkeys([self.project.root, self.project.folder]):
            parts = PARTS[:-1] if folder == self.project.root else (".",)
            for part in parts:
                _add(found, folder / part)
        for above in (self.contracts, self.own):
            if above:
                _add(found, above, READ)
        return found.hexdigest()


def at_hand() -> State:
    """The state that commands work with: the checkout, or the working folder, as its files are now, saved or committed.

    Raises `SettingsError` where there is none.
    """
    folder, root = working_folder(), project_root()
    return State(_named("the files at hand", folder), Project(folder, root), _contracts(root), own_folder())


def find_state(ref: str, option: str, beside: State, scratch: Path) -> State:
    """The state that somebody named with `--base` or `--head`; what has to be unpacked goes to the folder `scratch`.

    Raises `SettingsError` with what is wrong and what may be named.
    """
    text = ref.strip()
    if not text or text.startswith("-") or re.search("[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise SettingsError(f"{option}: {ref!r} is no revision, folder or wheel")
    if text == INSTALLED:
        return _installed(option, beside)
    if text.startswith(("/", "./", "../", "~")) or text in (".", ".."):
        return _from_path(Path(text).expanduser(), option, beside, scratch)
    if text.endswith(".whl"):
        return _from_path(Path(text), option, beside, scratch)
    commit, why = _commit(text, beside.project.folder)
    if commit:
        return _from_git(text, commit, beside, scratch)
    if Path(text).exists():
        return _from_path(Path(text), option, beside, scratch)
    raise SettingsError(
        f"{option} {text}: {why}, and there is no such folder; name a revision of git (main, HEAD~1, v1.0, or main..."
        f" for where this branch began), a folder, a wheel, or {INSTALLED}"
    )


def is_at_hand(state: State) -> bool:
    """Whether the state is the one that commands work with."""
    return state.project.folder == working_folder()


def _installed(option: str, beside: State) -> State:
    if beside.project.folder == beside.project.root:
        raise SettingsError(
            f"{option} {INSTALLED}: this is a checkout, which stands for itself; name a revision, or the wheel or the"
            " environment of the version that you mean"
        )
    root = project_root()
    label = f"stammdaten {stammdaten_version()} as it is installed, with your settings and without your own models"
    return State(label, Project(root, root), _contracts(root), beside.own, beside.project.folder)


def _from_path(path: Path, option: str, beside: State, scratch: Path) -> State:
    path = path.absolute()
    if path.is_file() and path.suffix == ".whl":
        return _from_wheel(path, option, beside, scratch)
    if not path.is_dir():
        raise SettingsError(f"{option}: {path} is no folder and no wheel")
    if is_site(path):
        # A copy, as dbt needs a link in it.
        copy = scratch / "folder"
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        return replace(beside, label=_named("folder", path), project=Project(copy, beside.project.root))
    environments = [*sorted(path.glob("lib/python3*/site-packages")), path]
    for root in [path, *(place / PACKAGED for place in environments), path / PACKAGED.name]:
        if _is_project(root):
            return _bare(_named("folder", path), root, beside)
    raise SettingsError(
        f"{option}: {path} holds no {PROJECT_FILE} of stammdaten; name a checkout, a folder that `stammdaten init`"
        " made, or an environment where stammdaten is installed"
    )


def _from_wheel(path: Path, option: str, beside: State, scratch: Path) -> State:
    target = scratch / "wheel"
    try:
        with zipfile.ZipFile(path) as wheel:
            wanted = [name for name in wheel.namelist() if name.startswith((f"{PACKAGED}/", f"{CONTRACTS}/"))]
            wheel.extractall(target, wanted)  # noqa: S202 # names that begin with ours
    except (zipfile.BadZipFile, OSError) as problem:
        raise SettingsError(f"{option}: {path} cannot be read as a wheel ({problem})") from None
    if not _is_project(target / PACKAGED):
        raise SettingsError(f"{option}: {path} is no wheel of stammdaten")
    return _bare(f"wheel {path.name}", target / PACKAGED, beside)


def _bare(label: str, root: Path, beside: State) -> State:
    """A project of ours without a working folder: where commands work with one, its vars are taken."""
    over = beside.project.folder if beside.project.folder != beside.project.root else None
    return State(label, Project(root, root), _contracts(root), beside.own, over)


def _from_git(text: str, commit: str, beside: State, scratch: Path) -> State:
    folder = beside.project.folder
    target = scratch / "revision"
    is_ours = folder == beside.project.root
    _unpack(folder, commit, PARTS if is_ours else (".",), target)
    label = f"{text} ({commit[:12]})"
    if not (_is_project(target) if is_ours else is_site(target)):
        raise SettingsError(f"{text}: the revision {commit[:12]} holds no {PROJECT_FILE} of stammdaten here")
    own = beside.own
    top = _git(folder, "rev-parse", "--show-toplevel")[0]
    if own and top and own.resolve().is_relative_to(Path(top).resolve()):
        # Partners outside the project, and inside the repository: they are of this revision, too.
        own = scratch / "partners"
        _unpack(beside.own or own, commit, (".",), own)
    root = target if is_ours else beside.project.root
    return State(label, Project(target, root), _contracts(root), own)


def _unpack(folder: Path, commit: str, parts: tuple[str, ...], target: Path) -> None:
    """What of a folder a revision holds. Raises `SettingsError` where git cannot say."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = _git(folder, "rev-parse", "--show-prefix")[0]
    there = [
        part
        for part in parts
        if part == "." or _git(folder, "cat-file", "-e", f"{commit}:{prefix}{part}")[1] == ""
    ]
    if not there:
        return
    made = _run(folder, "archive", "--format=tar", commit, "--", *there)
    if made.returncode:
        raise SettingsError(f"git archive {commit[:12]}: {_said(made.stderr)}")
    try:
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as files:
            # Python 3.11.3 has no filters yet; an archive of git holds no path that leads out of it.
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            files.extractall(target, **safely)  # type: ignore[arg-type]  # noqa: S202
    except (tarfile.TarError, OSError) as problem:
        raise SettingsError(f"the revision {commit[:12]} cannot be unpacked: {problem}") from None


def _commit(text: str, folder: Path) -> tuple[str, str]:
    """The commit that a revision names, or why there is none."""
    if shutil.which("git") is None:
        return "", "git is not installed"
    if _git(folder, "rev-parse", "--show-toplevel")[1]:
        return (
            "",
            f"{folder} lies in no repository of git ({_git(folder, 'rev-parse', '--show-toplevel')[1]})",
        )
    if text.endswith(SINCE):
        found, why = _git(folder, "merge-base", "--", text.removesuffix(SINCE), "HEAD")
        return (
            (found, "") if found else ("", f"no common commit with HEAD ({why or 'unrelated, or cut off'})")
        )
    found, _ = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    if found:
        return found, ""
    is_shallow = _git(folder, "rev-parse", "--is-shallow-repository")[0] == "true"
    return "", "unknown revision" + (
        " (this clone is cut off: fetch more of the history, in CI with fetch-depth: 0)" if is_shallow else ""
    )


def _git(folder: Path, *arguments: str) -> tuple[str, str]:
    """What git says, and what is wrong; one of them is empty."""
    done = _run(folder, *arguments)
    if done.returncode:
        return "", _said(done.stderr) or f"exit status {done.returncode}"
    return done.stdout.decode("utf-8", "replace").strip(), ""


def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if name not in OF_GIT}
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingsError(f"git {arguments[0]}: no answer within {PATIENCE} s") from None


def _said(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else ""


def _is_project(folder: Path) -> bool:
    """Whether our own dbt project lies there."""
    try:
        text = (folder / PROJECT_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(re.search(rf"^name:\s*[\"']?{PROFILE}\b", text, re.MULTILINE))


def _contracts(root: Path) -> Path | None:
    """Where the contracts lie that belong to a project of ours."""
    found = (root / CONTRACTS, root.parent / CONTRACTS.name)
    return next((folder for folder in found if any(folder.glob(f"*/{CONTRACT}"))), None)


def _named(kind: str, folder: Path) -> str:
    return f"{kind} ({folder.name})"


def _add(found: "hashlib._Hash", path: Path, patterns: tuple[str, ...] = ("*",)) -> None:
    files = [path] if path.is_file() else sorted({one for pattern in patterns for one in path.rglob(pattern)})
    for file in files:
        inside = file.relative_to(path.parent)
        if file.is_file() and not any(part.startswith(".") or part in LEFT_OUT for part in inside.parts):
            found.update(f"{inside}\0{file.stat().st_size}\0".encode())
            found.update(file.read_bytes())


__all__ = ["INSTALLED", "SETTING", "State", "at_hand", "find_state", "is_at_hand"]
