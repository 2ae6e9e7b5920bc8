"""What a plan counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlanCounts:
    """One line of a plan: rows of one entity by what happens to them.

    `delivered`: of the unchanged ones, and of those that were removed, those that the partner has never confirmed.
    """

    partner: str
    entity: str
    in_mart: int = 0
    create: int = 0
    update: int = 0
    withdraw: int = 0
    unchanged: int = 0
    given_up: int = 0
    held: int = 0
    match: int = 0
    """Rows whose record the partner makes itself, and that is looked for."""
    delivered: int = 0
    by_law: int = 0
    """Of the withdrawals those that the law asks for: no guard counts them or keeps them back."""
    documents: int = 0
    """Records whose bytes are read, and sent where they have changed."""
    bytes: int = 0
    """How many bytes those have, as the ERP says."""
