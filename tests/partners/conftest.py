"""The marts of the small stock in `bestand.py`, built by dbt once for all tests."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import Contract, partners
from pipelines.plan.marts import render_marts
from tests.partners.bestand import BESTAND

PARTNERS = ("etg24", "facilioo", "plentific", "kiwi")
ALL_PARTNERS = tuple(partners())
STICHTAG = "2026-03-31"

Row = dict[str, Any]
# The columns of the models that say what is held, and what has gone, with their types.
HELD = {
    "entity": "VARCHAR",
    "external_id": "VARCHAR",
    "rule": "VARCHAR",
    "table_name": "VARCHAR",
    "reason": "VARCHAR",
    "also_in_mart": "BOOLEAN",
    "part": "VARCHAR",
    "holds_below": "BOOLEAN",
    "separator": "VARCHAR",
    "person_nr": "VARCHAR",
}
DEPARTURES = {
    "entity": "VARCHAR",
    "external_id": "VARCHAR",
    "is_gone": "BOOLEAN",
    "begins_on": "DATE",
    "ends_on": "DATE",
}


@dataclass(frozen=True)
class Marts:
    """Reads marts and findings; rows are in the order of their ids."""

    database: duckdb.DuckDBPyConnection

    def rows(self, mart: str) -> list[Row]:
        return self._read(f"select * from partners.{mart} order by external_id")

    def row(self, mart: str, external_id: str) -> Row:
        (found,) = [row for row in self.rows(mart) if row["external_id"] == external_id]
        return found

    def ids(self, mart: str) -> list[str]:
        return [row["external_id"] for row in self.rows(mart)]

    def findings(self, partner: str, rule: str) -> set[tuple[str, str]]:
        """Table and key of what the partner does not get because of a rule."""
        found = self._read(f"select * from quality.{partner}__findings")
        return {(row["table_name"], row["key"]) for row in found if row["rule"] == rule}

    def finding(self, partner: str, table_name: str, key: str) -> Row:
        (found,) = [
            row
            for row in self._read(f"select * from quality.{partner}__findings")
            if (row["table_name"], row["key"]) == (table_name, key)
        ]
        return found

    def held(self, partner: str, *external_ids: str) -> list[tuple[Any, ...]]:
        """What is held under these ids: entity, id, rule, table, reason, also_in_mart, part, holds_below, separator,
        person."""
        return self._chosen(f"partners.{partner}__held", ", ".join(HELD), external_ids)

    def departures(self, partner: str, *external_ids: str) -> list[tuple[Any, ...]]:
        """What is known of these ids where they have left: entity, id, whether it is gone, begin, end."""
        return self._chosen(f"partners.{partner}__departures", ", ".join(DEPARTURES), external_ids)

    def _chosen(self, model: str, columns: str, external_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        return self.database.execute(
            f"select {columns} from {model} where list_contains(?, external_id) order by all", [external_ids]
        ).fetchall()

    def _read(self, query: str) -> list[Row]:
        found = self.database.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def partner_vars(separator: str, mandanten: Sequence[str] | str, partners: Sequence[str]) -> dict[str, Any]:
    """Vars with these partners on, all others off, and a fixed key date."""
    setting = {"aktiv": True, "separator": separator, "mandanten": mandanten}
    return {"stichtag": STICHTAG, "partners": {name: dict(setting) for name in partners}}


def bodies_of(contract: Contract, marts: Marts, entity: str) -> dict[str, Row]:
    """The JSON of every request that writes a record of an entity, by our id; parents by our ids."""
    render_marts(marts.database, contract, [contract.entities[entity]])
    found = marts.database.execute(
        "select external_id, payload, refs from mart order by external_id"
    ).fetchall()
    return {external_id: {**json.loads(payload), **json.loads(refs)} for external_id, payload, refs in found}


@pytest.fixture(scope="session")
def marts(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """All partners with separator / and Mandanten 001 and 002; the data tests of PARTNERS and all unit tests have
    passed."""
    chosen = [f"+{partner}" for partner in ALL_PARTNERS]
    # The others' data tests run on stocks of their own.
    left_out = [f"{partner},resource_type:test" for partner in ALL_PARTNERS if partner not in PARTNERS]
    settings = partner_vars("/", ["001", "002"], ALL_PARTNERS)
    settings["partners"]["everreal"]["standard_eigentuemer"] = "BESTAND"
    return Marts(
        build(BESTAND, select=[*chosen, "--exclude", *left_out], vars=settings, tests=True, unit_tests=True)
    )


@dataclass(frozen=True)
class DashedKiwi:
    """KIWI alone with separator -, all data tests run, whatever came out of them."""

    marts: Marts
    states: Mapping[str, str]


@pytest.fixture(scope="session")
def dashed_kiwi(
    marts: Marts, dbt: Any, raw_database: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DashedKiwi]:
    """KIWI alone, separator -, Mandanten 001 and 999, of which the ERP does not have the second."""
    path = raw_database(BESTAND)
    # buildable: no test that needs a model which is not built for KIWI
    command = ["build", "--select", "+kiwi", "--indirect-selection", "buildable"]
    command += ["--exclude-resource-type", "unit_test"]
    done = dbt(*command, vars=partner_vars("-", ["001", "999"], ["kiwi"]))
    states = {entry.node.name: str(entry.status) for entry in done.result}
    # A copy: dbt cannot write a file that is open for reading.
    copy = tmp_path_factory.mktemp("kiwi") / "stammdaten.duckdb"
    shutil.copyfile(path, copy)
    with duckdb.connect(copy) as database:
        yield DashedKiwi(Marts(database), states)
