"""Operations as GraphQL requests: documents with variables, made from the schema; answers as those of REST.

A row's answer gets the status that the error's code stands for, as GraphQL tells of refusals in good answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.api.http.client import Answer, Client, Read
from pipelines.api.protocols import paging
from pipelines.api.protocols.nulls import Nulls
from pipelines.api.protocols.protocol import Json, LookupFailed, Operation, Page
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.contract.contract import Contract, ContractError, Entity, Find, dig
from pipelines.contract.model import Mutation, put
from pipelines.contract.schema.graphql_schema import Sdl

# What all requests have in common, and so concerns login, pace and repetition, not one row.
OF_THE_REQUEST: Mapping[str, int] = {
    "UNAUTHENTICATED": 401,
    "TOO_MANY_REQUESTS": 429,
    "RATE_LIMITED": 429,
    "THROTTLED": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
OF_A_ROW: Mapping[str, int] = {
    "BAD_REQUEST": 400,
    "GRAPHQL_PARSE_FAILED": 400,
    "GRAPHQL_VALIDATION_FAILED": 400,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "BAD_USER_INPUT": 422,
}
UNKNOWN_CODE = 422
# A good answer that says nothing of what was asked.
NO_ANSWER = 502


@dataclass(frozen=True)
class Field:
    """One field of an operation: its name, its argument with type and value, and what is asked of the answer."""

    name: str
    argument: str
    type: str
    value: Any
    selection: str


class Graphql:
    """Mutations and queries of a contract's schema, at its one endpoint."""

    def __init__(self, contract: Contract, client: Client):
        if contract.sdl is None:
            raise ContractError(f"{contract.partner}: the contract names no GraphQL schema.")
        self.contract, self.client, self.nulls = contract, client, Nulls(contract)
        self._sdl: Sdl = contract.sdl
        self._selections: dict[tuple[str, str], str] = {}

    def create(self, operation: Operation, body: Json) -> Answer:
        """The upsert, which may be repeated."""
        return self._send("mutation", self._upsert(operation, body))

    def create_many(
        self, rows: Sequence[tuple[Operation, Json]], repeat: bool = True
    ) -> tuple[list[Answer | None], Answer]:
        """Several upserts, of any entities. None for a row that has neither a result nor an error of its own."""
        fields = [self._upsert(operation, body) for operation, body in rows]
        asked = document("mutation", fields)
        answer = self.client.call(
            "post", self.contract.endpoint, asked, repeat=repeat, read=_is_graphql, is_write=True
        )
        own = split(answer, len(fields))
        return [found and replace(found, requests=0) for found in own], answer

    def change(self, operation: Operation, remote_id: str, body: Json) -> Answer:
        """The same as `create`: an upsert takes all fields."""
        return self.create(operation, body)

    def remove(self, operation: Operation) -> Answer:
        """The mutation that the contract names; its argument is our id, or the partner's if it is called like that."""
        mutation = operation.entity.withdraw.mutation
        if mutation is None:
            raise ContractError(f"{operation.entity.name}: no mutation is named for the withdrawal.")
        by_theirs = mutation.argument == operation.entity.id
        value = operation.remote_id if by_theirs else operation.external_id
        return self._send("mutation", self._field(mutation, value, None))

    def remote_id(self, entity: Entity, answer: Answer) -> str | None:
        """From the record that the mutation returned."""
        return checked_id(dig(answer.body, f"data.{entity.id}"))

    def pages(self, entity: Entity, find: Find, value: Any) -> Iterator[Page]:
        """Page by page until one is not full. An answer with errors is not believed."""
        how = find.paging or self.contract.paging
        argument, kind = self._sdl.argument(find.path)
        number, shown, watch = 0, 0, paging.Watch()
        while True:
            body: Json = {}
            for place, part in {**find.values, **paging.turn(how, number, shown).body}.items():
                put(body, place, part)
            if find.body and value is not None:
                put(body, find.body, value)
            asked = Field(find.path, argument, kind, body, self._shown(entity, find))
            answer = self._send("query", asked, _has_list)
            if not answer.ok:
                raise LookupFailed(paging.broken_off(answer, number))
            found = dig(answer.body, "data")
            # What is no record among them may have been the one that is looked for.
            is_whole = all(isinstance(record, dict) for record in found)
            yield Page(answer, [entity.as_sent(record) for record in found] if is_whole else None, None)
            number, shown = number + 1, shown + len(found)
            if watch.is_circle(found, entity.id):
                raise LookupFailed(replace(answer, status=None, problem="circle"))
            if paging.is_last(how, answer, number - 1, len(found), shown):
                return

    def one(
        self, entity: Entity, remote_id: str, external_id: str | None, path: Mapping[str, Any]
    ) -> tuple[Answer, Json | None]:
        """By our id, as there is no query for one record; None also where there is no look-up."""
        if entity.find is None or external_id is None:
            return Answer(404, None, {}, 0), None
        answer = Answer(404, None, {}, 0)
        for page in self.pages(entity, entity.find, external_id):
            answer = page.answer
            for record in page.known():
                if str(record.get(entity.id)) == remote_id:
                    return answer, record
        return answer, None

    def _upsert(self, operation: Operation, body: Json) -> Field:
        entity = operation.entity
        if entity.mutation is None:
            raise ContractError(f"{entity.name}: no mutation is named.")
        return self._field(entity.mutation, self.nulls.written(operation, body), entity.id)

    def _field(self, mutation: Mutation, value: Any, wanted: str | None) -> Field:
        key = (mutation.name, wanted or "")
        if key not in self._selections:
            self._selections[key] = self._sdl.confirmation(mutation, wanted)
        return Field(mutation.name, mutation.argument, mutation.type, value, self._selections[key])

    def _shown(self, entity: Entity, find: Find) -> str:
        key = (entity.name, find.path)
        if key not in self._selections:
            schema = self.contract.schema(entity.name, "create")
            # A field that is shown under another name is not asked for under its own.
            schema["properties"] = {n: s for n, s in schema["properties"].items() if n not in entity.shown_as}
            paths = [entity.id, *entity.shown_as.values()]
            self._selections[key] = self._sdl.selection(find.path, schema, paths)
        return self._selections[key]

    def _send(self, kind: str, field: Field, read: Read | None = None) -> Answer:
        answer = self.client.call(
            "post",
            self.contract.endpoint,
            document(kind, [field]),
            read=read or _is_graphql,
            is_write=kind == "mutation",
        )
        [own] = split(answer, 1)
        return own or replace(answer, status=NO_ANSWER)


