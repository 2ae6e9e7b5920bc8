"""What the contract reader makes of partners that upsert, page otherwise or speak GraphQL, and of mistakes there."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipelines.contract import contract as reader
from pipelines.contract.contract import Contract, ContractError, Find, Parent, Withdraw, parse_contract
from pipelines.contract.model import Below, LeftOut, Mutation
from pipelines.errors import SettingsError

SHAPES = Path(__file__).parent.parent / "push" / "shapes"


@pytest.fixture(autouse=True)
def shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FOLDER", SHAPES)


def document(partner: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SHAPES / partner / "contract.yaml").read_text(encoding="utf-8"))
    return copy.deepcopy(found)  # aliases in the file become copies


def parsed(partner: str, **changes: Any) -> Contract:
    """The contract with values put at dotted places; `...` takes the key away."""
    changed = document(partner)
    for place, value in changes.items():
        *above, key = place.split("__")
        part = changed
        for step in above:
            part = part[step.replace("x_", "x-")]
        if value is ...:
            del part[key]
        else:
            part[key] = value
    return parse_contract(partner, changed)


def test_an_upsert_needs_its_record_and_keeps_our_id_as_its_own() -> None:
    house = parsed("linked").entities["haeuser"]
    assert (house.upsert, house.collection, house.list) == (True, "/houses", "/houses")
    assert (house.id_is_ours, house.sent_id, house.find) == (True, None, None)
    assert parsed("linked").schema("haeuser", "update")["required"] == ["name"]


def test_lists_below_a_parent_and_lists_by_search_are_read() -> None:
    assert parsed("keyed").entities["haeuser"].list_below == Below("gruppen", "parentId")
    dossiers = parsed("searched").entities["dossiers"]
    assert dossiers.listing == Find("post", "/dossiers/search", values={"countryCode": "DE"})
    assert dossiers.find == Find(
        "post", "/dossiers/search", body="filters.sourceId", values={"countryCode": "DE"}
    )
    assert (dossiers.before_create, dossiers.fixed["meta"]) == ("look_up", {"source": "{source}"})


def test_what_is_left_out_and_what_hangs_on_its_own_kind_is_read() -> None:
    contract = parsed("nested")
    assert contract.levels == (("ordner",), ("personen",))
    assert contract.entities["ordner"].self_parent == Parent("ordner", "parent", False, False, False)
    assert contract.entities["personen"].left_out_if_taken == LeftOut(
        ("email", "phone"), ("taken",), "already exists", ("email", "phone")
    )
    assert contract.error.read({"email": ["…"], "detail": "Wrong."}) == ("", "Wrong.", ("email",))


def test_a_look_up_may_page_otherwise_than_the_partner() -> None:
    paging = {"style": "page", "page": "p", "size": "s", "default_size": 5, "max_size": 7}
    find = parsed("searched", x_entities__dossiers__find__paging=paging).entities["dossiers"].find
    assert find is not None
    assert find.paging is not None
    assert (find.paging.style, find.paging.max_size) == ("page", 7)


def test_pages_may_be_counted_from_zero_and_lists_have_no_totals() -> None:
    contract = parsed("paged")
    assert (contract.paging.cursor, contract.paging.next, contract.paging.total) == (
        "after",
        "paging.next",
        "",
    )
    units, meters = (contract.entities[name].listing.paging for name in ("einheiten", "zaehler"))
    assert units is not None
    assert meters is not None
    assert (units.first, units.total, meters.total) == (0, "meta.total", "")


def test_a_graphql_entity_is_read_with_its_mutations() -> None:
    contract = parsed("graphed")
    assert (contract.protocol, contract.endpoint, contract.batch) == ("graphql", "/api/graphql", 1)
    owner, unit = contract.entities["eigentuemer"], contract.entities["einheiten"]
    assert owner.mutation == Mutation("upsertOwner", "owner", "OwnerInput!")
    assert owner.withdraw == Withdraw("detach", mutation=Mutation("deleteOwner", "externalId", "String!"))
    assert unit.withdraw == Withdraw("delete", mutation=Mutation("removeUnit", "id", "String"))
    assert unit.find == Find("post", "units", body="filter.externalId")
    assert unit.parents == (Parent("eigentuemer", "externalOwnerId", False, False, True),)
    assert (contract.paging.offset, contract.paging.limit) == ("paging.skip", "paging.take")


def test_the_schema_of_an_input_type_says_what_is_required_and_what_may_be_null() -> None:
    schema = parsed("graphed").schema("einheiten", "create")
    assert schema["required"] == ["externalUnitId", "externalOwnerId", "type", "floorNo"]
    unit = {
        "externalUnitId": "1",
        "externalOwnerId": "8",
        "type": "OFFICE",
        "floorNo": -1,
        "name": None,
        "rent": 7.5,
        "tenants": [{"lastName": "Muster"}],
    }
    valid = Draft202012Validator(schema).is_valid
    assert valid(unit)
    wrong = [
        {"type": "CASTLE"},
        {"floorNo": 1.5},
        {"floorNo": None},
        {"tenants": [{"email": "x"}]},
        {"name": 3},
    ]
    assert [change for change in wrong if valid({**unit, **change})] == []
    del unit["floorNo"]
    assert not valid(unit)


def test_the_confidence_of_a_field_comes_from_its_directive() -> None:
    contract = parsed("graphed")
    assert contract.confidence("eigentuemer", "lastName") == "documented"
    assert contract.confidence("eigentuemer", "email") == "assumed"


def test_a_list_asks_for_what_is_sent_and_shown_under_whatever_name() -> None:
    contract = parsed("graphed")
    assert contract.sdl is not None
    paths = ["id", "externalId", "owner.externalId"]
    assert contract.sdl.selection("units", contract.schema("einheiten", "create"), paths) == (
        "{ id name type floorNo rent availableFrom tenants { lastName email } externalId owner { externalId } }"
    )


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://demo.graphed.example"),
        ({"subdomain": "acme-qa"}, "https://acme-qa.graphed.example"),
        ({"subdomain": "x", "base_url": "http://127.0.0.1:7/graphed"}, "http://127.0.0.1:7/graphed"),
    ],
)
def test_a_part_of_the_host_may_be_a_setting(settings: dict[str, str], address: str) -> None:
    assert parsed("graphed").base_url(settings) == address


@pytest.mark.parametrize("value", ["", "a.b", "evil.example/", "-a", "a/b", "a@b", "ä", "a" * 64, "a:80"])
def test_a_part_of_the_host_cannot_lead_to_another_host(value: str) -> None:
    with pytest.raises(
        SettingsError, match=r"DESTINATION__GRAPHED__SUBDOMAIN is .*one part of a host's name"
    ):
        parsed("graphed").base_url({"subdomain": value})


@pytest.mark.parametrize(
    ("partner", "changes", "message"),
    [
        ("linked", {"x_partner__protokoll": "rest"}, "x-partner: the key 'protokoll' is not known"),
        ("linked", {"x_partner__protocol": "soap"}, "x-partner.protocol is 'soap'; allowed: rest, graphql."),
        ("linked", {"x_partner__batch": 4}, "x-partner.batch: for protocol graphql only."),
        ("linked", {"x_partner__paging__style": "links"}, "x-partner.paging.style is 'links'; allowed: page"),
        (
            "linked",
            {"x_partner__paging__default_size": "50"},
            "x-partner.paging.default_size is '50'; it has to be a valid integer.",
        ),
        (
            "linked",
            {"x_partner__limits": {"in_flight": True}},
            "x-partner.limits.in_flight is True; it has to be a valid integer.",
        ),
        ("linked", {"x_partner__limits": {"per_sec": 1}}, "the key 'per_sec' is not known; did you mean"),
        (
            "linked",
            {"x_partner__patience": {"look_again": -1}},
            "look_again is -1; it has to be greater than or equal to 0.",
        ),
        (
            "linked",
            {"x_partner__paging__next": ...},
            "x-partner.paging: the style next_link needs the key 'next'.",
        ),
        (
            "paged",
            {"x_partner__paging__cursor": ...},
            "x-partner.paging: the style cursor needs the key 'cursor'.",
        ),
        (
            "paged",
            {"x_partner__paging__first": 0},
            r"x-partner.paging.first is 0; pages (style page) are counted from 0 or 1.",
        ),
        (
            "paged",
            {"x_entities__einheiten__list__paging__first": 2},
            r"list.paging.first is 2; pages (style page) are counted from 0 or 1.",
        ),
        ("linked", {"x_entities__haeuser__upserts": True}, "haeuser: the key 'upserts' is not known"),
        ("linked", {"x_entities__haeuser__upsert": "yes"}, "haeuser.upsert is 'yes'; allowed: False, True."),
        ("linked", {"x_entities__haeuser__external_id": ...}, "haeuser: upsert needs external_id."),
        (
            "linked",
            {"x_entities__haeuser__external_id": "ref"},
            "haeuser: the id in the path of an upsert is ours: id and external_id must be one.",
        ),
        ("linked", {"x_entities__haeuser__natural_key": ["name"]}, "haeuser.natural_key: an upsert finds"),
        (
            "linked",
            {"x_entities__haeuser__before_create": "list"},
            "haeuser.before_create: not for an upsert.",
        ),
        (
            "linked",
            {"paths__/houses/{id}__put": ...},
            "haeuser: put /houses/{id} with a body is not described under paths.",
        ),
        ("linked", {"x_entities__haeuser__refer_by": "name"}, "haeuser.refer_by is 'name'; allowed: id, ext"),
        ("keyed", {"x_entities__haeuser__list_below__entity": "x"}, "list_below: 'x' is no parent."),
        (
            "keyed",
            {"x_entities__haeuser__list_below__by": "x"},
            "list_below: the key 'by' is not known; see docs/",
        ),
        (
            "keyed",
            {"x_entities__haeuser__withdraw": {"delete": {}}},
            "a mutation can be named in GraphQL only",
        ),
        *(
            ("nested", {f"x_entities__personen__left_out_if_taken{key}": value}, message)
            for key, value, message in (
                (
                    "__field",
                    ["email"],
                    "left_out_if_taken: the key 'field' is not known; did you mean fields?; see docs/contracts.md.",
                ),
                ("__fields", "email", "left_out_if_taken.fields: a list with at least one name is needed."),
                ("__fields", ["mail"], "left_out_if_taken: the body takes no 'mail'."),
                (
                    "__fields",
                    ["name"],
                    "left_out_if_taken: 'name' is required, so nothing can be sent without it.",
                ),
                ("__fields", ["folder"], "left_out_if_taken: a record cannot be told without the field."),
                (
                    "__fields",
                    ["external_id"],
                    "left_out_if_taken: a record cannot be told without the field.",
                ),
                ("__text", "(", "left_out_if_taken.text: '(' is no pattern"),
                ("__needs", ["fax"], "left_out_if_taken: the body takes no 'fax'."),
                (
                    "",
                    {"fields": ["email"]},
                    "codes or text must say how the partner tells that a value is taken.",
                ),
                ("", "email", "left_out_if_taken: a map is needed."),
            )
        ),
        (
            "linked",
            {"x_entities__haeuser__left_out_if_taken": {"fields": ["city"], "text": "taken"}},
            "haeuser.left_out_if_taken: not for an upsert.",
        ),
        (
            "nested",
            {"components__schemas__Folder__required": ["name", "parent"]},
            "parents.ordner: parent must take one id or none; the topmost record has no parent.",
        ),
        (
            "nested",
            {"x_entities__ordner__list_below": {"entity": "ordner", "query": "parent"}},
            "ordner: created_with and list_below name another entity, not ordner.",
        ),
        ("nested", {"x_entities__ordner__created_with": "ordner"}, "name another entity, not ordner."),
        ("searched", {"x_entities__dossiers__find": ...}, "dossiers.before_create: look_up needs find."),
        (
            "searched",
            {"x_entities__dossiers__before_create": "ask"},
            "before_create is 'ask'; allowed: look_up, list.",
        ),
        ("searched", {"x_entities__dossiers__list": {"method": "post"}}, "list: the key 'path' is missing."),
        ("graphed", {"x_partner__batch": 0}, "batch is 0; a whole number of at least 1 is needed."),
        ("graphed", {"x_partner__endpoint": "/api"}, "endpoint: post '/api' is not described under paths."),
        ("graphed", {"x_partner__schema": "x.graphql"}, "schema: there is no file 'x.graphql' beside"),
        ("graphed", {"x_entities__einheiten__upsert": False}, "in GraphQL an entity needs upsert: true."),
        ("graphed", {"x_entities__einheiten__mutation": "upsertX"}, "Mutation has no field 'upsertX'."),
        ("graphed", {"x_entities__einheiten__argument": "x"}, "upsertUnit has no argument 'x'."),
        ("graphed", {"x_entities__einheiten__input": "OwnerInput"}, "is UnitInput, not OwnerInput."),
        ("graphed", {"x_entities__einheiten__id": "uuid"}, "upsertUnit answers Unit, without 'uuid'."),
        ("graphed", {"x_entities__einheiten__list__query": "flats"}, "Query has no field 'flats'."),
        ("graphed", {"x_entities__einheiten__find__path": "units"}, "the key 'path' is not for GraphQL"),
        (
            "graphed",
            {"x_entities__einheiten__withdraw": {"detach": {"mutation": "removeUnit"}}},
            "withdraw.detach: the keys mutation and argument are needed.",
        ),
        ("graphed", {"x_entities__einheiten__withdraw": "delete"}, "einheiten.withdraw is 'delete'"),
        (
            "graphed",
            {"x_entities__eigentuemer__natural_key": ["email"]},
            "an upsert finds its record by our id only; the body takes no 'id'.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(partner: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as error:
        parsed(partner, **changes)
    assert message in str(error.value)
    assert str(error.value).startswith(f"partners/{partner}/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type Query {", "schema.graphql, line 1: Syntax Error"),
        ("type Query { units: Flat }", "schema.graphql, line 1: Unknown type 'Flat'."),
    ],
)
def test_a_mistake_in_the_schema_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "graphed").mkdir()
    (tmp_path / "graphed" / "schema.graphql").write_text(text, encoding="utf-8")
    monkeypatch.setattr(reader, "FOLDER", tmp_path)
    with pytest.raises(ContractError) as error:
        parse_contract("graphed", document("graphed"))
    assert message in str(error.value)
