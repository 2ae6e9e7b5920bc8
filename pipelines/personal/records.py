"""Which records at a partner are those of one person, and which of others name it: decided by ids (rule I4), in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contract.contract import Contract
from pipelines.contract.model import Parent
from pipelines.contract.rhythms import DOKUMENTE
from pipelines.personal.fields import nested_persons, personal_fields

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


@dataclass(frozen=True)
class Mention:
    """A field in which a record names persons that have, or could have, a record of their own.

    `key`: the field of a nested person that holds its id, None where the value is the id. `columns`: where it lies in
    the mart. `is_list`: any number of persons.
    """

    person: PersonEntity
    entity: str
    field: str
    key: str | None
    is_list: bool
    columns: tuple[str, ...]

    def is_in(self, separator: str, document: str) -> str:
        """A condition on a column of JSON: the person `$person_nr` is named in this field."""
        path = f'$."{self.field}"' + ("[*]" if self.is_list else "") + (f'."{self.key}"' if self.key else "")
        found = f"json_extract_string({document}, '{path}')"
        if self.is_list:
            of_person = is_of_person(self.person, separator, "named")
            found = f"len(list_filter({found}, lambda named: {of_person})) > 0"
        else:
            found = is_of_person(self.person, separator, found)
        return f"(entity = '{self.entity}' and contains({document}, $person_nr) and {found})"

    def without(self, separator: str, column: str) -> str:
        """What is left of a column of the mart without the person `$person_nr`."""
        if not self.is_list:
            return f"case when not {is_of_person(self.person, separator, column)} then {column} end"
        value = f'named."{self.key}"' if self.key else "named"
        of_person = is_of_person(self.person, separator, value)
        return f"list_filter({column}, lambda named: not coalesce({of_person}, false))"


def mentions(contract: Contract) -> tuple[Mention, ...]:
    """Fields of this partner's records that name persons beside the one whose record it is.

    Nested persons as the mart's YAML marks them, and references to persons from records that are of nobody.
    """
    persons = {entity.name: entity for entity in person_entities(contract)}
    found = [
        Mention(PersonEntity(name, begins=False), name, column, key, True, (column,))
        for name in contract.entities
        for column, key in nested_persons(contract.partner, f"{contract.partner}__{name}").items()
    ]
    for entity in contract.entities.values():
        columns = entity.reference_columns
        found += [
            Mention(
                persons[parent.entity], entity.name, parent.field, None, parent.many,
                (parent.field, *columns[parent.field]),
            )
            for parent in entity.parents
            if parent.entity in persons and entity.name not in persons
        ]  # fmt: skip
    return tuple(found)


def persons_in(contract: Contract, entity: str) -> list[Mention]:
    """The fields of an entity that name persons themselves, and not what hangs on them."""
    return [
        field
        for field in mentions(contract)
        if field.entity == entity and personal_fields(contract.partner, field.person.name)
    ]


def documents_of(contract: Contract, separator: str) -> dict[str, str]:
    """For each entity with bytes a condition on its references as JSON (`refs`): it is of person `$person_nr` alone.

    Or on a record that names nobody else, such as a lease. A document that names others too is one of others, which
    the next run sends without the person.
    """
    found: dict[str, str] = {}
    for name, entity in contract.entities.items():
        if not entity.content:
            continue
        tests = [_names_alone(contract, name, separator)]
        for parent in names_through(contract, name):
            alone = _names_alone(contract, parent.entity, separator)
            ids = f"select external_id from sync.ledger where partner = '{contract.partner}' and {alone}"
            tests.append(f"json_extract_string(refs, '$.\"{parent.field}\"') in ({ids})")
        if any(tests):
            found[name] = f"(entity = '{name}' and ({' or '.join(test for test in tests if test)}))"
    return found


def names_through(contract: Contract, entity: str) -> list[Parent]:
    """Parents that name persons in turn, as leases do."""
    return [
        parent
        for parent in contract.entities[entity].parents
        if not parent.many and persons_in(contract, parent.entity)
    ]


def _names_alone(contract: Contract, entity: str, separator: str) -> str:
    """A condition on the ledger: a record of this entity refers to person `$person_nr` alone; empty: to none ever."""
    fields = persons_in(contract, entity)
    named = " or ".join(field.is_in(separator, "refs") for field in fields)
    counts = " + ".join(
        f"coalesce(len(json_extract_string(refs, '$.\"{field}\"[*]')), 0)"
        if is_list
        else f"(json_extract_string(refs, '$.\"{field}\"') is not null)::integer"
        for field, is_list in sorted({(field.field, field.is_list) for field in fields})
    )
    return f"(entity = '{entity}' and ({named}) and {counts} = 1)" if fields else ""


def person_entities(contract: Contract) -> tuple[PersonEntity, ...]:
    """Entities whose mart has personal columns, and those that hang on such a record.

    What refers to a person and has records of other persons below it (a flat that names its owner) is of nobody.
    """
    found: dict[str, PersonEntity] = {}
    # Whose a document or folder is does not stand in its id (see `documents_of`); who may read a document does.
    order = [
        name
        for level in contract.levels
        for name in level
        if contract.entities[name].use_case != DOKUMENTE
        or any(contract.entities[parent.entity].content for parent in contract.entities[name].parents)
    ]
    above = _above_persons(contract, order)
    for name in order:
        # A record that names any number of persons (a lease with its tenants) is of none of them.
        parents = [parent.entity for parent in contract.entities[name].parents if not parent.many]
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
