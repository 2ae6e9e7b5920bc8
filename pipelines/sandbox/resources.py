"""What a contract says about its records, prepared for serving: paths, fields, references, validators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from pipelines.push.contract import Contract, ContractError, Entity, Json, body_schema, resolve

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
class Refusal:
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
    external_id: str | None
    id_space: str
    references: Mapping[str, str]
    path_fields: tuple[str, ...]
    read_only: tuple[str, ...]
    create: Json
    update: Json
    creating: OAS31Validator
    updating: OAS31Validator

    def refusals(self, body: Json, is_new: bool) -> Iterator[Refusal]:
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
    for path, item in contract.document["paths"].items():
        entities = [entity for entity in contract.entities.values() if entity.record == path]
        collection = entities[0].collection if entities else path.removesuffix("/{id}")
        if path.endswith("/{id}") and "post" in contract.document["paths"].get(collection, {}):
            found[path] = _resource(contract, path, collection, item, entities, more_references.get(path, {}))
    return found


def validator(schema: Json) -> OAS31Validator:
    """A validator that checks formats too."""
    return OAS31Validator(schema, format_checker=oas31_format_checker)


def refusals(checker: OAS31Validator, body: Any) -> Iterator[Refusal]:
    """What a schema says against a body, without the values."""
    for error in checker.iter_errors(body):
        path = [str(step) for step in error.absolute_path]
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            yield from (
                Refusal(".".join([*path, name]), MESSAGES["required"], "required") for name in missing
            )
            continue
        rule = str(error.validator)
        yield Refusal(".".join(path), MESSAGES.get(rule, "is not allowed"), rule)


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
    contract: Contract,
    path: str,
    collection: str,
    item: Json,
    entities: list[Entity],
    more: Mapping[str, str],
) -> Resource:
    document = contract.document
    spaces = {entity.id_space for entity in entities} or {path}
    if len(spaces) > 1:
        raise ContractError(f"partners/{contract.partner}/contract.yaml: {path} has two id spaces: {spaces}.")
    create = body_schema(document, collection, "post")
    update = body_schema(document, path, "patch") if "patch" in item else {"type": "object"}
    posted = document["paths"][collection]["post"]["requestBody"]["content"]["application/json"]["schema"]
    whole = resolve(document, posted)["properties"]
    id_field = entities[0].id if entities else "id"
    external = next((entity.external_id for entity in entities), None)
    return Resource(
        name=path,
        collection=collection,
        id_field=id_field,
        id_is_number=whole[id_field]["type"] == "integer",
        external_id=external or ("externalId" if "externalId" in create["properties"] else None),
        id_space=spaces.pop(),
        references=dict(more)
        | {
            parent.field: contract.entities[parent.entity].record
            for entity in entities
            for parent in entity.parents
        },
        path_fields=tuple(
            step[1:-1] for step in collection.split("/") if step.startswith("{") and step.endswith("}")
        ),
        read_only=tuple(name for name in whole if whole[name].get("readOnly")),
        create=create,
        update=update,
        creating=validator(create),
        updating=validator(update),
    )


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
