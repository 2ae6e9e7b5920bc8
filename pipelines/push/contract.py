"""A partner's `contract.yaml` as typed, frozen data. The format is described in `docs/contracts.md`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from pipelines.errors import SettingsError, StammdatenError

FOLDER = Path(__file__).parent.parent / "partners"
FILE = "contract.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both are safe; the one in C is ten times as fast

T = TypeVar("T")
Json = dict[str, Any]
WithdrawKind = Literal["keep", "delete", "end", "deactivate", "detach"]
Purpose = Literal["create", "update"]


class ContractError(StammdatenError):
    """A contract file is missing or wrong; the message names file and key."""


@dataclass(frozen=True)
class Limits:
    """Upper bounds of the connector; None is not limited. `confidence` says who names them."""

    in_flight: int | None = None
    per_second: float | None = None
    per_minute: float | None = None
    per_day: float | None = None
    confidence: str = "assumed"


@dataclass(frozen=True)
class Paging:
    """How lists are read: names of query parameters or headers, dotted paths into the answer."""

    style: Literal["page", "offset_headers"]
    default_size: int
    max_size: int
    items: str = ""
    page: str = ""
    size: str = ""
    total_pages: str = ""
    total: str = ""
    limit: str = ""
    offset: str = ""
    count: str = ""


@dataclass(frozen=True)
class ErrorShape:
    """Where an error body keeps what; each is a list of dotted paths, the first that is there counts."""

    code: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    details: str = ""
    field: str = ""

    def read(self, body: object) -> tuple[str, str, tuple[str, ...]]:
        """Code, message and names of the refused fields in an error body; empty where there is none."""
        code, message = (_first(body, paths) for paths in (self.code, self.message))
        details = dig(body, self.details) if self.details else None
        if isinstance(details, Mapping):
            fields = [str(name) for name in details]
        elif isinstance(details, list):
            fields = [str(dig(detail, self.field) or "") for detail in details]
        else:
            fields = [str(dig(body, self.field) or "")] if self.field and not self.details else []
        return code, message, tuple(name for name in fields if name)


@dataclass(frozen=True)
class Find:
    """One request that looks records up; the value goes into `query` or into the field `body`."""

    method: Literal["get", "post"]
    path: str
    query: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Parent:
    """A reference: `field` takes the id of a record of `entity`."""

    entity: str
    field: str
    many: bool
    in_path: bool
    required: bool


@dataclass(frozen=True)
class Lookup:
    """An id out of the partner's own catalogue: of the records at `path`, the one that is as `where` says."""

    field: str
    path: str
    where: Mapping[str, Any]
    take: str


@dataclass(frozen=True)
class Withdraw:
    """What happens at the partner when a row leaves the mart."""

    kind: WithdrawKind
    field: str | None = None
    values: Mapping[str, Any] = default(default_factory=dict)


@dataclass(frozen=True)
class Entity:
    """One entity of a partner; the keys of `x-entities`, defaults filled in."""

    name: str
    title: str
    erp: str
    collection: str
    record: str
    list: str
    items: str
    unwrap: str
    id: str
    external_id: str | None
    external_ids: str | None
    find: Find | None
    candidates: Find | None
    natural_key: tuple[str, ...]
    unique_field: str | None
    where: Mapping[str, Any]
    parents: tuple[Parent, ...]
    id_space: str
    created_with: str | None
    lookups: tuple[Lookup, ...]
    withdraw: Withdraw
    withdraw_note: str

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record read from this entity's path belongs to it, as far as `where` can tell."""
        return all(_is(record.get(name), wanted) for name, wanted in self.where.items())


