"""The schemas for editors: every shipped file fits, a wrong key or value does not, and each key is explained."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from pipelines.contract import content, contract, entities, profile
from pipelines.contract.contract import built_in_partners, parse_contract
from pipelines.contract.model import ContractError
from pipelines.contract.profile import parse_profile
from pipelines.pages.editor import CONTRACT, PROFILE, contract_schema, editor_schemas, profile_schema
from pipelines.settings import project_root

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = [
    *(f / "contract.yaml" for f in built_in_partners().values()),
    *ROOT.glob("tests/push/shapes/*/*.yaml"),
]
CONTRACTS = [file for file in CONTRACTS if file.name == "contract.yaml"]
PROFILES = [folder / "profile.yaml" for folder in built_in_partners().values()]
OF_CONTRACTS, OF_PROFILES = Draft7Validator(contract_schema()), Draft7Validator(profile_schema())


def read(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=contract.LOADER)  # noqa: S506


def said(validator: Draft7Validator, document: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in validator.iter_errors(document)
    ]


def test_the_files_are_what_the_command_writes() -> None:
    for name, text in editor_schemas().items():
        assert (project_root() / name).read_text(encoding="utf-8") == text, "run: python -m pipelines.pages"
        Draft7Validator.check_schema(json.loads(text))
    assert set(editor_schemas()) == {CONTRACT, PROFILE}


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.parent.name)
def test_every_contract_that_is_shipped_or_tested_fits(file: Path) -> None:
    assert said(OF_CONTRACTS, read(file)) == []


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.parent.name)
def test_every_profile_fits(file: Path) -> None:
    assert said(OF_PROFILES, read(file)) == []


def test_the_keys_are_those_that_are_read() -> None:
    known = contract_schema()["properties"]
    assert known["x-partner"]["properties"].keys() == contract.HEAD
    entity = known["x-entities"]["additionalProperties"]["properties"]
    assert entity.keys() == entities.KEYS
    assert entity["content"]["properties"].keys() == set(content.KEYS)
    assert entity["content"]["properties"]["steps"]["items"]["anyOf"][1]["properties"].keys() == set(
        content.STEP_KEYS
    )
    assert profile_schema()["properties"].keys() == set(profile.KEYS)


def test_each_key_is_explained() -> None:
    known, definitions = contract_schema()["properties"], contract_schema()["definitions"]
    entity = known["x-entities"]["additionalProperties"]["properties"]
    maps = [
        known["x-partner"]["properties"],
        entity,
        entity["content"]["properties"],
        entity["content"]["properties"]["steps"]["items"]["anyOf"][1]["properties"],
        profile_schema()["properties"],
        *(one["properties"] for one in definitions.values()),
    ]
    silent = [key for one in maps for key, shape in one.items() if len(shape.get("description", "")) < 10]
    assert silent == []
    assert (
        "so many rows of one entity that are refused alike"
        in known["x-partner"]["properties"]["equal_refusals"]["description"]
    )


def maps_of_keys(document: Any) -> Iterator[tuple[str, Any]]:
    """Each map of a contract in which a key that nobody knows is a mistake."""
    head = document["x-partner"]
    yield "x-partner", head
    for key in ("limits", "patience", "paging", "error", "login", "multi_status"):
        if key in head:
            yield f"x-partner.{key}", head[key]
    for name, entry in document["x-entities"].items():
        yield name, entry
        for key in (
            "find",
            "candidates",
            "list_below",
            "bulk",
            "openimmo",
            "left_out_if_taken",
            "states",
            "content",
        ):
            if key in entry:
                yield f"{name}.{key}", entry[key]
        for step in entry.get("content", {}).get("steps", []):
            yield f"{name}.content.step", step


@pytest.mark.parametrize("partner", built_in_partners())
def test_a_misspelt_key_is_refused_by_the_editor_and_by_the_program(partner: str) -> None:
    document = read(built_in_partners()[partner] / "contract.yaml")
    places = [place for place, _ in maps_of_keys(document)]
    for number, place in enumerate(places):
        wrong = copy.deepcopy(document)
        list(maps_of_keys(wrong))[number][1]["natural_kye"] = "x"
        assert any(
            "natural_kye" in one or "anyOf" in one or "not valid under" in one
            for one in said(OF_CONTRACTS, wrong)
        ), place
        with pytest.raises(ContractError):
            parse_contract(partner, wrong)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("withdraw", "remove"),
        ("withdraw", {"end": 3}),
        ("refer_by", "name"),
        ("use_case", "dokument"),
        ("create", "always"),
        ("upsert", "yes"),
        ("parents", ["objekte"]),
    ],
)
def test_a_wrong_value_of_an_entity_is_refused(key: str, value: Any) -> None:
    document = read(built_in_partners()["etg24"] / "contract.yaml")
    document["x-entities"]["einheiten"][key] = value
    (found,) = said(OF_CONTRACTS, document)
    assert found.startswith(f"x-entities.einheiten.{key}")


def test_a_missing_key_is_named() -> None:
    document = read(built_in_partners()["etg24"] / "contract.yaml")
    del document["x-entities"]["einheiten"]["withdraw"]
    del document["x-partner"]["paging"]["style"]
    assert said(OF_CONTRACTS, document) == [
        "x-partner.paging: 'style' is a required property",
        "x-entities.einheiten: 'withdraw' is a required property",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"activ": True},
        {"aktiv": "yes"},
        {"tenants_need": "phone"},
        {"options": {"Tage": {"default": 1, "allowed": "days"}}},
        {"options": {"mandanten": {"default": None, "allowed": "mandanten or null"}}},
        {"options": {"tage": {"default": 1, "allowed": "weeks"}}},
        {"options": {"tage": {"default": 1}}},
        {"options": {"art": {"default": "a", "allowed": []}}},
        {"note": 3},
    ],
)
def test_a_wrong_profile_is_refused_by_the_editor_and_by_the_program(change: dict[str, Any]) -> None:
    document = {**read(built_in_partners()["etg24"] / "profile.yaml"), **change}
    assert said(OF_PROFILES, document) != []
    with pytest.raises(ContractError):
        parse_profile("etg24", document)
