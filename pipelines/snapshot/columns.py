"""What becomes of each column: personal ones are replaced, others are searched for what is known of persons."""

from dataclasses import dataclass
from functools import cache

from pipelines.erp.delivery.schema import Column, tables
from pipelines.snapshot.words import WRITTEN, seed_values

# How a personal column is read where it is more than a text; anything else that is personal is one.
KINDS = {"hausnummer": "hausnummer", "titel": "titel", "anrede": "anrede", "geschlecht": "geschlecht"}
# Personal columns whose words are no names of persons; they are replaced, and looked for nowhere else.
NO_NAMES = frozenset(
    {"anrede", "titel", "geschlecht", "hausnummer", "plz", "ort", "wert", "bemerkung", "email", "telefon"}
    | {"geburtsdatum", "todesdatum"}
)
# Personal columns with phone numbers; digits elsewhere are dates and amounts, too.
CONTACTS = frozenset({"wert", "telefon"})
# Kinds of personal columns with days.
DATES = ("geburtsdatum", "datum")
# Where the stock lies: its own streets and towns, which everybody can read from the street.
PLACES = (
    ("gebaeude", "strasse"), ("gebaeude", "ort"), ("gebaeude", "ortsteil"), ("wirtschaftseinheit", "ort"),
    ("mandant", "strasse"), ("mandant", "ort"),
)  # fmt: skip
# What a street may also be called by there, which is no person's street then.
NAMED = (("wirtschaftseinheit", "bezeichnung"), ("wirtschaftseinheit", "lage"), ("gebaeude", "bezeichnung"))
# Columns with the number of a person or applicant.
PERSON_NUMBERS = frozenset({"person_nr", "interessent_nr", "eigentuemer_person_nr", "bezug_key"})
# Keys beside those that end with `_nr`.
KEYS = frozenset({"quelle_id", "bezug_key", "objektnr"})


@dataclass(frozen=True)
class Place:
    """A column of a table, and how it is treated."""

    table: str
    column: str
    kind: str
    is_key: bool = False
    """Whether values are joined with those of other tables; phone numbers, IBANs and dates would be chance there."""
    is_personal: bool = False

    @property
    def is_free(self) -> bool:
        """Whether people write there what they like, days of birth, too."""
        return self.kind == "text" and not self.is_key

    @property
    def is_written(self) -> bool:
        """Whether people write about people there; keys are read alike in all tables, or they would not meet."""
        return not self.is_key and self.table in WRITTEN

    @property
    def name(self) -> str:
        """As people write it: table.column."""
        return f"{self.table}.{self.column}"


def personal_places() -> tuple[Place, ...]:
    """The columns that `_erp_raw.yml` marks as personal; `kind` says how their values are replaced."""
    return tuple(
        Place(table.name, column.name, _kind(column), is_personal=True)
        for table in tables().values()
        for column in table.described
        if column.is_personal
    )


def searched_places() -> tuple[Place, ...]:
    """The other columns that may hold what is known of a person; `kind` is the column's type."""
    return tuple(
        Place(
            table.name,
            column.name,
            column.kind,
            is_key=is_key_column(column.name),
        )
        for table in tables().values()
        for column in table.described
        if not column.is_personal and (table.name, column.name) not in PLACES
    )


def is_key_column(name: str) -> bool:
    """Whether values are joined with those of other tables."""
    return name.endswith("_nr") or name in KEYS


def kept_values(kind: str) -> frozenset[str]:
    """Values of such a column that a rule maps, and that say nothing of who somebody is."""
    if kind == "anrede":
        return seed_values("anreden", "anrede") | seed_values("spiribo_anreden", "anrede")
    if kind == "geschlecht":
        return frozenset("mwdu") | frozenset("MWDU")
    # Some countries are called as people are.
    return _countries() if kind.startswith("land") else frozenset()


@cache
def _countries() -> frozenset[str]:
    names = seed_values("laender", "land") | seed_values("laendernamen", "wort")
    return names | {name.upper() for name in names} | {name.lower() for name in names}


def _kind(column: Column) -> str:
    if column.kind == "datum":
        return "geburtsdatum" if column.name == "geburtsdatum" else "datum"
    return KINDS.get(column.name, "text")
