"""Whether a run finds all as the last one left it: then it has nothing to load, to build, to plan or to send.

What a run does follows from the delivery, the code, the settings, the home and the day, and from nothing else. All but
the day are compared by their content. Nothing here imports what loads, builds or sends: that alone takes a second.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.dbt_folder import dbt_folder
from pipelines.errors import StammdatenError
from pipelines.settings import config_files, database, today
from pipelines.versions import versions

KEPT = "left.json"
# Of a delivery these are compared by their bytes, other files (documents) by size and time.
BYTES = (".csv", ".parquet", ".xlsx", ".xlsm", ".zip")
# The header of a DuckDB file and its two sets of pointers, one of which each checkpoint writes anew with a number.
HEADERS = 3 * 4096
# Beside the settings of dlt (`A__B`): what we, dbt and the clock of the process go by.
NAMES = re.compile(
    r".*__.*|(STAMMDATEN|DBT|DLT|DESTINATIONS?|SOURCES?)_.*|TZ|LANG|LC_.*|PYTHONUTF8", re.IGNORECASE
)
# The place of the home, which a fleet may fetch to another one each time; flags that we set for dbt.
NOT_COMPARED = frozenset({"STAMMDATEN_HOME", "DBT_SEND_ANONYMOUS_USAGE_STATS", "DLT_PROJECT_DIR"})
# A value of such a name is no business of a file in the home, not even as a digest; nothing is sent with it.
CREDENTIAL = re.compile(
    r"TOKEN|PASSWORD|PASSPHRASE|SECRET|KEY|CREDENTIALS|CONNECTION_STRING|ALERTS__TARGETS|USERNAME"
)
IN_ADDRESS = re.compile(r"//[^/@\s]*:[^/@\s]+@")
SKIPPED = frozenset({"__pycache__"})


@dataclass(frozen=True)
class Places:
    """Where that lies which a run goes by: files and folders of code and models, and of the delivery."""

    code: tuple[str, ...]
    delivery: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """What a run left that had nothing to send and left nothing open.

    `basis`: digests of what it went by; `state`: of the home at its end. `stichtag`: of the build that lies there,
    whose verdicts may be others from `changes_on` on. `fixed`: the key date that the vars set; without one it is today
    in `zone`. `jobs`: what the settings ask for. `report`: what it told; `warnings`: what the next one has to; `told`:
    the lines of its history.
    """

    run_id: str
    places: Places
    basis: dict[str, str]
    state: str
    stichtag: str
    changes_on: str
    fixed: str | None
    zone: str
    jobs: list[str]
    backs_up: bool
    report: dict[str, Any]
    warnings: list[dict[str, Any]]
    told: dict[str, Any]

    def key_date(self, given: str | None) -> date | None:
        """The key date of a run now, where all verdicts are on it what they were; else None."""
        first = date.fromisoformat(self.stichtag)
        try:
            day = date.fromisoformat(asked) if (asked := given or self.fixed) else today(self.zone)
        except (ValueError, StammdatenError):
            return None  # said by who reads the settings
        is_in_time = day == first or first < day < date.fromisoformat(self.changes_on)
        return day if is_in_time else None


def read_left(home: Path) -> Left | None:
    """What the last run left; None where it left something open, or a file that says something else."""
    try:
        found = json.loads((home / KEPT).read_bytes())
        places = Places(**{name: tuple(paths) for name, paths in found.pop("places").items()})
        return Left(places=places, **found)
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def write_left(home: Path, left: Left) -> None:
    """Keeps it, for the owner of the home alone: as a whole, or what was there before. Raises `OSError`."""
    half = home / f".{KEPT}.half"
    opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(opened, "w", encoding="utf-8") as file:
        json.dump(asdict(left), file, ensure_ascii=True)
    half.replace(home / KEPT)


def settings_now(given: str | None) -> str:
    """Digest of all settings; `given`: what `--vars` says. To be asked for before anything sets a default for dlt.

    Raises `OSError`.
    """
    return _digest([repr(given), *_settings()])


def basis_of(places: Places, settings: str) -> dict[str, str]:
    """Digests of code and delivery as they are now, and that of the settings (`settings_now`). Raises `OSError`."""
    return {
        "code": _digest([package(), *_contents(places.code)]),
        "settings": settings,
        "delivery": _digest(_contents(places.delivery, by_stamp=True)),
    }


@cache
def package() -> str:
    """Digest of our code and of the versions that work, as they are when it is first asked for.

    A process that was forked from one which imported both asks there: what lies on the disk by now is not what it runs.
    """
    return _digest(
        [repr((sys.version, sorted(versions().items()))), *_contents([str(Path(__file__).parent.parent)])]
    )


def state_of(home: Path) -> str:
    """Of all in the home that a run goes by; empty while something waits to be written out. Raises `OSError`."""
    files = database(home), home / "journal.sqlite"
    for file in files:
        for beside in (".wal", "-wal", "-journal"):
            waiting = file.with_name(file.name + beside)
            if waiting.exists() and waiting.stat().st_size:
                return ""
    with database(home).open("rb") as opened:
        head, size = opened.read(HEADERS), os.fstat(opened.fileno()).st_size
    read = dbt_folder(home) / "manifest.json"
    said = [head.hex(), str(size), _of(files[1]), _of(read) if read.exists() else ""]
    return _digest(said)


def _settings() -> Iterator[str]:
    """Lines on each setting: its value, or for a credential whether there is one."""
    for name, value in sorted(os.environ.items()):
        if NAMES.fullmatch(name) and name not in NOT_COMPARED:
            is_secret = CREDENTIAL.search(name) or IN_ADDRESS.search(value)
            yield f"{name}={_form(value) if is_secret else value}"
    for file in config_files():
        # One with credentials by its time: a digest of few unknown letters would give them away.
        yield f"{file.name} {_of(file) if file.name == 'config.toml' else _stamp(file)}"


def _form(value: str) -> str:
    """Of a credential what the check of settings sees: whether it is empty, and whether a header can carry it."""
    return f"{bool(value.strip())} {bool(re.search(r'[^!-~]', value))}"


def _contents(paths: Iterable[str], by_stamp: bool = False) -> Iterator[str]:
    """A line on each file, in a fixed order; where none is, that is a line, too."""
    for path in map(Path, paths):
        if not path.is_dir():
            yield f"{path} {_of(path) if path.exists() else None}"
            continue
        seen = set[str]()
        for place, folders, names in os.walk(path, followlinks=True):
            real = os.path.realpath(place)
            folders[:] = [] if real in seen else sorted(set(folders) - SKIPPED)
            seen.add(real)
            for name in sorted(names):
                file = Path(place, name)
                is_read = not by_stamp or file.suffix.lower() in BYTES
                yield f"{file} {_of(file) if is_read and file.is_file() else _stamp(file)}"


def _of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _stamp(file: Path) -> str:
    try:
        facts = file.stat()
    except FileNotFoundError:  # a link to nothing
        facts = file.lstat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _digest(lines: Iterable[str]) -> str:
    known = hashlib.sha256()
    for line in lines:
        known.update(f"{len(line)} {line}\n".encode("utf-8", "surrogateescape"))
    return known.hexdigest()
