"""What became of one operation: the answer of the api to whoever asked for it."""

from dataclasses import dataclass


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
