"""A push as a process of its own: marts made in SQL, plan, push through journal and ledger.

`python -m benchmarks.push prepare HOME ROWS` writes the marts of one partner and the plan of their onboarding, with
`--changed N` a plan that changes N of ROWS records the ledger holds. `… go HOME` pushes that plan, and prints the rows
and seconds of the push.
"""

import argparse
import json
import time
from datetime import date
from pathlib import Path

import dlt  # noqa: F401  (its import is no part of a push, as that of requests is no part of the bare loop)
import duckdb

from pipelines.contract.contract import Contract, load_contract
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine

PARTNER = "plentific"
ENTITY = "objekte"
TODAY = date(2026, 11, 21)

FIELDS = """
    '001/' || lpad(n::varchar, 7, '0') as external_id,
    'Parkstr. ' || (n + {changed}) as name,
    struct_pack(line_1 := 'Parkstr. ' || n, postcode := '01067', city := 'Dresden', country := 'DE') as address,
    true as is_active
"""


def write_empty(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """The marts of a partner, each with our id, its references and one field, and without rows."""
    db.execute("create schema if not exists partners")
    for entity in contract.entities.values():
        names = ["external_id", *(c for columns in entity.reference_columns.values() for c in columns)]
        fields = contract.schema(entity.name, "create")["properties"]
        field = next(name for name in fields if name not in names)
        columns = ", ".join(f'"{name}" varchar' for name in [*names, field])
        db.execute(f'create or replace table partners."{contract.partner}__{entity.name}" ({columns})')


def write_marts(db: duckdb.DuckDBPyConnection, rows: int, changed: int = 0) -> None:
    """The marts of the partner: `rows` records of one entity, the last `changed` of them with another name."""
    write_empty(db, load_contract(PARTNER))
    select = FIELDS.format(changed=f"case when n > {rows - changed} then 1 else 0 end")
    db.execute(
        f"create or replace table partners.{PARTNER}__{ENTITY} as"
        f" select {select} from range(1, {rows + 1}) as numbers (n)"
    )


def remember(db: duckdb.DuckDBPyConnection, plan_id: str) -> None:
    """Writes into the ledger that every record of a plan is at the partner."""
    db.execute(
        "insert into sync.ledger by name select partner, entity, id_space, external_id, seq::varchar as remote_id,"
        " 'synced' as state, payload, refs, payload_hash, 'bench' as last_run_id, now() as last_synced_at"
        " from sync.plan where plan_id = ?",
        [plan_id],
    )


def prepare(home: Path, rows: int, changed: int, alone: bool) -> None:
    """A plan that creates `rows` records, or one that changes `changed` of them (`alone`: the ledger has no others)."""
    with open_database(home) as db:
        write_marts(db, rows)
    made = engine.plan(home, [PARTNER], TODAY)
    if changed:
        with open_database(home) as db:
            remember(db, made.plan_id)
            write_marts(db, rows, changed)
            if alone:
                kept = f"external_id > '001/' || lpad(({rows - changed})::varchar, 7, '0')"
                db.execute(f"delete from sync.ledger where not {kept}")
                db.execute(f"delete from partners.{PARTNER}__{ENTITY} where not {kept}")
            db.execute("delete from sync.plan")
        made = engine.plan(home, [PARTNER], TODAY)
    (home / "plan.txt").write_text(made.plan_id)


def go(home: Path) -> dict[str, float]:
    """Pushes the prepared plan: rows delivered and seconds, from opening the plan to the folded ledger."""
    plan_id = (home / "plan.txt").read_text()
    guards = frozenset(DEFAULTS)
    started = time.monotonic()
    pushed = engine.push(home, plan_id, [PARTNER], DEFAULTS, allowed=guards)
    seconds = time.monotonic() - started
    if not pushed.is_complete:
        raise RuntimeError(f"not everything was delivered: {pushed}")
    return {"rows": sum(line.created + line.updated for line in pushed.lines), "seconds": seconds}


def main() -> None:
    """The two halves, so that preparing is not measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("prepare", "go"))
    parser.add_argument("home", type=Path)
    parser.add_argument("rows", type=int, nargs="?", default=0)
    parser.add_argument("--changed", type=int, default=0)
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    if given.step == "prepare":
        prepare(given.home, given.rows, given.changed, given.alone)
    else:
        print(json.dumps(go(given.home)))


if __name__ == "__main__":
    main()
