"""Reads the bytes of documents: hashed on the way, never more than a limit, memory flat.

What does not lie on this machine is copied into files of our own.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from pipelines.erp.content.document import EMPTY, SIZE, TOO_LARGE, UNREACHABLE, Content, Document
from pipelines.erp.content.source import Source, SourceGone, Stream
from pipelines.erp.delivery.words import shown
from pipelines.errors import ContentProblem

PIECE = 256 << 10
# What is larger lies on the disk, in a file without a name.
IN_MEMORY = 256 << 10


class ContentReader:
    """Reads documents out of one source, from any number of threads. Closing it ends the connections.

    `folder` takes what does not fit into memory; it has to be there.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        self._source, self._folder = source, folder

    def __enter__(self) -> "ContentReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections of all threads."""
        self._source.close()

    def __call__(self, described: Mapping[str, Any], max_bytes: int) -> Content:
        """The bytes of the document that a mart describes, as a push asks for them. Raises `ContentProblem`."""
        return self.read(Document.of(described), max_bytes)

    def read(self, document: Document, max_bytes: int) -> Content:
        """The bytes of a document, at most `max_bytes`. Raises `ContentProblem`."""
        try:
            return self._tried(document, max_bytes)
        except ContentProblem as found:
            problem = found
        # Outside of the handler: nothing that a library said is chained to ours.
        raise ContentProblem(problem.reason, f"document {shown(document.dokument_nr)}: {problem}")

    def _tried(self, document: Document, max_bytes: int) -> Content:
        for left in reversed(range(self._source.attempts)):
            try:
                return self._copied(document, max_bytes)
            except SourceGone:
                self._source.forget()
                if not left:
                    raise
        raise AssertionError("a source is tried once at least")

    def _copied(self, document: Document, max_bytes: int) -> Content:
        digest, size = hashlib.sha256(), 0
        file: BinaryIO | None = None
        try:
            with self._source.opened(document) as stream:
                file, facts = self._file(stream)
                if stream.size is not None:
                    _check(stream.size, document, max_bytes)
                while piece := stream.read(min(PIECE, max_bytes + 1 - size)):
                    size += len(piece)
                    if size > max_bytes:
                        break
                    digest.update(piece)
                    if facts is None:
                        _write(file, piece)
                if stream.size is not None and size < stream.size:
                    raise SourceGone("only a part of the file came")
            _check(size, document, max_bytes)
            file.seek(0)
            return Content(file, size, digest.hexdigest(), facts)
        except BaseException:
            if file is not None:
                file.close()
            raise

    def _file(self, stream: Stream) -> tuple[BinaryIO, os.stat_result | None]:
        """Where the bytes are sent from: a file of our own, or theirs, with what shows that it is as it was."""
        if stream.descriptor is None:
            return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self._folder))), None
        own = os.dup(stream.descriptor)
        return os.fdopen(own, "rb", buffering=0), os.fstat(own)


def _check(size: int, document: Document, max_bytes: int) -> None:
    """Raises `ContentProblem` for a size that is none to send."""
    if size > max_bytes:
        raise ContentProblem(TOO_LARGE, f"larger than {max_bytes:,} bytes")
    if size == 0:
        raise ContentProblem(EMPTY, "its file is empty; deliver it again")
    if document.groesse_bytes is not None and size != document.groesse_bytes:
        raise ContentProblem(
            SIZE,
            f"its file has {size:,} bytes, but groesse_bytes is {document.groesse_bytes:,}; deliver both again",
        )


def _write(spool: BinaryIO, piece: bytes) -> None:
    try:
        spool.write(piece)
        return
    except OSError as problem:
        why = problem.strerror
    raise ContentProblem(UNREACHABLE, f"cannot be kept under STAMMDATEN_HOME ({why}); make room there")
