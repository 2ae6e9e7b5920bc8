"""Marts that another engine wrote as Parquet: taken whole, or refused with what is missing."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.contract.contract import load_contract
from pipelines.engine.marts import take_marts
from pipelines.engine.raw import write_raw
from pipelines.errors import BuildError
from pipelines.ledger.ledger import open_database
from pipelines.plan.marts import hash_marts
from pipelines.settings import Vars, database

KIWI = {"aktiv": True, "separator": "/", "mandanten": "alle"}
SETTINGS = Vars(date(2026, 11, 21), "wodis_sigma", {"kiwi": KIWI})
TENANTS = {"external_id": "varchar", "first_name": "varchar", "last_name": "varchar", "email": "varchar"}
UNITS = {
    "external_id": "varchar",
    "name": "varchar",
    "address": "struct(street varchar, postal_code varchar, city varchar, country varchar)",
    "floor": "varchar",
    "door_number": "varchar",
}
LEASES = {
    "external_id": "varchar",
    "verwaltungseinheiten_external_id": "varchar",
    "mieter_external_id": "varchar",
    "starts_at": "date",
    "ends_at": "date",
}
MODELS = {
    ("partners", "kiwi__mieter"): TENANTS,
    ("partners", "kiwi__verwaltungseinheiten"): UNITS,
    ("partners", "kiwi__mietvertraege"): LEASES,
    ("staging", "base_erp__mandant"): {},
    ("staging", "stg_erp__person"): {},
}
ROWS = {
    # Spark has another order of columns, and a row for each of its files.
    "kiwi__mieter": "select unnest(['P1', 'P2']) as external_id, 'Øde' as last_name, null::varchar as email,"
    " 'Ä' as first_name",
    "kiwi__verwaltungseinheiten": "select '1/2' as external_id, 'a' as name, {'street': 'Weg 1', 'postal_code':"
    " '01067', 'city': 'Dresden', 'country': null::varchar} as address, '0' as floor, '1' as door_number",
    "kiwi__mietvertraege": "select '1/2/P1' as external_id, '1/2' as verwaltungseinheiten_external_id,"
    " 'P1' as mieter_external_id, date '2024-02-29' as starts_at, null::date as ends_at",
    "base_erp__mandant": "select '001' as mandant_nr",
}


class Engine:
    """A home with a delivery, and a folder as a build of another engine leaves it."""

    def __init__(self, path: Path) -> None:
        self.home, self.folder = path / "home", path / "spark's"
        self.home.mkdir()
        nodes = {
            f"model.s.{name}": {
                "name": name,
                "schema": schema,
                "alias": name,
                "resource_type": "model",
                "config": {"contract": {"enforced": bool(columns)}},
                "columns": {column: {"data_type": kind} for column, kind in columns.items()},
                "depends_on": {"nodes": [] if schema == "staging" else ["model.s.stg_erp__person"]},
            }
            for (schema, name), columns in MODELS.items()
        }
        (self.home / "dbt").mkdir()
        (self.home / "dbt" / "manifest.json").write_text(json.dumps({"nodes": nodes}))
        with open_database(self.home) as db:
            db.execute(
                "create schema erp_raw; create table erp_raw.mandant as select 1 as _zeile, '001' as mandant_nr"
            )
            db.execute(
                "create table sync.loads as select 'L1' as load_id, 'mandant' as table_name, now() as loaded_at"
            )
            db.execute("create schema staging; create view staging.stg_erp__person as select 1 as n")
        write_raw(self.home, self.folder)
        self.build()

    def build(self) -> None:
        """What Spark writes, at its end what it built."""
        with duckdb.connect() as db:
            raw = db.execute(f"from '{self._path('raw/load.parquet')}'").fetchall()[0]
            noted = {
                "built_at": "2026-11-21T08:00:00+00:00",
                "stichtag": "2026-11-21",
                "vars": {},
                "partner": KIWI,
            }
            noted["raw"] = dict(zip(("load_id", "forgotten", "forgotten_hash"), raw, strict=True))
            for name, rows in ROWS.items():
                self.write(name, rows)
            lines = [
                f"select '{schema}' as model_schema, '{name}' as model, (select count(*) from ({ROWS[name]})) as"
                f" number_of_rows, '{json.dumps(noted)}' as noted"
                for schema, name in MODELS
                if name in ROWS
            ]
            self.copy("built", " union all ".join(lines))

    def write(self, name: str, rows: str) -> None:
        schema = next(schema for schema, model in MODELS if model == name)
        self.copy(f"warehouse/{schema}.db/{name}", rows)

    def copy(self, place: str, rows: str) -> None:
        (self.folder / place).mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as db:
            db.execute(f"copy ({rows}) to '{self._path(place)}/part-0.parquet' (format parquet)")
        (self.folder / place / "_SUCCESS").touch()

    def _path(self, place: str) -> str:
        return str(self.folder / place).replace("'", "''")

    def take(self) -> dict[str, int]:
        return take_marts(self.home, self.folder, SETTINGS)

    def refusal(self) -> str:
        """Why the marts are refused; then none of them is there."""
        with pytest.raises(BuildError) as refused:
            self.take()
        with duckdb.connect(str(database(self.home)), read_only=True) as db:
            assert db.execute("select 1 from duckdb_tables() where schema_name = 'partners'").fetchall() == []
            assert db.execute("from staging.stg_erp__person").fetchall() == [(1,)]
        return str(refused.value)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def test_marts_have_the_payloads_of_the_model_whatever_order_their_columns_came_in(engine: Engine) -> None:
    assert engine.take() == {"kiwi__mieter": 2, "kiwi__mietvertraege": 1, "kiwi__verwaltungseinheiten": 1}
    contract = load_contract("kiwi")
    with open_database(engine.home) as db:
        hash_marts(db, contract, list(contract.entities.values()))
        taken = set(db.execute("from mart_hash").fetchall())
        for (schema, name), columns in MODELS.items():
            if schema == "partners":
                listed = ", ".join(
                    f"cast({column} as {kind}) as {column}" for column, kind in columns.items()
                )
                db.execute(f"create or replace table partners.{name} as select {listed} from ({ROWS[name]})")
        hash_marts(db, contract, list(contract.entities.values()))
        assert set(db.execute("from mart_hash").fetchall()) == taken


def test_marts_are_noted_as_dbt_notes_them_and_models_of_a_former_build_go(engine: Engine) -> None:
    engine.take()
    engine.take()
    with duckdb.connect(str(database(engine.home)), read_only=True) as db:
        [(comment,)] = db.execute(
            "select comment from duckdb_tables() where table_name = 'kiwi__mieter'"
        ).fetchall()
        assert json.loads(comment)["stichtag"] == "2026-11-21"
        assert db.execute("select 1 from duckdb_views() where view_name = 'stg_erp__person'").fetchall() == []


def test_a_build_that_has_not_come_to_its_end_is_refused(engine: Engine) -> None:
    (engine.folder / "built" / "_SUCCESS").unlink()
    assert "built: no _SUCCESS" in engine.refusal()


def test_a_build_that_failed_or_was_killed_is_refused(engine: Engine) -> None:
    engine.copy(
        "built", "select '' as model_schema, '' as model, 0 as number_of_rows, '' as noted where false"
    )
    assert "has not come to its end, or a model failed" in engine.refusal()


def test_a_mart_that_was_not_written_to_its_end_is_refused(engine: Engine) -> None:
    (engine.folder / "warehouse/partners.db/kiwi__mieter/_SUCCESS").unlink()
    assert "kiwi__mieter: no _SUCCESS" in engine.refusal()


def test_a_mart_with_a_lost_file_is_refused(engine: Engine) -> None:
    engine.write("kiwi__mieter", ROWS["kiwi__mieter"] + " limit 1")
    assert "kiwi__mieter has 1 rows" in engine.refusal()
    (engine.folder / "warehouse/partners.db/kiwi__mieter/part-0.parquet").write_bytes(b"PAR1")
    assert "kiwi__mieter: cannot be read" in engine.refusal()


def test_a_mart_that_is_not_built_there_is_refused_by_name(engine: Engine) -> None:
    engine.copy(
        "built", f"select * from '{engine._path('built/part-0.parquet')}' where model <> 'kiwi__mieter'"
    )
    assert "kiwi: kiwi__mieter is not in the build" in engine.refusal()


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("'P1' as external_id, 'b' as last_name, 'c' as email", "first_name is missing"),
        ("1 as external_id, 'a' as first_name, 'b' as last_name, 'c' as email", "external_id is INTEGER"),
        ("'P1' as external_id, 'a' as first_name, 'b' as last_name, 'c' as email, 1 as more", "more"),
    ],
)
def test_a_mart_of_other_columns_is_refused(engine: Engine, columns: str, says: str) -> None:
    engine.write("kiwi__mieter", f"select {columns} from range(2)")
    message = engine.refusal()
    assert message.startswith("kiwi__mieter: the column")
    assert says in message


def test_marts_of_another_delivery_are_refused(engine: Engine) -> None:
    with open_database(engine.home) as db:
        db.execute("update sync.loads set load_id = 'L2'")
    assert "built from the delivery L1, and the last one is L2" in engine.refusal()


def test_marts_from_before_somebody_was_forgotten_are_refused(engine: Engine) -> None:
    with open_database(engine.home) as db:
        db.execute("create table if not exists sync.forgotten (digest varchar, salt varchar)")
        db.execute("insert into sync.forgotten (digest, salt) values ('d', 's')")
    assert "before somebody was forgotten" in engine.refusal()
    write_raw(engine.home, engine.folder)
    engine.build()
    assert engine.take()["kiwi__mieter"] == 2


def test_the_raw_layer_is_written_anew_with_who_was_forgotten(engine: Engine) -> None:
    with open_database(engine.home) as db:
        db.execute("drop table erp_raw.mandant")
        db.execute("create table erp_raw.person as select 1 as _zeile, 'ä' as nachname")
    assert write_raw(engine.home, engine.folder) == {"person": 1}
    there = sorted(path.name for path in (engine.folder / "raw").iterdir())
    assert there == ["forgotten.parquet", "load.parquet", "person.parquet"]
    assert [path.name for path in engine.folder.iterdir() if "new" in path.name] == []
