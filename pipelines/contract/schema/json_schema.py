"""JSON Schemas out of an OpenAPI document, references resolved."""

from pipelines.contract.model import Json


def body_schema(document: Json, path: str, method: str, items: str | None = None) -> Json:
    """JSON Schema of the JSON body of one operation: references and `allOf` merged, `readOnly` left out.

    `items`: dotted place of a list in the body; the schema is that of one record in it.
    """
    return _writable(whole_schema(document, path, method, items))


def whole_schema(document: Json, path: str, method: str, items: str | None = None) -> Json:
    """The same with the fields that only the partner sets; of a `get`, the schema of its answer."""
    operation = document["paths"][path][method]
    if method == "get":
        answers = operation.get("responses", {})
        return resolve(
            document, answers.get("200", answers.get(200, {}))["content"]["application/json"]["schema"]
        )
    schema = resolve(document, operation["requestBody"]["content"]["application/json"]["schema"])
    if items is None:
        return schema
    for step in items.split(".") if items else ():
        schema = schema["properties"][step]
    listed: Json = schema["items"]
    return listed


def resolve(document: Json, schema: Json) -> Json:
    """The schema with local references replaced and `allOf` merged into it."""
    if "$ref" in schema:
        target = document
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


def is_list(schema: Json) -> bool:
    """Whether a field takes a list, or a list or null."""
    kind = schema.get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


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
