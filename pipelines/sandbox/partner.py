"""One partner as the sandbox plays it: records served straight from the contract, with hooks for what differs."""

import json
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from pipelines.push.contract import Contract, Entity, dig, resolve
from pipelines.sandbox.faults import CALM, FAULT_OPTIONS, Fate, Faults, rejected
from pipelines.sandbox.resources import Refusal, Resource, refusals, resources, validator
from pipelines.sandbox.routes import Routes
from pipelines.sandbox.store import Duplicate, Json, Record, Store, changed, moment_text
from pipelines.sandbox.wire import Answer, ApiError, Call, Handler, Option, Page, stamp

NAMESPACE = uuid.UUID("5f1a3f0e-6f5c-4f53-9a0f-2d6f7f0f4a11")

COMMON_OPTIONS = {
    "in_flight": Option("0", "more requests at the same time are answered with 429; 0: any number"),
    "latency_ms": Option("0", "every answer takes so long"),
    "log_bodies": Option("no", "keep request bodies in the request log", ("no", "yes")),
    "read_delay_ms": Option("0", "a new record can be read only after so long"),
    "token_epoch": Option("0", "tokens and sessions given out under another value are refused"),
    "token_requests": Option("0", "a token or session is good for so many requests; 0: any number"),
    "unknown_fields": Option(
        "ignore", "what happens to fields the contract does not have", ("ignore", "reject")
    ),
    **FAULT_OPTIONS,
}


