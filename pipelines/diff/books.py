"""The books of a comparison, in the database of a workplace: the base as what the partners hold, to plan the head on.

So the plan itself says what would be sent, and the guards judge it as they would.
"""

from collections.abc import Mapping

import duckdb

from pipelines.contract.contract import Contract
from pipelines.errors import BuildError
from pipelines.ledger.ledger import create_tables
from pipelines.plan.mart_columns import MART_SCHEMA
from pipelines.plan.marts import marts_sql

FINDINGS = "base_findings"
# Beside the tables of the schema `sync`, what the base leaves behind for the comparison.
CREATE = """
create schema if not exists diff;
create or replace table diff.kept_back (partner varchar, why varchar);
create or replace table diff.base_findings as
select rule, table_name, key, column_name, partner from quality.findings
"""
NO_FINDINGS = """
create schema if not exists quality;
create table quality.findings
(rule varchar, table_name varchar, key varchar, column_name varchar, value varchar, partner varchar, reason varchar)
"""
LEDGER = """
insert into sync.ledger
    (partner, entity, id_space, external_id, remote_id, state, payload, refs, payload_hash, last_synced_at)
select
    $partner, entity, $space, external_id, external_id, 'synced', payload, refs, sha256(payload || refs),
    timestamptz '2000-01-01 00:00:00+00'
from ({marts})
where external_id is not null
qualify row_number() over (partition by external_id order by payload, refs) = 1
"""


def write_base(db: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract]) -> None:
    """Writes down the marts as what these partners hold, each entity onboarded.

    A partner whose marts do not fit its contract holds nothing; why that is stands in `diff.kept_back`.
    """
    create_tables(db)
    has_findings = _is_there(db, "quality", "findings")
    if not has_findings:
        db.execute(NO_FINDINGS)
    db.execute(CREATE)
    for partner, contract in sorted(contracts.items()):
        try:
            for entity in contract.entities.values():
                db.execute(
                    LEDGER.format(marts=marts_sql(db, contract, [entity])),
                    {"partner": partner, "space": entity.id_space},
                )
        except BuildError as problem:
            db.execute("delete from sync.ledger where partner = ?", [partner])
            db.execute("insert into diff.kept_back values (?, ?)", [partner, str(problem)])
    db.execute(
        "insert into sync.onboarded select distinct partner, entity, timestamptz '2000-01-01 00:00:00+00'"
        " from sync.ledger"
    )


def kept_back(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Partners whose marts of the base do not fit their contract, and why."""
    return dict(db.execute("from diff.kept_back order by all").fetchall())


def mart_rows(db: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, int]:
    """Rows of each mart as it lies there; a mart that is not there has none."""
    found = {}
    for name in contract.entities:
        mart = f"{contract.partner}__{name}"
        if _is_there(db, MART_SCHEMA, mart):
            row = db.execute(f'select count(*) from {MART_SCHEMA}."{mart}"').fetchone()
            found[name] = int(row[0]) if row else 0
    return found


def _is_there(db: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    found = db.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
    )
    return found.fetchone() is not None
