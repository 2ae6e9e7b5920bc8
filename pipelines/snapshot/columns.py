"""What becomes of each column: personal ones are replaced, others are searched for what is known of persons."""

from dataclasses import dataclass

from pipelines.erp.delivery.schema import Column, Table, tables
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
# Texts of lists and numbers, in which nobody is named.
LISTED = frozenset({"quelle_erp", "plz", "hausnummer", "hausnummer_zusatz"})
# Columns with the words of a list; of a single one nobody can tell whether it is a name, and rules read it.
LISTS = frozenset(
    {
        "art",
        "ve_art",
        "verwaltungsart",
        "nutzungsart",
        "energietraeger",
        "energieausweis_art",
        "energieeffizienzklasse",
    }
    | {
        "energieausweis_jahrgang",
        "energie_gebaeudeart",
        "zahlungsrhythmus",
        "objektart",
        "kondition_art",
        "status",
    }
    | {
        "quelle_partner",
        "zweck",
        "suchkategorie",
        "mime_typ",
        "bezug_art",
        "dokumentart",
        "datenschutzkategorie",
    }
    | {"sichtbar_fuer", "geloescht_kz", "lage"}
)
# Keys beside those that end with `_nr`.
KEYS = frozenset({"quelle_id", "bezug_key", "objektnr"})


@dataclass(frozen=True)
class Place:
    """A column of a table, and how it is treated."""

    table: str
    column: str
    kind: str
    has_numbers: bool = False
    """Whether phone numbers, IBANs and dates may stand in it; in keys and amounts they would be chance."""
    is_list: bool = False
    """Whether a single word stays as it is."""
    is_personal: bool = False

    @property
    def is_written(self) -> bool:
        """Whether people write about people there; keys are read alike in all tables, or they would not meet."""
        return self.has_numbers and self.table in WRITTEN

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
            has_numbers=column.kind == "text" and not is_key_column(column.name),
            is_list=column.kind != "text" or column.name in LISTS,
        )
        for table in tables().values()
        for column in table.described
        if not column.is_personal and _is_searched(table, column)
    )


def is_key_column(name: str) -> bool:
    """Whether values are joined with those of other tables."""
    return name.endswith("_nr") or name in KEYS


def kept_values(kind: str) -> frozenset[str]:
    """Values of such a column that a rule maps, and that say nothing of who somebody is."""
    if kind == "anrede":
        return seed_values("anreden", "anrede") | seed_values("spiribo_anreden", "anrede")
    return frozenset("mwdu") | frozenset("MWDU") if kind == "geschlecht" else frozenset()


def _kind(column: Column) -> str:
    if column.kind == "datum":
        return "geburtsdatum" if column.name == "geburtsdatum" else "datum"
    return KINDS.get(column.name, "text")


def _is_searched(table: Table, column: Column) -> bool:
    is_list = column.kind.startswith(("land", "zeitstempel"))
    return not is_list and column.name not in LISTED and (table.name, column.name) not in PLACES