class Partner:
    """Serves one contract. A partner's `sandbox.py` subclasses it."""

    options: ClassVar[Mapping[str, Option]] = {}
    # Setting of the connector → the one value that this sandbox accepts.
    demo: ClassVar[Mapping[str, str]] = {}
    invalid_status: ClassVar[int] = 422
    unknown_parent_status: ClassVar[int] = 422
    # Record path → field → record path, for resources that no entity uses.
    more_references: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    created_field: ClassVar[str] = ""
    updated_field: ClassVar[str] = ""
    changed_since: ClassVar[str] = ""

    def __init__(self, contract: Contract, store: Store, settings: Mapping[str, str]):
        self.contract, self.store, self.name = contract, store, contract.partner
        self.settings = settings  # shared with the server, which changes it while we run
        self.faults = Faults(settings)
        self.secret = store.note(self.name, "secret", secrets.token_hex(32))
        self._uses: Counter[str] = Counter()
        self.resources = resources(contract, self.more_references)
        self._routes = Routes(self._handlers(), contract)
        self.body_schemas = {
            (path, method): operation_schema(contract, path, method)
            for path, item in contract.document["paths"].items()
            for method in item
            if method in ("post", "put") and "requestBody" in item[method]
        }
        self._bodies = {operation: validator(schema) for operation, schema in self.body_schemas.items()}

    # ---- what a partner may do differently

    def routes(self) -> dict[tuple[str, str], Handler]:
        """Handlers of operations that are not plain records: (method, path of the contract) → handler."""
        return {}

    def authenticate(self, call: Call) -> str:
        """The token or session of a request. Raises ApiError 401 for one without valid credentials."""
        raise NotImplementedError

    def error_answer(self, error: ApiError) -> Answer:
        """A refusal in the partner's own form."""
        raise NotImplementedError

    def list_answer(self, resource: Resource, items: list[Json], total: int, page: Page) -> Answer:
        """One page of a list in the partner's own form."""
        raise NotImplementedError

    def single(self, resource: Resource, shown: Json) -> Any:
        """One record in the partner's own form."""
        return shown

    def relative(self, path: str) -> str | None:
        """The path as the contract writes it, or None when it lies outside this partner's version."""
        return path

    def outside(self, call: Call) -> Answer | None:
        """Answers a path that is not part of the contract, or None."""
        return None

    def external_id_field(self, resource: Resource) -> str | None:
        """Name of the field that carries our id, or None where the partner keeps none."""
        return resource.external_id

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Refusal]:
        """Rules that a schema cannot say; `before` is None for a new record."""
        return ()

    def check_write(self, resource: Resource, references: Mapping[str, list[str]]) -> None:
        """Raises ApiError when nothing may be written under these parents (field → ids)."""

    def after_create(self, resource: Resource, record: Record) -> None:
        """What else comes into being with a record."""

    def before_delete(self, resource: Resource, record: Record) -> None:
        """What goes with a record."""

    def computed(self, resource: Resource, record: Record) -> Json:
        """Fields that follow from others."""
        return {}

    def query_name(self, name: str) -> str:
        """The contract's spelling of a query parameter."""
        return name

    def refuses_unknown_query(self, call: Call) -> bool:
        """Whether a query parameter that the contract does not have is refused."""
        return False

    def refuses_large_pages(self) -> bool:
        """Whether a page size above the maximum is refused; else the maximum is taken."""
        return False

    def entity_ids(self, entity: Entity) -> set[str]:
        """Ids of the records of an entity, which may share its path with others."""
        resource = self.resources[entity.record]
        ids = {r.id for r in self.store.all(self.name, resource.name) if entity.holds(r.body)}
        rivals = [other for other in self.contract.entities.values() if other.record == entity.record]
        if len(rivals) == 1 or entity.where or not entity.parents:
            return ids
        parents = {parent.field: self.contract.entities[parent.entity] for parent in entity.parents}
        allowed = {name: self.entity_ids(parent) for name, parent in parents.items()}
        references = self.store.all_references(self.name, resource.name)
        return ids & {id_ for id_, name, _, target in references if target in allowed.get(name, ())}

    # ---- the way of a request

    def answer(self, call: Call, fate: Fate = CALM) -> Answer:
        """Answers one request as its fate wants it, and notes it; what a refused request wrote is undone."""
        if not fate.processed:
            return self._instead(call, fate, Answer(204), processed=False)
        try:
            with self.store.transaction():
                return self._instead(call, fate, self._dispatch(call), processed=True)
        except ApiError as error:
            return self._instead(call, fate, self.error_answer(error), processed=False)

    def identity(self, call: Call) -> str:
        """What a request is, our external id in the place of the partner's wherever that is known."""
        try:
            template, params = self._routes.match(self.relative(call.path) or "")
        except ApiError:
            template, params = "", {}
        ours = self._external_ids_in(call, template, params)
        if ours:
            return f"{call.method} {template} {ours[0]}"
        return f"{call.method} {call.path} {call.query} {call.body!r}"

    def _external_ids_in(self, call: Call, template: str, params: Mapping[str, str]) -> list[str]:
        if template in self.resources:
            return self.store.external_ids(self.name, template, params["id"])
        resource = next((r for r in self.resources.values() if r.collection == template), None)
        if call.method != "POST" or resource is None:
            return []
        try:
            value = dig(json.loads(call.body), resource.external_id or "")
        except ValueError:
            return []
        return [value] if isinstance(value, str) else []

    def _instead(self, call: Call, fate: Fate, answer: Answer, processed: bool) -> Answer:
        """What goes back under this fate, noted in the log."""
        if fate.error:
            answer = self.error_answer(fate.error)
        answer = fate.answer or answer
        query = "&".join(f"{name}={value}" for name, value in call.query.items() if name != "session_key")
        self.store.log(
            self.name,
            call.method,
            call.path,
            query,
            status=0 if fate.cut else answer.status,
            body=call.body.decode(errors="replace") if self.is_on("log_bodies") and call.body else None,
            processed=processed,
            fault=fate.fault,
            retry_at=moment_text(fate.retry_at) if fate.retry_at else None,
        )
        return replace(answer, headers={**answer.headers, **fate.headers})

    def _dispatch(self, call: Call) -> Answer:
        outside = self.outside(call)
        if outside is not None:
            return outside
        path = self.relative(call.path)
        template, params = self._routes.match(path) if path is not None else ("", {})
        method = call.method.lower()
        if not self._routes.is_public(template, method):
            self._use(self.authenticate(call))
        if not template:
            raise ApiError(404, "unknown_route", "There is nothing at this address.")
        handler = self._routes.handler(template, method)
        if handler is None:
            raise ApiError(405, "wrong_method", "This address does not take this method.")
        return handler(replace(call, template=template, params=params))

    def _use(self, credential: str) -> None:
        """Counts a request of a token or session. Raises ApiError 401 when that was one too many."""
        most = self.number("token_requests")
        if not most:
            self._uses.clear()
            return
        self._uses[credential] += 1
        if self._uses[credential] > most:
            raise ApiError(401, "unauthorized", "The token or session has expired.")

    def _handlers(self) -> dict[tuple[str, str], Handler]:
        found: dict[tuple[str, str], Handler] = {}
        for resource in self.resources.values():
            found[("get", resource.collection)] = self._bound(self.list_records, resource)
            found[("post", resource.collection)] = self._bound(self.create, resource)
            found[("get", resource.name)] = self._bound(self.read, resource)
            found[("patch", resource.name)] = self._bound(self.change, resource)
            found[("delete", resource.name)] = self._bound(self.delete, resource)
        for entity in self.contract.entities.values():
            if entity.find and entity.find.method == "get":
                found[("get", entity.find.path)] = self._bound(
                    self.list_records, self.resources[entity.record]
                )
        return found | self.routes()

    @staticmethod
    def _bound(method: Callable[[Resource, Call], Answer], resource: Resource) -> Handler:
        return lambda call: method(resource, call)

    # ---- records

    def create(self, resource: Resource, call: Call) -> Answer:
        """POST on a collection."""
        self._path_parents(resource, call)
        body = self.accepted(resource, self.json_object(call), is_new=True)
        body = {**resource.defaults(), **body, **self._path_values(resource, call)}
        record = self.add(resource, body)
        self.after_create(resource, record)
        return Answer(201, self.single(resource, self.show(resource, record)))

    def add(self, resource: Resource, body: Json, id: str | None = None) -> Record:
        """A new record after all checks. Raises ApiError."""
        references = self._references(resource, body)
        self._parents_exist(references)
        self.check_write(resource, _ids(references))
        self._refuse(self.check(resource, body, None))
        self.refuse_pattern(resource, body, None)
        number, now = self.store.next_number(), time.time()
        new_id = id or (str(number) if resource.id_is_number else str(uuid.uuid5(NAMESPACE, str(number))))
        record = Record(number, resource.name, new_id, body, now, now)
        self.store.insert(self.name, record)
        self._set_external_id(resource, record)
        self.store.set_references(self.name, resource.name, new_id, references)
        return record

    def read(self, resource: Resource, call: Call) -> Answer:
        """GET on a record."""
        record = self._the_record(resource, call)
        if not self._is_visible(record):
            raise ApiError(404, "not_found", "There is no such record.")
        return Answer(200, self.single(resource, self.show(resource, record)))

    def change(self, resource: Resource, call: Call) -> Answer:
        """PATCH on a record: fields that are left out stay as they are, null clears."""
        record = self._the_record(resource, call)
        changes = self.accepted(resource, self.json_object(call), is_new=False)
        return Answer(200, self.single(resource, self.show(resource, self.apply(resource, record, changes))))

    def apply(self, resource: Resource, record: Record, changes: Json) -> Record:
        """The record with some fields changed, after all checks. Raises ApiError."""
        body = {**record.body, **changes}
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

    def delete(self, resource: Resource, call: Call) -> Answer:
        """DELETE on a record; 409 while others refer to it."""
        record = self._the_record(resource, call)
        self.check_write(resource, _ids(self._references(resource, record.body)))
        self.before_delete(resource, record)
        if self.store.is_referred_to(self.name, resource.name, record.id):
            raise ApiError(409, "in_use", "Other records refer to this one.")
        self.store.delete(self.name, record)
        return Answer(204)

    def list_records(self, resource: Resource, call: Call) -> Answer:
        """GET on a collection, filtered and paged."""
        query = self._known_filters(resource, call, self.query(call))
        page = self.page_of(call, query)
        own = {self.contract.paging.page, self.contract.paging.size, "orderBy", "includeDeleted"}
        filters: Json = {name: value for name, value in query.items() if name not in own}
        self._path_parents(resource, call)
        records, total = self.select(resource, {**self._path_values(resource, call), **filters}, page)
        return self.list_answer(resource, [self.show(resource, record) for record in records], total, page)

    def select(self, resource: Resource, filters: Json, page: Page) -> tuple[list[Record], int]:
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
        shown: Json = {resource.id_field: id_, **record.body}
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

    # ---- for the handlers of a partner

    def accepted(self, resource: Resource, body: Json, is_new: bool) -> Json:
        """The known fields of a body that keeps the contract. Raises ApiError for one that does not."""
        external = self.external_id_field(resource)
        hidden = {resource.external_id} if resource.external_id and external is None else set()
        unknown = [name for name in resource.unknown_fields(body) if name not in resource.path_fields]
        unknown += [name for name in hidden if name in body]
        if unknown and self.settings["unknown_fields"] == "reject":
            self._refuse([Refusal(name, "is not known", "unknown") for name in unknown])
        known = resource.create["properties"].keys() - hidden - set(resource.path_fields)
        body = {name: value for name, value in body.items() if name in known}
        self._refuse(resource.refusals(body, is_new))
        return body

    def json(self, call: Call) -> Any:
        """The JSON body of a request, as its operation wants it. Raises ApiError."""
        body = self._parsed(call)
        self._refuse(refusals(self._bodies[(call.template, call.method.lower())], body))
        return body

    def json_object(self, call: Call) -> Json:
        """The JSON object in a request, fields unchecked. Raises ApiError."""
        body = self._parsed(call)
        if not isinstance(body, dict):
            raise ApiError(400, "no_json", "The body must be a JSON object.")
        return body

    def page_of(self, call: Call, query: Mapping[str, str]) -> Page:
        """Which page is wanted. Raises ApiError for one that there cannot be."""
        paging = self.contract.paging
        if paging.style == "offset_headers":
            limit = _whole(call.headers.get(paging.limit.lower(), str(paging.default_size)), paging.limit, 1)
            offset = _whole(call.headers.get(paging.offset.lower(), "0"), paging.offset, 0)
            return Page(min(limit, paging.max_size), offset)
        size = _whole(query.get(paging.size, str(paging.default_size)), paging.size, 1)
        if size > paging.max_size and self.refuses_large_pages():
            raise ApiError(400, "invalid_query", f"{paging.size} must be at most {paging.max_size}.")
        size = min(size, paging.max_size)
        return Page(size, (_whole(query.get(paging.page, "1"), paging.page, 1) - 1) * size)

    def query(self, call: Call) -> dict[str, str]:
        """The query parameters of the operation, checked. Raises ApiError."""
        known = self._routes.parameters(call.template, call.method.lower())
        given = {self.query_name(name): value for name, value in call.query.items()}
        unknown = [name for name in given if name not in known]
        if unknown and self.refuses_unknown_query(call):
            raise ApiError(400, "invalid_query", f"The parameter {unknown[0]} is not known.")
        query = {name: value for name, value in given.items() if name in known}
        for name, value in query.items():
            if any(refusals(known[name], value)):
                raise ApiError(400, "invalid_query", f"The parameter {name} has a wrong value.")
        return query

    def refuse_pattern(self, resource: Resource, body: Json, before: Record | None) -> None:
        """Raises ApiError for a record that `reject_pattern` matches."""
        if not self.settings["reject_pattern"]:
            return
        name = self.external_id_field(resource)
        known = self.store.external_ids(self.name, resource.name, before.id) if before else []
        given = body.get(name) if name else None
        self._refuse(rejected(self.settings, [*known, given] if given else known, body, name))

    def duplicate(self) -> NoReturn:
        """Refuses an external id that is taken."""
        raise ApiError(409, "duplicate", "The external id is taken.")

    def is_on(self, option: str) -> bool:
        """Whether a yes/no option is on."""
        return self.settings[option] == "yes"

    def number(self, option: str) -> int:
        """The value of an option that is a whole number."""
        return int(self.settings[option])

    # ---- details

    def _parsed(self, call: Call) -> Any:
        if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise ApiError(400, "no_json", "Content-Type must be application/json.")
        try:
            return json.loads(call.body)
        except ValueError:
            raise ApiError(400, "no_json", "The body is not valid JSON.") from None

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
            (name, target, str(value))
            for name, target in resource.references.items()
            for value in (body[name] if isinstance(body.get(name), list) else [body.get(name)])
            if value is not None
        ]

    def _parents_exist(self, references: Iterable[tuple[str, str, str]]) -> None:
        missing = [
            Refusal(name, "refers to a record that does not exist", "unknown_parent")
            for name, target, id_ in references
            if not self.store.get(self.name, target, id_)
        ]
        if missing:
            message = "A record that this one refers to does not exist."
            raise ApiError(self.unknown_parent_status, "unknown_parent", message, missing)

    def _refuse(self, found: Iterable[Refusal]) -> None:
        refused = tuple(found)
        if refused:
            raise ApiError(self.invalid_status, "invalid", "The body breaks a rule.", refused)

    def _set_external_id(self, resource: Resource, record: Record) -> None:
        name = self.external_id_field(resource)
        value = record.body.get(name) if name else None
        try:
            self.store.set_external_ids(
                self.name, resource.id_space, resource.name, record.id, [value] if value else []
            )
        except Duplicate:
            self.duplicate()

    def _candidates(self, resource: Resource, filters: Json) -> list[Record]:
        """As few records as an index can give; the filters are still to be applied."""
        external = self.external_id_field(resource)
        if external in filters:
            return self.store.by_external_id(self.name, resource.name, str(filters[external]))
        for name, target in resource.references.items():
            if name in filters:
                return self.store.children(self.name, resource.name, target, str(filters[name]), name)
        return self.store.all(self.name, resource.name)

    def _matches(self, resource: Resource, record: Record, filters: Json) -> bool:
        shown = self.show(resource, record)
        for name, wanted in filters.items():
            if name == self.changed_since:
                if record.updated_at < datetime.fromisoformat(wanted).timestamp():
                    return False
            elif name == self.external_id_field(resource):
                continue  # the index has answered this one
            elif _text(wanted) not in _texts(shown.get(name)):
                return False
        return True

    def _is_visible(self, record: Record) -> bool:
        return record.created_at <= time.time() - self.number("read_delay_ms") / 1000


def operation_schema(contract: Contract, path: str, method: str) -> Json:
    """Schema of the JSON body of an operation, references resolved."""
    content = contract.document["paths"][path][method]["requestBody"]["content"]
    return resolve(contract.document, content["application/json"]["schema"])


def _whole(value: str, name: str, least: int) -> int:
    if not value.isdecimal() or int(value) < least:
        raise ApiError(400, "invalid_query", f"{name} must be a whole number of at least {least}.")
    return int(value)


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
