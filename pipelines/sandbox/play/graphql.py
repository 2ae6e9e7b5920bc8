"""A partner that speaks GraphQL: upserts, withdrawals and lists straight from its schema, over the same records."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from pipelines.contract.contract import ContractError, Entity, dig
from pipelines.contract.model import put
from pipelines.contract.schema.graphql_schema import Sdl
from pipelines.sandbox.play import lists
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json, Record, changed
from pipelines.sandbox.play.wire import ApiError, Call, Handler, PartnerAnswer

Field = tuple[str, str]
Resolver = Callable[[Call, Json], Any]

CODES: Mapping[int, str] = {
    400: "BAD_USER_INPUT",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    422: "BAD_USER_INPUT",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
}
DONE: Json = {"statusCode": 200, "message": "OK"}
# Where a message about a variable names the field; the value in it is not repeated.
AT_FIELD = re.compile(r" at '[^'.]+\.([\w.]+)'|Field '(\w+)' (?:of|is not defined)")
MISSING = re.compile(r"was not provided|not to be None")


class GraphqlPartner(Partner):
    """Serves a contract with `protocol: graphql`. A partner's `sandbox.py` subclasses it."""

    invalid_status: ClassVar[int] = 422

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        if self.contract.sdl is None:
            raise ContractError(f"{self.name}: the contract names no GraphQL schema.")
        self._sdl: Sdl = self.contract.sdl
        self._fields = self._entity_fields() | self.fields()
        for kind in (self._sdl.schema.query_type, self._sdl.schema.mutation_type):
            for name in kind.fields if kind else ():
                if kind and (kind.name, name) not in self._fields:
                    raise ContractError(f"{self.name}: nothing in the sandbox answers {kind.name}.{name}.")

    def fields(self) -> dict[Field, Resolver]:
        """Resolvers of fields that no entity names: (Query or Mutation, field) → resolver."""
        return {}

    def filters(self, entity: Entity, argument: Json) -> Json:
        """Which records a query wants: the partner's field → value."""
        place = (entity.find.body or "") if entity.find else ""
        above, _, leaf = place.rpartition(".")
        ours = {path: name for name, path in entity.shown_as.items()} | {leaf: entity.external_id}
        given = dig(argument, above) if above else argument
        renamed = {ours.get(name) or name: value for name, value in (given or {}).items()}
        return lists.filters_in(renamed, "", self.resources[entity.record].create["properties"])

    def output(self, entity: Entity, record: Record) -> Json:
        """A record as the type of the answer has it."""
        shown = self.show(self.resources[entity.record], record)
        for name, path in entity.shown_as.items():
            put(shown, path, shown.get(name))
        return shown

    def detach(self, resource: Resource, record: Record) -> None:
        """Cuts the link to us: the record stays, marked; sending it again mends the link."""
        self.store.update(self.name, changed(record, {**record.body, "detached": True}, record.updated_at))

    def record_handlers(self) -> dict[tuple[str, str], Handler]:
        """The one endpoint."""
        return {("post", self.contract.endpoint): self._execute}

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A refusal of the whole request."""
        body = {"errors": [{"message": error.message, "extensions": self.extensions(error)}]}
        return PartnerAnswer(error.status, body, error.headers)

    def extensions(self, error: ApiError) -> Json:
        """What an error says beside its sentence: a code, and the first field that was refused."""
        found: Json = {"code": CODES.get(error.status, "INTERNAL_SERVER_ERROR")}
        return {**found, "field": error.refused[0].field} if error.refused else found

    # ---- the way of a request

    def _execute(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        document = self._document(given["query"])
        if isinstance(document, PartnerAnswer):
            return document
        result = execute_sync(
            self._sdl.schema,
            document,
            context_value=call,
            variable_values=given.get("variables"),
            operation_name=given.get("operationName"),
            field_resolver=self._resolve,
        )
        for found in result.errors or ():
            if found.original_error is not None and not isinstance(found.original_error, GraphQLError):
                raise found.original_error  # an error of ours
        body: Json = {"data": result.data}
        if result.errors:
            body["errors"] = [_formatted(error) for error in result.errors]
        return PartnerAnswer(200, body)

    def _document(self, text: str) -> DocumentNode | PartnerAnswer:
        """The query as a document, or a refusal of what is none or does not fit the schema."""
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            return _refused("GRAPHQL_PARSE_FAILED", [error])
        except RecursionError:
            raise ApiError(400, "no_query", "The query is nested too deeply.") from None
        errors = validate(self._sdl.schema, document)
        return _refused("GRAPHQL_VALIDATION_FAILED", errors) if errors else document

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        resolver = self._fields.get((info.parent_type.name, info.field_name))
        if resolver is None:
            return source.get(info.field_name)
        try:
            with self.store.part():
                return resolver(info.context, arguments)
        except ApiError as error:
            words = [f"{refusal.field} {refusal.message}" for refusal in error.refused]
            raise GraphQLError("; ".join(words) or error.message, extensions=self.extensions(error)) from None

    def _entity_fields(self) -> dict[Field, Resolver]:
        found: dict[Field, Resolver] = {}
        for entity in self.contract.entities.values():
            if entity.mutation:
                found["Mutation", entity.mutation.name] = self._of(self._upsert, entity)
            if entity.withdraw.mutation:
                found["Mutation", entity.withdraw.mutation.name] = self._of(self._withdraw, entity)
            for look in (entity.listing, entity.find):
                if look:
                    found["Query", look.path] = self._of(self._list, entity)
        return found

    @staticmethod
    def _of(method: Callable[[Entity, Call, Json], Any], entity: Entity) -> Resolver:
        return lambda call, arguments: method(entity, call, arguments)

    # ---- what entities name

    def _upsert(self, entity: Entity, call: Call, arguments: Json) -> Json:
        resource = self.resources[entity.record]
        given = dict(arguments[entity.mutation.argument] if entity.mutation else {})
        id_ = given.pop(entity.id, None)
        external_id = str(given.get(entity.external_id or ""))
        if id_ is None:
            record, _ = self.put(resource, given, external_id)
        else:
            known = self._known(resource, id_)
            record = self.apply(resource, known, self.accepted(resource, given, is_new=True))
        if record.body.get("detached"):
            record = changed(record, {**record.body, "detached": False}, record.updated_at)
            self.store.update(self.name, record)
        return self.output(entity, record)

    def _withdraw(self, entity: Entity, call: Call, arguments: Json) -> Any:
        resource, mutation = self.resources[entity.record], entity.withdraw.mutation
        if mutation is None:
            raise ApiError(404, "unknown", "There is no such mutation.")
        value = str(arguments.get(mutation.argument))
        if mutation.argument == entity.id:
            record = self._known(resource, value)
        else:
            found = self.store.by_external_id(self.name, resource.name, value)
            if not found:
                raise ApiError(404, "not_found", "There is no such record.")
            record = found[0]
        if entity.withdraw.kind == "detach":
            self.detach(resource, record)
        else:
            self.remove(resource, record)
        kind = self._sdl.schema.mutation_type
        answer = get_named_type(kind.fields[mutation.name].type) if kind else None
        return DONE if isinstance(answer, GraphQLObjectType) else True

    def _list(self, entity: Entity, call: Call, arguments: Json) -> list[Json]:
        argument = next(iter(arguments.values()), None) or {}
        resource = self.resources[entity.record]
        page = lists.page_of(resource.paging, call, argument)
        records, _ = self.select(resource, self.filters(entity, argument), page)
        hidden = self.settings.get("detached") == "hidden"
        return [self.output(entity, r) for r in records if not (hidden and r.body.get("detached"))]

    def _known(self, resource: Resource, id_: str) -> Record:
        record = self.store.get(self.name, resource.name, id_)
        if record is None:
            raise ApiError(404, "not_found", "There is no such record.")
        return record


def _formatted(error: GraphQLError) -> Json:
    """An error as it goes back; what is wrong with a variable is told without its value."""
    if error.path is None and error.message.startswith("Variable"):
        at = AT_FIELD.search(error.message)
        field = at and (at[1] or at[2])
        extensions = {"code": "BAD_USER_INPUT", **({"field": field} if field else {})}
        words = (
            "has a value of the wrong type" if not MISSING.search(error.message) else "lacks a required value"
        )
        return {"message": f"A variable {words}.", "extensions": extensions}
    found: Json = dict(error.formatted)
    return found if found.get("extensions") else {**found, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}


def _refused(code: str, errors: list[GraphQLError] | list[GraphQLSyntaxError]) -> PartnerAnswer:
    return PartnerAnswer(
        400, {"errors": [{"message": e.message, "extensions": {"code": code}} for e in errors]}
    )
