"""The commands `explain` and `forget`: everything about one row, nothing about one person. Registered in `cli.py`.

`explain` has to answer in under a second, so nothing here imports dbt, dlt or the engine at the top.
"""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import terminal
from pipelines.errors import SettingsError
from pipelines.settings import home

if TYPE_CHECKING:
    from pipelines.explain.report import AttemptLine, ExplainReport, RecordLine
    from pipelines.forget.report import ErasurePreview, ForgetReport, Letter


def explain_command(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Name of the partner, e.g. etg24.")],
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="External id or ERP number, with any separator: 001/0123/01/0004, 0000004711."
        ),
    ],
    show_personal_data: terminal.ShowPersonalData = False,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Say why a row is, or is not, at a partner: from the delivery to the partner's last answer.

    For rows that were never sent, too. Exit 0: something is known; 1: nothing, similar keys are shown.
    """
    from pipelines.explain.explain import explain

    report = explain(home(), terminal.settings_of(None, None, variables), partner, key, show_personal_data)
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for verdict in report.verdicts:
        _say(verdict, style="bold")
    for near in report.near:
        _say(f"Did you mean {near.key} ({near.table}, {near.why})?")
    _show_delivery(report)
    for record in report.records:
        _show_record(record)
    raise terminal.end(report)


def forget_command(
    person: Annotated[
        str, typer.Option("--person", metavar="NR", help="Number of the person in the ERP (person_nr).")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    lift: Annotated[
        bool,
        typer.Option("--lift", help="Let a forgotten person be sent again, after a new lease for example."),
    ] = False,
    stichtag: terminal.Stichtag = None,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Erase a person: withdraw it at every partner, then delete it from every file but the raw delivery.

    Most partners keep a withdrawn record (ended, switched off, or as it is): the end says which, and what somebody has
    to write to them. The raw delivery belongs to the ERP; the next load replaces it. A forgotten person is not sent
    again, even if the ERP still delivers it. Exit 1: a partner has not confirmed a withdrawal; run it again.
    """
    from pipelines.commands import forget
    from pipelines.forget.forget import preview

    settings = terminal.settings_of(stichtag, None, variables)
    if lift:
        lifted = forget.lift(home(), person)
        _say(f"{person} may be sent again with the next run." if lifted else f"{person} was not forgotten.")
        raise typer.Exit(0 if lifted else 1)
    if not yes:
        _ask(preview(home(), settings, person), as_json)
    with terminal.Progressing(as_json) as progress, terminal.recorded("forget") as run:
        report = run.told(forget.forget_person(home(), run.given(settings), person, progress))
    if as_json:
        terminal.show_document(report)
    else:
        _show_erasure(report)
    raise terminal.end(report)


def _ask(seen: "ErasurePreview", as_json: bool) -> None:
    """Shows what would happen, and goes on only if somebody at a terminal wants it."""
    if as_json:
        raise SettingsError("--yes: not given, and --json cannot ask; nothing was changed")
    for record in seen.records:
        _say(f"{record.partner} {record.entity} {record.external_id}: {record.withdrawal}")
    for record in seen.named_in:
        _say(f"{record.partner} {record.entity} {record.external_id}: names the person, goes without it")
    if seen.keepers:
        _say(
            f"{', '.join(seen.keepers)} will keep records of this person: somebody has to write to them afterwards."
            " What to write is shown at the end."
        )
    _say("Every value of this person is deleted from marts, plans, findings, ledger and journal.")
    if not sys.stdin.isatty() or not typer.confirm("Forget this person? It cannot be undone."):
        raise SettingsError("--yes: not given; nothing was changed")


