"""Why a row is, or is not, at a partner: followed from the delivery to the last answer, for one key.

Reads the DuckDB file and the journal, starts no dbt, changes nothing.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.api.reasons import REASONS, SYNCED, WITHDRAWN
from pipelines.contract.contract import load_contract
from pipelines.database import open_file
from pipelines.errors import RunningError, StammdatenError
from pipelines.explain.erp_keys import ErpKeys, ErpRow
from pipelines.explain.evidence import Evidence
from pipelines.explain.report import (
    AttemptLine,
    DeliveryLine,
    ErpLine,
    ExplainReport,
    FindingLine,
    GoneByLaw,
    HeldFor,
    HoldingBack,
    LedgerState,
    NearKey,
    PlannedOperation,
    RecordLine,
)
from pipelines.explain.rules import rule_of
from pipelines.ledger.former_columns import has_former_columns
from pipelines.personal.records import separator_of
from pipelines.settings import Vars, database

Json = dict[str, Any]


def explain(
    home: Path, settings: Vars, partner: str, key: str, show_personal_data: bool = False
) -> ExplainReport:
    """All that is known of an external id or ERP number at a partner.

    Raises `StammdatenError` for an unknown partner, or when another program holds the database.
    """
    contract = load_contract(partner)
    key = key.strip()
    separator = separator_of(settings.partners, partner)
    with _open(home) as db:
        evidence = Evidence(db, contract, separator, home)
        delivery = evidence.delivery()
        erp = ErpKeys(db, separator, raw=delivery is not None and not delivery["is_built"])
        rows = erp.find(key)
        around = erp.around(rows)
        records = evidence.records(key, around, show_personal_data)
        report = ExplainReport(
            partner=partner,
            key=key,
            verdicts=(),
            delivery=DeliveryLine(**delivery) if delivery else None,
            erp=tuple(_erp_line(row, separator) for row in around),
            findings=tuple(
                _with_rule(finding)
                for finding in [*evidence.findings(around), *evidence.refused_values(records)]
            ),
            held_back=tuple(
                _holding_back(failure)
                for failure in evidence.held_back([key, *(record["external_id"] for record in records)])
            ),
            records=tuple(_with_reasons(record) for record in records),
            near=() if rows or records else tuple(NearKey(**near) for near in erp.near(key)),
            forgotten=evidence.forgotten_since({key, *re.split(r"[-_./|]", key)}),
        )
    return replace(report, verdicts=tuple(_verdicts(report, settings, rows)))


def _open(home: Path) -> duckdb.DuckDBPyConnection:
    if not database(home).exists():
        raise StammdatenError(f"{database(home)}: there is no database yet; start with: stammdaten run")
    try:
        db = open_file(database(home), read_only=True)
    except duckdb.IOException:
        raise RunningError(
            f"{database(home)} is held by another program, probably a run that loads or builds; try again in a minute"
        ) from None
    if has_former_columns(db):
        db.close()
        raise StammdatenError(
            f"{database(home)} was built by an earlier version; build it once more: stammdaten build"
        )
    return db


def _erp_line(row: ErpRow, separator: str) -> ErpLine:
    return ErpLine(
        table=row.table,
        key=row.key,
        lines=row.lines,
        rule=row.rule,
        why=row.why,
        asked=row.asked,
        ids=row.ids(separator),
    )


def _with_rule(finding: Json) -> FindingLine:
    rule = rule_of(finding["rule"])
    return FindingLine(**finding, meaning=rule.meaning, drops=rule.drops)


def _holding_back(failure: Json) -> HoldingBack:
    """What the build noted in `sync.builds`, maybe in another version."""
    return HoldingBack(
        partner=failure["partner"],
        node=failure["node"],
        status=failure.get("status", ""),
        message=failure.get("message", ""),
        keys=tuple(failure["keys"]),
        names_this_row=failure["names_this_row"],
    )


def _with_reasons(record: Json) -> RecordLine:
    """The record with meaning and remedy beside every reason code."""
    ledger, plan, held = record["ledger"], record["plan"], record["held"]
    return RecordLine(
        **{
            **record,
            "ledger": LedgerState(**ledger, **_reason(ledger["reason"])) if ledger else None,
            "plan": PlannedOperation(**plan) if plan else None,
            "attempts": tuple(AttemptLine(**a, **_reason(a["reason"])) for a in record["attempts"]),
            "held": HeldFor(**held) if held else None,
            "by_law": GoneByLaw(**record["by_law"]) if record["by_law"] else None,
        }
    )


def _reason(code: str | None) -> Json:
    known = REASONS.get(code or "")
    return {
        "meaning": known.meaning if known else {**WITHDRAWN, **SYNCED}.get(code or ""),
        "how": known.how if known else None,
    }


def _verdicts(report: ExplainReport, settings: Vars, rows: list[ErpRow]) -> list[str]:
    """The answer in a sentence or two, for each record; for none, why there is none."""
    partner = report.partner
    lines = [_record_verdict(partner, record, report) for record in report.records]
    if not settings.partners.get(partner, {}).get("aktiv"):
        lines.append(f"{partner} is switched off: partners.{partner}.aktiv")
    if report.forgotten:
        lines.append(f"The person was forgotten on {report.forgotten} and is not sent any more.")
    if report.records or report.forgotten or not (rows or lines):
        return lines or [f"Nothing is known of {report.key}: not in the delivery, not at {partner}."]
    return [*lines, _why_nowhere(report, settings, rows)]


def _why_nowhere(report: ExplainReport, settings: Vars, rows: list[ErpRow]) -> str:
    partner = report.partner
    cause = _cause(report.findings, rows)
    if cause:
        why = f" ({cause.why})" if cause.why else ""
        return f"Not sent: rule {cause.rule} on {cause.table} {cause.key}: {cause.meaning}{why}"
    wanted = settings.partners.get(partner, {}).get("mandanten")
    mandanten = {number for row in rows for column, number in row.numbers if column == "mandant_nr"}
    if isinstance(wanted, list) and mandanten and not mandanten & {str(number) for number in wanted}:
        return (
            f"Not sent: rule E1: partners.{partner}.mandanten does not list {', '.join(sorted(mandanten))}."
        )
    if report.delivery and not report.delivery.is_built:
        return "In the delivery, but the marts were built before it was loaded: stammdaten run"
    return (
        f"In the delivery and dropped by no rule, but {partner} keeps no record of this kind under this key."
    )


def _cause(findings: tuple[FindingLine, ...], rows: list[ErpRow]) -> FindingLine | None:
    """The finding that dropped the row: its own before one of what it hangs on, and another copy of it last."""
    asked = {(row.table, row.key) for row in rows}
    dropping = [f for f in findings if f.drops]
    dropping.sort(key=lambda f: (f.rule == "C6", (f.table, f.key) not in asked, -len(f.key)))
    return dropping[0] if dropping else None


def _record_verdict(partner: str, record: RecordLine, report: ExplainReport) -> str:
    what = f"{record.entity} {record.external_id}"
    ledger = record.ledger
    if ledger is None and record.held:
        return f"{what}: not sent; {_doubt(record.held)}"
    if ledger is None and not record.in_mart:
        return f"{what}: was planned once, and is not in the mart any more."
    if ledger is None or (ledger.state == "synced" and ledger.remote_id is None):
        if report.held_back:
            return f"{what}: in the mart, not sent: {partner} is held back by {report.held_back[0].node}."
        return (
            f"{what}: in the mart, not sent yet; it goes with the next run, unless a guard holds that back."
        )
    state, since = ledger.state, ledger.last_synced_at
    if state == "synced":
        at = f"{what}: at {partner} under the id {ledger.remote_id}, confirmed {since}"
        if record.held:
            return f"{at}; {_doubt(record.held)}"
        if record.by_law and not record.in_mart:
            return f"{at}; the next run withdraws it, whatever a guard keeps back: {_law(record.by_law)}"
        return f"{at}{'' if record.in_mart else '; it has left the mart and is withdrawn by the next run'}."
    if state == "delivered":
        why = f"{ledger.meaning or ''} {ledger.how or ''}".strip()
        return f"{what}: handed over to {partner} {since}, not confirmed. {why}".strip()
    if state == "withdrawn":
        why = f" {_law(record.by_law)}" if record.by_law else ""
        return f"{what}: withdrawn {since}. {ledger.meaning or ''} {ledger.how or ''}".strip() + why
    if record.held:
        return f"{what}: {state}; {_doubt(record.held)}"
    fields = f" ({ledger.fields})" if ledger.fields else ""
    return f"{what}: {state}, {ledger.reason}{fields}: {ledger.meaning or ''} {ledger.how or ''}".strip()


def _law(by_law: GoneByLaw) -> str:
    return f"It must not stay there: rule {by_law.rule}: {by_law.why}."


def _doubt(held: HeldFor) -> str:
    return (
        f"held as it is, neither changed nor withdrawn, while it is in doubt: rule {held.rule} on"
        f" {held.table}: {held.why}."
    )
