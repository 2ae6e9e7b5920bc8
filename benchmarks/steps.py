"""The steps of a run, and what each is held against; every measurement is a process of its own.

`python -m benchmarks.steps files FOLDER DATABASE`   DuckDB alone reads the files of a delivery into tables
`python -m benchmarks.steps compiled HOME`           the compiled SQL of the last build, once more in one connection
`python -m benchmarks.steps plan HOME PARTNER …`     the plan over all marts
`python -m benchmarks.steps join HOME PARTNER …`     one full outer join on hashes of the same rows
`python -m benchmarks.steps onboard HOME PARTNER …`  not measured: the ledger as if everything had been delivered
`python -m benchmarks.steps deliver HOME PARTNER …`  not measured: the same, without a plan of all rows
`python -m benchmarks.steps outdate HOME`            not measured: one record in a hundred as if it had been another
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import open_database
from pipelines.plan.marts import marts_sql
from pipelines.push import push as engine

TODAY = date(2026, 11, 21)


def files(folder: Path, database: Path) -> None:
    """Every CSV file of a delivery as a table, all columns text, into a database file."""
    with duckdb.connect(str(database)) as db:
        for path in sorted(folder.glob("*.csv")):
            db.execute(
                f"create table {path.stem} as from read_csv(?, all_varchar = true, header = true)",
                [str(path)],
            )


def compiled(home: Path) -> dict[str, int]:
    """Runs what dbt ran, in dbt's order: models into the database of the home, tests as counts."""
    results = json.loads((home / "dbt" / "run_results.json").read_text())["results"]
    nodes = json.loads((home / "dbt" / "manifest.json").read_text())["nodes"]
    ran = 0
    with duckdb.connect(str(home / "stammdaten.duckdb")) as db:
        for result in sorted(results, key=lambda r: r["timing"][-1]["started_at"] if r["timing"] else ""):
            node, sql = nodes.get(result["unique_id"]), result.get("compiled_code")
            if node is None or not sql or node["resource_type"] not in ("model", "test"):
                continue
            if node["resource_type"] == "test":
                db.execute(f"select count(*) from ({sql}) as failing").fetchall()
            else:
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                db.execute(f"create or replace {kind} {node['relation_name']} as ({sql}\n)")
            ran += 1
    return {"nodes": ran}


def plan(home: Path, partners: list[str]) -> dict[str, int]:
    """The plan as a run makes it; says how many operations it holds."""
    return {"operations": engine.plan(home, partners, TODAY).operations}


def join(home: Path, partners: list[str]) -> dict[str, int]:
    """Renders and hashes every row of every mart and joins the hashes with those of the ledger."""
    differing = 0
    with open_database(home) as db:
        for partner in partners:
            marts = " union all ".join(
                f"select '{e.id_space}' as id_space, external_id, sha256(to_json(m)::varchar) as hash"
                f' from partners."{partner}__{e.name}" as m'
                for e in load_contract(partner).entities.values()
            )
            [(rows,)] = db.execute(
                f"select count(*) from ({marts}) as m full outer join"
                " (select id_space, external_id, payload_hash from sync.ledger where partner = ?) as l"
                " on m.id_space = l.id_space and m.external_id = l.external_id"
                " where m.hash is distinct from l.payload_hash",
                [partner],
            ).fetchall()
            differing += rows
    return {"differing": differing}


def onboard(home: Path, partners: list[str]) -> dict[str, int]:
    """Writes into ledger and history that the first plan was delivered as a whole."""
    made = engine.plan(home, partners, TODAY)
    with open_database(home) as db:
        db.execute(
            "insert into sync.ledger by name select partner, entity, id_space, external_id, seq::varchar as remote_id,"
            " 'synced' as state, payload, refs, payload_hash, 'bench' as last_run_id, now() as last_synced_at"
            " from sync.plan where plan_id = ?",
            [made.plan_id],
        )
        db.execute("update sync.plan_partners set status = 'pushed'")
        db.execute("delete from sync.plan")
    return {"records": made.operations}


def deliver(home: Path, partners: list[str]) -> dict[str, int]:
    """Writes into the ledger that all rows of all marts are at the partners, as the plan renders them."""
    with open_database(home) as db:
        db.execute("delete from sync.ledger")
        for contract in map(load_contract, partners):
            for entity in contract.entities.values():
                rows = marts_sql(db, contract, [entity])
                db.execute(
                    "insert into sync.ledger by name select ? as partner, entity, ? as id_space, external_id,"
                    " external_id as remote_id, 'synced' as state, payload, refs,"
                    " sha256(payload || refs) as payload_hash, 'bench' as last_run_id, now() as last_synced_at"
                    f" from ({rows})",
                    [contract.partner, entity.id_space],
                )
        [(records,)] = db.execute("select count(*) from sync.ledger").fetchall()
    return {"records": records}


def outdate(home: Path) -> None:
    """Makes the ledger hold something else for one record in a hundred."""
    with open_database(home) as db:
        db.execute(
            "update sync.ledger set payload = '{}', payload_hash = 'another' where hash(external_id) % 100 = 7"
        )


def main() -> None:
    """One step, its result as JSON on the last line."""
    step, *given = sys.argv[1:]
    steps: dict[str, Callable[[], object]] = {
        "files": lambda: files(Path(given[0]), Path(given[1])),
        "compiled": lambda: compiled(Path(given[0])),
        "plan": lambda: plan(Path(given[0]), given[1:]),
        "join": lambda: join(Path(given[0]), given[1:]),
        "onboard": lambda: onboard(Path(given[0]), given[1:]),
        "deliver": lambda: deliver(Path(given[0]), given[1:]),
        "outdate": lambda: outdate(Path(given[0])),
    }
    started = time.monotonic()
    said = steps[step]()
    print(json.dumps({**(said if isinstance(said, dict) else {}), "seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
