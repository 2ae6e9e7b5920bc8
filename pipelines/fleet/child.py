"""What happens in the process of one customer: it becomes what a shell would have started, and tells how it ended."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipelines.fleet import permits
from pipelines.history.run_file import RecordedRun
from pipelines.history.runs import read_runs, with_lines
from pipelines.history.shown import advice, run_line
from pipelines.reports.fleet import CustomerLine, PointLine, Standing
from pipelines.run_page.facts import page_of

# What a process has of its surroundings; anything else may be another customer's.
INHERITED = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """What a process is to do: commands of `entry` (module:function) one after the other, as long as each succeeds.

    `output` gets what they print, `log` what they say. `environment` holds secrets. `shares`: limits of partners are
    those of all customers.
    """

    customer: str
    entry: str
    commands: tuple[tuple[str, ...], ...]
    folder: Path
    home: Path
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    output: Path | None = None
    shares: bool = False


def perform(work: Work, pipe: Connection) -> None:
    """Does it, and tells `pipe` the exit status and what the history says. Ends the process."""
    _stand_alone(work)
    line = permits.ask(pipe) if work.shares else None
    status = 0
    for words in work.commands:
        status = _status(work.entry, words)
        if status:
            break
    end = ("ended", status, looked_at(work.customer, work.home))
    with suppress(OSError):
        line.send(*end) if line else pipe.send(end)
    sys.exit(status)


def inherited() -> dict[str, str]:
    """What a process has of the environment of this one."""
    return {name: value for name, value in os.environ.items() if name in INHERITED or name.startswith("LC_")}


def looked_at(customer: str, home: Path) -> CustomerLine:
    """The last command of a customer, as its home knows it."""
    runs, why = read_runs(home)
    return line_of(customer, with_lines(home, runs[:1], with_report=True)[0] if runs else None, why)


def line_of(customer: str, run: RecordedRun | None, why: str | None = None) -> CustomerLine:
    """A command as a line."""
    if run is None:
        return CustomerLine(
            customer=customer, state="never", exit=None, run_id=None, begun_at=None, seconds=None,
            what=why or "nothing ran there yet", todo=None,
        )  # fmt: skip
    line = run_line(run)
    return CustomerLine(
        customer=customer,
        state=standing(run),
        exit=run.exit,
        run_id=run.run_id,
        begun_at=line.begun_at,
        seconds=run.seconds,
        what=_planned(run) or line.what,
        todo=advice(run),
        points=tuple(
            PointLine(tone=one.tone, kind=one.kind, title=one.title, todo=one.todo, rows=one.rows)  # type: ignore[arg-type]
            for one in page_of(run, (), (), why).points
        ),
    )


def _planned(run: RecordedRun) -> str | None:
    """What a plan would send, in words; None for another command, and for one that came to no end."""
    lines = (run.report or {}).get("plan") if run.command == "plan" else None
    if not isinstance(lines, list):
        return None
    kinds = ("create", "update", "withdraw", "match")
    sums = {kind: sum(line[kind] for line in lines if isinstance(line, dict)) for kind in kinds}
    return "it would " + ", ".join(
        f"{kind} {number:,}" for kind, number in sums.items() if number or kind != "match"
    )


def standing(run: RecordedRun) -> Standing:
    """How a run ended, in one word."""
    if run.is_running:
        return "running"
    if run.exit is None or run.exit == 2:
        return "wrong"
    return "look" if run.exit else "well"


def now() -> str:
    """The time, as reports have it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _status(entry: str, words: tuple[str, ...]) -> int:
    module, _, name = entry.partition(":")
    main: Callable[[], Any] = getattr(import_module(module), name)
    sys.argv = ["stammdaten", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _die_with_the_worker() -> None:
    """Another worker takes the customer then; nobody would wait for this one."""
    # Not by PR_SET_PDEATHSIG: a fork server lives as long as one that it forked.
    if worker := multiprocessing.parent_process():
        worker.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _stand_alone(work: Work) -> None:
    threading.Thread(target=_die_with_the_worker, daemon=True).start()
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.umask(0o077)
    os.environ.clear()
    os.environ.update(work.environment)
    time.tzset()
    os.chdir(work.folder)
    log = os.open(work.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    output = (
        log if work.output is None else os.open(work.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    )
    for at, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, log)):
        os.dup2(target, at)
    # In the log the lines of both stand as they were said.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
