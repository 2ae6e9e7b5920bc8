"""What must never reach a partner by mistake: plans that are too large to be meant.

Pure functions over counts. A guard that cannot be computed counts as tripped.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contract.rhythms import STAMMDATEN
from pipelines.errors import SettingsError
from pipelines.plan.counts import PlanCounts
from pipelines.settings import VARS
from pipelines.suggest import did_you_mean


@dataclass(frozen=True)
class Limit:
    """Trips above both `share` (0 to 1) and `rows`, or from `much_of` (share) of at least `few` rows on."""

    share: float
    rows: int
    much_of: float = 0.5
    few: int = 5

    def is_passed(self, rows: int, of: int) -> bool:
        """Whether so many rows out of so many are too many."""
        if rows <= 0:
            return False
        share = rows / of if of > 0 else 1.0
        return (share > self.share and rows > self.rows) or (share >= self.much_of and rows >= self.few)


# No share of few rows makes these trip: new stock and a new mapping are meant more often than not.
NEVER = math.inf
DEFAULTS: Mapping[str, Limit] = {
    "withdraw": Limit(share=0.10, rows=20),
    "create": Limit(share=0.30, rows=50, much_of=NEVER),
    "update": Limit(share=0.50, rows=100, much_of=NEVER),
    "shrink": Limit(share=0.10, rows=20),
    "renumber": Limit(share=0.0, rows=3, much_of=NEVER),
    # Documents of one run, however many there are; and their bytes, in MiB.
    "documents": Limit(share=0.0, rows=20_000, much_of=NEVER),
    "mebibytes": Limit(share=0.0, rows=20_480, much_of=NEVER),
}
# Guards of what creates and changes bring along; what they count are both.
OF_BYTES = ("documents", "mebibytes")
# An entity is onboarded once so large a share of its mart is at the partner; before, creates are not guarded.
ONBOARDED = 0.9
# Tables whose rows decide what a partner holds; vacancies and applicants come and go.
TABLES = (
    "mandant",
    "wirtschaftseinheit",
    "gebaeude",
    "verwaltungseinheit",
    "mietvertrag",
    "mieter",
    "person",
    "kontaktweg",
    "eigentuemervertrag",
    "eigentuemer",
)
# In another use case than master data only what its records hang on: a cut-off file of leases keeps no vacancy back.
PLACES = TABLES[:4]


def guarded_tables(use_case: str | None) -> tuple[str, ...]:
    """Tables whose rows are counted before a plan of this use case is pushed."""
    return TABLES if use_case in (None, STAMMDATEN) else PLACES


@dataclass(frozen=True)
class TrippedGuard:
    """A guard that tripped: `rows` of `of`, or a table that shrank; `entity` is the ERP table for `shrink`."""

    partner: str
    guard: str
    entity: str
    rows: int | None
    of: int | None

    @property
    def message(self) -> str:
        """The numbers, in a sentence."""
        if self.rows is None or self.of is None:
            return f"{self.guard} {self.entity}: cannot be computed, which counts as tripped"
        if self.guard == "shrink":
            return f"the ERP table {self.entity} lost {self.rows:,} of {self.of:,} rows since the last push"
        if self.guard == "renumber":
            return (
                f"{self.entity}: {self.rows:,} records would be withdrawn and created again under another id, which"
                " looks like a renumbering (stammdaten rekey)"
            )
        if self.guard == "documents":
            return f"{self.entity}: the bytes of {self.rows:,} documents would be read and sent"
        if self.guard == "mebibytes":
            return f"{self.entity}: {self.rows:,} MiB of documents would be read and sent"
        verb = {"withdraw": "withdrawn", "create": "created", "update": "updated"}[self.guard]
        return f"{self.entity}: {self.rows:,} of {self.of:,} records would be {verb}"


def limits(settings: object) -> dict[str, Limit]:
    """The guards with the settings of the var `guards` over the defaults.

    Raises `SettingsError` naming the setting.
    """
    if settings is None:
        return dict(DEFAULTS)
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f"guards: a map such as {{withdraw: {{share: 0.1, rows: 20}}}} is needed; set it in {VARS}"
        )
    found = dict(DEFAULTS)
    for name, given in settings.items():
        if name not in DEFAULTS:
            meant = did_you_mean(name, DEFAULTS)
            raise SettingsError(
                f"guards.{name}: unknown guard{meant}; known are {', '.join(DEFAULTS)}; set it in {VARS}"
            )
        found[name] = _limit(str(name), given)
    return found


def _limit(name: str, given: object) -> Limit:
    keys = {"share": float, "rows": int, "much_of": float, "few": int}
    unknown = [key for key in given if key not in keys] if isinstance(given, Mapping) else []
    if unknown:
        raise SettingsError(
            f"guards.{name}.{unknown[0]}: unknown setting{did_you_mean(unknown[0], keys)};"
            f" a map of {', '.join(keys)} is needed; set it in {VARS}"
        )
    if not isinstance(given, Mapping):
        raise SettingsError(f"guards.{name}: a map of {', '.join(keys)} is needed; set it in {VARS}")
    values: dict[str, Any] = dict(DEFAULTS[name].__dict__)
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SettingsError(f"guards.{name}.{key}: a number of 0 or more is needed; set it in {VARS}")
        values[key] = value
    return Limit(**values)


def is_onboarded(arrived: int, in_mart: int) -> bool:
    """Whether an entity of which so many rows of its mart are at the partner is onboarded."""
    return arrived > 0 and arrived >= ONBOARDED * in_mart


def check_counted(
    partner: str, planned: Iterable[tuple[str, str]], counted: Collection[str]
) -> list[TrippedGuard]:
    """Operations (entity, kind) of which a plan has no counts: how many they are of how many, nobody can tell."""
    return [
        TrippedGuard(partner, kind, entity, None, None) for entity, kind in planned if entity not in counted
    ]


def check_counts(
    counts: PlanCounts, held: int, onboarded: bool, limit: Mapping[str, Limit]
) -> list[TrippedGuard]:
    """Guards of one entity: `held` is the number of records that the partner holds now.

    Creates are guarded once the entity has been onboarded; what was never onboarded holds nothing to withdraw.
    Withdrawals that the law asks for count for nothing here.
    """
    tripped = []
    withdrawn = counts.withdraw - counts.by_law
    if limit["withdraw"].is_passed(withdrawn, held):
        tripped.append(TrippedGuard(counts.partner, "withdraw", counts.entity, withdrawn, held))
    if onboarded and limit["create"].is_passed(counts.create, max(held, 1)):
        tripped.append(TrippedGuard(counts.partner, "create", counts.entity, counts.create, held))
    if limit["update"].is_passed(counts.update, held):
        tripped.append(TrippedGuard(counts.partner, "update", counts.entity, counts.update, held))
    for guard, number in zip(OF_BYTES, (counts.documents, counts.bytes // 2**20), strict=True):
        if limit[guard].is_passed(number, number):
            tripped.append(TrippedGuard(counts.partner, guard, counts.entity, number, counts.in_mart))
    return tripped


def check_renumbered(
    partner: str, pairs: Mapping[str, int], held: Mapping[str, int], limit: Mapping[str, Limit]
) -> list[TrippedGuard]:
    """Guards of records that look renumbered: `pairs` and `held` records by entity."""
    return [
        TrippedGuard(partner, "renumber", entity, rows, held.get(entity, 0))
        for entity, rows in pairs.items()
        if limit["renumber"].is_passed(rows, held.get(entity, 0))
    ]


def check_tables(
    partner: str, before: Mapping[str, int] | None, now: Mapping[str, int], limit: Mapping[str, Limit]
) -> list[TrippedGuard]:
    """Guards of the ERP's tables: rows of the load that the partner was last pushed from, and of the last load.

    `before` is None for a partner that was never pushed.
    """
    if before is None:
        return []
    tripped = []
    for table, former in before.items():
        if table not in now:
            tripped.append(TrippedGuard(partner, "shrink", table, None, None))
        elif limit["shrink"].is_passed(former - now[table], former):
            tripped.append(TrippedGuard(partner, "shrink", table, former - now[table], former))
    return tripped
