"""Withdrawals that the law asks for: no guard keeps them back, no doubt holds them.

Which records must not stay says the mart `partners.<partner>__by_law`, for entities whose contract has `by_law`. What a
plan withdraws of them lies in `sync.by_law`, with its reason.
"""

import duckdb

from pipelines.contract.contract import Contract
from pipelines.plan.mart_columns import MART_SCHEMA


def has_law(contract: Contract) -> bool:
    """Whether the law asks for withdrawals at this partner."""
    return any(entity.by_law for entity in contract.entities.values())


def find_by_law(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Fills the temp table `by_law` with the records that must not stay at the partner, sent or not."""
    no_law(db)
    entities = [entity for entity in contract.entities.values() if entity.by_law]
    for entity in entities:
        db.execute(
            "insert into by_law select entity, ?, external_id, min(rule), min_by(reason, rule)"
            f' from {MART_SCHEMA}."{contract.partner}__by_law" where entity = ? and external_id is not null'
            " group by entity, external_id",
            [entity.id_space, entity.name],
        )
        if _names_ends(db, contract):
            db.execute(
                "insert into by_law select l.entity, l.id_space, l.external_id, min(m.rule), min_by(m.reason, m.rule)"
                f' from sync.ledger as l inner join {MART_SCHEMA}."{contract.partner}__by_law" as m'
                " on l.entity = m.entity and ends_with(l.external_id, m.id_ends_with)"
                " anti join by_law as b on l.id_space = b.id_space and l.external_id = b.external_id"
                " where l.partner = ? and l.entity = ? and l.remote_id is not null group by all",
                [contract.partner, entity.name],
            )


def _names_ends(db: duckdb.DuckDBPyConnection, contract: Contract) -> bool:
    """Whether the mart names records by how their ids end, too."""
    found = db.execute(
        "select count(*) from duckdb_columns()"
        " where schema_name = ? and table_name = ? and column_name = 'id_ends_with'",
        [MART_SCHEMA, f"{contract.partner}__by_law"],
    ).fetchone()
    return bool(found and found[0])


def no_law(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `by_law`, without rows."""
    db.execute(
        "create or replace temp table by_law (entity varchar, id_space varchar, external_id varchar, rule varchar,"
        " reason varchar)"
    )


def release(db: duckdb.DuckDBPyConnection, space: str) -> None:
    """Withdraws what is held for a doubt and must not stay; needs the temp tables `compared` and `held`."""
    names = "select external_id from by_law where id_space = $space"
    db.execute(
        "update compared set operation = 'withdraw' where operation = 'held' and not is_in_mart"
        f" and remote_id is not null and external_id in ({names})",
        {"space": space},
    )
    db.execute(
        "delete from held where id_space = $space and external_id in ("
        f"select external_id from compared where operation = 'withdraw' and external_id in ({names}))",
        {"space": space},
    )


def forget_former(db: duckdb.DuckDBPyConnection, partner: str) -> None:
    """Takes out what a former plan withdrew."""
    db.execute("delete from sync.by_law where partner = ?", [partner])


def note_by_law(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str, space: str) -> None:
    """Puts the withdrawals of one space of ids that the law asks for into `sync.by_law`."""
    db.execute(
        "insert into sync.by_law select $plan_id, $partner, c.entity, $space, c.external_id, b.rule, b.reason"
        " from compared as c inner join by_law as b on b.id_space = $space and c.external_id = b.external_id"
        " where c.operation = 'withdraw'",
        {"plan_id": plan_id, "partner": contract.partner, "space": space},
    )


def leave_rest_open(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str, ledger_state: str) -> None:
    """Takes what was tried out of a plan that a guard keeps back, so that the rest may be pushed as it was planned."""
    db.execute(
        "delete from sync.plan as p where plan_id = $plan_id and partner = $partner and exists ("
        "from sync.attempts as a where a.plan_id = p.plan_id and a.seq = p.seq)",
        {"plan_id": plan_id, "partner": partner},
    )
    db.execute(
        "update sync.plan_partners set ledger_state = ? where plan_id = ? and partner = ?",
        [ledger_state, plan_id, partner],
    )


def planned_by_law(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> dict[str, int]:
    """By entity: withdrawals of a plan that the law asks for, and that are still to be carried out."""
    return dict(
        db.execute(
            "select p.entity, count(*) from sync.plan as p semi join sync.by_law as b"
            " on p.plan_id = b.plan_id and p.partner = b.partner and p.id_space = b.id_space"
            " and p.external_id = b.external_id"
            " where p.plan_id = ? and p.partner = ? and p.operation = 'withdraw' group by p.entity order by p.entity",
            [plan_id, partner],
        ).fetchall()
    )
