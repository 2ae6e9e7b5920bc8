"""With which day a record ends when it is withdrawn (rule H3)."""

import json
from collections.abc import Iterable
from datetime import date

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.plan.held import no_departures, write_departures
from pipelines.plan.moments import as_end

# What the partner holds as the begin decides, because it judges the end by that.
ENDING = """
create or replace temp table ending_day as
with leaving as (
    select
        c.entity, c.external_id, d.ends_on, w.deletes,
        coalesce(
            try_cast(left(json_extract_string(l.payload, '$."' || w.begin || '"'), 10) as date), d.begins_on
        ) as begins_on
    from leaving as c
    inner join ending_kind as w on c.entity = w.entity
    left join sync.ledger as l
        on l.partner = $partner and l.id_space = $space and c.external_id = l.external_id
    left join departure as d on c.entity = d.entity and c.external_id = d.external_id
)

select
    entity, external_id, coalesce(begins_on > $day, false) and deletes as deletes,
    case
        when begins_on > $day then begins_on
        when ends_on >= coalesce(begins_on, ends_on) then ends_on
        else $day
    end as day
from leaving
"""


def write_endings(
    db: duckdb.DuckDBPyConnection,
    contract: Contract,
    space: str,
    entities: Iterable[Entity],
    stichtag: date,
    by_delivery: bool = True,
) -> None:
    """Fills the temp table `ending`: for each record of this space that gets an end, the fields that are set.

    The end that the ERP has (unless `by_delivery` is off), else the key date; of a record that begins later, its first
    day, or no field at all where the contract has it deleted.
    """
    ending = [e for e in entities if e.withdraw.end]
    db.execute("create or replace temp table ending (entity varchar, external_id varchar, body varchar)")
    db.execute(
        "create or replace temp table leaving as select entity, external_id from compared where operation = 'withdraw'"
        " and list_contains(?, entity)",
        [[e.name for e in ending]],
    )
    if not db.execute("select 1 from leaving limit 1").fetchone():
        return
    db.execute("create or replace temp table ending_kind (entity varchar, begin varchar, deletes boolean)")
    db.executemany(
        "insert into ending_kind values (?, ?, ?)",
        [[e.name, e.begin, e.before_begin == "delete"] for e in ending],
    )
    if by_delivery:
        write_departures(db, contract, "leaving")
    else:
        no_departures(db)
    db.execute(ENDING, {"partner": contract.partner, "space": space, "day": stichtag})
    days = db.execute("select distinct entity, day from ending_day").fetchall()
    db.execute("create or replace temp table ending_body (entity varchar, day date, body varchar)")
    db.executemany(
        "insert into ending_body values (?, ?, ?)",
        [[name, day, json.dumps(end_body(contract, contract.entities[name], day))] for name, day in days],
    )
    db.execute(
        "insert into ending select d.entity, d.external_id, case when d.deletes then '{}' else b.body end"
        " from ending_day as d inner join ending_body as b on d.entity = b.entity and d.day = b.day"
    )


def end_body(contract: Contract, entity: Entity, day: date) -> dict[str, str]:
    """The field that ends a record, with its last day (inclusive) as the partner writes it."""
    field = entity.withdraw.end or ""
    return {field: as_end(day, contract.schema(entity.name, "update")["properties"].get(field, {}))}
