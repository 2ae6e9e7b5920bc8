"""Bytes of documents for tests of the engine: a shelf that counts who reads what."""

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.erp.content import Content
from pipelines.errors import ContentProblem


@dataclass
class Found(Content):
    """What lies on the shelf; `number` is told to `passes` each time its bytes are read from their start."""

    number: str = ""
    passes: list[str] = field(default_factory=list)
    is_changed: bool = False

    def pieces(self) -> Iterator[bytes]:
        """The bytes, as if somebody had written to the file since where `is_changed`."""
        self.passes.append(self.number)
        for piece in super().pieces():
            if self.is_changed:
                raise ContentProblem("content_unreachable")
            yield piece


@dataclass
class Shelf:
    """Document number → bytes, or the reason why they cannot be had."""

    documents: dict[str, bytes | str] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)
    # Documents that somebody is writing to.
    changing: set[str] = field(default_factory=set)
    open: int = 0
    most_open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, folder: Path) -> "Shelf":
        """The files of a folder under their names."""
        return cls({file.name: file.read_bytes() for file in folder.iterdir()})

    def write(self, folder: Path) -> None:
        """The bytes as files under their numbers."""
        folder.mkdir()
        for number, content in self.documents.items():
            if isinstance(content, bytes):
                (folder / number).write_bytes(content)

    @contextmanager
    def __call__(self, described: Mapping[str, Any], most: int) -> Iterator[Found]:
        number = described["dokument_nr"]
        content = self.documents.get(number, "content_missing")
        with self._lock:
            self.reads.append(number)
        if isinstance(content, str):
            raise ContentProblem(content)
        if len(content) > most:
            raise ContentProblem("content_too_large")
        with self._lock:
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            yield Found(
                io.BytesIO(content),
                len(content),
                number=number,
                passes=self.passes,
                is_changed=number in self.changing,
            )
        finally:
            with self._lock:
                self.open -= 1
