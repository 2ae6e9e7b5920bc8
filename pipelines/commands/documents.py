"""The bytes of documents for a push: read where the settings say, where the plan has documents at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.api.uploads import ReadsContent
from pipelines.erp.content import Document, content_reader
from pipelines.ledger.ledger import open_database
from pipelines.plan.plan import read_counts


@contextmanager
def reading() -> Iterator[ReadsContent]:
    """What reads the bytes that a mart row describes. Raises `SettingsError` where no source of documents is set."""
    with content_reader() as reader:
        yield lambda described, most: reader.read(Document.of(described), most)


@contextmanager
def reading_for(home: Path, plan_id: str, partners: list[str]) -> Iterator[ReadsContent | None]:
    """The same for a plan that is about to be pushed; None where no bytes are to be read for these partners."""
    with open_database(home) as db:
        lines = [line for name in partners for line in read_counts(db, plan_id, name)]
    if not any(line.documents for line in lines):
        yield None
        return
    with reading() as contents:
        yield contents
