"""Documents in a folder of this machine, as files or inside ZIPs. Nothing outside of the folder is ever opened."""

import errno
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.erp.content.document import OUTSIDE, UNREADABLE, Document
from pipelines.erp.content.packed import Packed
from pipelines.erp.content.source import (
    Index,
    Parts,
    SourceGone,
    Stream,
    index_of,
    not_found,
    parts_of,
    places,
    several,
    spelled,
)
from pipelines.erp.delivery.delivery import DOCUMENTS, holds_documents
from pipelines.errors import ContentProblem

# What a path comes to that no file can have.
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ)
DENIED = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Listing:
    """Names in a folder when it was changed last, and the paths of its ZIPs."""

    changed: int
    index: Index
    zips: tuple[str, ...]


class FolderSource:
    """A folder or one ZIP. `beside_tables`: the tables of the delivery lie there too, and are no documents."""

    attempts = 1

    def __init__(self, place: Path, beside_tables: bool) -> None:
        self._place, self._beside_tables = place, beside_tables
        self._lock = threading.Lock()
        self._listings: dict[str, Listing] = {}
        self._packed: dict[Path, Packed] = {}

    @contextmanager
    def opened(self, document: Document) -> Iterator[Stream]:
        """The bytes of a document: a file by its exact name, else by one that is spelled otherwise, else in a ZIP."""
        parts = parts_of(document)
        descriptor = None if self._is_zip else self._found(parts)
        if descriptor is None:
            with self._in_zips(parts) as stream:
                yield stream
            return
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            yield Stream(file.read, descriptor=descriptor)

    def forget(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Closes the ZIPs."""
        with self._lock:
            for packed in self._packed.values():
                packed.close()
            self._packed.clear()

    @property
    def _is_zip(self) -> bool:
        return self._place.suffix.lower() == ".zip" and self._place.is_file()

    def _found(self, parts: Parts) -> int | None:
        """A descriptor of the file; None where the folder has no such file."""
        root = os.path.realpath(self._place)
        if not os.path.isdir(root):
            raise SourceGone("the folder of documents is not there")
        for place in places(parts, self._beside_tables):
            with _explained():
                descriptor = _opened(root, place)
                if descriptor is None:
                    same = spelled(place, lambda folder: self._listing(os.path.join(root, *folder)).index)
                    descriptor = None if same is None else _opened(root, same)
            if descriptor is not None:
                return descriptor
        return None

    def _listing(self, folder: str) -> Listing:
        """Names in a folder, read again when it has changed."""
        try:
            changed = os.stat(folder).st_mtime_ns
            with self._lock:
                known = self._listings.get(folder)
            if known is None or known.changed != changed:
                known = _listed(folder, changed)
                with self._lock:
                    self._listings[folder] = known
            return known
        except OSError as problem:
            if problem.errno in NOT_THERE:
                return Listing(0, {}, ())
            raise

    @contextmanager
    def _in_zips(self, parts: Parts) -> Iterator[Stream]:
        found = [(packed, member) for packed in self._zips() for member in [packed.find(parts)] if member]
        if not found:
            raise not_found(parts, self._beside_tables)
        if len(found) > 1:
            raise several()
        packed, member = found[0]
        with packed.opened(member) as stream:
            yield stream

    def _zips(self) -> Sequence[Packed]:
        """The ZIPs, opened once each; the tables of a delivery lie in none that is named for documents."""
        if self._is_zip:
            beside = {self._place: self._beside_tables}
        else:
            with _explained():
                own = {Path(zip_): False for zip_ in self._listing(str(self._place / DOCUMENTS)).zips}
                top = map(Path, self._listing(str(self._place)).zips)
            beside = own | {path: self._beside_tables and not holds_documents(path.name) for path in top}
        with self._lock:
            for path, beside_tables in beside.items():
                if path not in self._packed:
                    self._packed[path] = Packed(path, beside_tables)
            return [self._packed[path] for path in beside]


def _listed(folder: str, changed: int) -> Listing:
    names = sorted(os.listdir(folder))
    zips = (os.path.join(folder, name) for name in names if name.lower().endswith(".zip") and name[0] != ".")
    return Listing(changed, index_of(names), tuple(path for path in zips if os.path.isfile(path)))


def _opened(root: str, parts: Parts) -> int | None:
    """A descriptor of a file below `root`, which is a real path; None where there is none.

    Links that stay inside are followed. Each folder is opened inside the one before, without following links, so that
    nobody can put one in between. Raises `ContentProblem` for what lies outside and for what is no file.
    """
    real = os.path.realpath(os.path.join(root, *parts))
    if os.path.commonpath((root, real)) != root:
        raise ContentProblem(OUTSIDE, "its path is a link out of the folder; put the file itself there")
    *folders, name = os.path.relpath(real, root).split(os.sep)
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=current)
            os.close(current)
            current = below
        # Opening some devices does something.
        _check_is_file(os.stat(name, dir_fd=current, follow_symlinks=False))
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=current)
    except OSError as problem:
        if problem.errno in NOT_THERE:
            return None
        raise
    finally:
        os.close(current)
    try:
        _check_is_file(os.fstat(found))
    except ContentProblem:
        os.close(found)
        raise
    return found


def _check_is_file(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ContentProblem(UNREADABLE, "its path is no file but a folder, a pipe or a device")


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what the system says into a sentence of ours, without a path."""
    try:
        yield
        return
    except OSError as problem:
        code, why = problem.errno, problem.strerror
    except ValueError:
        code, why = errno.EILSEQ, "no path"
    if code in DENIED:
        raise ContentProblem(UNREADABLE, f"its file may not be read ({why}); grant the right to read it")
    raise SourceGone(f"its file cannot be read now ({why})")