def _show_erasure(report: "ForgetReport") -> None:
    done = [r for r in report.records if r.state == "withdrawn"]
    _say(f"{len(done)} of {len(report.records)} records withdrawn at partners.")
    for record in report.records:
        _say(
            f"    {record.partner} {record.entity} {record.external_id}: {record.state}, {record.withdrawal}"
        )
    if report.named_in:
        _say("These records of others name the person. The next run sends them without it:", style="yellow")
        for record in report.named_in:
            _say(f"    {record.partner} {record.entity} {record.external_id}")
    for name, why in report.stopped.items():
        _say(f"{name}: {why}", style="red")
    terminal.table(["table", "rows"], [[table, rows] for table, rows in report.erased.items()])
    _say("Journal, working files and database were written anew; only hashes are left.")
    _show_letters(report.letters)
    if report.in_raw:
        _say(
            "The raw delivery (erp_raw) still has this person: erase it in the ERP, then load. It is not sent again,"
            " even if the ERP goes on to deliver it."
        )
    for file in report.files:
        _say(f"Still holds the person: {file}; it is none of the files of a run, look at it", style="yellow")
    if report.exit:
        _say(
            "Not everything is withdrawn yet. Run the same command again, with every partner above switched on.",
            style="red",
        )


def _show_letters(letters: "Sequence[Letter]") -> None:
    if not letters:
        return
    names = ", ".join(letter.title for letter in letters)
    _say(
        f"{names} still hold records of this person, which no command can erase there. Somebody has to write to them,"
        " and this is the last time that the ids are shown:",
        style="yellow",
    )
    for letter in letters:
        for record in letter.records:
            _say(f"    {record.partner} {record.entity} id {record.remote_id}: {record.what}")
        _say(f"    {letter.text}")


def _show_delivery(report: "ExplainReport") -> None:
    delivery = report.delivery
    if delivery:
        built = f", built {delivery.built_at}" if delivery.built_at else ""
        _say(f"\nDelivery {delivery.load_id} ({delivery.source}), loaded {delivery.loaded_at}{built}")
        if not delivery.is_built:
            _say("    the marts are older than this delivery: stammdaten build", style="yellow")
    for row in report.erp:
        lines = ", ".join(str(line) for line in row.lines)
        verdict = f"rule {row.rule}: {row.why}" if row.rule else "lives"
        _say(f"    {row.table} {row.key}: row {lines}; {verdict}", style="" if row.asked else "dim")
    for found in report.findings:
        what = " ".join(str(part) for part in (found.column, found.value, found.why) if part)
        _say(f"    {found.rule} on {found.table} {found.key}: {found.meaning} {what}".rstrip())
    for failure in report.held_back:
        here = "; this row is one of them" if failure.names_this_row else ""
        _say(f"    held back by {failure.node}: {failure.message}{here}", style="red")


def _show_record(record: "RecordLine") -> None:
    _say(f"\n{record.entity} {record.external_id}: {'in' if record.in_mart else 'not in'} the mart")
    plan = record.plan
    if plan:
        fields = f" ({', '.join(plan.changed_fields)})" if plan.changed_fields else ""
        _say(f"    plan {plan.plan_id} of {plan.created_at}: {plan.operation}{fields}")
    elif not record.held:
        _say("    the last plan has nothing for it")
    if record.by_law:
        _say(f"    must not stay at the partner: rule {record.by_law.rule}, {record.by_law.why}")
    for attempt in record.attempts:
        _say(f"    {attempt.at}: {attempt.operation} {_outcome(attempt)}")
    if record.on_its_way:
        _say(f"    on its way: {record.on_its_way}, not in the ledger yet")
    if record.upload_step:
        _say(f"    its bytes are on their way: the step {record.upload_step} was sent last")
    ledger = record.ledger
    if ledger and ledger.holds:
        _say(f"    the partner holds (id {ledger.remote_id}, since {ledger.last_synced_at}):")
        for name, value in ledger.holds.items():
            _say(f"        {name}: {json.dumps(value, ensure_ascii=False)}")


def _outcome(attempt: "AttemptLine") -> str:
    status = f" [{attempt.http_status}]" if attempt.http_status else ""
    fields = f" ({attempt.fields})" if attempt.fields else ""
    reason = (
        f", {attempt.reason}{fields}: {attempt.meaning or ''} {attempt.how or ''}" if attempt.reason else ""
    )
    return f"{attempt.state}{status}{reason}".rstrip()


def _say(text: str, style: str = "") -> None:
    terminal.out.print(text, style=style, soft_wrap=True)