@dataclass(frozen=True)
class Contract:
    """A partner's API as its contract describes it."""

    partner: str
    title: str
    specified: bool
    credentials: tuple[str, ...]
    limits: Limits
    record: str
    paging: Paging
    error: ErrorShape
    entities: Mapping[str, Entity]
    document: Json = default(repr=False)

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Entity names, parents before children; entities of one level do not refer to each other."""
        return _levels(self.partner, {name: entity.parents for name, entity in self.entities.items()})

    def schema(self, entity: str, purpose: Purpose) -> Json:
        """JSON Schema of the body that creates or changes a record, references resolved.

        Fields that only the partner sets (`readOnly`) are left out.
        """
        found = self.entities[entity]
        path, method = (found.collection, "post") if purpose == "create" else (found.record, "patch")
        return body_schema(self.document, path, method)

    def confidence(self, entity: str, name: str) -> str:
        """`documented`, `observed` or `assumed`: how well the field of an entity is known."""
        known = self.schema(entity, "create")["properties"].get(name, {})
        return str(known.get("x-confidence", "assumed"))

    def base_url(self, settings: Mapping[str, str]) -> str:
        """Address that stands before every path, without a trailing slash.

        `settings` are the values of `DESTINATION__<PARTNER>__…`, keys in lower case: `base_url`,
        `environment`, the server's variables. Raises SettingsError for a value that is not allowed.
        """
        server = self._server(settings)
        origin, tail = _split(server["url"])
        for name, variable in server.get("variables", {}).items():
            tail = tail.replace("{" + name + "}", self._variable(name, variable, settings))
        if not settings.get("base_url"):
            return origin + tail
        base = settings["base_url"].rstrip("/")
        given = tail or self._shared_segment()
        if given and base.endswith(given):
            return base if tail else base.removesuffix(given)
        return base + tail

    def _server(self, settings: Mapping[str, str]) -> Json:
        servers: list[Json] = self.document["servers"]
        wanted = settings.get("environment", "")
        if not wanted or settings.get("base_url"):
            return servers[0]
        known = {server["x-environment"]: server for server in servers if "x-environment" in server}
        if wanted.lower() not in known:
            raise self._refused("environment", wanted, ", ".join(known) or "none")
        return known[wanted.lower()]

    def _variable(self, name: str, variable: Json, settings: Mapping[str, str]) -> str:
        value = str(settings.get(name, variable["default"])).strip()
        if "enum" in variable and value not in variable["enum"]:
            raise self._refused(name, value, ", ".join(variable["enum"]))
        if str(variable["default"]).startswith("/") and value:
            return "/" + value.strip("/")
        return value

    def _refused(self, key: str, value: str, allowed: str) -> SettingsError:
        setting = f"DESTINATION__{self.partner.upper()}__{key.upper()}"
        return SettingsError(f"{setting} is {value!r}; allowed: {allowed}.")

    def _shared_segment(self) -> str:
        firsts = {path.split("/")[1] for path in self.document["paths"]}
        return "/" + firsts.pop() if len(firsts) == 1 else ""


def partners() -> list[str]:
    """Names of the partners that have a contract, in alphabetical order."""
    return sorted(file.parent.name for file in FOLDER.glob(f"*/{FILE}"))


@cache
def load_contract(partner: str) -> Contract:
    """The contract of a partner. Raises ContractError when the file is missing or wrong."""
    file = FOLDER / partner / FILE
    if not file.is_file():
        raise ContractError(f"No contract for {partner!r}; known partners: {', '.join(partners())}.")
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ContractError(f"partners/{partner}/{FILE}, line {line}: {error.problem}.") from error
    return parse_contract(partner, document)


def parse_contract(partner: str, document: Json) -> Contract:
    """The contract in a parsed OpenAPI document. Raises ContractError that names the key."""
    where = f"partners/{partner}/{FILE}"
    head = _get(document, "x-partner", where)
    if head.get("name") != partner:
        raise ContractError(f"{where}: x-partner.name is {head.get('name')!r}, the folder is {partner!r}.")
    paging = _build(Paging, _get(head, "paging", f"{where}: x-partner"), f"{where}: x-partner.paging")
    error = {
        key: (value if isinstance(value, list) else [value]) if key in ("code", "message") else value
        for key, value in head.get("error", {}).items()
    }
    entities = {
        name: _entity(name, entry, document, f"{where}: x-entities.{name}")
        for name, entry in _get(document, "x-entities", where).items()
    }
    contract = Contract(
        partner=partner,
        title=_get(head, "title", f"{where}: x-partner"),
        specified=head.get("specified", True),
        credentials=tuple(_get(head, "credentials", f"{where}: x-partner")),
        limits=_build(Limits, head.get("limits", {}), f"{where}: x-partner.limits"),
        record=head.get("record", ""),
        paging=paging,
        error=_build(
            ErrorShape,
            {key: tuple(value) if isinstance(value, list) else value for key, value in error.items()},
            f"{where}: x-partner.error",
        ),
        entities=entities,
        document=document,
    )
    for name, entity in entities.items():
        for other in [parent.entity for parent in entity.parents] + [entity.created_with or name]:
            if other not in entities:
                raise ContractError(f"{where}: x-entities.{name} refers to {other!r}, which is no entity.")
    return contract


def dig(body: object, path: str) -> Any:
    """The value at a dotted path (`meta.totalPages`, `errors.0.code`); None where there is none."""
    value: Any = body
    for step in path.split(".") if path else []:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def body_schema(document: Json, path: str, method: str) -> Json:
    """JSON Schema of the JSON body of one operation: references and `allOf` merged, `readOnly` left out."""
    operation = document["paths"][path][method]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return _writable(resolve(document, schema))


def resolve(document: Json, schema: Json) -> Json:
    """The schema with local references replaced and `allOf` merged into it."""
    if "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**resolve(document, target), **rest}
    merged: Json = {"properties": {}, "required": []} if "allOf" in schema else {}
    for part in [resolve(document, part) for part in schema.get("allOf", [])]:
        merged = _merge(merged, part)
    own = {key: value for key, value in schema.items() if key != "allOf"}
    for name, children in own.items():
        if name == "properties":
            own[name] = {key: resolve(document, value) for key, value in children.items()}
        elif name == "items":
            own[name] = resolve(document, children)
        elif name in ("oneOf", "anyOf"):
            own[name] = [resolve(document, child) for child in children]
    return _merge(merged, own) if merged else own


def _merge(left: Json, right: Json) -> Json:
    merged = {**left, **right}
    if "properties" in left or "properties" in right:
        merged["properties"] = {**left.get("properties", {}), **right.get("properties", {})}
    required = [*left.get("required", []), *right.get("required", [])]
    if required:
        merged["required"] = list(dict.fromkeys(required))
    return merged


def _writable(schema: Json) -> Json:
    properties = {
        name: value for name, value in schema.get("properties", {}).items() if not value.get("readOnly")
    }
    required = [name for name in schema.get("required", []) if name in properties]
    rest = {key: value for key, value in schema.items() if key not in ("properties", "required")}
    return {**rest, "properties": properties, **({"required": required} if required else {})}


def _entity(name: str, entry: Json, document: Json, where: str) -> Entity:
    collection, record = _get(entry, "collection", where), _get(entry, "record", where)
    for path in (collection, record, entry.get("list", collection)):
        if path not in document.get("paths", {}):
            raise ContractError(f"{where}: the path {path!r} is not described under paths.")
    head = document["x-partner"]
    parents = entry.get("parents", {})
    return Entity(
        name=name,
        title=_get(entry, "title", where),
        erp=_get(entry, "erp", where),
        collection=collection,
        record=record,
        list=entry.get("list", collection),
        items=entry.get("items", head["paging"].get("items", "")),
        unwrap=entry.get("unwrap", head.get("record", "")),
        id=_get(entry, "id", where),
        external_id=entry.get("external_id"),
        external_ids=entry.get("external_ids"),
        find=_build(Find, entry["find"], f"{where}.find") if "find" in entry else None,
        candidates=_build(Find, entry["candidates"], f"{where}.candidates")
        if "candidates" in entry
        else None,
        natural_key=tuple(entry.get("natural_key", [])),
        unique_field=entry.get("unique_field"),
        where=entry.get("where", {}),
        parents=tuple(_parent(other, key, collection, document) for other, key in parents.items()),
        id_space=entry.get("id_space", name),
        created_with=entry.get("created_with"),
        lookups=tuple(
            _build(Lookup, {"field": key, **value}, f"{where}.lookups.{key}")
            for key, value in entry.get("lookups", {}).items()
        ),
        withdraw=_withdraw(_get(entry, "withdraw", where), where),
        withdraw_note=_get(entry, "withdraw_note", where),
    )


def _parent(entity: str, name: str, collection: str, document: Json) -> Parent:
    in_path = "{" + name + "}" in collection
    schema = body_schema(document, collection, "post")
    return Parent(
        entity=entity,
        field=name,
        many=schema["properties"].get(name, {}).get("type") == "array",
        in_path=in_path,
        required=in_path or name in schema.get("required", []),
    )


def _withdraw(value: str | Json, where: str) -> Withdraw:
    match value:
        case "keep" | "delete":
            return Withdraw(kind="delete" if value == "delete" else "keep")
        case {"end": str(name), **rest} if not rest:
            return Withdraw(kind="end", field=name)
        case {"detach": str(name), **rest} if not rest:
            return Withdraw(kind="detach", field=name)
        case {"deactivate": dict(values), **rest} if not rest:
            return Withdraw(kind="deactivate", values=values)
    raise ContractError(f"{where}.withdraw is {value!r}; see docs/contracts.md for what it may be.")


def _levels(partner: str, parents: Mapping[str, tuple[Parent, ...]]) -> tuple[tuple[str, ...], ...]:
    open_, done, levels = list(parents), set[str](), list[tuple[str, ...]]()
    while open_:
        level = tuple(name for name in open_ if all(parent.entity in done for parent in parents[name]))
        if not level:
            raise ContractError(f"partners/{partner}/{FILE}: parents form a circle: {', '.join(open_)}.")
        levels.append(level)
        done.update(level)
        open_ = [name for name in open_ if name not in done]
    return tuple(levels)


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping) and "not" in wanted:
        return bool(value != wanted["not"])
    return bool(value == wanted)


def _first(body: object, paths: tuple[str, ...]) -> str:
    found = (dig(body, path) for path in paths)
    return next((str(value) for value in found if isinstance(value, str | int) and value != ""), "")


def _split(url: str) -> tuple[str, str]:
    match = re.match(r"(https?://[^/{]+)(.*)", url)
    if not match:
        raise ContractError(f"The server address {url!r} does not start with http:// or https://.")
    return match[1], match[2].rstrip("/")


def _get(mapping: Json, key: str, where: str) -> Any:
    if key not in mapping:
        raise ContractError(f"{where}: the key {key!r} is missing.")
    return mapping[key]


def _build(kind: type[T], values: Json, where: str) -> T:
    try:
        return kind(**values)
    except TypeError as error:
        raise ContractError(
            f"{where}: {str(error).replace(kind.__name__ + '.__init__()', '').strip()}."
        ) from None
