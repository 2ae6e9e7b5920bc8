"""What a contract says about its records, prepared for serving: paths, fields, references, validators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from pipelines.contract.contract import Contract, ContractError, Entity, Json, Paging, body_schema, resolve
from pipelines.contract.schema.json_schema import whole_schema

# One sentence for each rule of JSON Schema; none repeats the value, which may be personal.
MESSAGES = {
    "additionalProperties": "is not known",
    "enum": "is not one of the allowed values",
    "format": "has the wrong form",
    "pattern": "has the wrong form",
    "maxLength": "is too long",
    "minLength": "must not be empty",
    "minItems": "must not be empty",
    "required": "is required",
    "type": "has the wrong type",
}


@dataclass(frozen=True)
class Violation:
    """A field and what is wrong with it."""

    field: str
    message: str
    rule: str


@dataclass(frozen=True)
class Resource:
    """One kind of record: everything that lies behind one path with `{id}`."""

    name: str
    collection: str
    id_field: str
    id_is_number: bool
    id_is_ours: bool
    external_id: str | None
    id_space: str
    references: Mapping[str, str]
    path_fields: tuple[str, ...]
    read_only: tuple[str, ...]
    create: Json
    update: Json
    creating: OAS31Validator
    updating: OAS31Validator
    paging: Paging
    items: str
    # Reference fields that take our external id instead of the partner's.
    by_our_id: frozenset[str] = frozenset()
    # Query parameter of a list → the field of the parent whose children it shows; without it: those without parent.
    below: Mapping[str, str] = field(default_factory=dict)
    # Query parameter that is looked for in all texts.
    full_text: str | None = None
    upserts: bool = False

    def refusals(self, body: Json, is_new: bool) -> Iterator[Violation]:
        """What the contract says against a body."""
        yield from refusals(self.creating if is_new else self.updating, body)

    def unknown_fields(self, body: Json) -> list[str]:
        """Dotted names of the fields that the contract does not have."""
        return list(_unknown(self.create, body))

    def defaults(self) -> Json:
        """All fields of a new record, with the contract's default or null."""
        return {name: schema.get("default") for name, schema in self.create["properties"].items()}


def resources(contract: Contract, more_references: Mapping[str, Mapping[str, str]]) -> dict[str, Resource]:
    """Every resource of a contract by its record path.

    References come from `x-entities`; `more_references` (record path → field → record path) has those of
    resources that no entity uses.
    """
    found: dict[str, Resource] = {}
    paths = contract.document["paths"]
    # What comes in files alone is kept behind an empty path, which nothing answers.
    kept = [entity.record for entity in contract.entities.values()]
    hows = [entity.openimmo for entity in contract.entities.values() if entity.openimmo]
    imports = {how.http.state_path for how in hows if how.http}
    for path in dict.fromkeys([*paths, *kept]):
        if path in imports:
            continue  # no record, though it looks like one
        entities = [entity for entity in contract.entities.values() if entity.record == path]
        collection = entities[0].collection if entities else path.removesuffix("/{id}")
        if entities or (path.endswith("/{id}") and "post" in paths.get(collection, {})):
            found[path] = _resource(contract, path, collection, entities, more_references.get(path, {}))
    return found


def validator(schema: Json) -> OAS31Validator:
    """A validator that checks formats too."""
    return OAS31Validator(schema, format_checker=oas31_format_checker)


def refusals(checker: OAS31Validator, body: Any) -> Iterator[Violation]:
    """What a schema says against a body, without the values."""
    for error in checker.iter_errors(body):
        path = [str(step) for step in error.absolute_path]
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            yield from (
                Violation(".".join([*path, name]), MESSAGES["required"], "required") for name in missing
            )
            continue
        rule = str(error.validator)
        yield Violation(".".join(path), MESSAGES.get(rule, "is not allowed"), rule)


