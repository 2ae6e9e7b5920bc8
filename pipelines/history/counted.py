"""What a run counts for its history: rows at each station from the ERP to the marts, and records by state."""

from collections.abc import Collection, Sequence

import duckdb

from pipelines.contract.contract import load_contract
from pipelines.history.run_file import Json
from pipelines.history.stations import DROPPED, HELD, LIVING, MART, RAW
from pipelines.plan.mart_columns import MART_SCHEMA

UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}


def count_flow(
    db: duckdb.DuckDBPyConnection,
    partners: Sequence[str],
    use_case: str | None,
    tables: Collection[str] | None = None,
) -> list[Json]:
    """Rows of each ERP table (of `tables`, or of all) and of each mart of these partners, after a build."""
    there = {
        (schema, name)
        for schema, name in db.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    }
    found: list[Json] = []
    for schema, base in sorted(there):
        table = base.removeprefix("base_erp__")
        if schema == "staging" and table != base and (tables is None or table in tables):
            found += _of_table(db, table)
    for partner in partners:
        contract = load_contract(partner)
        planned = contract.of_use_case(use_case)
        for entity in (name for name in contract.entities if name in planned):
            if (MART_SCHEMA, f"{partner}__{entity}") in there:
                (rows,) = db.execute(
                    f'select count(*) from {MART_SCHEMA}."{partner}__{entity}"'
                ).fetchone() or (0,)
                line = {"station": MART, "table": erp_table(contract.entities[entity].erp)}
                found.append({**line, "partner": partner, "entity": entity, "rows": rows})
    return found


def erp_table(title: str) -> str:
    """The table that a contract names by its title: Eigentümervertrag is in `eigentuemervertrag`."""
    return title.lower().translate(UMLAUTS)


def count_states(
    db: duckdb.DuckDBPyConnection, plan_id: str, partners: Sequence[str], use_case: str | None
) -> list[Json]:
    """Records of these partners by state and reason, as the ledger has them now, and those held, by rule.

    `there`: how many of them are at the partner, as one is whose update waits or is refused.
    What is held has a state in the ledger, too: it counts in both.
    """
    found = db.execute(
        f"""
        select partner, entity, state, reason, count(*) as rows, count(*) filter (is_there) as there from (
            select partner, entity, state, reason, remote_id is not null and state <> 'withdrawn' as is_there
            from sync.ledger
            union all
            select partner, entity, '{HELD}' as state, rule as reason, true as is_there
            from sync.held where plan_id = $plan_id
        )
        where list_contains($partners, partner)
        group by all
        order by all
        """,
        {"plan_id": plan_id, "partners": list(partners)},
    ).fetchall()
    own = {name: load_contract(name).of_use_case(use_case) for name in partners}
    return [
        {"partner": partner, "entity": entity, "state": state, "reason": reason, "rows": rows, "there": there}
        for partner, entity, state, reason, rows, there in found
        if entity in own[partner]
    ]


def _of_table(db: duckdb.DuckDBPyConnection, table: str) -> list[Json]:
    rows = db.execute(
        f"select _rule, count(*) from staging.base_erp__{table} group by all order by count(*) desc, _rule"
    ).fetchall()
    by_rule = {rule: count for rule, count in rows if rule is not None}
    stations = [(RAW, None, sum(count for _, count in rows))]
    stations += [(DROPPED, rule, count) for rule, count in by_rule.items()]
    stations += [(LIVING, None, dict(rows).get(None, 0))]
    return [
        {"station": station, "table": table, "rule": rule, "rows": count} for station, rule, count in stations
    ]
