"""A comparison by hand in which there is a line of each kind, with texts that a reader must not be misled by."""

from dataclasses import replace

from pipelines.reports.diff import (
    ContractDiff,
    DiffReport,
    EffortLine,
    EntityDiff,
    FieldDiff,
    FindingDiff,
    IdChange,
    IdDiff,
    ModelDiff,
    RowDiff,
    SettingDiff,
    ValueChange,
)
from pipelines.reports.run import FailureLine, GuardLine

# What would tell somebody, break a table, close a fold or be HTML.
NASTY = '"@octocat |`` </details><script>alert(1)</script> [x](http://a.example) ``"'

REPORT = DiffReport(
    base="main (0123456789ab)",
    head="the files at hand (stammdaten)",
    data="the sample, 500 units",
    stichtag="2026-11-30",
    partners=("etg24",),
    differs=True,
    entities=(
        EntityDiff(
            partner="etg24", entity="einheiten", base_rows=500, head_rows=490, come=2, go=12, change=40, new_ids=7,
            held=1, withdrawal="keep",
        ),
    ),
    fields=(
        FieldDiff(
            partner="etg24", entity="einheiten", field="position", rows=40, cleared=3, stays=3, personal=False,
            values=(ValueChange(old=NASTY, new='"0001"', rows=30), ValueChange(old='"EG"', new="null", rows=3)),
        ),
    ),
    ids=(
        IdDiff(
            partner="etg24", entity="einheiten", rows=7, told_by="ERP key",
            examples=(IdChange(old="001/1/01/1", new="001-1-01-1"),),
        ),
    ),
    rows=(
        RowDiff(
            partner="etg24", entity="einheiten", what="go", rule=None, against=None, rows=12, meaning="The mapping.",
            examples=("001/1/01/2",),
        ),
    ),
    findings=(
        FindingDiff(
            rule="E2", table="mieter", partner="etg24", base_rows=1, head_rows=4, more=3, fewer=0, drops=True,
            meaning="No e-mail."
        ),
    ),
    contracts=(
        ContractDiff(
            partner="etg24", entity="einheiten", part="fields.share.required", old="false", new="true", rows=9
        ),
    ),
    guards=(
        GuardLine(
            partner="etg24", guard="withdraw", entity="einheiten",
            message="einheiten: 19 of 500 records would be withdrawn", rows=(),
        ),
    ),
    failures=(
        FailureLine(
            partner="etg24", node="unique_etg24__einheiten", status="fail", message="2 failing rows",
            keys=("001/1/01/3",),
        ),
    ),
    effort=(EffortLine(partner="etg24", requests=61, minutes=6.1, limit="10 a minute"),),
    models=(ModelDiff(name="etg24__einheiten", what="changed"),),
    settings=(SettingDiff(setting="partners.etg24.separator", old='"/"', new='"-"'),),
    seconds={"base": 1.0, "head": 2.0, "compare": 0.5},
    notes=("kiwi differs too, and is off; compare it with --partner kiwi",),
    failed_on=("ids",),
)  # fmt: skip


def large(times: int) -> DiffReport:
    """The same with so many entities, fields and ids, in words that take several bytes a letter."""
    umlauts = '"' + "ÄÖÜ" * 200 + '"'
    return replace(
        REPORT,
        entities=tuple(replace(REPORT.entities[0], entity=f"einheiten{n}") for n in range(times)),
        fields=tuple(
            replace(
                REPORT.fields[0],
                field=f"feld{n}",
                values=(ValueChange(old=umlauts, new=umlauts, rows=n),) * 5,
            )
            for n in range(times)
        ),
        ids=tuple(replace(REPORT.ids[0], entity=f"einheiten{n}") for n in range(times)),
        rows=tuple(replace(REPORT.rows[0], entity=f"einheiten{n}") for n in range(times)),
        notes=tuple(f"note {n} " + "Ä" * 500 for n in range(times)),
    )
