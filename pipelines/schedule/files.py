"""Units for systemd and lines for cron that call this program in its folder."""

import getpass
import pwd
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from pipelines.schedule.jobs import JOBS, Job
from pipelines.settings import TIME_ZONE

CRONTAB = "stammdaten.cron"
# Of the environment: what decides where a run reads and writes, and no credential.
CARRIED = (
    "STAMMDATEN_BACKUP", "STAMMDATEN_HOME", "STAMMDATEN_MEMORY", "STAMMDATEN_METRICS", "STAMMDATEN_PARTNERS",
    "STAMMDATEN_WAIT",
)  # fmt: skip
HEAD = f"""\
# Take it over with: crontab -e. What is printed is mailed by cron; the exit status is 0 only when all was delivered.
# The times are German ones. Debian's cron takes those of the machine, whatever CRON_TZ says: timedatectl
CRON_TZ={TIME_ZONE}
"""
OFF = "# No partner gets these as it is set; take the # away where one does.\n"


@dataclass(frozen=True)
class Installation:
    """Where the program is called, as whom, with which words and variables."""

    folder: Path
    program: tuple[str, ...]
    user: str
    environment: Mapping[str, str] = field(default_factory=dict)


def installation(folder: Path, environment: Mapping[str, str]) -> Installation:
    """This program, for its folder and the owner of that, with the variables of ours that are set."""
    return Installation(
        folder,
        _program(),
        _owner(folder),
        {name: environment[name] for name in CARRIED if environment.get(name)},
    )


def units(at: Installation, jobs: Iterable[Job] = JOBS) -> dict[str, str]:
    """Name → text of the units: a service and a timer for each job."""
    found = {}
    for job in jobs:
        values = {
            "name": job.name,
            "what": job.what,
            "user": at.user,
            "folder": str(at.folder).replace("%", "%%"),
            "environment": "".join(
                f"Environment={_for_systemd(f'{name}={value}', True)}\n"
                for name, value in at.environment.items()
            ),
            "command": " ".join(_for_systemd(word) for word in (*at.program, *job.words)),
            "longest": job.longest,
            "calendar": job.calendar,
            "makes_up": "true" if job.makes_up else "false",
        }
        for kind in ("service", "timer"):
            template = Path(__file__).with_name(f"{kind}.template").read_text(encoding="utf-8")
            found[f"{job.name}.{kind}"] = Template(template).substitute(values)
    return found


def crontab(at: Installation, on: Iterable[Job]) -> str:
    """Lines for cron; those of jobs that are not `on` stand behind a #."""
    on = tuple(on)
    off = [job for job in JOBS if job not in on]
    lines = [f"# {job.what}\n{_line(at, job)}" for job in on]
    rest = [f"# {job.what}\n# {_line(at, job)}" for job in off]
    return HEAD + "".join(lines) + (OFF + "".join(rest) if rest else "")


def _line(at: Installation, job: Job) -> str:
    variables = [f"{name}={_for_cron(value)}" for name, value in at.environment.items()]
    words = [_for_cron(word) for word in (*at.program, *job.words)]
    return f"{job.cron} cd {_for_cron(str(at.folder))} && {' '.join([*variables, *words])}\n"


def _program() -> tuple[str, ...]:
    """The words that call this program from anywhere."""
    called = Path(sys.argv[0])
    if called.name == "stammdaten" and called.is_file():
        return (str(called.absolute()),)
    return (sys.executable, "-m", "pipelines.cli.main")


def _owner(folder: Path) -> str:
    """The owner of a folder: whoever calls this may be root, and the runs should not be."""
    with suppress(OSError, KeyError):  # nobody of this number has a name, as in some containers
        return pwd.getpwuid(folder.stat().st_uid).pw_name
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "stammdaten"


def _for_cron(text: str) -> str:
    """A word of a shell command in a crontab, where a percent sign ends the line."""
    return shlex.quote(text).replace("%", "\\%")


def _for_systemd(text: str, is_variable: bool = False) -> str:
    """A word of `ExecStart=`, or of `Environment=`, in which a dollar sign is only that."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = escaped if is_variable else escaped.replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[^\w./=-]", text) else text
