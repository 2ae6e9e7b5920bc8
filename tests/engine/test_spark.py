"""The same models on DuckDB and on Spark: every row of every table, its types, and the hash of every payload."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import load_contract
from pipelines.contract.contract import partners as known_partners
from pipelines.erp.sample import write_sample
from pipelines.ledger.ledger import open_database
from pipelines.plan.marts import hash_marts
from pipelines.sandbox.server import Sandbox
from tests.conftest import PROJECT
from tests.engine.odd import make_odd

STICHTAG = "2026-11-30"
ALL = {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in known_partners()}
DOCUMENTS = {"dokumente": True}
PARTNERS = {
    "sample": {
        **ALL,
        "facilioo": {**ALL["facilioo"], **DOCUMENTS, "dokumente_freigabe": True},
        "idwell": {**ALL["idwell"], **DOCUMENTS, "dokumente_ab": "2020-01-01"},
        "spiribo": {**ALL["spiribo"], **DOCUMENTS, "dokumente_stichwort": "Abrechnung"},
        "aktivbo": {**ALL["aktivbo"], "wohnungen": "mit_einwilligung"},
        "casavi": {**ALL["casavi"], "adressen": "liegenschaft"},
    },
    "odd": {
        **ALL,
        "etg24": {**ALL["etg24"], "separator": "|", "nur_objekte": ["001|0001|01", "it's"]},
        "everreal": {**ALL["everreal"], "gebaeude_importieren": False, "standard_eigentuemer": "O'Brien \\1 ${x}"},
        "kiwi": {**ALL["kiwi"], "separator": "."},
        "quis": {**ALL["quis"], "expose_als": "properties"},
        "wohnungshelden": {**ALL["wohnungshelden"], "kanal": "json"},
    },
}  # fmt: skip
PUSHED = {"kiwi": ALL["kiwi"]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("dbt.adapters.spark") is None,
        reason="the extra spark is not installed: pip install --require-hashes --no-deps -r requirements-spark.lock",
    ),
    pytest.mark.skipif(
        shutil.which("java") is None, reason="there is no Java: install openjdk-17-jre-headless"
    ),
]


class House:
    """A home with a delivery, and the commands of a person who builds its marts on Spark."""

    def __init__(self, folder: Path, partners: dict[str, Any]) -> None:
        self.folder, self.home, self.spark = folder, folder / "home", folder / "spark"
        self.vars = json.dumps({"partners": partners})
        self.environment = {
            **os.environ,
            "SOURCES__ERP__KIND": "files",
            "SOURCES__ERP__FILES__FOLDER": str(folder / "erp"),
            "STAMMDATEN_HOME": str(self.home),
            "STAMMDATEN_SPARK": str(self.spark),
            "STAMMDATEN_STICHTAG": STICHTAG,
            "PYTHONPATH": str(PROJECT),
        }

    def call(self, module: str, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", module, *arguments, "--vars", self.vars],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout

    def stammdaten(self, *arguments: str) -> str:
        return self.call("pipelines.cli.main", *arguments, "--stichtag", STICHTAG)

    def dbt(self, command: str, target: str, *more: str) -> None:
        self.call(
            "dbt.cli.main", command, "--target", target, "--target-path", str(self.folder / target), *more
        )

    def build_on_spark(self) -> None:
        self.call("pipelines.engine", "raw")
        self.dbt("build", "spark")

    def take(self) -> None:
        self.call("pipelines.engine", "take", "--stichtag", STICHTAG)


def loaded(folder: Path, partners: dict[str, Any]) -> House:
    house = House(folder, partners)
    write_sample(folder / "erp", 97, 7)
    house.stammdaten("load")
    return house


def differences(house: House) -> tuple[int, list[str]]:
    """Rows compared of all tables of Spark with those of DuckDB, and the tables that differ in rows or types."""
    compared, found = 0, []
    with duckdb.connect(str(house.home / "stammdaten.duckdb"), read_only=True) as db:
        for folder in sorted((house.spark / "warehouse").glob("*.db/*")):
            table, files = f'{folder.parent.stem}."{folder.name}"', f"read_parquet('{folder}/*.parquet')"
            kinds = dict(row[:2] for row in db.execute(f"describe {table}").fetchall())
            there = dict(row[:2] for row in db.execute(f"describe select * from {files}").fetchall())
            # Numbers of rows are of another size; no partner gets any.
            kinds = {name: kind for name, kind in kinds.items() if not name.startswith("rang")}
            if kinds != {name: kind for name, kind in there.items() if name in kinds}:
                found.append(f"{table}: columns")
                continue
            columns = ", ".join(f'"{name}"' for name in kinds)
            ours, theirs = f"select {columns} from {table}", f"select {columns} from {files}"
            [(more, less, rows)] = db.execute(
                f"select (select count(*) from ({ours} except all {theirs})),"
                f" (select count(*) from ({theirs} except all {ours})), (select count(*) from ({ours}))"
            ).fetchall()
            compared += rows
            if more or less:
                found.append(f"{table}: {more} and {less} of {rows}")
    return compared, found


def hashes(house: House) -> dict[str, set[Any]]:
    found = {}
    with open_database(house.home) as db:
        for name in known_partners():
            contract = load_contract(name)
            hash_marts(db, contract, list(contract.entities.values()))
            found[name] = set(db.execute("from mart_hash").fetchall())
    return found


@pytest.mark.parametrize("delivery", ["sample", "odd"])
def test_every_row_and_every_payload_are_those_of_duckdb(tmp_path: Path, delivery: str) -> None:
    house = loaded(tmp_path, PARTNERS[delivery])
    if delivery == "odd":
        assert make_odd(str(house.home / "stammdaten.duckdb"), 6) > 2000
    house.build_on_spark()
    house.dbt("build", "local", "--exclude-resource-type", "test", "unit_test")
    compared, different = differences(house)
    assert different == []
    assert compared > 5000
    of_duckdb = hashes(house)
    house.take()
    assert hashes(house) == of_duckdb
    assert sum(map(len, of_duckdb.values())) > 100


def test_marts_of_spark_are_pushed_and_those_of_duckdb_have_nothing_to_add(tmp_path: Path) -> None:
    house = loaded(tmp_path, PUSHED)
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        house.environment |= sandbox.environment()
        house.build_on_spark()
        house.take()
        planned = json.loads(house.stammdaten("plan", "--json"))
        assert sum(line["create"] for line in planned["plan"]) > 100
        house.stammdaten("push")
        sent = sum(len(sandbox.requests(name)) for name in PUSHED)
        assert sent > 100
        house.stammdaten("build")
        again = json.loads(house.stammdaten("plan", "--json"))
        assert [line for line in again["plan"] if line["create"] or line["update"] or line["withdraw"]] == []
