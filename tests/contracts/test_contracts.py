"""The contracts are valid OpenAPI, say how well each part is known, and their own extensions hold together."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from pipelines.push.contract import Contract, Find, load_contract, partners, resolve

METHODS = ("get", "post", "put", "patch", "delete")
MARKS = {"documented", "observed", "assumed"}


@pytest.fixture(params=["etg24", "facilioo", "kiwi", "plentific"])
def contract(request: pytest.FixtureRequest) -> Contract:
    return load_contract(request.param)


def test_the_partners_are_the_folders_with_a_contract() -> None:
    assert {"etg24", "facilioo", "kiwi", "plentific"} <= set(partners())


def test_a_contract_is_valid_openapi_3_1(contract: Contract) -> None:
    assert contract.document["openapi"].startswith("3.1")
    validate(contract.document)


def test_every_path_operation_and_property_says_how_well_it_is_known(contract: Contract) -> None:
    sources = contract.document["info"]["x-sources"]
    marked = dict(_marked(contract))
    assert len(marked) > 50
    assert [name for name, part in marked.items() if part.get("x-confidence") not in MARKS] == []
    assert [name for name, part in marked.items() if part.get("x-source") not in sources] == []


def test_an_assumption_is_ours_and_a_documented_fact_is_somebody_elses(contract: Contract) -> None:
    documented = [p for _, p in _marked(contract) if p["x-confidence"] == "documented"]
    assert documented
    assert all(part["x-source"] != "proposal" for part in documented)


def test_every_source_is_used(contract: Contract) -> None:
    used = {part["x-source"] for part in _walk(contract.document) if "x-source" in part}
    assert set(contract.document["info"]["x-sources"]) - used <= {"reference"}


def test_every_entity_can_be_created_read_changed_and_deleted(contract: Contract) -> None:
    paths = contract.document["paths"]
    for entity in contract.entities.values():
        assert "post" in paths[entity.collection]
        assert {"get", "patch", "delete"} <= set(paths[entity.record])
        assert entity.record.endswith("/{id}")
        assert entity.list == entity.collection
        assert "get" in paths[entity.list]


def test_every_field_that_an_entity_names_is_in_its_body(contract: Contract) -> None:
    for entity in contract.entities.values():
        create, update = (contract.schema(entity.name, p)["properties"] for p in ("create", "update"))
        in_path = {parent.field for parent in entity.parents if parent.in_path}
        assert all(parent.in_path or parent.field in create for parent in entity.parents), entity.name
        assert all(name in create or name in in_path for name in entity.natural_key), entity.name
        assert all(name in create for name in entity.where), entity.name
        assert all(lookup.field in create for lookup in entity.lookups), entity.name
        assert entity.external_id is None or entity.external_id in create, entity.name
        assert entity.id not in create, f"{entity.name}: the partner gives the id"
        assert entity.withdraw.field is None or entity.withdraw.field in update, entity.name
        assert set(entity.withdraw.values) <= set(update), entity.name
        assert entity.withdraw_note.endswith("."), entity.name


def test_every_entity_is_found_by_external_id_or_natural_key(contract: Contract) -> None:
    for entity in contract.entities.values():
        assert entity.find or entity.candidates, entity.name
        for look_up in (entity.find, entity.candidates):
            if look_up:
                assert _exists(contract, look_up), f"{entity.name}: {look_up}"
        if entity.find:
            assert (entity.find.query or entity.find.body) == entity.external_id


def test_every_look_up_in_a_catalogue_is_a_list_with_the_fields(contract: Contract) -> None:
    for entity in contract.entities.values():
        for lookup in entity.lookups:
            answer = contract.document["paths"][lookup.path]["get"]["responses"]["200"]
            schema = resolve(contract.document, answer["content"]["application/json"]["schema"])
            assert {lookup.take, *lookup.where} <= set(schema["items"]["properties"])


def test_lists_are_where_the_contract_says(contract: Contract) -> None:
    for entity in contract.entities.values():
        answer = contract.document["paths"][entity.list]["get"]["responses"]["200"]
        schema = resolve(contract.document, answer["content"]["application/json"]["schema"])
        for step in entity.items.split(".") if entity.items else []:
            schema = schema["properties"][step]
        assert schema["type"] == "array", entity.name


def test_only_a_login_is_open_to_everybody(contract: Contract) -> None:
    open_to_all = [
        path
        for path, item in contract.document["paths"].items()
        for method in METHODS
        if item.get(method, {}).get("security") == []
    ]
    logins = {
        "etg24": [],
        "facilioo": ["/api/auth/login", "/api/auth/refresh"],
        "kiwi": ["/v1/session"],
        "plentific": ["/token"],
    }
    assert open_to_all == logins[contract.partner]


def _exists(contract: Contract, look_up: Find) -> bool:
    item = contract.document["paths"].get(look_up.path, {})
    if look_up.method not in item:
        return False
    operation = item[look_up.method]
    if look_up.query:
        parameters = [resolve(contract.document, p) for p in operation["parameters"]]
        return look_up.query in [p["name"] for p in parameters if p["in"] == "query"]
    if look_up.body:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return look_up.body in resolve(contract.document, schema)["properties"]
    return True


def _marked(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in contract.document["paths"].items():
        yield path, item
        yield from ((f"{method} {path}", item[method]) for method in METHODS if method in item)
    for name, schema in contract.document["components"]["schemas"].items():
        yield from _properties(name, schema)
    for name, scheme in contract.document["components"]["securitySchemes"].items():
        yield name, scheme
    for server in contract.document["servers"]:
        yield server["url"], server


def _properties(name: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, child in schema.get("properties", {}).items():
        yield f"{name}.{key}", child
        yield from _properties(f"{name}.{key}", child)


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from _walk(child)