def query_parameters(contract: Contract, path: str, method: str) -> dict[str, OAS31Validator]:
    """The query parameters of an operation and what their texts must be like."""
    item = contract.document["paths"][path]
    described = [*item.get("parameters", []), *item[method].get("parameters", [])]
    parameters = [resolve(contract.document, parameter) for parameter in described]
    return {
        parameter["name"]: validator(_as_text(parameter["schema"]))
        for parameter in parameters
        if parameter["in"] == "query"
    }


def _resource(
    contract: Contract, path: str, collection: str, entities: list[Entity], more: Mapping[str, str]
) -> Resource:
    spaces = {entity.id_space for entity in entities} or {path}
    if len(spaces) > 1:
        raise ContractError(f"partners/{contract.partner}/contract.yaml: {path} has two id spaces: {spaces}.")
    create, update, shown = _schemas(contract, path, collection, entities)
    whole = shown["properties"]
    id_field = entities[0].id if entities else "id"
    external = next((entity.external_id for entity in entities), None)
    parents = [parent for entity in entities for parent in entity.parents]
    upserts = any(entity.upsert for entity in entities)
    finds = [entity.find for entity in entities if entity.find and entity.find.query]
    return Resource(
        name=path,
        collection=collection,
        id_field=id_field,
        id_is_number=whole.get(id_field, {}).get("type") == "integer",
        id_is_ours=any(entity.id_is_ours for entity in entities),
        external_id=external or ("externalId" if "externalId" in create["properties"] else None),
        id_space=spaces.pop(),
        references=dict(more) | {parent.field: contract.entities[parent.entity].record for parent in parents},
        path_fields=tuple(
            step[1:-1]
            for step in collection.split("/")
            if step.startswith("{")
            and step.endswith("}")
            and step[1:-1] in {*more, *(p.field for p in parents)}
        ),
        read_only=tuple(name for name in whole if whole[name].get("readOnly")),
        create=create,
        update=update,
        creating=validator(create),
        updating=validator(update),
        paging=(entities[0].listing.paging if entities else None) or contract.paging,
        items=entities[0].items if entities else contract.paging.items,
        by_our_id=frozenset(
            p.field for p in parents if contract.entities[p.entity].refer_by == "external_id"
        ),
        below={
            entity.list_below.query: parent.field
            for entity in entities
            for parent in entity.parents
            if entity.list_below and parent.entity == entity.list_below.entity
        },
        full_text=next((str(f.query) for f in finds if f.query not in whole), None),
        upserts=upserts,
    )


def _schemas(
    contract: Contract, path: str, collection: str, entities: list[Entity]
) -> tuple[Json, Json, Json]:
    """Bodies that create and change a record, and the record as it is shown."""
    if entities and entities[0].upsert:
        name = entities[0].name
        schema = contract.schema(name, "create")
        return schema, {**schema, "required": []}, contract.shown_schema(name)
    document = contract.document
    if entities and entities[0].made_by:
        name = entities[0].name
        return contract.schema(name, "create"), contract.schema(name, "update"), contract.shown_schema(name)
    update = (
        body_schema(document, path, "patch")
        if "patch" in document["paths"][path]
        else {"type": "object", "properties": {}}
    )
    return body_schema(document, collection, "post"), update, whole_schema(document, collection, "post")


def _unknown(schema: Json, body: Any, prefix: str = "") -> Iterator[str]:
    options = [schema, *schema.get("oneOf", [])]
    known = next((option["properties"] for option in options if "properties" in option), None)
    if known is None or not isinstance(body, dict):
        return
    for name, value in body.items():
        if name not in known:
            yield prefix + name
        else:
            yield from _unknown(known[name], value, f"{prefix}{name}.")


def _as_text(schema: Json) -> Json:
    """The schema of a parameter for the text that arrives in the address."""
    patterns = {"integer": "^-?[0-9]+$", "boolean": "^(?i:true|false)$"}
    kind = schema.get("type", "string")
    if kind in patterns:
        return {"type": "string", "pattern": patterns[kind]}
    return schema
