"""What nobody foresaw: explained where the cause is plain, else a trace without values in a file, and one line."""

import errno
import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipelines import interrupt
from pipelines.errors import StammdatenError
from pipelines.settings import memory_limit

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Something else lies where a file of a run belongs, or the disk cannot be read.
IN_THE_WAY = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.EIO, errno.ESTALE, errno.ENXIO}
FULL_WORDS = re.compile(
    r"no space left|file too large|disk quota|database or disk is full|disk i/o error", re.IGNORECASE
)
# DuckDB's own words, where dbt passes them on; by default it may fill nine tenths of the disk with what it lays down.
FULL_MEMORY = re.compile(r"out of memory error|OutOfMemoryException", re.IGNORECASE)
FULL_SPILL = re.compile(r"max_temp_directory_size")
NO_ROOM = "no room is left on the disk (STAMMDATEN_HOME, or where the output goes); make some and run again"
DEEPEST = 40
ROOT = Path(__file__).resolve().parent.parent


def explained(problem: BaseException) -> str | None:
    """What to do about trouble of the machine (a full disk, memory, rights), or None for anything else."""
    for link in _chain(problem):
        if isinstance(link, OSError) and link.errno in FULL:
            return NO_ROOM
        if _is_of_storage(link) and (known := explained_words(f"{type(link).__name__}: {link}")):
            return known
        if isinstance(link, MemoryError):
            return "memory is used up; set STAMMDATEN_MEMORY lower (1500MB), or give this machine more, and run again"
        if isinstance(link, PermissionError) or (isinstance(link, OSError) and link.errno == errno.EROFS):
            return (
                f"{link.filename or 'a file'}: {link.strerror}; name a STAMMDATEN_HOME that you may write to"
            )
        if isinstance(link, OSError) and link.errno == errno.EMFILE:
            return "too many files are open; allow more (ulimit -n 4096) and run again"
        if isinstance(link, OSError) and link.errno in IN_THE_WAY and link.filename:
            return f"{link.filename}: {link.strerror}; mend or move away what lies there, and run again"
    return None


def explained_words(words: str) -> str | None:
    """What to do where these words of DuckDB, SQLite or Arrow tell of a full disk or of memory, or None."""
    if FULL_WORDS.search(words):
        return NO_ROOM
    if FULL_SPILL.search(words):
        return f"{NO_ROOM}: what does not fit into STAMMDATEN_MEMORY ({memory_limit()}) is laid down there meanwhile"
    if FULL_MEMORY.search(words):
        return (
            f"DuckDB needs more than STAMMDATEN_MEMORY allows ({memory_limit()}); set it higher (3GB is usual), up"
            " to 1 GB below the memory of the machine, and run again; nothing is lost"
        )
    return None


def exit_status(problem: BaseException) -> int:
    """The exit status of a command that this ends: that of a signal that came, else what the error says."""
    if status := interrupt.exit_code():
        return status
    if isinstance(problem, StammdatenError):
        return problem.exit_code
    return 1 if interrupt.was_sending() else 2


def summary(problem: BaseException) -> str:
    """What `line_of` says, but for the name of the file with the trace: none is written."""
    if interrupt.exit_code():
        return "ended by a signal"
    if isinstance(problem, StammdatenError):
        return str(problem)
    return explained(problem) or f"an error of this program ({_place(problem)})"


def report(problem: BaseException, folder: Path | None) -> str:
    """One line on an error of ours; its trace lies in a file for its owner only, under `folder` if that works.

    No value gets into it: no locals, and of messages only their shape.
    """
    at = _place(problem)
    name = f"trace-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            file = _write(place / name, trace(problem)) if place else None
        except OSError:
            continue
        if file:
            return f"an error of this program ({at}); report it with {file}, which holds no values"
    return f"an error of this program ({at}); report it"


def trace(problem: BaseException) -> str:
    """The trace, first cause first, with places and kinds of errors; letters and digits of messages are masked."""
    return "\nand because of it, or while it was handled:\n\n".join(
        "".join(traceback.format_tb(link.__traceback__, limit=-DEEPEST))
        + f"{type(link).__qualname__}: {_masked(link)}\n"
        for link in reversed(list(_chain(problem)))
    )


def _masked(problem: BaseException) -> str:
    try:
        text = str(problem)
    except Exception:  # an error whose text is in error
        return ""
    # Its shape is enough to find the cause; its length could be that of a whole row.
    return re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "x", text))[:300]


def _chain(problem: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = problem
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _is_of_storage(problem: BaseException) -> bool:
    module = type(problem).__module__
    return module.startswith(("duckdb", "_duckdb", "sqlite3", "pyarrow")) or isinstance(problem, OSError)


def _place(problem: BaseException) -> str:
    """Kind of the error, and the innermost place in our own code."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT / "pipelines")]
    kind = type(problem).__name__
    if not ours:
        return kind
    return f"{kind} in {Path(ours[-1].filename).relative_to(ROOT)}, line {ours[-1].lineno}"


def _write(file: Path, text: str) -> Path:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    return file


def line_of(problem: BaseException, folder: Path | None) -> str:
    """The one line that somebody at a terminal sees, whatever it was."""
    if isinstance(problem, StammdatenError):
        return str(problem)
    return explained(problem) or report(problem, folder)
