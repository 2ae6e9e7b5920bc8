"""What became of one operation: the answer of the api to whoever asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """What became of one operation.

    `state` is `synced`, `withdrawn`, `delivered` (handed over, not confirmed), `pending`, `rejected` or `blocked`;
    `fields` names the partner's fields that were refused (or the missing parent, or the import that is asked for an
    outcome), never their values.
    """

    state: str
    reason: str | None = None
    remote_id: str | None = None
    http_status: int | None = None
    fields: tuple[str, ...] = ()
    requests: int = 0


@dataclass(frozen=True)
class Upload:
    """How far the bytes of a record have got.

    `mark` tells the description in the mart that they were read for, `label` their name and kind; `size` in bytes.
    `step` is the one that was sent last, `done` those that were answered, `kept` what these left: ids of the partner.
    `former`: what was kept of files that were begun before, and whose place others are to take. `is_whole`: nothing is
    left to do.
    """

    mark: str
    label: str = ""
    sha256: str = ""
    size: int = 0
    step: str = ""
    done: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = False
    former: tuple[Mapping[str, str], ...] = ()
