"""What became of a push, entity by entity."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from pipelines.api.reasons import STATE_FORBIDS, WITHOUT_TAKEN
from pipelines.contract.contract import load_contract
from pipelines.plan.mart_columns import MART_SCHEMA
from pipelines.plan.plan import use_case_of
from pipelines.push.delivered import OVERDUE, UNCONFIRMED
from pipelines.push.result_line import ResultLine
from pipelines.sql_file import read_sql

# What a closing note says of rows that are synced but for some fields.
WITHHELD = {
    STATE_FORBIDS: "whose state there does not allow {fields} to be changed, or that are over there (state_forbids); it"
    " goes with the next change of the row if the state allows it then",
    WITHOUT_TAKEN: "without {fields}, which was refused as taken by another record there (without_taken_field); it goes"
    " again when the row changes, or with --retry-rejected",
}


def closing_table(
    db: duckdb.DuckDBPyConnection, plan_id: str, partners: list[str], seconds: Mapping[str, float]
) -> list[ResultLine]:
    """What each partner holds after a push, entity by entity of the plan's use case, in order of levels."""
    lines: list[ResultLine] = []
    use_case = use_case_of(db, plan_id)
    for partner in partners:
        contract = load_contract(partner)
        planned = contract.of_use_case(use_case)
        entities = [name for level in contract.levels for name in level if name in planned]
        own = _lines(db, plan_id, partner, entities)
        total = sum(line.created + line.updated + line.withdrawn for line in own) or 1
        spent = seconds.get(partner, 0.0) / total
        lines += [
            replace(line, seconds=spent * (line.created + line.updated + line.withdrawn)) for line in own
        ]
    return lines


def withheld_notes(db: duckdb.DuckDBPyConnection, partners: list[str]) -> list[str]:
    """For people: records that are at their partners without what was refused as taken, or what their state forbids."""
    found = db.execute(
        "select partner, entity, reason, fields, count(*) from sync.ledger"
        " where state = 'synced' and list_contains(?, reason) and list_contains(?, partner)"
        " group by all order by all",
        [list(WITHHELD), partners],
    ).fetchall()
    return [
        f"{load_contract(partner).title} {entity}: {rows} {WITHHELD[reason].format(fields=fields)}"
        for partner, entity, reason, fields, rows in found
    ]


def _lines(
    db: duckdb.DuckDBPyConnection, plan_id: str, partner: str, entities: list[str]
) -> list[ResultLine]:
    """The lines of some entities of a partner, without seconds."""
    marts = " union all ".join(
        f"select '{entity}' as entity, count(*) as row_count from {MART_SCHEMA}.\"{partner}__{entity}\""
        for entity in entities
    )
    if not entities:
        return []
    sql = read_sql(__file__, "closing_table").format(marts=marts, overdue=OVERDUE, unconfirmed=UNCONFIRMED)
    found = db.execute(sql, {"plan_id": plan_id, "partner": partner}).fetchall()
    counts = {entity: values for entity, *values in found}
    lines = []
    for entity in entities:
        (
            in_mart,
            created,
            updated,
            withdrawn,
            waiting,
            synced,
            rejected,
            blocked,
            pending,
            overdue,
            open_,
            held,
        ) = counts[entity]
        lines.append(
            ResultLine(
                partner=partner,
                entity=entity,
                in_mart=in_mart,
                created=created,
                updated=updated,
                withdrawn=withdrawn,
                unchanged=max(0, synced - created - updated - held),
                rejected=rejected,
                blocked=blocked,
                pending=pending + waiting + overdue,
                held=held,
                delivered=open_ - overdue,
            )
        )
    return lines
