"""One partner as the sandbox plays it: hooks for what partners do differently, and the way of a request."""

import secrets
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from pipelines.contract.contract import Contract, dig, resolve
from pipelines.sandbox.play import lists
from pipelines.sandbox.play.faults import CALM, FAULT_OPTIONS, Fate, Faults, rejected
from pipelines.sandbox.play.resources import Resource, Violation, refusals, resources, validator
from pipelines.sandbox.play.routes import Routes
from pipelines.sandbox.play.store import Json, Record, Store, moment_text
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, parsed

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


class PartnerBase:
    """What a partner may do differently, and how a request is answered; `Partner` adds the records."""

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
    created_status: ClassVar[int] = 201
    # Whether a second record with the same external id is refused.
    keeps_ids_unique: ClassVar[bool] = True
    # Whether a PATCH merges nested objects; else it replaces them.
    merges: ClassVar[bool] = False

    def __init__(self, contract: Contract, store: Store, settings: Mapping[str, str]):
        self.contract, self.store, self.name = contract, store, contract.partner
        self.settings = settings  # shared with the server, which changes it while we run
        self.faults = Faults(settings)
        self.secret = store.note(self.name, "secret", secrets.token_hex(32))
        self._uses: Counter[str] = Counter()
        self._hidden = hidden_parameters(contract)
        self._tail = contract.base_url({"base_url": "http://localhost"}).removeprefix("http://localhost")
        self._login_path = (
            contract.login_url({"base_url": "http://localhost"}).removeprefix("http://localhost")
            if contract.login
            else ""
        )

    # What a contract says is read once it is needed: a sandbox of fourteen partners is often asked as one of them.

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """What records there are, by their path in the contract."""
        return resources(self.contract, self.more_references)

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self._handlers(), self.contract)

    @cached_property
    def body_schemas(self) -> dict[tuple[str, str], Json]:
        """The schema of a body, by path in the contract and method."""
        return {
            (path, method): operation_schema(self.contract, path, method)
            for path, item in self.contract.document["paths"].items()
            for method in item
            if method in ("post", "put")
            and "application/json" in item[method].get("requestBody", {}).get("content", {})
        }

    @cached_property
    def _bodies(self) -> dict[tuple[str, str], Any]:
        return {operation: validator(schema) for operation, schema in self.body_schemas.items()}

    # ---- what a partner may do differently

    def routes(self) -> dict[tuple[str, str], Handler]:
        """Handlers of operations that are not plain records: (method, path of the contract) → handler."""
        return {}

    def authenticate(self, call: Call) -> str:
        """The token or session of a request. Raises ApiError 401 for one without valid credentials."""
        raise NotImplementedError

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A refusal in the partner's own form."""
        raise NotImplementedError

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """One page of a list in the partner's own form; by default as the contract's `paging` says."""
        return lists.answer(resource, items, total, page)

    def single(self, resource: Resource, shown: Json) -> Any:
        """One record in the partner's own form."""
        return shown

    def relative(self, path: str) -> str | None:
        """The path as the contract writes it, or None when it lies outside what its address ends in."""
        return path.removeprefix(self._tail) if path.startswith(self._tail + "/") else None

    def outside(self, call: Call) -> PartnerAnswer | None:
        """Answers a path that is not part of the contract, or None."""
        return None

    def external_id_field(self, resource: Resource) -> str | None:
        """Name of the field that carries our id, or None where the partner keeps none."""
        return resource.external_id

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
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

    # ---- the way of a request

    def answer(self, call: Call, fate: Fate = CALM) -> PartnerAnswer:
        """Answers one request as its fate wants it, and notes it; what a refused request wrote is undone."""
        if not fate.processed:
            return self._instead(call, fate, PartnerAnswer(204), processed=False)
        try:
            with self.store.transaction():
                return self._instead(call, fate, self._dispatch(call), processed=True)
        except ApiError as error:
            return self._instead(call, fate, self.error_answer(error), processed=False)

    def broken(self, call: Call) -> PartnerAnswer:
        """What a request gets that met an error of the sandbox itself; it says nothing of the cause."""
        error = ApiError(500, "internal", "The sandbox met an error of its own.")
        return self._instead(call, CALM, self.error_answer(error), processed=False)

    @abstractmethod
    def record_handlers(self) -> dict[tuple[str, str], Handler]:
        """Handlers of the operations on records."""

    def identity(self, call: Call) -> str:
        """What a request is, our external id in the place of the partner's wherever that is known."""
        try:
            template, params = self._routes.match(self._contract_path(call.path) or "")
        except ApiError:
            template, params = "", {}
        ours = self._external_ids_in(call, template, params)
        if ours:
            return f"{call.method} {template} {ours[0]}"
        return f"{call.method} {call.path} {call.query} {call.body!r}"

    def _external_ids_in(self, call: Call, template: str, params: Mapping[str, str]) -> list[str]:
        if template in self.resources:
            if self.resources[template].id_is_ours:
                return [params["id"]]
            return self.store.external_ids(self.name, template, params["id"])
        resource = next((r for r in self.resources.values() if r.collection == template), None)
        if call.method != "POST" or resource is None:
            return []
        try:
            value = dig(parsed(call.body), resource.external_id or "")
        except ValueError:
            return []
        return [value] if isinstance(value, str) else []

    def _instead(self, call: Call, fate: Fate, answer: PartnerAnswer, processed: bool) -> PartnerAnswer:
        """What goes back under this fate, noted in the log."""
        if fate.error:
            answer = self.error_answer(fate.error)
        answer = fate.answer or answer
        query = "&".join(f"{name}={value}" for name, value in call.query.items() if name not in self._hidden)
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

    def _dispatch(self, call: Call) -> PartnerAnswer:
        outside = self.outside(call)
        if outside is not None:
            return outside
        path = self._contract_path(call.path)
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

    def _contract_path(self, path: str) -> str | None:
        """The path as the contract writes it; that of a login may lie outside what the API's address ends in."""
        login = self.contract.login
        if login and path == self._login_path:
            return login.path
        found = self.relative(path)
        return None if login and found == login.path else found

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
        return self.record_handlers() | self.routes()

    # ---- for the handlers of a partner

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

    def page_of(self, call: Call, query: Mapping[str, str]) -> PartnerPage:
        """Which page is wanted. Raises ApiError for one that there cannot be."""
        return lists.page_of(self.contract.paging, call, query, self.refuses_large_pages())

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
            return parsed(call.body)
        except ValueError:
            raise ApiError(400, "no_json", "The body is not valid JSON.") from None

    def _refuse(self, found: Iterable[Violation]) -> None:
        refused = tuple(found)
        if refused:
            raise ApiError(self.invalid_status, "invalid", "The body breaks a rule.", refused)


def hidden_parameters(contract: Contract) -> set[str]:
    """Query parameters that carry credentials; none of them is ever noted."""
    schemes = contract.document.get("components", {}).get("securitySchemes", {}).values()
    return {"session_key"} | {s["name"] for s in schemes if s["type"] == "apiKey" and s["in"] == "query"}


def operation_schema(contract: Contract, path: str, method: str) -> Json:
    """Schema of the JSON body of an operation, references resolved."""
    content = contract.document["paths"][path][method]["requestBody"]["content"]
    kind = "application/json" if "application/json" in content else next(iter(content))
    return resolve(contract.document, content[kind]["schema"])
