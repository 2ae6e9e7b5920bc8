"""What the head would send to partners that hold what the base sends: the plan itself, summed up for people."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from pipelines.api.protocols.nulls import takes_null
from pipelines.contract.contract import Contract
from pipelines.diff.effort import effort
from pipelines.diff.personal import Masks, rare
from pipelines.explain.rules import RULES, rule_of
from pipelines.personal.fields import masked
from pipelines.plan.guards import Limit
from pipelines.plan.plan import Plan, make_plan
from pipelines.push.push import find_tripped_guards
from pipelines.reports.diff import (
    EffortLine,
    EntityDiff,
    FieldDiff,
    FindingDiff,
    IdChange,
    IdDiff,
    RowDiff,
    ValueChange,
)
from pipelines.reports.run import GuardLine
from pipelines.sql_file import read_sql

# So many examples of ids and values are told, and so many records are looked at for typical values of persons.
EXAMPLES, LOOKED_AT = 5, 200
# Below so many records a new text may be made of a person's values, whatever field it stands in.
FEW = 3
MASKED = f"New texts that fewer than {FEW} records have are masked: they may be made of a person's values"
# The later of two rows with one key stays, so that this rule takes no record out.
TWICE = "C6"
NO_RULE = "No rule speaks of them in one state only: it is the mapping itself, a filter or a join."
# Of which kind records are, by the row of the ERP that the contract names.
KINDS = {
    "Mieter": "person",
    "Eigentümer": "person",
    "Person": "person",
    "Kontaktweg": "person",
    "Mietvertrag": "contract",
    "Eigentümervertrag": "contract",
}
Personal = Collection[tuple[str, str]]


@dataclass(frozen=True)
class Comparison:
    """What differs at these partners."""

    entities: tuple[EntityDiff, ...] = ()
    fields: tuple[FieldDiff, ...] = ()
    ids: tuple[IdDiff, ...] = ()
    rows: tuple[RowDiff, ...] = ()
    findings: tuple[FindingDiff, ...] = ()
    guards: tuple[GuardLine, ...] = ()
    effort: tuple[EffortLine, ...] = ()
    notes: tuple[str, ...] = ()


def compare(
    db: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, Contract],
    stichtag: date,
    limits: Mapping[str, Limit],
    personal: Personal,
) -> Comparison:
    """Plans the marts as they lie there on the books of the base. `personal`: (mart, field) that are masked."""
    made = make_plan(db, [contracts[name] for name in sorted(contracts)], stichtag, "diff")
    db.execute(read_sql(__file__, "numbers"))
    db.execute(read_sql(__file__, "id_changes"), {"plan_id": made.plan_id})
    db.execute(read_sql(__file__, "findings"))
    db.execute(read_sql(__file__, "fields"), {"plan_id": made.plan_id})
    masks = Masks(db)
    ids, rows = _ids(db), [*_rows(db, contracts, made.plan_id), *_held(db, made.plan_id)]
    values, is_masked = _values(db, personal)
    masks.look_up(
        [value for _, _, field_values in values.values() for v in field_values for value in (v.old, v.new)]
        + [one for line in ids for pair in line.examples for one in (pair.old, pair.new)]
        + [one for line in rows for one in line.examples]
    )
    silent = _silent(db, made.plan_id)
    return Comparison(
        entities=tuple(_entities(db, contracts, made)),
        fields=tuple(_fields(db, contracts, values, masks)),
        ids=tuple(
            replace(
                line,
                examples=tuple(IdChange(old=masks.id(p.old), new=masks.id(p.new)) for p in line.examples),
            )
            for line in ids
        ),
        rows=tuple(replace(line, examples=tuple(map(masks.id, line.examples))) for line in rows),
        findings=tuple(_findings(db)),
        guards=tuple(_guards(db, contracts, made.plan_id, limits)),
        effort=tuple(
            line
            for name in sorted(contracts)
            if (
                line := effort(
                    contracts[name],
                    [one for one in made.counts if one.partner == name],
                    {entity: n for (of, entity), n in silent.items() if of == name},
                )
            )
        ),
        notes=(MASKED,) if is_masked else (),
    )


def _entities(
    db: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], made: Plan
) -> Iterable[EntityDiff]:
    held_before = _counted(
        db, "select partner, entity, count(*) from sync.ledger where state <> 'withdrawn' group by all"
    )
    changed = _counted(
        db,
        "select partner, entity, count(distinct external_id) from field_change where not has_new_id group by all",
    )
    moved = _counted(db, "select partner, entity, count(*) from id_change group by all")
    moved_held = _counted(db, "select partner, entity, count(*) from id_change where is_held group by all")
    for line in made.counts:
        key = (line.partner, line.entity)
        found = EntityDiff(
            partner=line.partner,
            entity=line.entity,
            base_rows=held_before.get(key, 0),
            head_rows=line.in_mart,
            come=line.create + line.match - moved.get(key, 0),
            go=line.withdraw - moved.get(key, 0) + moved_held.get(key, 0),
            change=changed.get(key, 0),
            new_ids=moved.get(key, 0),
            held=line.held - moved_held.get(key, 0),
            withdrawal=contracts[line.partner].entities[line.entity].withdraw.kind,
        )
        if found.come or found.go or found.change or found.new_ids or found.held:
            yield found


def _values(
    db: duckdb.DuckDBPyConnection, personal: Personal
) -> tuple[dict[tuple[str, str, str], tuple[int, bool, list[ValueChange]]], bool]:
    """By partner, entity and field: in how many records it changes, whether it is personal, and typical changes.

    And whether any new value is masked for want of records that have it.
    """
    counts = {
        (partner, entity, field): rows
        for partner, entity, field, rows in db.execute(
            "select partner, entity, field, count(*) from field_change group by all order by all"
        ).fetchall()
    }
    hidden = {key for key in counts if (f"{key[0]}__{key[1]}", key[2]) in personal}
    found: dict[tuple[str, str, str], list[ValueChange]] = {}
    is_masked = False
    given = {"most": EXAMPLES, "looked_at": LOOKED_AT, "few": FEW}
    for partner, entity, field, old, new, rows, is_few in db.execute(
        read_sql(__file__, "values"), {**given, "personal": sorted(" ".join(key) for key in hidden)}
    ).fetchall():
        told = rare(new, old) if is_few else new
        is_masked |= told != new
        found.setdefault((partner, entity, field), []).append(ValueChange(old=old, new=told, rows=rows))
    return {key: (rows, key in hidden, found.get(key, [])) for key, rows in counts.items()}, is_masked


def _fields(
    db: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, Contract],
    values: Mapping[tuple[str, str, str], tuple[int, bool, list[ValueChange]]],
    masks: Masks,
) -> Iterable[FieldDiff]:
    cleared = {
        (p, e, f): rows
        for p, e, f, rows in db.execute(
            "select partner, entity, field, count(*) from field_change where new = 'null' and old <> 'null'"
            " group by all"
        ).fetchall()
    }
    for (partner, entity, name), (rows, is_personal, examples) in values.items():
        schema = contracts[partner].schema(entity, "update").get("properties", {}).get(name, {})
        empty = cleared.get((partner, entity, name), 0)
        yield FieldDiff(
            partner=partner,
            entity=entity,
            field=name,
            rows=rows,
            cleared=empty,
            stays=0 if takes_null(schema) else empty,
            personal=is_personal,
            values=_typical(examples, _shape if is_personal else masks.shown),
        )


def _typical(examples: list[ValueChange], shown: Any) -> tuple[ValueChange, ...]:
    """The most frequent of these changes, once they are shown as they may be."""
    counts: dict[tuple[str, str], int] = {}
    for one in examples:
        key = (shown(one.old), shown(one.new))
        counts[key] = counts.get(key, 0) + one.rows
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ValueChange(old=old, new=new, rows=rows) for (old, new), rows in ordered[:EXAMPLES])


def _shape(value: str) -> str:
    return json.dumps(masked(json.loads(value)), ensure_ascii=False)


def _ids(db: duckdb.DuckDBPyConnection) -> list[IdDiff]:
    found = db.execute(
        "select partner, entity, told_by, count(*),"
        f" list(struct_pack(former, now) order by former)[:{EXAMPLES}] from id_change group by all order by all"
    ).fetchall()
    return [
        IdDiff(
            partner=partner,
            entity=entity,
            rows=rows,
            told_by=told_by,
            examples=tuple(IdChange(old=one["former"], new=one["now"]) for one in examples),
        )
        for partner, entity, told_by, rows, examples in found
    ]


def _rows(db: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], plan_id: str) -> list[RowDiff]:
    drops = [number for number, rule in RULES.items() if rule.drops and number != TWICE]
    given = {"plan_id": plan_id, "most": EXAMPLES, "drops": drops}
    kinds = [
        (name, entity.name, KINDS.get(entity.erp.replace(",", " ").split()[0], "other"))
        for name, contract in contracts.items()
        for entity in contract.entities.values()
    ]
    db.execute("create or replace temp table entity_kind (partner varchar, entity varchar, kind varchar)")
    db.executemany("insert into entity_kind values (?, ?, ?)", kinds)
    db.execute("create or replace temp table stay (person varchar[], place varchar[])")
    for table, number in (("mieter", "mv_nr"), ("eigentuemer", "ev_nr")):
        if db.execute(
            "from information_schema.tables where table_schema = 'erp_raw' and table_name = ?", [table]
        ).fetchone():
            key = f"mandant_nr, we_nr, gebaeude_nr, ve_nr, {number}"
            db.execute(
                "insert into stay select distinct numbers_of(person_nr), numbers_of(concat_ws('/', "
                f"{key})) from erp_raw.{table}"
            )
    found = db.execute(read_sql(__file__, "rows"), given).fetchall()
    return [
        RowDiff(
            partner=partner,
            entity=entity,
            what=what,
            rule=rule,
            against=against,
            rows=rows,
            meaning=rule_of(against or rule).meaning if against or rule else NO_RULE,
            examples=tuple(examples),
        )
        for partner, entity, what, rule, against, rows, examples in found
    ]


def _held(db: duckdb.DuckDBPyConnection, plan_id: str) -> list[RowDiff]:
    found = db.execute(
        f"select partner, entity, rule, count(*), list_sort(list(external_id))[:{EXAMPLES}] from sync.held"
        " as h where plan_id = ? and not exists (from id_change as c where c.is_held and c.partner = h.partner"
        " and c.entity = h.entity and c.former = h.external_id) group by all order by all",
        [plan_id],
    ).fetchall()
    return [
        RowDiff(
            partner=partner,
            entity=entity,
            what="held",
            rule=rule,
            against=None,
            rows=rows,
            meaning=rule_of(rule).meaning,
            examples=tuple(examples),
        )
        for partner, entity, rule, rows, examples in found
    ]


def _findings(db: duckdb.DuckDBPyConnection) -> Iterable[FindingDiff]:
    found = db.execute(
        """
        with
        change as (
            select
                rule, table_name, partner, count(*) filter (is_more) as more, count(*) filter (not is_more) as fewer
            from finding_change group by all
        ),
        before as (select rule, table_name, partner, count(*) as n from diff.base_findings group by all),
        now as (select rule, table_name, partner, count(*) as n from quality.findings group by all)
        select c.rule, c.table_name, c.partner, coalesce(b.n, 0), coalesce(n.n, 0), c.more, c.fewer
        from change as c
        left join before as b
            on b.rule = c.rule and b.table_name = c.table_name and b.partner is not distinct from c.partner
        left join now as n
            on n.rule = c.rule and n.table_name = c.table_name and n.partner is not distinct from c.partner
        order by all
        """
    ).fetchall()
    for rule, table, partner, before, now, more, fewer in found:
        yield FindingDiff(
            rule=rule,
            table=table,
            partner=partner,
            base_rows=before,
            head_rows=now,
            more=more,
            fewer=fewer,
            drops=rule_of(rule).drops,
            meaning=rule_of(rule).meaning,
        )


def _guards(
    db: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, Contract],
    plan_id: str,
    limits: Mapping[str, Limit],
) -> Iterable[GuardLine]:
    for name in sorted(contracts):
        for trip in find_tripped_guards(db, plan_id, name, limits):
            yield GuardLine(
                partner=trip.partner, guard=trip.guard, entity=trip.entity, message=trip.message, rows=()
            )


def _silent(db: duckdb.DuckDBPyConnection, plan_id: str) -> dict[tuple[str, str], int]:
    """Operations for which no request goes out."""
    return _counted(
        db,
        "select partner, entity, count(*) from sync.plan where plan_id = ? and not sends group by all",
        [plan_id],
    )


def _counted(
    db: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> dict[tuple[str, str], int]:
    return {(p, e): int(rows) for p, e, rows in db.execute(sql, parameters or []).fetchall()}
