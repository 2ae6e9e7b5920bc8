"""What a GraphQL schema (SDL) says: types of arguments, JSON Schemas of inputs, fields to ask for."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    build_ast_schema,
    get_named_type,
    is_leaf_type,
    parse,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from pipelines.contract.model import LEVELS, VALUES, ContractError, Json, Mutation, check_marks

SCALARS: Mapping[str, Json] = {
    "String": {"type": "string"},
    "ID": {"type": "string"},
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date"},
    "DateTime": {"type": "string", "format": "date-time"},
}
CONFIDENCE = "confidence"


class Sdl:
    """One schema; `where` names its file in messages."""

    def __init__(self, text: str, where: str):
        self.where = where
        try:
            document = parse(text)
        except GraphQLError as error:
            raise self._broken(error) from None
        for problem in validate_sdl(document):
            raise self._broken(problem)
        self.schema: GraphQLSchema = build_ast_schema(document, assume_valid_sdl=True)
        for problem in validate_schema(self.schema):
            raise self._broken(problem)
        self._check_marks()

    def _check_marks(self) -> None:
        for kind in self.schema.type_map.values():
            parts = {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}
            for name, part in parts.items():
                check_marks(marks(part.ast_node), f"{self.where}: {kind.name}.{name}")

    def _broken(self, error: GraphQLError) -> ContractError:
        line = error.locations[0].line if error.locations else "?"
        return ContractError(f"{self.where}, line {line}: {error.message}")

    def mutation(self, name: str, argument: str, input: str | None = None) -> Mutation:
        """A field of Mutation with its argument. Raises ContractError where the schema has them otherwise."""
        known = self._field(self.schema.mutation_type, "Mutation", name).args.get(argument)
        if known is None:
            raise ContractError(f"{self.where}: Mutation.{name} has no argument {argument!r}.")
        if input is not None and get_named_type(known.type).name != input:
            raise ContractError(f"{self.where}: Mutation.{name}({argument}) is {known.type}, not {input}.")
        return Mutation(name, argument, str(known.type))

    def argument(self, query: str) -> tuple[str, str]:
        """Name and type of the one argument of a field of Query."""
        found = self._field(self.schema.query_type, "Query", query).args
        if len(found) != 1:
            raise ContractError(f"{self.where}: Query.{query} has {len(found)} arguments, one is needed.")
        [(name, argument)] = found.items()
        return name, str(argument.type)

    def input_schema(self, mutation: Mutation) -> Json:
        """JSON Schema of the input that a mutation takes; every field carries its `x-confidence`."""
        field = self._field(self.schema.mutation_type, "Mutation", mutation.name)
        kind = get_named_type(field.args[mutation.argument].type)
        if not isinstance(kind, GraphQLInputObjectType):
            raise ContractError(
                f"{self.where}: Mutation.{mutation.name}({mutation.argument}) takes no input type."
            )
        return _object(kind)

    def confirmation(self, mutation: Mutation, wanted: str | None) -> str:
        """What to ask a mutation for: the field `wanted`, else all plain fields; empty for a plain answer."""
        kind = get_named_type(self._field(self.schema.mutation_type, "Mutation", mutation.name).type)
        if not isinstance(kind, GraphQLObjectType):
            return ""
        if wanted is not None and wanted not in kind.fields:
            raise ContractError(
                f"{self.where}: Mutation.{mutation.name} answers {kind.name}, without {wanted!r}."
            )
        names = [wanted] if wanted else [n for n, f in kind.fields.items() if _is_plain(f)]
        return "{ " + " ".join(names) + " }" if names else ""

    def selection(self, query: str, wanted: Json, paths: Iterable[str]) -> str:
        """What to ask a list for: the fields of a JSON Schema that its records have, and some dotted paths."""
        kind = get_named_type(self._field(self.schema.query_type, "Query", query).type)
        if not isinstance(kind, GraphQLObjectType):
            raise ContractError(f"{self.where}: Query.{query} does not list records.")
        tree = _shared(kind, wanted)
        for path in paths:
            self._add(tree, kind, path.split("."), query)
        return _written(tree)

    def _add(self, tree: dict[str, Any], kind: Any, steps: list[str], query: str) -> None:
        field = kind.fields.get(steps[0]) if isinstance(kind, GraphQLObjectType) else None
        if field is None:
            raise ContractError(f"{self.where}: Query.{query}: {kind} has no field {steps[0]!r}.")
        below = tree.setdefault(steps[0], {})
        if steps[1:]:
            self._add(below, get_named_type(field.type), steps[1:], query)

    def _field(self, kind: GraphQLObjectType | None, title: str, name: str) -> GraphQLField:
        if kind is None or name not in kind.fields:
            raise ContractError(f"{self.where}: {title} has no field {name!r}.")
        found: GraphQLField = kind.fields[name]
        return found


def marks(node: Any) -> Json:
    """`x-confidence` and `x-source` of a definition, out of its directive `@confidence`."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == CONFIDENCE:
            found = {argument.name.value: argument.value.value for argument in directive.arguments}
            values = {VALUES: found["values"]} if "values" in found else {}
            return {
                "x-confidence": found.get("level", "assumed"),
                "x-source": found.get("source", ""),
                **values,
            }
    return {}


def _object(kind: GraphQLInputObjectType) -> Json:
    required = [
        name
        for name, field in kind.fields.items()
        if isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined
    ]
    properties = {
        name: {
            **_schema(field.type),
            **_default(field.default_value),
            **_values(field.type),
            **marks(field.ast_node),
        }
        for name, field in kind.fields.items()
    }
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _values(kind: Any) -> Json:
    """How well the values of an enum are known: as well as the least known of them."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLEnumType):
        return {}
    levels = {marks(value.ast_node).get("x-confidence", "assumed") for value in named.values.values()}
    return {VALUES: next(level for level in reversed(LEVELS) if level in levels)}


def _default(value: Any) -> Json:
    return {} if value is Undefined else {"default": value}


def _schema(kind: Any) -> Json:
    if isinstance(kind, GraphQLNonNull):
        return _not_null(kind.of_type)
    found = _not_null(kind)
    if "enum" in found:
        return {**found, "type": ["string", "null"], "enum": [*found["enum"], None]}
    return {**found, "type": [found["type"], "null"]} if "type" in found else found


def _not_null(kind: Any) -> Json:
    if isinstance(kind, GraphQLList):
        return {"type": "array", "items": _schema(kind.of_type)}
    if isinstance(kind, GraphQLEnumType):
        return {"type": "string", "enum": list(kind.values)}
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind)
    # A scalar of the partner's own takes anything.
    return dict(SCALARS.get(kind.name, {})) if isinstance(kind, GraphQLScalarType) else {}


def _is_plain(field: GraphQLField) -> bool:
    return is_leaf_type(get_named_type(field.type)) and not any(
        isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()
    )


def _shared(kind: GraphQLObjectType, wanted: Json) -> dict[str, Any]:
    """The fields of a JSON Schema that a type has too, as a tree."""
    tree: dict[str, Any] = {}
    for name, schema in wanted.get("properties", {}).items():
        field = kind.fields.get(name)
        if field is None:
            continue
        below = get_named_type(field.type)
        nested = schema.get("items", schema)
        if isinstance(below, GraphQLObjectType) and "properties" in nested:
            if branch := _shared(below, nested):
                tree[name] = branch
        elif is_leaf_type(below) and "properties" not in nested:
            tree[name] = {}
    return tree


def _written(tree: Mapping[str, Any]) -> str:
    return (
        "{ " + " ".join(f"{name} {_written(below)}" if below else name for name, below in tree.items()) + " }"
    )