def document(kind: str, fields: Sequence[Field]) -> Json:
    """The body of a request: one aliased field each, all values as variables."""
    heads = ", ".join(f"$r{place}: {field.type}" for place, field in enumerate(fields))
    lines = " ".join(
        f"r{place}: {field.name}({field.argument}: $r{place}) {field.selection}".rstrip()
        for place, field in enumerate(fields)
    )
    variables = {f"r{place}": field.value for place, field in enumerate(fields)}
    return {"query": f"{kind} ({heads}) {{ {lines} }}", "variables": variables}


def split(answer: Answer, number: int) -> list[Answer | None]:
    """The answers to so many aliased fields; None where one has neither a result nor an error of its own."""
    if not answer.ok or not isinstance(answer.body, Mapping):
        return [answer if number == 1 else None] * number
    data, errors = answer.body.get("data"), _errors(answer.body)
    values = data if isinstance(data, Mapping) else {}
    found: list[Answer | None] = []
    for alias in (f"r{place}" for place in range(number)):
        own = [error for error in errors if dig(error, "path.0") == alias or number == 1]
        if own:
            body = {"data": None, "errors": own}
            found.append(replace(answer, status=_status(own[0]) or UNKNOWN_CODE, body=body))
        elif values.get(alias) is not None or (alias in values and not errors):
            found.append(_done(replace(answer, body={"data": values[alias]})))
        else:
            found.append(None)
    return found


def transport(answer: Answer) -> Answer:
    """The answer with the status that its errors stand for, where they concern the request and nothing was done."""
    if not isinstance(answer.body, Mapping) or answer.status in (401, 429) or (answer.status or 0) >= 500:
        return answer
    data = answer.body.get("data")
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        return answer
    statuses = {_status(error) for error in _errors(answer.body)}
    known = statuses.pop() if len(statuses) == 1 else None
    return replace(answer, status=known) if known in OF_THE_REQUEST.values() else answer


def _is_graphql(answer: Answer) -> Answer:
    """A good answer is an object with data or errors; anything else says nothing of what was asked."""
    if not answer.ok:
        return answer
    body = answer.body
    if isinstance(body, Mapping) and (isinstance(body.get("data"), Mapping) or body.get("errors")):
        return answer
    return replace(answer, problem="unusable")


def _has_list(answer: Answer) -> Answer:
    """The same for the list that was asked for; errors of it are an answer too."""
    answer = _is_graphql(answer)
    if answer.ok and not _errors(answer.body) and not isinstance(dig(answer.body, "data.r0"), list):
        return replace(answer, problem="unusable")
    return answer


def _done(answer: Answer) -> Answer:
    """A mutation that answers `false`, or with a status of its own that is none of success, was not carried out."""
    data = dig(answer.body, "data")
    if data is False:
        return replace(answer, problem="errors")
    told = dig(data, "statusCode")
    if isinstance(told, int) and not isinstance(told, bool) and not 200 <= told < 300:
        return replace(answer, status=told) if 400 <= told < 600 else replace(answer, problem="errors")
    return answer


def _errors(body: Mapping[str, Any]) -> list[Any]:
    errors = body.get("errors")
    if not errors:
        return []
    # What is no list of objects tells of errors all the same.
    return [
        e if isinstance(e, Mapping) else {"message": e if isinstance(e, str) else ""}
        for e in (errors if isinstance(errors, list) else [errors])
    ]


def _status(error: Mapping[str, Any]) -> int | None:
    code = str(dig(error, "extensions.code") or "")
    if code.isdecimal() and 400 <= int(code) < 600:
        return int(code)
    return OF_THE_REQUEST.get(code.upper()) or OF_A_ROW.get(code.upper())
