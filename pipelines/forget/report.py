"""What `forget` tells of one person: records by their ids alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.report import Report


class AtPartner:
    """A record of the ledger, which the partner may hold."""

    remote_id: str | None
    state: str

    @property
    def is_there(self) -> bool:
        """Whether the partner holds it and it is not withdrawn."""
        return self.remote_id is not None and self.state != "withdrawn"


@dataclass(frozen=True, kw_only=True)
class RecordOfPerson(AtPartner):
    """A record at a partner that is the person's, or names it."""

    partner: str
    entity: str
    external_id: str
    remote_id: str | None
    """The partner's own id; null where it was never there."""
    state: str
    """`synced`, `withdrawn`, `pending`, `rejected` or `blocked`."""
    withdrawal: str
    """How such a record leaves the partner: `delete`, `end`, `detach`, `deactivate` or `keep`."""


@dataclass(frozen=True, kw_only=True)
class KeptRecord(RecordOfPerson):
    """A record that the partner keeps."""

    what: str
    """What is left of it there."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What somebody has to write to a partner that keeps records of the person."""

    partner: str
    title: str
    records: tuple[KeptRecord, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class ErasurePreview:
    """What `forget` would do. `partners` are asked, `keepers` will keep records that are withdrawn."""

    person: str
    in_raw: bool
    records: tuple[RecordOfPerson, ...]
    named_in: tuple[RecordOfPerson, ...]
    partners: tuple[str, ...]
    keepers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ForgetReport(Report):
    """What became of a person's records and rows."""

    names_rows = frozenset({"person", "records", "named_in", "still_there", "letters", "files"})

    person: str
    records: tuple[RecordOfPerson, ...]
    named_in: tuple[RecordOfPerson, ...]
    """Records of others that name the person; the next run sends them without it."""
    still_there: tuple[RecordOfPerson, ...]
    """Records that partners keep, withdrawn or not."""
    letters: tuple[Letter, ...]
    erased: Mapping[str, int]
    """Rows that were deleted or emptied, by table."""
    files: tuple[str, ...]
    """Other files in the home that still hold the person."""
    in_raw: bool
    """Whether the raw delivery still has the person."""
    stopped: Mapping[str, str]
    """Partners that were given up, and why."""

    @property
    def exit(self) -> int:
        """1: something is not withdrawn."""
        return 1 if self.stopped or any(record.is_there for record in self.records) else 0
