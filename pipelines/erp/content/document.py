"""Which document is asked for, and its bytes. The reasons why there are none stand in `pipelines/api/reasons.py`."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from pipelines.errors import ContentProblem

# The document's own fault: it stays so until somebody mends it.
MISSING, EMPTY, UNREADABLE = "content_missing", "content_empty", "content_unreadable"
SIZE, TOO_LARGE, OUTSIDE = "content_size", "content_too_large", "content_outside"
# The source is not there now; another time it may be.
UNREACHABLE = "content_unreachable"

PIECE = 1 << 20


@dataclass(frozen=True)
class Document:
    """Which bytes are wanted, in the columns of the ERP's table `dokument`.

    `pfad` is the path of the file below the delivery's folder; where it is None, `dateiname` is. `groesse_bytes` is
    what the ERP says of its size.
    """

    dokument_nr: str
    dateiname: str
    pfad: str | None
    groesse_bytes: int | None
    geaendert_am: str | None

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> "Document":
        """The document that a mart describes, whose columns have the same names."""
        size = described.get("groesse_bytes")
        return cls(
            dokument_nr=str(described["dokument_nr"]),
            dateiname=str(described.get("dateiname") or ""),
            pfad=described.get("pfad"),
            groesse_bytes=None if size is None else int(size),
            geaendert_am=described.get("geaendert_am"),
        )


@dataclass
class Content:
    """The bytes of a document in an open file.

    `size` is in bytes. `known`: their SHA-256 where they were hashed as they came. `facts`: where the file is not our
    own, what it was like when it was opened.
    """

    file: BinaryIO
    size: int
    known: str = ""
    facts: os.stat_result | None = None

    @property
    def sha256(self) -> str:
        """In hexadecimal digits. Reads what has not been read to its end yet. Raises `ContentProblem`."""
        if not self.known:
            for _ in self.pieces():
                pass
        return self.known

    def pieces(self) -> Iterator[bytes]:
        """The bytes from their start, hashed on the way the first time.

        Raises `ContentProblem` before the last of them where they are not what they were, or cannot be read.
        """
        digest, left = hashlib.sha256(), self.size
        self.file.seek(0)
        while left:
            piece = self._piece(left)
            left -= len(piece)
            if not self.known:
                digest.update(piece)
            if not left or not piece:
                self._check(is_whole=not left)
                self.known = self.known or digest.hexdigest()
            yield piece

    def _piece(self, left: int) -> bytes:
        try:
            return self.file.read(min(PIECE, left))
        except OSError as problem:
            why = problem.strerror
        raise ContentProblem(UNREACHABLE, f"its file cannot be read now ({why})")

    def _check(self, is_whole: bool) -> None:
        """Raises `ContentProblem` where the file has changed since it was opened, or ends too early."""
        if self.facts is not None:
            now = os.fstat(self.file.fileno())
            is_whole &= (now.st_size, now.st_mtime_ns) == (self.facts.st_size, self.facts.st_mtime_ns)
        if not is_whole:
            raise changed()


def changed() -> ContentProblem:
    """What to say of a document whose file changed while it was read."""
    return ContentProblem(UNREACHABLE, "its file changed while it was read; is it still being written?")
