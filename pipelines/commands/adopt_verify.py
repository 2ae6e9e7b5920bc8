"""Adoption and verification, step by step, as reports for the command line: lock, settings, settling, reading back."""

from dataclasses import replace
from pathlib import Path

from pipelines.api.connector import once_a_run
from pipelines.commands import run as flow
from pipelines.commands import sample
from pipelines.contract.contract import load_contract
from pipelines.errors import SettingsError
from pipelines.ledger.restored import is_waiting, note_compared
from pipelines.lock import only_run
from pipelines.personal.fields import masked, personal_fields
from pipelines.progress import Progress
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.push.rekey import Pair, Rekey, pairs_of_file, pairs_of_plan, rekey
from pipelines.readback.adopt import Adoption, adopt
from pipelines.readback.verify import Finding, Verification, repair, verify
from pipelines.reports.check import (
    AdoptReport,
    DifferingField,
    DifferingRecord,
    MoveLine,
    RekeyReport,
    VerifyReport,
)
from pipelines.settings import Vars


def adopt_report(home: Path, settings: Vars, partner: str, apply: bool, progress: Progress) -> AdoptReport:
    """Matches the marts with what the partner holds, and with `apply` writes that into the ledger."""
    with only_run(home, "adopt"), sample.partners_at_hand(home, settings):
        make = once_a_run()
        flow.check(home, settings, make)
        ready, failures = flow.tested(home, settings, progress)
        recover(home, settings.active, progress, make)
        found = adopt(home, make(partner), apply and partner in ready, progress)
        if found.applied:
            note_compared(home, partner, "adopt")
        return AdoptReport(
            partner=partner,
            applied=found.applied,
            counts=found.counts,
            ambiguous=found.ambiguous,
            strangers=found.strangers,
            failures=failures,
            notes=_adopt_notes(found, apply, bool(failures)),
        )


def verify_report(
    home: Path,
    settings: Vars,
    partner: str,
    mend: bool,
    show_personal_data: bool,
    progress: Progress,
) -> VerifyReport:
    """Compares the partner with the ledger, and with `mend` makes a plan that restores what differs.

    Of one use case, where the settings name one: what is read, compared, and planned.
    """
    with only_run(home, "verify", settings.use_case), sample.partners_at_hand(home, settings):
        make = once_a_run()
        flow.check(home, settings, make)
        recover(home, settings.active, progress, make)
        found = verify(home, make(partner), progress, settings.use_case)
        report = VerifyReport(
            partner=partner,
            counts=found.counts,
            findings=tuple(as_report(partner, finding, show_personal_data) for finding in found.findings),
            notes=_after_restore(home, found) if settings.use_case is None else (),
        )
        mendable = any(finding.kind != "unknown" for finding in found.findings)
        return _repaired(report, home, settings, found, progress) if mend and mendable else report


def as_report(partner: str, finding: Finding, show_personal_data: bool) -> DifferingRecord:
    """A finding for people; values of personal fields keep their shape only, unless they are asked for."""
    hidden = frozenset() if show_personal_data else personal_fields(partner, finding.entity)
    return DifferingRecord(
        kind=finding.kind,
        entity=finding.entity,
        external_id=finding.external_id,
        remote_id=finding.remote_id,
        fields=tuple(
            DifferingField(
                field=change.name,
                ledger=masked(change.held) if change.name in hidden else change.held,
                partner=masked(change.shown) if change.name in hidden else change.shown,
            )
            for change in finding.changes
        ),
    )


