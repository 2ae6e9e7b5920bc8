"""The records of one partner, served straight from the contract."""

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pipelines.contract.contract import Entity
from pipelines.sandbox.play import lists
from pipelines.sandbox.play.base import COMMON_OPTIONS, PartnerBase
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Duplicate, Json, Record, changed
from pipelines.sandbox.play.wire import ApiError, Call, Handler, PartnerAnswer, PartnerPage, stamp

__all__ = ["COMMON_OPTIONS", "Partner"]

NAMESPACE = uuid.UUID("5f1a3f0e-6f5c-4f53-9a0f-2d6f7f0f4a11")


class Partner(PartnerBase):
    """Serves one contract. A partner's `sandbox.py` subclasses it."""

    def record_handlers(self) -> dict[tuple[str, str], Handler]:
        """Create, read, change, replace, delete, list and search, as far as the contract has them."""
        found: dict[tuple[str, str], Handler] = {}
        for resource in self.resources.values():
            if not resource.name:
                continue  # it comes in files, and is shown nowhere
            found[("get", resource.collection)] = self._bound(self.list_records, resource)
            found[("post", resource.collection)] = self._bound(self.create, resource)
            found[("get", resource.name)] = self._bound(self.read, resource)
            found[("patch", resource.name)] = self._bound(self.change, resource)
            found[("put", resource.name)] = self._bound(self.replace, resource)
            found[("delete", resource.name)] = self._bound(self.delete, resource)
        for entity in self.contract.entities.values():
            if not entity.can_be_read:
                continue
            resource = self.resources[entity.record]
            for look in (entity.listing, entity.find):
                if look and look.method == "get":
                    found[("get", look.path)] = self._bound(self.list_records, resource)
                elif look:
                    found.setdefault(("post", look.path), self._bound(self.search, resource))
        return found

    @staticmethod
    def _bound(method: Callable[[Resource, Call], PartnerAnswer], resource: Resource) -> Handler:
        return lambda call: method(resource, call)

    # ---- records

    def create(self, resource: Resource, call: Call) -> PartnerAnswer:
        """POST on a collection."""
        self._path_parents(resource, call)
        body = self.accepted(resource, self.json_object(call), is_new=True)
        body = {**resource.defaults(), **body, **self._path_values(resource, call)}
        record = self.add(resource, body)
        self.after_create(resource, record)
        return PartnerAnswer(self.created_status, self.single(resource, self.show(resource, record)))

    def replace(self, resource: Resource, call: Call) -> PartnerAnswer:
        """PUT on a record whose id is the caller's: makes it, or replaces the fields that are given."""
        record, is_new = self.put(resource, self.json_object(call), call.params["id"])
        return PartnerAnswer(201 if is_new else 200, self.single(resource, self.show(resource, record)))

    def put(self, resource: Resource, body: Json, external_id: str) -> tuple[Record, bool]:
        """The record under our id, made or changed, and whether it is new. Raises ApiError."""
        body = self.accepted(resource, body, is_new=True)
        if resource.external_id:
            body[resource.external_id] = external_id
        found = self.store.by_external_id(self.name, resource.name, external_id)
        if found:
            return self.apply(resource, found[0], body), False
        record = self.add(resource, {**resource.defaults(), **body})
        self.after_create(resource, record)
        return record, True

    def add(self, resource: Resource, body: Json, id: str | None = None) -> Record:
        """A new record after all checks. Raises ApiError."""
        references = self._references(resource, body)
        self._parents_exist(references)
        self.check_write(resource, _ids(references))
        self._refuse(self.check(resource, body, None))
        self.refuse_pattern(resource, body, None)
        number, now = self.store.next_number(), time.time()
        new_id = id or self._new_id(resource, body, number)
        record = Record(number, resource.name, new_id, body, now, now)
        self.store.insert(self.name, record)
        self._set_external_id(resource, record)
        self.store.set_references(self.name, resource.name, new_id, references)
        return record

    @staticmethod
    def _new_id(resource: Resource, body: Json, number: int) -> str:
        """Our id where the partner keeps it as its own; a record that was made by hand has none to show."""
        if resource.id_is_ours and body.get(resource.id_field):
            return str(body[resource.id_field])
        return str(number) if resource.id_is_number else str(uuid.uuid5(NAMESPACE, str(number)))

    def read(self, resource: Resource, call: Call) -> PartnerAnswer:
        """GET on a record."""
        record = self._the_record(resource, call)
        if not self._is_visible(record):
            raise ApiError(404, "not_found", "There is no such record.")
        return PartnerAnswer(200, self.single(resource, self.show(resource, record)))

    def change(self, resource: Resource, call: Call) -> PartnerAnswer:
        """PATCH on a record: fields that are left out stay as they are, null clears."""
        record = self._the_record(resource, call)
        changes = self.accepted(resource, self.json_object(call), is_new=False)
        return PartnerAnswer(
            200, self.single(resource, self.show(resource, self.apply(resource, record, changes)))
        )

    def apply(self, resource: Resource, record: Record, changes: Json) -> Record:
        """The record with some fields changed, after all checks. Raises ApiError."""
        body = lists.merged(record.body, changes) if self.merges else {**record.body, **changes}
        references = self._references(resource, body)
        self.check_write(resource, _ids(references))
        if changes.keys() & resource.references.keys():
            self._parents_exist(references)
            self.store.set_references(self.name, resource.name, record.id, references)
        self._refuse(self.check(resource, body, record))
        self.refuse_pattern(resource, body, record)
        after = changed(record, body, time.time())
        self.store.update(self.name, after)
        if self.external_id_field(resource) in changes:
            self._set_external_id(resource, after)
        return after

    def delete(self, resource: Resource, call: Call) -> PartnerAnswer:
        """DELETE on a record; 409 while others refer to it."""
        self.remove(resource, self._the_record(resource, call))
        return PartnerAnswer(204)

    def remove(self, resource: Resource, record: Record) -> None:
        """Deletes a record. Raises ApiError 409 while others refer to it."""
        self.check_write(resource, _ids(self._references(resource, record.body)))
        self.before_delete(resource, record)
        if self.store.is_referred_to(self.name, resource.name, record.id):
            raise ApiError(409, "in_use", "Other records refer to this one.")
        self.store.delete(self.name, record)

    def list_records(self, resource: Resource, call: Call) -> PartnerAnswer:
        """GET on a collection, filtered and paged."""
        query = self._known_filters(resource, call, self.query(call))
        page = lists.page_of(resource.paging, call, query, self.refuses_large_pages())
        own = lists.names(resource.paging) | {"orderBy", "includeDeleted"}
        filters: Json = {name: value for name, value in query.items() if name not in own}
        page = lists.linked(page, resource.paging, f"{call.origin}/{self.name}{call.path}", query)
        self._path_parents(resource, call)
        filters = self._list_filters(resource, {**self._path_values(resource, call), **filters})
        return self._listed(resource, filters, page)

    def search(self, resource: Resource, call: Call) -> PartnerAnswer:
        """POST that lists the records for which all plain fields of the body hold."""
        body = self.json(call)
        find = next(
            look
            for entity in self.contract.entities.values()
            for look in (entity.find, entity.listing)
            if look and look.method == "post" and look.path == call.template
        )
        page = lists.page_of(find.paging or self.contract.paging, call, body)
        place = (find.body or "").rpartition(".")[0]
        return self._listed(resource, lists.filters_in(body, place, resource.create["properties"]), page)

    def _listed(self, resource: Resource, filters: Json, page: PartnerPage) -> PartnerAnswer:
        records, total = self.select(resource, filters, page)
        return self.list_answer(resource, [self.show(resource, record) for record in records], total, page)

    @staticmethod
    def _list_filters(resource: Resource, filters: Json) -> Json:
        """Where a list shows the children of one record: those of the one that is named, else of none."""
        if not resource.below or resource.full_text in filters:
            return filters
        wanted = {field: filters.get(name) or None for name, field in resource.below.items()}
        return {**{n: v for n, v in filters.items() if n not in resource.below}, **wanted}

    def select(self, resource: Resource, filters: Json, page: PartnerPage) -> tuple[list[Record], int]:
        """One page of the records that match all filters, and the number of all that match."""
        if not filters and not self.number("read_delay_ms"):
            total = self.store.count(self.name, resource.name)
            return self.store.page(self.name, resource.name, page.limit, page.offset), total
        found = [
            record
            for record in self._candidates(resource, filters)
            if self._is_visible(record) and self._matches(resource, record, filters)
        ]
        return found[page.offset : page.offset + page.limit], len(found)

    def show(self, resource: Resource, record: Record) -> Json:
        """The record as the partner shows it."""
        id_: str | int = int(record.id) if resource.id_is_number else record.id
        # An id that is ours stands in the body too, as it was sent; the partner's own is what it is.
        shown: Json = {resource.id_field: id_, **record.body}
        if not resource.id_is_ours:
            shown[resource.id_field] = id_
        if self.created_field in resource.read_only:
            shown |= {self.created_field: stamp(record.created_at)}
            shown |= {self.updated_field: stamp(record.updated_at)}
        if resource.external_id and self.external_id_field(resource) is None:
            shown.pop(resource.external_id, None)
        return {**shown, **self.computed(resource, record)}

    def entity_records(self, name: str) -> list[Json]:
        """All records of an entity, in the order of their creation."""
        entity = self.contract.entities[name]
        resource = self.resources[entity.record]
        ids = self.entity_ids(entity)
        records = self.store.all(self.name, resource.name)
        return [self.show(resource, record) for record in records if record.id in ids]

    def entity_count(self, name: str) -> int:
        """How many records an entity has."""
        entity = self.contract.entities[name]
        if sum(other.record == entity.record for other in self.contract.entities.values()) == 1:
            return self.store.count(self.name, entity.record)
        return len(self.entity_ids(entity))

    def entity_ids(self, entity: Entity) -> set[str]:
        """Ids of the records of an entity, which may share its path with others."""
        resource = self.resources[entity.record]
        ids = {r.id for r in self.store.all(self.name, resource.name) if entity.holds(r.body)}
        rivals = [other for other in self.contract.entities.values() if other.record == entity.record]
        if len(rivals) == 1 or entity.where or not entity.parents:
            return ids
        parents = {parent.field: self.contract.entities[parent.entity] for parent in entity.parents}
        allowed = {n: ids if parent == entity else self.entity_ids(parent) for n, parent in parents.items()}
        references = self.store.all_references(self.name, resource.name)
        return ids & {id_ for id_, name, _, target in references if target in allowed.get(name, ())}

    # ---- for the handlers of a partner

    def accepted(self, resource: Resource, body: Json, is_new: bool) -> Json:
        """The known fields of a body that keeps the contract. Raises ApiError for one that does not."""
        external = self.external_id_field(resource)
        hidden = {resource.external_id} if resource.external_id and external is None else set()
        unknown = [name for name in resource.unknown_fields(body) if name not in resource.path_fields]
        unknown += [name for name in hidden if name in body]
        if unknown and self.settings["unknown_fields"] == "reject":
            self._refuse([Violation(name, "is not known", "unknown") for name in unknown])
        known = resource.create["properties"].keys() - hidden - set(resource.path_fields)
        body = {name: value for name, value in body.items() if name in known}
        self._refuse(resource.refusals(body, is_new))
        return body

    # ---- details

    # ---- details

    def _known_filters(self, resource: Resource, call: Call, query: dict[str, str]) -> dict[str, str]:
        """Without the look-up by external id where the partner keeps none."""
        if resource.external_id not in query or self.external_id_field(resource):
            return query
        if self.refuses_unknown_query(call):
            raise ApiError(400, "invalid_query", f"The parameter {resource.external_id} is not known.")
        return {name: value for name, value in query.items() if name != resource.external_id}

    def _path_values(self, resource: Resource, call: Call) -> dict[str, str]:
        return {name: value for name, value in call.params.items() if name in resource.path_fields}

    def _path_parents(self, resource: Resource, call: Call) -> None:
        for name, value in self._path_values(resource, call).items():
            if not self.store.get(self.name, resource.references[name], value):
                raise ApiError(404, "not_found", "There is no such record.")

    def _the_record(self, resource: Resource, call: Call) -> Record:
        record = self.store.get(self.name, resource.name, call.params["id"])
        path = {name: value for name, value in call.params.items() if name != "id"}
        if record is None or any(record.body.get(name) != value for name, value in path.items()):
            raise ApiError(404, "not_found", "There is no such record.")
        return record

    def _references(self, resource: Resource, body: Json) -> list[tuple[str, str, str]]:
        return [
            (name, target, self._target_id(resource, name, target, str(value)))
            for name, target in resource.references.items()
            for value in (body[name] if isinstance(body.get(name), list) else [body.get(name)])
            if value is not None
        ]

    def _target_id(self, resource: Resource, name: str, target: str, value: str) -> str:
        """The partner's id of a record that is named, where fields take ours."""
        if name not in resource.by_our_id:
            return value
        found = self.store.by_external_id(self.name, target, value)
        return found[0].id if found else ""

    def _parents_exist(self, references: Iterable[tuple[str, str, str]]) -> None:
        missing = [
            Violation(name, "refers to a record that does not exist", "unknown_parent")
            for name, target, id_ in references
            if not self.store.get(self.name, target, id_)
        ]
        if missing:
            message = "A record that this one refers to does not exist."
            raise ApiError(self.unknown_parent_status, "unknown_parent", message, missing)

    def _set_external_id(self, resource: Resource, record: Record) -> None:
        name = self.external_id_field(resource)
        value = record.body.get(name) if name else None
        try:
            self.store.set_external_ids(
                self.name,
                resource.id_space,
                resource.name,
                record.id,
                [value] if value else [],
                self.keeps_ids_unique,
            )
        except Duplicate:
            self.duplicate()

    def _candidates(self, resource: Resource, filters: Json) -> list[Record]:
        """As few records as an index can give; the filters are still to be applied."""
        external = self.external_id_field(resource)
        if external in filters:
            return self.store.by_external_id(self.name, resource.name, str(filters[external]))
        for name, target in resource.references.items():
            if filters.get(name) is not None and name not in resource.by_our_id:
                return self.store.children(self.name, resource.name, target, str(filters[name]), name)
        return self.store.all(self.name, resource.name)

    def _matches(self, resource: Resource, record: Record, filters: Json) -> bool:
        shown = self.show(resource, record)
        for name, wanted in filters.items():
            if name == self.changed_since:
                if record.updated_at < datetime.fromisoformat(wanted).timestamp():
                    return False
            elif name == resource.full_text:
                if not lists.mentions(shown, str(wanted)):
                    return False
            elif name == self.external_id_field(resource):
                continue  # the index has answered this one
            elif _text(wanted) not in _texts(shown.get(name)):
                return False
        return True

    def _is_visible(self, record: Record) -> bool:
        return record.created_at <= time.time() - self.number("read_delay_ms") / 1000


def _ids(references: Iterable[tuple[str, str, str]]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for name, _, id_ in references:
        ids.setdefault(name, []).append(id_)
    return ids


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _texts(value: Any) -> list[str]:
    return [_text(part) for part in value] if isinstance(value, list) else [_text(value)]
