"""The go-live checklist: every assumed part of a contract as a question, every observed one to be confirmed."""

from collections.abc import Iterator
from typing import Any

from pipelines.contract.contract import VALUES, Contract, Json
from pipelines.pages.markdown import code, sentence
from pipelines.pages.types import kind

TITLES = {"Query": "Queries", "Mutation": "Mutations"}
METHODS = ("get", "post", "put", "patch", "delete")
Part = tuple[str, str, str]  # what it belongs to, the question, its confidence


def questions(contract: Contract) -> list[list[str]]:
    """The checklist, by what the parts belong to; the confirmations folded away."""
    parts = list(_parts(contract))
    asked = _listed(part for part in parts if part[2] == "assumed")
    seen = _listed(part for part in parts if part[2] == "observed")
    if seen:
        count = sum(1 for line in seen if line.lstrip().startswith("- [ ]"))
        seen = [
            "<details>",
            f"<summary>Observed, please confirm ({count})</summary>",
            "",
            *seen,
            "",
            "</details>",
        ]
    return [asked or ["Nothing is assumed."], seen]


def _listed(parts: Iterator[Part]) -> list[str]:
    lines: list[str] = []
    last = ""
    for group, question, _ in parts:
        if group != last:
            lines += [*([""] if lines else []), f"**{group}**", ""]
            last = group
        lines.append(f"- [ ] {question}")
    return lines


def _parts(contract: Contract) -> Iterator[Part]:
    document = contract.document
    for server in document["servers"]:
        question = f"Is {code(server['url'])} the address? {sentence(server.get('description', ''))}"
        yield "Address, login, limits", question.strip(), server.get("x-confidence", "")
    for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
        place = " ".join(str(scheme[key]) for key in ("scheme", "in", "name") if key in scheme)
        question = f"Is the login {code(name)} ({place}) right? {sentence(scheme.get('description', ''))}"
        yield "Address, login, limits", question.strip(), scheme.get("x-confidence", "")
    yield "Address, login, limits", "Which limits hold for requests?", contract.limits.confidence
    for name in contract.limits.assumed:
        question = f"Is {code(f'{name}: {getattr(contract.limits, name):g}')} within the limits?"
        yield "Address, login, limits", question, "assumed"
    yield from _contents(contract)
    yield from _operations(document)
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield from _properties(name, schema, "")
    if contract.sdl:
        yield from _graphql(contract.sdl.schema)


def _contents(contract: Contract) -> Iterator[Part]:
    """Where bytes go that are sent to an address out of an answer, as long as the contract names no host."""
    for entity in contract.entities.values():
        steps = (*entity.content.before, *entity.content.after) if entity.content else ()
        if entity.content and not entity.content.hosts and any(step.address for step in steps):
            setting = f"DESTINATION__{contract.partner.upper()}__CONTENT_HOSTS"
            question = (
                f"On which hosts does it take the bytes of {code(entity.name)}? Name all but its own in"
                f" {code(setting)} before the first document goes: none is sent to another."
            )
            yield "Address, login, limits", question, "assumed"


def _operations(document: Json) -> Iterator[Part]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                question = f"{code(f'{method.upper()} {path}')}: {sentence(item[method].get('summary', ''))} Is it so?"
                yield "Paths", question, item[method].get("x-confidence", item.get("x-confidence", ""))


def _properties(title: str, schema: Json, prefix: str) -> Iterator[Part]:
    for name, child in schema.get("properties", {}).items():
        told = sentence(child.get("description", ""))
        question = f"{code(prefix + name)}: {_shape(child)}? {told}".strip()
        yield f"Fields of {title}", question, child.get("x-confidence", "")
        if VALUES in child:
            yield f"Fields of {title}", _of_values(prefix + name, child), child[VALUES]
        nested = child.get("items", child)
        yield from _properties(title, nested, f"{prefix}{name}.")


def _of_values(path: str, schema: Json) -> str:
    """What is asked of the values of a field: its words, its format, or what it may be at all."""
    told = sentence(schema.get("description", ""))
    return f"{code(path)}: are these its values: {_shape(schema)}? {told}".strip()


def _shape(schema: Json) -> str:
    """The type of a property, or the name of the schema that it refers to."""
    options = [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]
    names = [str(option["$ref"]).rsplit("/", 1)[-1] for option in options if "$ref" in option]
    if names:
        return " or ".join(names)
    if "$ref" in schema.get("items", {}):
        return f"list of {str(schema['items']['$ref']).rsplit('/', 1)[-1]}"
    return kind(schema)


def _graphql(schema: Any) -> Iterator[Part]:
    from pipelines.contract.schema.graphql_schema import marks  # loads a library that no other partner needs

    for name, found in schema.type_map.items():
        if name.startswith("__"):
            continue
        members = {**getattr(found, "fields", {}), **getattr(found, "values", {})}
        for field, member in members.items():
            level = marks(member.ast_node).get("x-confidence", "")
            title = f"Values of {name}" if hasattr(found, "values") else f"Fields of {name}"
            yield TITLES.get(name, title), _question(field, member), level
            values = marks(member.ast_node).get(VALUES)
            if values:
                about = f"{code(field)}: is this its format? {sentence(member.description or '')}".strip()
                yield TITLES.get(name, title), about, values


def _question(field: str, member: Any) -> str:
    arguments = ", ".join(
        f"{name}: {argument.type}" for name, argument in getattr(member, "args", {}).items()
    )
    shown = code(field + (f"({arguments})" if arguments else ""))
    answer = f": {member.type}" if hasattr(member, "type") else ""
    return f"{shown}{answer}? {sentence(member.description or '')}".strip()
