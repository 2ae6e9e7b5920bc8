"""Which document is asked for, and its bytes. The reasons why there are none stand in `pipelines/api/reasons.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

# The document's own fault: it stays so until the ERP mends it.
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
    """The bytes of a document in a file of our own, at its beginning; closing it frees them.

    `size` is in bytes, `sha256` in hexadecimal digits.
    """

    file: BinaryIO
    size: int
    sha256: str

    def __enter__(self) -> "Content":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the bytes, in memory or on the disk."""
        self.file.close()
