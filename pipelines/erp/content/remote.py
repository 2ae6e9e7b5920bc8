"""Documents on an SFTP server or in an object store: one connection a thread, read as they come."""

import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipelines.erp.content.document import OUTSIDE, UNREADABLE, Document, changed
from pipelines.erp.content.source import (
    Index,
    Parts,
    PerThread,
    SourceGone,
    Stream,
    index_of,
    not_found,
    parts_of,
    places,
    spelled,
)
from pipelines.erp.files.remote import PATIENCE, Remote, connected, errors_of_users, folder_of
from pipelines.errors import ContentProblem, StammdatenError

# An object store is asked for so much at a time.
BLOCK = 4 << 20
# And an SFTP server.
WINDOW = 1 << 20


@dataclass(frozen=True)
class _Server:
    """A filesystem that is connected, and the path of the folder on it."""

    system: Any
    folder: str
    is_sftp: bool


class RemoteSource:
    """A folder on another machine. `beside_tables`: the tables of the delivery lie there too, and are no documents."""

    attempts = 2

    def __init__(self, remote: Remote, beside_tables: bool) -> None:
        self._remote, self._beside_tables = remote, beside_tables
        self._servers = PerThread(self._connected)
        self._lock = threading.Lock()
        self._indexes: dict[str, Index] = {}

    @contextmanager
    def opened(self, document: Document) -> Iterator[Stream]:
        """The bytes of a document: a file by its exact name, else by one that is spelled otherwise."""
        parts = parts_of(document)
        with self._explained():
            server = self._servers.get()
            path, size = self._found(server, parts)
            if not server.is_sftp:
                # A store refuses to go on with an object that was replaced meanwhile.
                with server.system.open(path, "rb", block_size=BLOCK) as file:
                    yield Stream(file.read, size)
                return
            before = _stamp(server, path)
            with server.system.open(path, "rb") as file:
                yield Stream(_ahead(file, size), size)
            if _stamp(server, path) != before:
                raise changed()

    def forget(self) -> None:
        """Drops this thread's connection."""
        self._servers.forget()

    def close(self) -> None:
        """Ends all connections."""
        self._servers.close()

    @contextmanager
    def _connected(self) -> Iterator[_Server]:
        with connected(self._remote) as system:
            is_sftp = self._remote.scheme == "sftp"
            if is_sftp:
                system.ftp.get_channel().settimeout(PATIENCE)
            folder = folder_of(self._remote, system).rstrip("/")
            system.info(folder or "/")
            yield _Server(system, folder, is_sftp)

    def _found(self, server: _Server, parts: Parts) -> tuple[str, int]:
        """Path and size of the file."""
        for place in places(parts, self._beside_tables):
            found = self._size(server, place)
            if found is None:
                same = spelled(place, lambda folder: self._index(server, folder))
                place, found = (same, self._size(server, same)) if same else (place, None)
            if found is not None:
                return self._path(server, place), found
        # A folder that has gone is no fault of the document.
        server.system.invalidate_cache()
        server.system.info(server.folder or "/")
        raise not_found(parts, self._beside_tables)

    def _path(self, server: _Server, parts: Parts) -> str:
        return "/".join((server.folder, *parts))

    def _size(self, server: _Server, parts: Parts) -> int | None:
        """The size of a file, None where there is none. Raises `ContentProblem` for what is no file or lies outside."""
        path = self._path(server, parts)
        try:
            return _sftp_size(server, path) if server.is_sftp else _object_size(server, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError:
            pass
        raise ContentProblem(UNREADABLE, "its file may not be read; grant the right to read it")

    def _index(self, server: _Server, parts: Parts) -> Index:
        path = self._path(server, parts)
        with self._lock:
            known = self._indexes.get(path)
        if known is None:
            try:
                known = index_of(PurePosixPath(name).name for name in server.system.ls(path, detail=False))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                known = {}
            with self._lock:
                self._indexes[path] = known
        return known

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with errors_of_users(self._remote):
                yield
            return
        except ContentProblem:
            raise
        except StammdatenError as problem:
            message = str(problem)
        raise SourceGone(message)


def _ahead(file: Any, size: int) -> Callable[[int], bytes]:
    """Reads a file of SFTP, which gives 32 KB an answer: a window is asked for at once and read before the next."""
    place = end = 0

    def read(wanted: int) -> bytes:
        nonlocal place, end
        if place == end:
            end = min(place + WINDOW, size)
            file.prefetch(end)
        piece: bytes = file.read(min(wanted, end - place))
        place += len(piece)
        return piece

    return read


def _stamp(server: _Server, path: str) -> tuple[Any, Any]:
    facts = server.system.ftp.stat(path)
    return facts.st_size, facts.st_mtime


def _sftp_size(server: _Server, path: str) -> int:
    facts = server.system.ftp.stat(path)
    if not stat.S_ISREG(facts.st_mode):
        raise ContentProblem(UNREADABLE, "its path is no file but a folder, a pipe or a device")
    # The server follows links, and says where they lead.
    root, real = (PurePosixPath(server.system.ftp.normalize(one)) for one in (server.folder or "/", path))
    if not real.is_relative_to(root):
        raise ContentProblem(OUTSIDE, "its path is a link out of the folder; put the file itself there")
    return int(facts.st_size)


def _object_size(server: _Server, path: str) -> int | None:
    facts = server.system.info(path)
    return int(facts["size"]) if facts["type"] == "file" else None
