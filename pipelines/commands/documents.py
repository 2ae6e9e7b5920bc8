"""The bytes of documents for a push: read where the settings say, where the plan has documents at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.api.uploads import ReadsContent
from pipelines.erp.content import content_reader
from pipelines.ledger.ledger import open_database
from pipelines.plan.plan import read_counts


@contextmanager
def reading_for(home: Path, plan_id: str, partners: list[str]) -> Iterator[ReadsContent | None]:
    """What reads the bytes that mart rows describe; None where the plan has none to be read for these partners.

    Raises `SettingsError` where no source of documents is set.
    """
    with open_database(home) as db:
        lines = [line for name in partners for line in read_counts(db, plan_id, name)]
    if not any(line.documents for line in lines):
        yield None
        return
    with content_reader() as reader:
        yield reader
