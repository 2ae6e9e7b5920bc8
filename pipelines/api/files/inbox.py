"""Reads the files that a partner leaves in a folder. They stay where they are."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines.api.files.address import Address
from pipelines.api.files.server import Ftp, Listed, Local, NotReached, Sftp, connected

# A name that is told to people, and asked for at the server: one line, in the folder itself, not hidden.
NAME = re.compile(r"(?!\.)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\]{1,200}\.xml", re.IGNORECASE)
# So much of one file is read, and so many files in a run; the oldest come first.
MOST_BYTES = 20 << 20
MOST_FILES = 1000


class NotRead(Exception):
    """The folder, or the rest of it, could not be read."""


@dataclass(frozen=True)
class Read:
    """A file as it was read, or why it has no content. One that may be read later has no time."""

    listed: Listed
    content: bytes | None
    why: str = ""


def read_files(place: Address | Path, is_new: Callable[[Listed], bool]) -> Iterator[Read]:
    """The new XML files of a folder, the oldest first. Raises `NotRead` for what is left of them."""
    try:
        with _entered(place) as folder:
            errors: tuple[type[Exception], ...] = (*folder.errors, ValueError)
            try:
                found = [one for one in folder.listing() if NAME.fullmatch(one.name) and is_new(one)]
                found.sort(key=lambda one: (one.modified or datetime.min.replace(tzinfo=UTC), one.name))
                for one in found[:MOST_FILES]:
                    yield _read(folder, one)
            except errors as problem:
                raise NotRead(f"the folder could not be read ({type(problem).__name__})") from None
            if len(found) > MOST_FILES:
                raise NotRead(f"{len(found) - MOST_FILES:,} files are left for the next run")
    except NotReached as problem:
        raise NotRead(str(problem)) from None


def _read(folder: Sftp | Ftp | Local, one: Listed) -> Read:
    try:
        content = folder.read(one.name, MOST_BYTES) if (one.size or 0) <= MOST_BYTES else None
    except folder.errors as problem:
        if not folder.says_no(problem):
            raise
        return Read(replace(one, modified=None), None, "could not be read; it is tried again in the next run")
    if content is None or len(content) > MOST_BYTES:
        return Read(one, None, f"is larger than {MOST_BYTES >> 20} MB, and was not read")
    return Read(one, content)


def _entered(place: Address | Path) -> AbstractContextManager[Sftp | Ftp | Local]:
    return nullcontext(Local(place)) if isinstance(place, Path) else connected(place)
