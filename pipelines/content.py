"""What a document's bytes are, wherever they come from: named by who sends them, read by `pipelines/erp/content`."""

from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO

from pipelines.errors import StammdatenError

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


class ContentProblem(StammdatenError):
    """A document's bytes cannot be had. `reason` is a stable code; the message names the document's number alone."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


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
