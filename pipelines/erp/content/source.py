"""What every source of bytes offers, and how a document's path is read. Nothing in a path is trusted."""

import re
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, Protocol, TypeVar

from pipelines.erp.content.document import MISSING, OUTSIDE, UNREACHABLE, Document
from pipelines.erp.delivery.delivery import DOCUMENTS
from pipelines.erp.delivery.words import visible
from pipelines.erp.files.folder import TABLES
from pipelines.errors import ContentProblem

Parts = tuple[str, ...]
# Names of a folder by their key.
Index = Mapping[str, Sequence[str]]
Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Stream:
    """Bytes that are read once, in pieces: `read(n)` gives at most `n`, none at the end. `size` where it is known.

    `descriptor`: of a file of this machine, which can be read again where it lies instead of being copied.
    """

    read: Callable[[int], bytes]
    size: int | None = None
    descriptor: int | None = None


class SourceGone(ContentProblem):
    """The source as a whole is not there now: no other document can be read either."""

    def __init__(self, message: str) -> None:
        super().__init__(UNREACHABLE, message)


class Source(Protocol):
    """Where the bytes of documents lie. `attempts` is how often a document is tried where the source is gone."""

    attempts: int

    def opened(self, document: Document) -> AbstractContextManager[Stream]:
        """The bytes of a document while the block lasts.

        Raises `ContentProblem`, also while they are read; `SourceGone` where no document can be.
        """
        ...

    def forget(self) -> None:
        """Drops this thread's connection; the next document gets a new one."""
        ...

    def close(self) -> None:
        """Ends all connections."""
        ...


class PerThread(Generic[Opened]):
    """One connection a thread, made when it is first needed; all of them end with `close`."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Opened]]) -> None:
        self._connect = connect
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[ExitStack] = set()

    def get(self) -> Opened:
        """This thread's connection."""
        if getattr(self._local, "stack", None) is None:
            stack = ExitStack()
            self._local.connection = stack.enter_context(self._connect())
            self._local.stack = stack
            with self._lock:
                self._open.add(stack)
        connection: Opened = self._local.connection
        return connection

    def forget(self) -> None:
        """Ends this thread's connection."""
        stack: ExitStack | None = getattr(self._local, "stack", None)
        self._local.stack = self._local.connection = None
        if stack is not None:
            with self._lock:
                self._open.discard(stack)
            _end(stack)

    def close(self) -> None:
        """Ends the connections of all threads."""
        with self._lock:
            ending, self._open = self._open, set()
        for stack in ending:
            _end(stack)


def _end(stack: ExitStack) -> None:
    # A connection that is broken cannot be closed in order, and need not be.
    with suppress(Exception):
        stack.close()


def parts_of(document: Document) -> Parts:
    """Folders and name of a document's file.

    Raises `ContentProblem` for a path that would leave the folder (`..`, absolute, a drive), for one to hidden files,
    and for none at all.
    """
    text = (document.pfad or document.dateiname or "").replace("\\", "/")
    parts = tuple(part for part in text.split("/") if part.strip() not in ("", "."))
    if (
        text.startswith("/")
        or re.match(r"[A-Za-z]:", text)
        or re.search("[\x00-\x1f\x7f\ud800-\udfff]", text)
        or any(part.strip().startswith(".") for part in parts)
    ):
        raise ContentProblem(
            OUTSIDE,
            "its path leaves the folder, or names a hidden file; deliver pfad as a path below the folder",
        )
    if not parts:
        raise ContentProblem(MISSING, "neither pfad nor dateiname names a file; deliver one of them")
    return parts


def places(parts: Parts, beside_tables: bool) -> tuple[Parts, ...]:
    """Where a file may lie below the folder: in its `dokumente`, then in the folder itself.

    What may be a table of the delivery is no document outside of `dokumente`: a table holds all persons of a company.
    """
    if beside_tables and _may_be_table(parts):
        return ((DOCUMENTS, *parts),)
    return ((DOCUMENTS, *parts), parts)


def not_found(parts: Parts, beside_tables: bool) -> ContentProblem:
    """What to say of a document whose file is in none of its places."""
    if beside_tables and _may_be_table(parts):
        return ContentProblem(
            OUTSIDE, f"its path is that of a table of the delivery; put documents below {DOCUMENTS}/"
        )
    return ContentProblem(
        MISSING, "its file is not there; deliver it, or mend pfad or dateiname of the document"
    )


def _may_be_table(parts: Parts) -> bool:
    """Whether the load may read tables of such a file."""
    ending = PurePosixPath(visible(parts[-1]).lower()).suffix
    return key_of(parts[0]) != DOCUMENTS and ending in (*TABLES, ".zip")


def key_of(part: str) -> str:
    """What two spellings of one name have in common; they may differ in capitals, outer blanks, what cannot be seen
    (rule C1), and in the number of characters that an umlaut has."""
    return visible(part).casefold()


def index_of(names: Iterable[str]) -> Index:
    """Names of a folder, by their keys."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[key_of(name)].append(name)
    return dict(found)


def spelled(parts: Parts, index: Callable[[Parts], Index]) -> Parts | None:
    """A path as the source spells it, folder by folder; None where nothing fits.

    Raises `ContentProblem` where several fit: the wrong one of them might be somebody else's.
    """
    found: Parts = ()
    for part in parts:
        fitting = index(found).get(key_of(part), ())
        name = only(part, fitting)
        if name is None:
            return None
        found = (*found, name)
    return found


def only(wanted: str, spellings: Sequence[str]) -> str | None:
    """The one spelling of a name, rather the same in another form of Unicode. Raises `ContentProblem` for several."""
    same = [one for one in spellings if _nfc(one) == _nfc(wanted)] or spellings
    if len(same) > 1:
        raise several()
    return same[0] if same else None


def several() -> ContentProblem:
    """What to say of a document for which more than one file may be meant."""
    return ContentProblem(MISSING, "several files fit its path; leave one of them there, or deliver its pfad")


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
