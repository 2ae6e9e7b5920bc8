"""Marts and contracts use the same names: a column is a field of the partner, a reference, or our id."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contract.contract import Entity, load_contract, partners

MODELS = Path(__file__).parents[2] / "models" / "partners"
ENTITIES = [(partner, entity) for partner in partners() for entity in load_contract(partner).entities]


def columns(partner: str, entity: str) -> set[str]:
    described: Any = yaml.safe_load((MODELS / partner / f"_{partner}.yml").read_text(encoding="utf-8"))
    [model] = [model for model in described["models"] if model["name"] == f"{partner}__{entity}"]
    return {column["name"] for column in model["columns"]}


@pytest.mark.parametrize("partner", partners())
def test_every_mart_is_compared_with_its_contract(partner: str) -> None:
    described: Any = yaml.safe_load((MODELS / partner / f"_{partner}.yml").read_text(encoding="utf-8"))
    compared = {
        model["name"] for model in described["models"] if "fits_contract" in model.get("data_tests", [])
    }
    assert compared == {f"{partner}__{entity}" for entity in load_contract(partner).entities}


def references(entity: Entity) -> set[str]:
    return {f"{p.entity}_external_id{'s' if p.many else ''}" for p in entity.parents}


@pytest.mark.parametrize(("partner", "name"), ENTITIES)
def test_every_column_of_a_mart_is_known_to_the_contract(partner: str, name: str) -> None:
    contract = load_contract(partner)
    entity = contract.entities[name]
    known = {"external_id", *references(entity), *contract.schema(name, "create")["properties"]}
    known |= {entity.content.field} if entity.content else set()
    assert columns(partner, name) - known == set()


@pytest.mark.parametrize(("partner", "name"), ENTITIES)
def test_every_required_field_is_in_the_mart_or_filled_in_by_the_connector(partner: str, name: str) -> None:
    contract = load_contract(partner)
    entity = contract.entities[name]
    filled_in = {parent.field for parent in entity.parents} | {lookup.field for lookup in entity.lookups}
    filled_in |= {entity.external_id, *entity.fixed} if entity.external_id else set(entity.fixed)
    required = set(contract.schema(name, "create").get("required", []))
    assert required - filled_in - columns(partner, name) == set()


@pytest.mark.parametrize(("partner", "name"), ENTITIES)
def test_every_parent_has_its_reference_column(partner: str, name: str) -> None:
    entity = load_contract(partner).entities[name]
    assert references(entity) | {"external_id"} <= columns(partner, name)
