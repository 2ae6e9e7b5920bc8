"""Which document is asked for, and its bytes. The reasons why there are none stand in `pipelines/api/reasons.py`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from pipelines.errors import ContentProblem

# The document's own fault: it stays so until somebody mends it.
MISSING, EMPTY, UNREADABLE = "content_missing", "content_empty", "content_unreadable"
SIZE, TOO_LARGE, OUTSIDE = "content_size", "content_too_large", "content_outside"
# The source is not there now; another time it may be.
UNREACHABLE = "content_unreachable"


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
    """The bytes of a document in an open file, at its beginning; closing it frees them.

    `size` is in bytes, `sha256` in hexadecimal digits. `facts`: where the file is not our own, what it was like when it
    was hashed.
    """

    file: BinaryIO
    size: int
    sha256: str
    facts: os.stat_result | None = None

    def check(self) -> None:
        """Raises `ContentProblem` where the bytes are no longer those that were hashed."""
        if self.facts is None:
            return
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.facts.st_size, self.facts.st_mtime_ns):
            raise ContentProblem(
                UNREACHABLE, "its file changed while it was sent; is it still being written?"
            )

    def __enter__(self) -> "Content":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the bytes, in memory or on the disk."""
        self.file.close()
