"""The contracts are valid OpenAPI, say how well each part is known, and their own extensions hold together."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from pipelines.contract.contract import Contract, Find, load_contract, parse_contract, partners, resolve
from pipelines.contract.model import ContractError, Setting
from pipelines.contract.schema.graphql_schema import marks

METHODS = ("get", "post", "put", "patch", "delete")
MARKS = {"documented", "observed", "assumed"}
FOLDER = Path(__file__).parents[2] / "pipelines" / "partners"


@pytest.fixture(params=partners())
def contract(request: pytest.FixtureRequest) -> Contract:
    return load_contract(request.param)


def test_the_partners_are_the_folders_with_a_contract() -> None:
    assert partners() == sorted(file.parent.name for file in FOLDER.glob("*/contract.yaml"))


def test_a_contract_is_valid_openapi_3_1(contract: Contract) -> None:
    assert contract.document["openapi"].startswith("3.1")
    validate(contract.document)


def test_every_path_operation_and_property_says_how_well_it_is_known(contract: Contract) -> None:
    sources = contract.document["info"]["x-sources"]
    marked = dict(_marked(contract))
    assert len(marked) > 30
    assert [name for name, part in marked.items() if part.get("x-confidence") not in MARKS] == []
    assert [name for name, part in marked.items() if part.get("x-source") not in sources] == []


def test_a_field_with_values_of_its_own_says_how_well_they_are_known(contract: Contract) -> None:
    marked = {
        name: part
        for schema, body in contract.document["components"]["schemas"].items()
        for name, part in _properties(schema, body)
    }
    known = {name: part for name, part in marked.items() if not part.get("readOnly") and _has_values(part)}
    assert [name for name, part in known.items() if part.get("x-values-confidence") not in MARKS] == []
    for entity in contract.entities.values():
        for lookup in entity.lookups:
            field = contract.schema(entity.name, "create")["properties"][lookup.field]
            assert field["x-values-confidence"] in MARKS, lookup.field


CLAIMS = {
    ("etg24", "mietvertraege", "contractType"): ("documented", "assumed"),
    ("etg24", "mieter", "salutation"): ("documented", "assumed"),
    ("etg24", "objekt_adressen", "constructionFinishedOn"): ("documented", "assumed"),
    ("facilioo", "gebaeude", "tenantId"): ("assumed", "assumed"),
    ("facilioo", "eingaenge", "propertyId"): ("assumed", "assumed"),
    ("facilioo", "einheiten", "entranceId"): ("documented", "documented"),
    ("facilioo", "einheiten", "typeId"): ("documented", "assumed"),
    ("facilioo", "parteien_mieter", "typeId"): ("assumed", "documented"),
    ("facilioo", "kontaktdaten", "partyId"): ("assumed", "assumed"),
    ("facilioo", "kontaktdaten", "contactTypeId"): ("documented", "assumed"),
    ("facilioo", "vertraege_mieter", "unitId"): ("assumed", "assumed"),
    ("facilioo", "vertraege_mieter", "partyId"): ("assumed", "assumed"),
    ("facilioo", "vertraege_mieter", "typeId"): ("assumed", "documented"),
    ("plentific", "objekte", "type_uuid"): ("observed", "assumed"),
    ("kiwi", "verwaltungseinheiten", "floor"): ("assumed", "assumed"),
    ("kiwi", "verwaltungseinheiten", "door_number"): ("assumed", "assumed"),
    ("dormakaba", "liegenschaften", "displayName"): ("observed", "observed"),
    ("dormakaba", "mietvertraege", "tenants"): ("documented", "documented"),
    ("dormakaba", "mietvertraege", "plannedMoveInDate"): ("assumed", "assumed"),
    ("casavi", "vertraege_mieter", "number"): ("assumed", "assumed"),
    ("casavi", "vertraege_mieter", "type"): ("observed", "observed"),
    ("casavi", "vertraege_mieter", "startDate"): ("observed", "assumed"),
    ("everreal", "einheiten", "financingType"): ("documented", "assumed"),
    ("everreal", "einheiten", "category"): ("documented", "assumed"),
    ("everreal", "einheiten", "type"): ("documented", "documented"),
    ("everreal", "einheiten", "availableFrom"): ("documented", "documented"),
    ("everreal", "objekte", "type"): ("documented", "assumed"),
    ("everreal", "mieter", "contractEndDate"): ("documented", "documented"),
    ("pricehubble", "dossiers", "dealType"): ("documented", "documented"),
    ("immomio", "verwaltungseinheiten", "externalId"): ("observed", "observed"),
    ("immomio", "verwaltungseinheiten", "type"): ("documented", "assumed"),
    ("immomio", "wirtschaftseinheiten", "clientNumber"): ("assumed", "assumed"),
    ("immomio", "leerstaende", "preise"): ("documented", "documented"),
    ("idwell", "personen_mieter", "email"): ("documented", "documented"),
    ("idwell", "personen_mieter", "last_name"): ("assumed", "documented"),
    ("idwell", "bezuege_mieter", "end_date"): ("assumed", "assumed"),
    ("spiribo", "wohnungen", "type"): ("documented", "documented"),
    ("spiribo", "mieter", "lastName"): ("documented", "documented"),
    ("spiribo", "vertraege", "tenantIds"): ("assumed", "assumed"),
    ("quis", "exposes_als_property", "condition"): ("documented", "documented"),
}


@pytest.mark.parametrize(("place", "marks_"), CLAIMS.items(), ids=lambda value: "-".join(value))
def test_no_field_claims_more_than_is_known(place: tuple[str, str, str], marks_: tuple[str, str]) -> None:
    partner, entity, field = place
    known = load_contract(partner)
    assert (known.confidence(entity, field), known.values_confidence(entity, field)) == marks_


def test_a_limit_that_nobody_states_is_assumed_beside_one_that_is_documented() -> None:
    limits = load_contract("everreal").limits
    assert (limits.confidence, limits.assumed) == ("documented", ("in_flight",))


def _has_values(part: dict[str, Any]) -> bool:
    form = part.get("format") not in (None, "int32", "int64", "float", "double")
    return form or bool({"enum", "const", "pattern"} & part.keys()) or "enum" in part.get("items", {})


def test_an_assumption_is_ours_and_a_documented_fact_is_somebody_elses(contract: Contract) -> None:
    documented = [p for _, p in _marked(contract) if p["x-confidence"] == "documented"]
    assert documented
    assert all(part["x-source"] != "proposal" for part in documented)


def test_every_source_is_used(contract: Contract) -> None:
    used = {part["x-source"] for part in _walk(contract.document) if "x-source" in part}
    used |= {part["x-source"] for _, part in _marked_in_sdl(contract)}
    assert set(contract.document["info"]["x-sources"]) - used <= {"reference"}


def test_every_operation_that_an_entity_needs_is_described(contract: Contract) -> None:
    paths = contract.document["paths"]
    for entity in contract.entities.values():
        if entity.mutation:
            assert "post" in paths[contract.endpoint]
            continue
        if entity.openimmo and not entity.can_be_read:
            continue  # files go one way; their paths are checked when the contract is read
        # Where no record is read alone, it is read out of its list.
        wanted = (
            {"get", "put"} if entity.upsert else {"patch"} - ({"patch"} if entity.is_read_only else set())
        )
        if entity.bulk:
            # Several records in one PUT on a path of its own; single ones are deleted at most.
            assert "put" in paths[entity.bulk.path]
            wanted = set()
        wanted |= {"delete"} if entity.withdraw.kind == "delete" else set()
        assert wanted <= set(paths[entity.record]), entity.name
        assert "get" in paths[entity.record] or "get" in paths[entity.list], entity.name
        assert entity.upsert or entity.made_by or "post" in paths[entity.collection], entity.name
        assert not entity.made_by or "post" not in paths[entity.collection], entity.name
        assert entity.record.removesuffix("/").endswith("/{id}")  # some end all addresses in a slash
        assert entity.listing.method in paths[entity.list], entity.name


def test_every_field_that_an_entity_names_is_in_its_body(contract: Contract) -> None:
    for entity in contract.entities.values():
        create, update = (contract.schema(entity.name, p)["properties"] for p in ("create", "update"))
        in_path = {parent.field for parent in entity.parents if parent.in_path}
        assert all(parent.in_path or parent.field in create for parent in entity.parents), entity.name
        assert all(name in create or name in in_path for name in entity.natural_key), entity.name
        # What a file holds is not what the partner shows of it.
        assert entity.openimmo or all(name in create for name in entity.where), entity.name
        assert all(lookup.field in create for lookup in entity.lookups), entity.name
        assert entity.sent_id is None or entity.sent_id in create, entity.name
        assert entity.upsert or entity.id not in create, f"{entity.name}: the partner gives the id"
        assert entity.withdraw.field is None or entity.withdraw.field in update, entity.name
        assert set(entity.withdraw.values) <= set(update), entity.name
        assert entity.withdraw_note.endswith("."), entity.name


def test_every_entity_is_found_by_external_id_or_natural_key(contract: Contract) -> None:
    for entity in contract.entities.values():
        # An upsert is sent again where others are looked up.
        assert entity.find or entity.candidates or entity.upsert, entity.name
        for look_up in (entity.find, entity.candidates) if contract.protocol == "rest" else ():
            if look_up:
                assert _exists(contract, look_up), f"{entity.name}: {look_up}"
        asked = (entity.find.query or entity.find.body or "") if entity.find else ""
        shown_as = entity.shown_as.get(entity.external_id or "", entity.external_id)
        # A parameter that is no field is a search in all texts, of which the hits are compared.
        is_field = asked in contract.schema(entity.name, "create")["properties"]
        assert not asked or asked.rpartition(".")[2] == shown_as or not is_field, entity.name


def test_every_look_up_in_a_catalogue_is_a_list_with_the_fields(contract: Contract) -> None:
    for entity in contract.entities.values():
        for lookup in entity.lookups:
            answer = contract.document["paths"][lookup.path]["get"]["responses"]["200"]
            schema = resolve(contract.document, answer["content"]["application/json"]["schema"])
            assert {lookup.take, *lookup.where} <= set(schema["items"]["properties"])


def test_lists_are_where_the_contract_says(contract: Contract) -> None:
    for entity in contract.entities.values() if contract.protocol == "rest" else ():
        if not entity.can_be_read:
            continue  # files go one way
        answer = contract.document["paths"][entity.list][entity.listing.method]["responses"]["200"]
        schema = resolve(contract.document, answer["content"]["application/json"]["schema"])
        for step in entity.items.split(".") if entity.items else []:
            schema = schema["properties"][step]
        assert schema["type"] == "array", entity.name


# Logins that are known; the other partners have a key or token that does not run out.
LOGINS = {
    "casavi": ["/v2/authenticate"],
    "dormakaba": ["/oauth2/token"],
    "everreal": ["/accounts/oauth/token"],
    "idwell": ["/api/oauth/token/"],
    "facilioo": ["/api/auth/login", "/api/auth/refresh"],
    "immomio": ["/auth/login"],
    "kiwi": ["/v1/session"],
    "plentific": ["/token"],
    "pricehubble": ["/auth/login/credentials"],
}


def test_only_a_login_is_open_to_everybody(contract: Contract) -> None:
    open_to_all = [
        path
        for path, item in contract.document["paths"].items()
        for method in METHODS
        if item.get(method, {}).get("security") == []
    ]
    assert open_to_all == LOGINS.get(contract.partner, [])


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
        for step in look_up.body.split("."):
            schema = resolve(contract.document, schema)["properties"].get(step)
            if schema is None:
                return False
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
    yield from _marked_in_sdl(contract)


def _marked_in_sdl(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything in a GraphQL schema that somebody may be wrong about: fields, of inputs too, and values of enums."""
    kinds = contract.sdl.schema.type_map if contract.sdl else {}
    for name, kind in kinds.items():
        if not name.startswith("__"):
            parts = {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}
            yield from ((f"{name}.{key}", marks(part.ast_node)) for key, part in parts.items())


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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"default": "1", "allowed": "number"}, "allowed is 'number'; allowed: a list of values, id number, "),
        ({"default": "0", "allowed": "id number"}, "default is '0'; allowed: id number"),
        ({"allowed": "id number"}, "default is ''; allowed: id number"),
        ({"default": "form", "allowed": ["json", "basic"]}, "default is 'form'; allowed: json, basic"),
        ({"default": 1}, "default is 1; "),
        ({"defualt": "1"}, "the key 'defualt' is not known; did you mean default?"),
    ],
)  # fmt: skip
def test_a_setting_of_a_partner_is_checked_with_its_contract(given: dict[str, object], said: str) -> None:
    document = copy.deepcopy(load_contract("facilioo").document)
    document["x-partner"]["settings"]["dateityp"] = given
    with pytest.raises(ContractError, match=re.escape(said)) as caught:
        parse_contract("facilioo", document)
    assert "x-partner.settings.dateityp" in str(caught.value)


@pytest.mark.parametrize(
    ("allowed", "given", "value"),
    [
        ("id number", " 4711 ", "4711"),
        ("id number", "", None),
        ("id number", "-1", None),
        ("id number", "٣", None),
        ("id number or empty", " ", ""),
        ("id number or empty", "1.0", None),
        (("json", "basic"), " Basic", "basic"),
        (("json", "basic"), "", None),
        ((), " as it is ", " as it is "),
    ],
)
def test_a_setting_of_a_partner_is_read_by_its_kind(
    allowed: tuple[str, ...] | str, given: str, value: str | None
) -> None:
    assert Setting("", allowed).read(given) == value
