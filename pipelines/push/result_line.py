"""A line of the closing table of a push."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultLine:
    """One line of the closing table: what became of the rows of one entity.

    `pending` counts rows whose turn has not come or whose answer has not, also those that were handed over in a file
    and whose confirmation is overdue; `held` those that are in doubt and stay at the partner as they are (rule H1);
    `delivered` those that were handed over in a file, in this run or before, and never confirmed, and may still be;
    `seconds` is the entity's share of the push.
    """

    partner: str
    entity: str
    in_mart: int = 0
    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    rejected: int = 0
    blocked: int = 0
    pending: int = 0
    held: int = 0
    delivered: int = 0
    seconds: float = 0.0

    @property
    def undelivered(self) -> int:
        """Rows that should be at the partner, or gone from there, and are not."""
        return self.rejected + self.blocked + self.pending
