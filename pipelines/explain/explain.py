"""Why a row is, or is not, at a partner: followed from the delivery to the last answer, for one key.

Reads the DuckDB file and the journal, starts no dbt, changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from pipelines.ledger.former_columns import has_former_columns
from pipelines.personal.records import separator_of
from pipelines.settings import Vars, database

Json = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule in a sentence; `drops`: a row that it hits is not sent (others mend or doubt a value)."""

    meaning: str
    drops: bool = True


# One for each rule of docs/rules.md that can make a finding; there is more about each.
RULES: Mapping[str, Rule] = {
    "C1": Rule("A name is the text NULL, as database tools write an empty cell.", drops=False),
    "C2": Rule("A date cannot be read, so it counts as not known.", drops=False),
    "C3": Rule("A number or a yes/no cannot be read for sure.", drops=False),
    "C4": Rule("A phone number cannot be brought into the form that some partners want.", drops=False),
    "C5": Rule("The text of the floor cannot be read.", drops=False),
    "C6": Rule("The row comes twice in the delivery; the later one stays."),
    "C7": Rule("A part of the row's key is empty."),
    "C8": Rule("A text was damaged on its way.", drops=False),
    "C9": Rule("A word that decides is on no list, so it is not understood.", drops=False),
    "H1": Rule(
        "It cannot be told whether, or as what, the row may be sent; what the partner holds stays as it is."
    ),
    "L1": Rule("The row, or one that it hangs on, is marked as deleted."),
    "L2": Rule("The row, or one that it hangs on, has left the stock."),
    "L3": Rule("A row that this one hangs on is not in the delivery."),
    "L4": Rule("The lease is not in scope: ended, cancelled, a vacancy, or without a readable begin."),
    "L5": Rule("Nobody is a tenant here: another role, over, deleted or anonymised."),
    "L6": Rule("The owner contract is over, or has no owner who can be sent."),
    "E2": Rule("The tenant has no valid e-mail address, or the lease has no tenant with one."),
    "E4": Rule("An e-mail address was mended before it was used.", drops=False),
    "E5": Rule("What stands as e-mail address is none.", drops=False),
    "E6": Rule("Nobody with a last name rents it, and this partner gets only what is let."),
    "E7": Rule(
        "The person has not consented, or has withdrawn the consent, and this partner gets nobody without."
    ),
    "E8": Rule("The person has no name."),
    "E9": Rule("The name is a placeholder, not a person."),
    "E10": Rule("The person has neither an e-mail address nor a phone number, and iDWELL needs one."),
    "E11": Rule(
        "Another person has the e-mail address and keeps it; this one goes with its phone, if there is one."
    ),
    "LE1": Rule("The vacancy is for sale, and a listing at this partner is for letting."),
    "LE2": Rule("The vacancy has no Nettokaltmiete above 0, and Immomio takes none without."),
    "DO1": Rule("The document, or a folder that it lies in, is not released, or not for sure."),
    "DO2": Rule("The document is larger than max_dokument_bytes."),
    "DO3": Rule("UTS KARTHAGO: the document lies in no folder, or belongs to an address or a person."),
    "DO4": Rule("The folder lies in itself, over others or not, or in one that does."),
    "DO5": Rule("What the document belongs to is not at this partner, or cannot be told."),
    "DO6": Rule("The settings of this partner leave the document out."),
    "DO7": Rule("The document is meant for somebody else than whoever would see it at this partner."),
    "I3": Rule("The ERP does not have the level or table, or the row lacks a level that the partner needs."),
    "I5": Rule("A number contains the partner's separator, so the id would not be unique."),
    "I6": Rule("Two rows arrive at the same id, so neither is sent."),
    "I8": Rule("The begin lies after the end.", drops=False),
    "R-HM": Rule("The lease has no Hauptmieter, or several.", drops=False),
    "AB2": Rule("The tenant is a company, and AktivBo asks people."),
    "V1": Rule("A value that the partner requires is missing, or outside the limits that it sets."),
    "V2": Rule(
        "An optional value is outside the limits that the partner sets, and is left out.", drops=False
    ),
    "V3": Rule("The partner's contract does not take the value; the row is sent all the same.", drops=False),
    "EV1": Rule("The owner has no e-mail address or no first name, and EverReal requires both."),
    "EV2": Rule("The property has no whole address, and EverReal requires one."),
    "EV3": Rule("No owner of the unit can be sent, and there is no default owner."),
    "EV4": Rule("The lease has no Hauptmieter who can be sent."),
}


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


def rule_of(number: str) -> Rule:
    """The rule of a number; one of models of your own is not known here."""
    return RULES.get(number, Rule("See docs/rules.md."))


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
