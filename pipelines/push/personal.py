"""Which records at a partner are those of one person: decided by their ids (rule I4), in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.push.contract import Contract
from pipelines.push.rows import personal_fields

SEPARATORS = ("-", "_", ".", "/", "|")
# An id of a contract has at least this many separators, so an id with fewer was not made with that separator.
LEVELS = 3


@dataclass(frozen=True)
class PersonEntity:
    """An entity with one record a person, or one for each contract of a person.

    `begins`: the id begins with the person's number and goes on (contact details); otherwise it is the number, or ends
    with it.
    """

    name: str
    begins: bool


def person_entities(contract: Contract) -> tuple[PersonEntity, ...]:
    """Entities whose mart has personal columns, and those that hang on such a record.

    What refers to a person and has records of other persons below it (a flat that names its owner) is of nobody.
    """
    found: dict[str, PersonEntity] = {}
    order = [name for level in contract.levels for name in level]
    above = _above_persons(contract, order)
    for name in order:
        parents = [parent.entity for parent in contract.entities[name].parents]
        of_its_own = bool(personal_fields(contract.partner, name))
        if of_its_own or (name not in above and any(parent in found for parent in parents)):
            found[name] = PersonEntity(name, bool(parents) and all(parent in found for parent in parents))
    return tuple(found.values())


def _above_persons(contract: Contract, order: list[str]) -> set[str]:
    """Entities below which, at whatever level, hang records with personal columns."""
    above: set[str] = set()
    for name in reversed(order):
        if name in above or personal_fields(contract.partner, name):
            above |= {parent.entity for parent in contract.entities[name].parents}
    return above


def is_of_person(entity: PersonEntity, separator: str, column: str = "external_id") -> str:
    """A condition on `column`: the record is that of the person `$person_nr`.

    Ids that were made with another separator than `separator`, before the setting was changed, count too.
    """
    others = [other for other in SEPARATORS if other != separator]
    if entity.begins:
        tests = [f"starts_with({column}, $person_nr || '{separator}')"]
        tests += [
            f"(starts_with({column}, $person_nr || '{other}') and not contains({column}, '{separator}'))"
            for other in others
        ]
    else:
        tests = [f"{column} = $person_nr", f"ends_with({column}, '{separator}' || $person_nr)"]
        tests += [
            f"(ends_with({column}, '{other}' || $person_nr) and not contains({column}, '{separator}')"
            f" and len({column}) - len(replace({column}, '{other}', '')) >= {LEVELS})"
            for other in others
        ]
    # The one cheap test first: hardly any id contains the number.
    return f"(contains({column}, $person_nr) and ({' or '.join(tests)}))"


def separator_of(partners: Mapping[str, Mapping[str, Any]], partner: str) -> str:
    """The separator that a partner's settings name (rule I1)."""
    given = str(partners.get(partner, {}).get("separator", "/"))
    return given if given in SEPARATORS else "/"
