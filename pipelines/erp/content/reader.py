"""Reads the bytes of documents: never more than a limit, memory flat.

A file of this machine is read where it lies; all else is copied into files of our own, and hashed on the way.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from pipelines.erp.content.document import EMPTY, PIECE, SIZE, TOO_LARGE, UNREACHABLE, Content, Document
from pipelines.erp.content.source import Source, SourceGone, Stream
from pipelines.erp.delivery.words import shown
from pipelines.errors import ContentProblem

# What is larger lies on the disk, in a file without a name.
IN_MEMORY = 256 << 10


class ContentReader:
    """Reads documents out of one source, from any number of threads. Closing it ends the connections.

    `folder` takes what does not fit into memory; it has to be there.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        self._source, self._folder = source, folder

    def close(self) -> None:
        """Ends the connections of all threads."""
        self._source.close()

    def __call__(self, described: Mapping[str, Any], max_bytes: int) -> AbstractContextManager[Content]:
        """The bytes of the document that a mart describes, as a push asks for them. Raises `ContentProblem`."""
        return self.read(Document.of(described), max_bytes)

    @contextmanager
    def read(self, document: Document, max_bytes: int) -> Iterator[Content]:
        """The bytes of a document, at most `max_bytes`, while the block lasts. Raises `ContentProblem`."""
        try:
            content = self._tried(document, max_bytes)
        except ContentProblem as found:
            problem = found
        else:
            with closing(content.file):
                yield content
            return
        # Outside of the handler: nothing that a library said is chained to ours.
        raise ContentProblem(problem.reason, f"document {shown(document.dokument_nr)}: {problem}")

    def _tried(self, document: Document, max_bytes: int) -> Content:
        for left in reversed(range(self._source.attempts)):
            try:
                return self._opened(document, max_bytes)
            except SourceGone:
                self._source.forget()
                if not left:
                    raise
        raise AssertionError("a source is tried once at least")

    def _opened(self, document: Document, max_bytes: int) -> Content:
        with ExitStack() as undo:
            with self._source.opened(document) as stream:
                if stream.descriptor is None:
                    spool = undo.enter_context(SpooledTemporaryFile(IN_MEMORY, dir=str(self._folder)))
                    file = cast(BinaryIO, spool)
                    content = _copied(stream, file, document, max_bytes)
                else:
                    content = _where_it_lies(stream.descriptor)
                    undo.callback(content.file.close)
            _check(content.size, document, max_bytes)
            undo.pop_all()
        return content


def _where_it_lies(descriptor: int) -> Content:
    """A file of this machine, with what shows that it is as it was."""
    own = os.dup(descriptor)
    facts = os.fstat(own)
    return Content(os.fdopen(own, "rb", buffering=0), facts.st_size, facts=facts)


def _copied(stream: Stream, file: BinaryIO, document: Document, max_bytes: int) -> Content:
    """The bytes in `file`, one more than allowed at most."""
    if stream.size is not None:
        _check(stream.size, document, max_bytes)
    digest, size = hashlib.sha256(), 0
    while size <= max_bytes and (piece := stream.read(min(PIECE, max_bytes + 1 - size))):
        size += len(piece)
        digest.update(piece)
        _write(file, piece)
    if stream.size is not None and size < stream.size:
        raise SourceGone("only a part of the file came")
    return Content(file, size, digest.hexdigest())


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
