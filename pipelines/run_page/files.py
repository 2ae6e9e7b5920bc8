"""Writes `reports/<run>.html` and `reports/index.html`: whole or not at all, for their owner only."""

import base64
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.database import kept_open, said
from pipelines.errors import SettingsError
from pipelines.history.due import german
from pipelines.history.run_file import RecordedRun
from pipelines.history.runs import read_run, read_runs, with_lines
from pipelines.history.tidy import PAGES, page_files
from pipelines.reports.history import PageReport
from pipelines.reports.look import NextRun
from pipelines.run_page.facts import (
    LAST,
    Counts,
    counts_of,
    due_in_words,
    given_up,
    has_pushed,
    head,
    is_alike,
    page_of,
    took,
)
from pipelines.settings import database
from pipelines.suggest import did_you_mean
from pipelines.unexpected import summary

INDEX = "index.html"
# So many runs before are read: those of other use cases and commands lie between.
READ = 3 * LAST
# A page that was not written (no room) or that nobody could write (the run was killed) is made up for by the next run.
MADE_UP = 5
# So many runs the list shows, and so long a writer waits for another one.
LISTED, PATIENCE = 200, 5.0


def write_after(home: Path, run_id: str | None, due: Iterable[NextRun]) -> str | None:
    """The page of a run that has just ended, those that are missing before it, and the list; what went wrong, or None.

    Never raises: the run is over.
    """

    def write(runs: list[RecordedRun], why: str | None) -> None:
        there = {page.stem for page in page_files(home)}
        late = runs[: MADE_UP + 1]
        wanted = [run.run_id for run in late if run.run_id not in there and not run.is_running]
        _write(home, runs, why, [*dict.fromkeys([*wanted, *filter(None, [run_id])])], tuple(due))

    return _safely(home, write)


def report(home: Path, run_id: str | None, due: Iterable[NextRun]) -> PageReport:
    """Makes the page of a run anew, of the last one where none is named, and the list.

    Raises `SettingsError` for a run that there is not, and where the files cannot be written.
    """
    runs, why = read_runs(home)
    if run_id and run_id not in {run.run_id for run in runs}:
        meant = did_you_mean(run_id, [run.run_id for run in runs])
        raise SettingsError(f"run {run_id}: unknown{meant}; there are: stammdaten runs")
    wanted = run_id or (runs[0].run_id if runs else None)
    folder = home / PAGES
    try:
        _write(home, runs, why, [wanted] if wanted else [], tuple(due))
    except OSError as problem:
        raise SettingsError(
            f"{folder}: cannot be written to ({said(problem)}); make room, or move away what lies there"
        ) from None
    notes = [why] if why else []
    if not runs:
        notes.append("No run is recorded here yet; the list says so.")
    return PageReport(
        run_id=wanted,
        page=str(folder / f"{wanted}.html") if wanted else None,
        index=str(folder / INDEX),
        notes=tuple(notes),
    )


def list_again(home: Path, due: Iterable[NextRun]) -> str | None:
    """The list alone, after pages have gone; nothing where there is none. What went wrong, or None."""
    if not (home / PAGES / INDEX).exists():
        return None
    return _safely(home, lambda runs, why: _write(home, runs, why, [], tuple(due)))


def _safely(home: Path, write: Callable[[list[RecordedRun], str | None], None]) -> str | None:
    """What went wrong, or None."""
    try:
        with kept_open(database(home), if_free=True):
            write(*read_runs(home))
    except OSError as problem:
        return said(problem)
    except Exception as problem:  # nothing here may change what it is about
        return summary(problem)
    return None


def _write(
    home: Path, runs: list[RecordedRun], why: str | None, wanted: list[str], due: tuple[NextRun, ...]
) -> None:
    folder = home / PAGES
    folder.mkdir(mode=0o700, exist_ok=True)
    with _alone(folder):
        for half in folder.glob(".*.half"):
            half.unlink(missing_ok=True)
        for run_id in wanted:
            run = read_run(home, run_id)
            if run:
                earlier = [one for one in runs if one.number < run.number]
                alike = [one for one in earlier if is_alike(one, run)]
                # The run before, whatever it was, and so many of its kind.
                known = dict.fromkeys(one.run_id for one in (*earlier[:READ], *alike[:READ]))
                before = with_lines(home, [one for one in earlier if one.run_id in known])
                _put(folder / f"{run_id}.html", _rendered("run.html", page=page_of(run, before, due, why)))
        _put(folder / INDEX, _index(home, runs, why, due))


def _index(home: Path, runs: list[RecordedRun], why: str | None, due: tuple[NextRun, ...]) -> str:
    """The list of the runs that have a page, the last one first."""
    there = {page.stem for page in page_files(home)}
    shown = [run for run in runs if run.run_id in there or run.is_running][:LISTED]
    lines = {run.run_id: run for run in with_lines(home, shown, names=("entities", "states", "partners"))}
    longest = max((run.seconds or 0 for run in shown[:LAST]), default=0)
    rows = [
        {
            "head": head(run),
            "has_page": run.run_id in there,
            "given_up": given_up(lines[run.run_id]),
            "totals": sum(counts_of(lines[run.run_id]).values(), Counts())
            if has_pushed(lines[run.run_id])
            else None,
            "share": round(100 * (run.seconds or 0) / longest, 1) if longest else 0,
        }
        for run in shown
    ]
    lasts: dict[tuple[str, str | None], RecordedRun] = {}
    for run in runs:
        if run.command == "run" and not run.is_refused:
            lasts.setdefault((run.command, run.use_case), run)
    return _rendered(
        "index.html",
        rows=rows,
        lasts=[head(run) for run in lasts.values()],
        due=due_in_words(due),
        more=len(runs) - len(shown),
        why=why,
        made=german(datetime.now(UTC)),
    )


def _rendered(template: str, **values: object) -> str:
    environment, style, digest = page_environment()
    return environment.get_template(template).render(style=Markup(style), digest=digest, **values)  # noqa: S704


@cache
def page_environment() -> tuple[Environment, str, str]:
    """The templates; the style, which is ours and the same for each page; and its hash, by which a browser takes it."""
    environment = Environment(
        loader=PackageLoader("pipelines.run_page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(n="{:,}".format, g="{:g}".format, took=took)
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    return environment, style, base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two runs that end together list both; one that stands still holds up no other for long."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        yield
    finally:
        os.close(opened)


def _put(path: Path, text: str) -> None:
    """The file as a whole: a process that is killed leaves the former one, or none."""
    half = path.with_name(f".{path.stem}.{os.getpid()}.half")
    try:
        opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(opened, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise
