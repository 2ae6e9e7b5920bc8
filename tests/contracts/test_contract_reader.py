"""`pipelines/contract/contract.py`: what it reads out of a contract, and what it says about a broken one."""

import copy
from typing import Any

import pytest

from pipelines.contract.contract import (
    ContractError,
    Find,
    Limits,
    Parent,
    Withdraw,
    dig,
    load_contract,
    parse_contract,
    partners,
)
from pipelines.errors import SettingsError

LEVELS = {
    "etg24": (
        ("objektgruppen",),
        ("objekte",),
        ("objekt_adressen", "einheiten"),
        ("mietvertraege", "eigentuemervertraege"),
        ("mieter", "eigentuemer"),
    ),
    "facilioo": (
        ("projekte", "parteien_mieter", "parteien_eigentuemer", "dokumentenordner"),
        ("gebaeude", "kontaktdaten"),
        ("eingaenge",),
        ("einheiten",),
        ("vertraege_mieter", "vertraege_eigentuemer", "dokumente"),
        ("freigaben",),
    ),
    "plentific": (("objekte",), ("unterobjekte",), ("unterobjekte_mieter", "unterobjekte_vermieter")),
    "kiwi": (("verwaltungseinheiten", "mieter"), ("mietvertraege",)),
}


@pytest.mark.parametrize("partner", LEVELS)
def test_parents_come_before_their_children(partner: str) -> None:
    assert load_contract(partner).levels == LEVELS[partner]


@pytest.mark.parametrize(
    ("partner", "entity", "parents"),
    [
        ("etg24", "mieter", (Parent("mietvertraege", "contractId", False, True, True),)),
        ("etg24", "objekte", (Parent("objektgruppen", "objectGroupId", False, False, False),)),
        (
            "plentific",
            "unterobjekte_vermieter",
            (Parent("unterobjekte", "location_uuids", True, False, True),),
        ),
        (
            "facilioo",
            "kontaktdaten",
            (
                Parent("parteien_mieter", "partyId", False, False, True),
                Parent("parteien_eigentuemer", "partyId", False, False, True),
            ),
        ),
    ],
)
def test_parents_are_read_with_their_fields(partner: str, entity: str, parents: tuple[Parent, ...]) -> None:
    assert load_contract(partner).entities[entity].parents == parents


@pytest.mark.parametrize(
    ("partner", "entity", "withdraw"),
    [
        ("etg24", "objekte", Withdraw("keep")),
        ("etg24", "mietvertraege", Withdraw("end", "validTo")),
        ("etg24", "mieter", Withdraw("keep")),
        ("facilioo", "kontaktdaten", Withdraw("delete")),
        ("facilioo", "vertraege_eigentuemer", Withdraw("end", "terminationAt")),
        ("plentific", "unterobjekte", Withdraw("deactivate", None, {"is_active": False})),
        ("kiwi", "mieter", Withdraw("keep")),
        ("kiwi", "mietvertraege", Withdraw("end", "ends_at")),
    ],
)
def test_the_withdrawal_is_the_one_of_the_partner(partner: str, entity: str, withdraw: Withdraw) -> None:
    assert load_contract(partner).entities[entity].withdraw == withdraw


def test_the_head_of_a_contract_is_read() -> None:
    etg24, kiwi = load_contract("etg24"), load_contract("kiwi")
    assert (etg24.title, etg24.specified, etg24.credentials) == ("etg24", True, ("api_token",))
    assert (kiwi.title, kiwi.specified, kiwi.credentials) == ("KIWI", False, ("username", "password"))
    assert etg24.limits == Limits(in_flight=1)
    assert load_contract("facilioo").limits == Limits(in_flight=4, per_second=5)
    assert kiwi.entities["mieter"].items == "result.tenants"
    assert kiwi.entities["mieter"].unwrap == "result"
    assert etg24.entities["mieter"].find == Find("get", "/participants", query="extId")
    assert load_contract("facilioo").entities["eingaenge"].created_with == "gebaeude"


def test_contracts_of_both_kinds_share_an_id_space_and_are_told_apart() -> None:
    entities = load_contract("etg24").entities
    assert entities["mietvertraege"].id_space == entities["eigentuemervertraege"].id_space
    assert entities["mietvertraege"].holds({"contractType": "rental"})
    assert not entities["mietvertraege"].holds({"contractType": "owner"})
    objekte, unterobjekte = (load_contract("plentific").entities[n] for n in ("objekte", "unterobjekte"))
    assert objekte.holds({"parent_uuid": None})
    assert not objekte.holds({"parent_uuid": "a"})
    assert unterobjekte.holds({"parent_uuid": "a"})
    assert not unterobjekte.holds({"parent_uuid": None})


def test_a_create_schema_has_what_is_required_and_not_what_the_partner_sets() -> None:
    schema = load_contract("etg24").schema("einheiten", "create")
    assert sorted(schema["required"]) == ["number", "objectId"]
    assert sorted(schema["properties"]) == [
        "addressId",
        "area",
        "extId",
        "number",
        "objectId",
        "position",
        "share",
        "type",
        "votingWeight",
    ]


def test_an_update_schema_requires_nothing() -> None:
    schema = load_contract("plentific").schema("objekte", "update")
    assert "required" not in schema
    assert "external_id" in schema["properties"]


def test_nested_fields_are_resolved() -> None:
    address = load_contract("etg24").schema("objekt_adressen", "create")["properties"]["address"]
    assert sorted(address["properties"]) == ["city", "country", "houseNumber", "postalCode", "street"]
    assert address["x-confidence"] == "documented"


def test_etg24_documents_external_ids_on_objects_and_contracts_only() -> None:
    contract = load_contract("etg24")
    documented = [name for name in contract.entities if contract.confidence(name, "extId") == "documented"]
    assert documented == ["objekte", "mietvertraege", "eigentuemervertraege"]


@pytest.mark.parametrize(
    ("partner", "settings", "address"),
    [
        ("etg24", {}, "https://api.etg24.de/v1"),
        ("etg24", {"prefix": ""}, "https://api.etg24.de"),
        ("etg24", {"prefix": "v2/"}, "https://api.etg24.de/v2"),
        ("etg24", {"base_url": "http://127.0.0.1:7/etg24/"}, "http://127.0.0.1:7/etg24/v1"),
        ("etg24", {"base_url": "http://127.0.0.1:7/v1"}, "http://127.0.0.1:7/v1"),
        ("plentific", {}, "https://api.plentific.com/2023-02-01"),
        ("plentific", {"version": "2025-01-01"}, "https://api.plentific.com/2025-01-01"),
        ("plentific", {"environment": "sandbox"}, "https://api.sandbox.plentific.com/2023-02-01"),
        ("plentific", {"base_url": "http://localhost:7"}, "http://localhost:7/2023-02-01"),
        ("facilioo", {}, "https://api.facilioo.de"),
        ("facilioo", {"environment": "Staging"}, "https://staging-api.facilioo.de"),
        ("facilioo", {"environment": "development"}, "https://dev-api.facilioo.de"),
        ("facilioo", {"environment": "anything", "base_url": "http://localhost:7"}, "http://localhost:7"),
        ("kiwi", {}, "https://api.kiwi.ki"),
        ("kiwi", {"base_url": "http://localhost:7/v1"}, "http://localhost:7"),
    ],
)
def test_the_base_address_comes_from_contract_and_settings(
    partner: str, settings: dict[str, str], address: str
) -> None:
    assert load_contract(partner).base_url(settings) == address


def test_an_unknown_environment_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(SettingsError) as error:
        load_contract("facilioo").base_url({"environment": "test"})
    message = "DESTINATION__FACILIOO__ENVIRONMENT is 'test'; allowed: production, staging, development."
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("partner", "body", "read"),
    [
        (
            "etg24",
            {
                "error": {
                    "code": "invalid",
                    "message": "No.",
                    "details": [{"field": "title"}, {"field": "extId"}],
                }
            },
            ("invalid", "No.", ("title", "extId")),
        ),
        (
            "facilioo",
            {"title": "No.", "status": 400, "errors": {"number": ["is taken"]}},
            ("400", "No.", ("number",)),
        ),
        (
            "plentific",
            {"errors": [{"field": "email", "code": "format", "message": "No."}]},
            ("format", "No.", ("email",)),
        ),
        ("plentific", {"message": "Who are you?"}, ("", "Who are you?", ())),
        (
            "kiwi",
            {"status": "error", "error": {"code": "duplicate", "message": "No.", "field": "external_id"}},
            ("duplicate", "No.", ("external_id",)),
        ),
        ("kiwi", "<html>", ("", "", ())),
        ("facilioo", None, ("", "", ())),
    ],
)
def test_error_bodies_are_read_as_the_partner_writes_them(partner: str, body: Any, read: Any) -> None:
    assert load_contract(partner).error.read(body) == read


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 7), ("c.1.d", 8), ("", {"a": {"b": 7}, "c": [0, {"d": 8}]}), ("a.x", None), ("c.5", None)],
)
def test_dotted_paths_lead_through_maps_and_lists(path: str, value: Any) -> None:
    assert dig({"a": {"b": 7}, "c": [0, {"d": 8}]}, path) == value


def test_an_unknown_partner_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ContractError,
        match=rf"'etg25': unknown partner; did you mean etg24\?; known are {', '.join(sorted(partners()))}",
    ):
        load_contract("etg25")


def _without(document: dict[str, Any], *keys: str) -> None:
    for key in keys[:-1]:
        document = document[key]
    del document[keys[-1]]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("x-partner",), "partners/kiwi/contract.yaml: the key 'x-partner' is missing."),
        (
            ("x-partner", "paging", "max_size"),
            "partners/kiwi/contract.yaml: x-partner.paging: the key 'max_size' is missing.",
        ),
        (
            ("x-entities", "mieter", "withdraw"),
            "partners/kiwi/contract.yaml: x-entities.mieter: the key 'withdraw' is missing.",
        ),
        (
            ("paths", "/v1/tenants"),
            "partners/kiwi/contract.yaml: x-entities.mieter: the path '/v1/tenants' is not described under paths.",
        ),
    ],
)
def test_what_is_missing_is_named_with_file_and_key(keys: tuple[str, ...], message: str) -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    _without(document, *keys)
    with pytest.raises(ContractError) as error:
        parse_contract("kiwi", document)
    assert str(error.value) == message


def test_a_parent_that_does_not_exist_is_named() -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    document["x-entities"]["mietvertraege"]["parents"] = {"wohnungen": "unit_id"}
    with pytest.raises(ContractError, match=r"x-entities\.mietvertraege refers to 'wohnungen'"):
        parse_contract("kiwi", document)


def test_an_unknown_withdrawal_is_refused() -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    document["x-entities"]["mieter"]["withdraw"] = {"end": "ends_at", "delete": True}
    with pytest.raises(ContractError, match=r"x-entities\.mieter\.withdraw is "):
        parse_contract("kiwi", document)


def test_parents_in_a_circle_are_refused() -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    document["x-entities"]["mieter"]["parents"] = {"mietvertraege": "external_id"}
    contract = parse_contract("kiwi", document)
    with pytest.raises(ContractError, match="parents form a circle: mieter, mietvertraege"):
        _ = contract.levels


def test_an_entity_belongs_to_master_data_unless_its_contract_says_so() -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    document["x-entities"]["mietvertraege"]["use_case"] = "leerstaende"
    contract = parse_contract("kiwi", document)
    assert contract.of_use_case("leerstaende") == {"mietvertraege"}
    assert contract.of_use_case("stammdaten") == {"verwaltungseinheiten", "mieter"}
    assert contract.of_use_case("dokumente") == set()
    assert contract.of_use_case(None) == {"verwaltungseinheiten", "mieter", "mietvertraege"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mieter": {"use_case": "leerstand"}},
            "x-entities.mieter.use_case is 'leerstand'; did you mean leerstaende?; allowed: stammdaten, leerstaende,"
            " dokumente.",
        ),
        (
            {"mieter": {"use_case": ["leerstaende"]}},
            "x-entities.mieter.use_case is ['leerstaende']; did you mean leerstaende?; allowed: stammdaten,"
            " leerstaende, dokumente.",
        ),
        (
            {"mieter": {"use_case": "leerstaende"}},
            "x-entities.mietvertraege refers to 'mieter', whose use case is neither its own nor stammdaten.",
        ),
        (
            {"mietvertraege": {"use_case": "leerstaende", "id_space": "mieter"}},
            "x-entities.mietvertraege.use_case: entities with one id_space belong to one use case.",
        ),
    ],
)
def test_a_use_case_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    document = copy.deepcopy(load_contract("kiwi").document)
    for entity, keys in changes.items():
        document["x-entities"][entity].update(keys)
    with pytest.raises(ContractError) as error:
        parse_contract("kiwi", document)
    assert message in str(error.value)
