"""Warnings about rules that take away much of a table, so that a misread column is seen before it is missed.

A rule that hits more than a share of a table's rows is worth a look (`role Mieter for Hauptmieter` once took 8 of 10
tenants), and so is one that hits many more than in the last run. Guards hold a push back; these only speak.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import duckdb

from pipelines.contract.use_cases import ALONE
from pipelines.errors import SettingsError
from pipelines.reports.run import WarningLine
from pipelines.settings import VARS

CREATE = """
    create schema if not exists sync;
    create table if not exists sync.finding_counts (
        state varchar not null, rule varchar not null, table_name varchar not null, column_name varchar,
        partner varchar, row_count bigint not null, of_rows bigint not null, example varchar
    );
"""

# What such a rule hits is as it should be in many portfolios: history, people without e-mail, flats that stand empty.
# Only more of it than before is worth a word.
EXPECTED = (
    "AB2", "C4", "DO1", "DO5", "DO6", "DO7", "E2", "E4", "E6", "E7", "L1", "L2", "L6", "R-HM", "V1", "V2",
)  # fmt: skip
HISTORY = "(rule = 'L4' and value = 'beendet') or (rule = 'L5' and starts_with(reason, 'gueltig_bis'))"

# One pass over the findings of a build; words on no list are no personal data and may be named.
COUNT = """
    insert into sync.finding_counts
    select
        'built', rule, findings.table_name, column_name, partner, count(*), any_value(of_rows.row_count),
        case when rule = 'C9' then mode(value) end
    from quality.findings
    inner join of_rows on findings.table_name = of_rows.table_name
    where not ({history})
    group by rule, findings.table_name, column_name, partner
"""


@dataclass(frozen=True)
class ShareLimits:
    """From how much on a rule is worth a warning: `share` of a table and `jump` of it, in percent, and `rows`."""

    share: float = 20
    jump: float = 5
    rows: int = 5


def read_limits(given: Any) -> ShareLimits:
    """The var `warn` over the defaults. Raises `SettingsError` for what is no such map or number."""
    if given is None:
        return ShareLimits()
    known = [each.name for each in fields(ShareLimits)]
    if not isinstance(given, Mapping):
        raise SettingsError(f"warn: a map with {', '.join(known)} is needed; set it in {VARS}")
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f"warn.{name}: unknown; there are {', '.join(known)}; set it in {VARS}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise SettingsError(f"warn.{name}: a number of 0 or more is needed; set it in {VARS}")
    return replace(ShareLimits(), **given)


def note_built(db: duckdb.DuckDBPyConnection) -> None:
    """Counts the findings of the build that just ended, by rule, table, column and partner."""
    db.execute(CREATE)
    db.execute("delete from sync.finding_counts where state = 'built'")
    there = {
        name
        for (name,) in db.execute(
            "select table_name from duckdb_tables() where schema_name = 'staging'"
            " and starts_with(table_name, 'base_erp__') or schema_name = 'quality' and table_name = 'findings'"
        ).fetchall()
    }
    bases = sorted(name for name in there if name != "findings")
    if not bases or "findings" not in there:
        return
    counted = " union all ".join(
        f"select '{name.removeprefix('base_erp__')}' as table_name, count(*) as row_count from staging.{name}"
        for name in bases
    )
    # What partners would refuse (V3) is said of marts.
    for (mart,) in db.execute(
        "select distinct table_name from quality.findings where rule = 'V3'"
    ).fetchall():
        counted += f" union all select '{mart}', count(*) from partners.\"{mart}\""
    db.execute(f"create or replace temp table of_rows as {counted}")
    db.execute(COUNT.format(history=HISTORY))
    db.execute("drop table of_rows")


def note_pushed(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the counts of this build those that the next run is compared with."""
    db.execute(CREATE)
    db.execute("delete from sync.finding_counts where state = 'pushed'")
    db.execute(
        "insert into sync.finding_counts select * replace ('pushed' as state) from sync.finding_counts"
    )


def warnings(db: duckdb.DuckDBPyConnection, limits: ShareLimits) -> list[WarningLine]:
    """What is worth a look in the last build: the rules that hit most of a table first."""
    db.execute(CREATE)
    rows = db.execute(
        """
        with built as (from sync.finding_counts where state = 'built'),
        pushed as (from sync.finding_counts where state = 'pushed')
        select
            built.rule, built.table_name, built.column_name, built.partner, built.row_count, built.of_rows,
            built.example,
            pushed.row_count as rows_before,
            case
                when pushed.row_count is not null then 100 * pushed.row_count / greatest(pushed.of_rows, 1)
                when (select count(*) from pushed) > 0 then 0
            end as before
        from built
        left join pushed
            on built.rule = pushed.rule and built.table_name = pushed.table_name
            and built.column_name is not distinct from pushed.column_name
            and built.partner is not distinct from pushed.partner
        where built.of_rows > 0
        order by built.row_count / built.of_rows desc, built.rule, built.table_name, built.column_name, built.partner
        """
    ).fetchall()
    found = [_judged(row, limits) for row in rows]
    return [warned for warned in found if warned]


def _judged(row: tuple[Any, ...], limits: ShareLimits) -> WarningLine | None:
    rule, table, column, partner, count, of_rows, example, rows_before, before = row
    share = min(100 * count / of_rows, 100.0)
    is_much = rule not in EXPECTED and share > limits.share and count >= limits.rows
    is_jump = (
        before is not None and share - before > limits.jump and count - (rows_before or 0) >= limits.rows
    )
    if not is_much and not is_jump:
        return None
    place = f"{table}.{column}" if column else table
    message = f"rule {rule} hits {count:,} of {of_rows:,} rows of {table} ({share:.0f} %"
    message += f", {before:.0f} % in the last run)" if is_jump else ")"
    message += f": {place}" if column else ""
    message += f", mostly {example!r}" if example else ""
    message += f", for {partner}" if partner else ""
    return WarningLine(
        rule=rule,
        table=table,
        column=column,
        partner=partner,
        row_count=count,
        of_rows=of_rows,
        share=round(share, 1),
        before=before,
        message=message,
    )


def renew_findings(db: duckdb.DuckDBPyConnection, use_case: str) -> None:
    """Writes anew what `quality.findings` says of the tables that only the use case reads; the rest stays as it was.

    The view `quality.findings_<use case>` reads these tables as they lie; without it nothing is changed.
    """
    there = {
        name
        for (name,) in db.execute(
            "select table_name from information_schema.tables where table_schema = 'quality'"
        ).fetchall()
    }
    view = f"findings_{use_case}"
    if not {"findings", view} <= there:
        return
    db.execute("begin")
    db.execute(
        "delete from quality.findings where list_contains(?, table_name)", [sorted(ALONE.get(use_case, ()))]
    )
    db.execute(f"insert into quality.findings by name from quality.{view}")
    db.execute("commit")