def rekey_report(
    home: Path,
    settings: Vars,
    partner: str,
    named: tuple[str | None, str | None, str | None],
    file: Path | None,
    planned: bool,
    apply: bool,
    progress: Progress,
) -> RekeyReport:
    """Moves records to other external ids, and what hangs on them; `named` is entity, former and new id."""
    entity, former, now = named
    if sum((former is not None or now is not None, file is not None, planned)) != 1:
        raise SettingsError("rekey: needs --from ID and --to ID, or --file CSV, or --planned")
    if (former is None) != (now is None):
        raise SettingsError("rekey: --from and --to go together")
    with only_run(home, "rekey"):
        flow.check_rows(home, settings)
        recover(home, settings.active, progress)
        if file:
            pairs = [replace(pair, entity=pair.entity or entity) for pair in pairs_of_file(file)]
        elif planned:
            pairs = pairs_of_plan(home, partner)
        else:
            pairs = [Pair(entity, (former or "").strip(), (now or "").strip(), "--from")]
        separator = str(settings.partners[partner]["separator"])
        found = rekey(home, load_contract(partner), separator, pairs, apply)
        return RekeyReport(
            partner=partner,
            applied=found.applied,
            moves=tuple(MoveLine(**vars(move)) for move in found.moves),
            done=tuple(pair.former for pair in found.done),
            staying=found.staying,
            notes=_rekey_notes(found),
        )


def _rekey_notes(found: Rekey) -> tuple[str, ...]:
    notes = []
    if found.done:
        notes.append(f"Moved before: {', '.join(f'{pair.former} → {pair.now}' for pair in found.done[:20])}.")
    if found.staying:
        some = ", ".join(found.staying[:20])
        notes.append(
            f"{len(found.staying):,} records below keep their ids and are withdrawn by the next push, because no mart"
            f" has them under a new one: {some}"
        )
    if found.applied:
        notes.append(
            f"{len(found.moves):,} records moved in the ledger; the next push writes their new ids to the partner and"
            " creates none of them again. Look at it: stammdaten plan --rows"
        )
    elif found.moves:
        notes.append(
            f"Nothing was changed. Move these {len(found.moves):,} records with the same command and --apply."
        )
    return tuple(notes)


def _after_restore(home: Path, found: Verification) -> tuple[str, ...]:
    """What a verification says of a ledger that was restored; one without unknown records lets the partner go again."""
    if not is_waiting(home, found.partner):
        return ()
    kinds = {finding.kind for finding in found.findings}
    if "unknown" not in kinds:
        note_compared(home, found.partner, "verify")
        return (
            f"Nothing at {found.partner} is unknown to the restored ledger: it is sent to again. Look first: stammdaten"
            " plan --rows",
        )
    first = (
        f"stammdaten verify {found.partner} --repair (do not push its plan), then "
        if "missing" in kinds
        else ""
    )
    return (
        f"The ledger was restored, and {found.partner} holds what it does not know. Take it up, once `stammdaten load`"
        f" and `stammdaten build` have made the marts of today: {first}stammdaten adopt {found.partner} --apply",
    )


def _repaired(
    report: VerifyReport, home: Path, settings: Vars, found: Verification, progress: Progress
) -> VerifyReport:
    """Ledger corrected, plan made: only when the marts hold their tests, as for any plan."""
    ready, failures = flow.tested(home, settings, progress)
    if found.partner not in ready:
        note = "Nothing was repaired: the marts do not hold their tests."
        return replace(report, failures=failures, notes=(note,))
    corrected = repair(home, load_contract(found.partner), found.findings)
    made = engine.plan(home, [found.partner], settings.stichtag, use_case=settings.use_case)
    guards = flow.tripped_guards(home, made.plan_id, [found.partner], settings)
    note = f"{corrected:,} ledger rows corrected; the plan {made.plan_id} has {made.operations:,} operations."
    if made.operations and not guards:
        note += f" Restore with: stammdaten push --plan {made.plan_id}"
    return replace(report, plan_id=made.plan_id, plan=made.counts, guards=guards, notes=(note, *report.notes))


def _adopt_notes(found: Adoption, apply: bool, failing: bool) -> tuple[str, ...]:
    matches = sum(line.by_external_id + line.by_natural_key for line in found.counts)
    notes = []
    if apply and failing:
        notes.append("Nothing was adopted: the marts do not hold their tests.")
    elif apply:
        notes.append(f"{matches:,} records adopted. See what is left to do: stammdaten plan --rows")
    elif matches:
        notes.append(
            f"Nothing was changed. Take {matches:,} records up with: stammdaten adopt {found.partner} --apply"
        )
    if found.ambiguous:
        notes.append(
            "What fits several records is not sent until one of them is left: merge or complete them at the partner,"
            " then adopt again."
        )
    return tuple(notes)
