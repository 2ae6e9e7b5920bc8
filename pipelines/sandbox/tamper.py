"""Records changed, deleted and added at a partner behind the caller's back: no request, no entry in a log."""

import copy
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from pipelines.contract.contract import Entity, dig
from pipelines.errors import SettingsError
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.store import Json, Record, changed
from pipelines.sandbox.play.wire import ApiError


@dataclass(frozen=True)
class Touched:
    """One record: the partner's id, our external id if it has one, and the dotted name of the field that changed."""

    id: str
    external_id: str | None
    field: str = ""


@dataclass(frozen=True)
class Tampering:
    """What was done."""

    changed: tuple[Touched, ...]
    deleted: tuple[Touched, ...]
    added: tuple[Touched, ...]


def tamper_with(
    partner: Partner, entity: str, seed: int, changed: int = 0, deleted: int = 0, added: int = 0
) -> Tampering:
    """Does it, all or nothing; same records and same seed, same choice.

    Changed records get another valid value in one field that was filled. Deleted ones are such that no other
    record refers to. Of the added ones, copies under other names, every second has an external id of its own.
    Raises SettingsError for an unknown entity or too few records.
    """
    if entity not in partner.contract.entities:
        known = ", ".join(partner.contract.entities)
        raise SettingsError(f"{partner.name} has no entity {entity!r}; known: {known}.")
    work = _Work(partner, partner.contract.entities[entity], seed)
    with partner.store.transaction():
        copied = work.records
        gone = work.delete(deleted)
        # Copies come last, so that they are not among what is changed or deleted.
        return Tampering(work.change(changed), gone, work.add(copied, added))


class _Work:
    def __init__(self, partner: Partner, entity: Entity, seed: int):
        self.partner, self.entity = partner, entity
        self.resource = partner.resources[entity.record]
        self.random = random.Random(f"{partner.name} {entity.name} {seed}")
        # What a record is and where it belongs stays as it is.
        self.fixed = {
            self.resource.external_id,
            *self.resource.references,
            *self.resource.path_fields,
            *entity.where,
            *(lookup.field for lookup in entity.lookups),
        }
        ids = partner.entity_ids(entity)
        found = [r for r in partner.store.all(partner.name, self.resource.name) if r.id in ids]
        # By our ids: the partner's follow from the order in which requests happened to arrive.
        found.sort(key=lambda record: (self._external_id(record) or "", record.seq))
        self.records = self.random.sample(found, len(found))

    def delete(self, number: int) -> tuple[Touched, ...]:
        store, name = self.partner.store, self.partner.name
        free = [r for r in self.records if not store.is_referred_to(name, self.resource.name, r.id)][:number]
        self._enough("deleted", len(free), number)
        touched = tuple(Touched(record.id, self._external_id(record)) for record in free)
        for record in free:
            store.remove(name, record)
        self.records = [record for record in self.records if record not in free]
        return touched

    def change(self, number: int) -> tuple[Touched, ...]:
        touched: list[Touched] = []
        for record in self.records:
            if len(touched) == number:
                break
            found = next(self._other_bodies(record), None)
            if found:
                path, body = found
                self.partner.store.update(self.partner.name, changed(record, body, time.time()))
                touched.append(Touched(record.id, self._external_id(record), path))
        self._enough("changed", len(touched), number)
        return tuple(touched)

    def add(self, models: list[Record], number: int) -> tuple[Touched, ...]:
        self._enough("copied", len(models), min(number, 1))
        touched: list[Touched] = []
        for at in range(number):
            body = self._copy(models[at % len(models)].body, at)
            try:
                record = self.partner.add(self.resource, body)
            except ApiError as error:
                where = f"{self.partner.name}, {self.entity.name}"
                raise SettingsError(f"{where}: a copy is refused: {error.message}") from None
            self.partner.after_create(self.resource, record)
            touched.append(Touched(record.id, self._external_id(record)))
        return tuple(touched)

    def _other_bodies(self, record: Record) -> Iterator[tuple[str, Json]]:
        """The record with one field changed, for each field that can be; those of the natural key come last."""
        writable = self.resource.update.get("properties", {})
        paths = [
            path
            for path, value in _leaves(record.body)
            if path.split(".")[0] in writable.keys() - self.fixed and value != _default(writable, path)
        ]
        paths = self.random.sample(paths, len(paths))
        for path in sorted(paths, key=lambda path: path in self.entity.natural_key):
            body = copy.deepcopy(record.body)
            _put(body, path, _other(dig(body, path), _schema(writable, path), self.random))
            top = path.split(".")[0]
            if body != record.body and self._is_allowed({top: body[top]}, body, record):
                yield path, body

    def _is_allowed(self, change: Json, body: Json, record: Record) -> bool:
        broken = [*self.resource.refusals(change, is_new=False)]
        return not broken and not [*self.partner.check(self.resource, body, record)]

    def _copy(self, body: Json, at: int) -> Json:
        """The body of another record: texts changed where the contract lets them be."""
        copied = copy.deepcopy(body)
        for path, value in _leaves(body):
            top = path.split(".")[0]
            if not isinstance(value, str) or top in self.fixed:
                continue
            before = copy.deepcopy(copied)
            _put(copied, path, f"{value} ({at + 1})")
            broken = [*self.resource.refusals({top: copied[top]}, is_new=False)]
            copied = before if broken else copied
        name = self.partner.external_id_field(self.resource)
        if name:
            copied[name] = self._strange_id() if at % 2 else None
        return copied

    def _strange_id(self) -> str:
        partner, resource = self.partner, self.resource
        names = (f"fremd-{number}" for number in count(1))
        return next(n for n in names if not partner.store.by_external_id(partner.name, resource.name, n))

    def _external_id(self, record: Record) -> str | None:
        ids = self.partner.store.external_ids(self.partner.name, self.resource.name, record.id)
        return ids[0] if ids else None

    def _enough(self, verb: str, found: int, wanted: int) -> None:
        if found < wanted:
            where = f"{self.partner.name}, {self.entity.name}"
            raise SettingsError(f"{where}: {wanted} records wanted, {found} can be {verb}.")


def _leaves(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of all filled fields that are neither objects nor lists."""
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None and not isinstance(value, list):
            yield prefix + name, value


def _schema(properties: Mapping[str, Json], path: str) -> Json:
    """Schema of a field by its dotted name; empty where the contract does not say."""
    found: Json = {"properties": properties}
    for step in path.split("."):
        options = [found, *found.get("oneOf", []), *found.get("anyOf", [])]
        found = next((o["properties"][step] for o in options if step in o.get("properties", {})), {})
    return found


def _default(properties: Mapping[str, Json], path: str) -> Any:
    return _schema(properties, path).get("default")


def _put(body: Json, path: str, value: Any) -> None:
    *above, name = path.split(".")
    for step in above:
        body = body[step]
    body[name] = value


def _other(value: Any, schema: Json, random: random.Random) -> Any:
    """A value beside this one, of the same kind."""
    if "enum" in schema:
        others = [choice for choice in schema["enum"] if choice not in (value, None)]
        return random.choice(others) if others else value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + random.randint(1, 9)
    days = timedelta(days=random.randint(1, 300))
    if schema.get("format") == "date":
        return (date.fromisoformat(value) + days).isoformat()
    if schema.get("format") == "date-time":
        return (datetime.fromisoformat(value) + days).isoformat().replace("+00:00", "Z")
    if schema.get("format") == "email":
        return f"{random.randint(100, 999)}.{value}"
    room = schema.get("maxLength", len(value) + 4) - 4
    return f"{value[:room]} {random.randint(100, 999)}"
