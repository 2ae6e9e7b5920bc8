"""Marts and contracts name the same entities, parents and fields, and the rows are bodies the contract takes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.api.protocols import openimmo
from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import create_tables
from pipelines.plan.held import find_held, write_departures
from tests.partners.conftest import ALL_PARTNERS, DEPARTURES, HELD

ENTITIES = [(partner, entity) for partner in ALL_PARTNERS for entity in load_contract(partner).entities]
# A Gebäude is one of two kinds at QUIS, as the setting expose_als says; vacancies go in one of two ways, as kanal does;
# documents only where dokumente says so.
EMPTY_BY_SETTING = [
    ("quis", "exposes_als_property"),
    ("wohnungshelden", "leerstaende"),
    *((p, entity) for p, entity in ENTITIES if load_contract(p).entities[entity].use_case == "dokumente"),
]


def columns(marts: Any, mart: str) -> list[str]:
    found = marts.database.execute(
        "select column_name from duckdb_columns() where schema_name = 'partners' and table_name = ?", [mart]
    )
    return [name for (name,) in found.fetchall()]


def references(partner: str, entity: str) -> set[str]:
    parents = load_contract(partner).entities[entity].parents
    return {f"{parent.entity}_external_id{'s' if parent.many else ''}" for parent in parents}


def test_there_is_one_mart_for_each_entity_of_the_contracts_and_one_table_of_what_is_held(marts: Any) -> None:
    found = marts.database.execute("select table_name from duckdb_tables() where schema_name = 'partners'")
    expected = {f"{partner}__{entity}" for partner, entity in ENTITIES}
    expected |= {f"{partner}__held" for partner, _ in ENTITIES}
    expected |= {f"{p}__by_law" for p, entity in ENTITIES if load_contract(p).entities[entity].by_law}
    assert {name for (name,) in found.fetchall()} == expected


@pytest.mark.parametrize(("partner", "entity"), ENTITIES)
def test_a_mart_has_the_id_a_column_for_each_parent_and_fields_of_the_contract(
    marts: Any, partner: str, entity: str
) -> None:
    found = columns(marts, f"{partner}__{entity}")
    content = load_contract(partner).entities[entity].content
    own = {"external_id"} | references(partner, entity) | ({content.field} if content else set())
    rest = set(found) - own
    assert len(found) == len(own) + len(rest)
    assert rest <= set(load_contract(partner).schema(entity, "create")["properties"])


@pytest.mark.parametrize(("partner", "entity"), ENTITIES)
def test_every_row_is_a_body_that_the_contract_takes(marts: Any, partner: str, entity: str) -> None:
    contract = load_contract(partner)
    described = contract.entities[entity]
    given = {part.field for part in (*described.parents, *described.lookups)} | {*described.fixed}
    schema = contract.schema(entity, "create")
    schema = {**schema, "required": [name for name in schema.get("required", []) if name not in given]}
    validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    fields = ", ".join(
        f'"{name}"'
        for name in columns(marts, f"{partner}__{entity}")
        if name not in references(partner, entity) | {"external_id"}
    )
    bodies = marts.database.execute(
        f"select external_id, to_json(body) from (select external_id, {_body(fields)} as body "
        f"from partners.{partner}__{entity})"
    ).fetchall()
    assert bool(bodies) is ((partner, entity) not in EMPTY_BY_SETTING)
    for external_id, body in bodies:
        sent = {**json.loads(body)}
        if contract.entities[entity].openimmo:
            assert not openimmo.problems(openimmo.objekt(external_id, sent, "", datetime.now(UTC))), (
                external_id
            )
            continue
        if contract.entities[entity].external_id:
            sent[contract.entities[entity].external_id] = external_id
        assert not [error.message for error in validator.iter_errors(sent)], external_id


def _body(fields: str) -> str:
    """A struct of these fields; of none where a record is all references."""
    pairs = ", ".join(f"{name}: {name}" for name in fields.split(", "))
    return f"{{{pairs}}}" if fields else "'{}'::json"


@pytest.mark.parametrize("partner", ALL_PARTNERS)
def test_a_plan_reads_what_the_models_of_doubts_and_departures_say(marts: Any, partner: str) -> None:
    contract = load_contract(partner)
    create_tables(marts.database)
    find_held(marts.database, contract, set(contract.entities))
    gone = f"(select entity, external_id from partners.{partner}__departures)"
    write_departures(marts.database, contract, gone)
    wrong = "select count(*) from departure where entity is null or external_id is null or is_gone is null"
    assert marts.database.execute(wrong).fetchone() == (0,)


@pytest.mark.parametrize("partner", ALL_PARTNERS)
def test_what_is_held_and_what_has_gone_has_the_types_that_a_plan_reads(marts: Any, partner: str) -> None:
    found: dict[str, dict[str, str]] = {}
    for model, column, kind in marts.database.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'partners' and list_contains(?, table_name)",
        [[f"{partner}__held", f"{partner}__departures"]],
    ).fetchall():
        found.setdefault(model.removeprefix(f"{partner}__"), {})[column] = kind
    assert found.pop("held") == HELD
    assert found in ({}, {"departures": DEPARTURES})
