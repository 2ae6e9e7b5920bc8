"""The commands `adopt`, `verify` and `rekey`: what a partner holds against marts and ledger."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli import terminal
from pipelines.settings import home

if TYPE_CHECKING:
    from pipelines.reports.check import DifferingRecord

# So many lines of each kind on a terminal; --json has them all.
SHOWN = 20
# So many lines of `rekey`.
MOVES_SHOWN = 40

Partner = Annotated[str, typer.Argument(metavar="PARTNER", help="Name of the partner, e.g. etg24.")]


def adopt_command(
    partner: Partner,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the matches into the ledger; without it nothing changes.")
    ] = False,
    stichtag: terminal.Stichtag = None,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Take up what a partner holds already, so that nothing is created twice.

    Reads the partner page by page and matches its records with the marts: by external id, else by the natural key of
    the contract. Nothing is written at the partner; records that are not ours are never touched. Exit 1: somebody has
    to look, because several records fit.
    """
    from pipelines.commands.adopt_verify import adopt_report

    with terminal.Progressing(as_json) as progress, terminal.recorded("adopt") as run:
        settings = run.given(terminal.settings_of(stichtag, [partner], variables))
        report = run.told(adopt_report(home(), settings, partner, apply, progress))
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    terminal.show_failures(report.failures)
    heads = ["entity", "in mart", "in ledger", "by external id", "by natural key", "of these differing", "ambiguous",
             "to create", "strangers", "not made"]  # fmt: skip
    terminal.table(heads, terminal.cells(report.counts))
    _lines("fits several", [f"{r.entity} {r.external_id}: {r.remote_id}" for r in report.ambiguous])
    _lines("not ours", [f"{r.entity} {r.remote_id}{_carrying(r.external_ids)}" for r in report.strangers])
    for note in report.notes:
        terminal.out.print(note, soft_wrap=True)
    raise terminal.end(report)


def verify_command(
    partner: Partner,
    mend: Annotated[
        bool,
        typer.Option(
            "--repair", help="Correct the ledger and make a plan that restores what is missing or changed."
        ),
    ] = False,
    show_personal_data: terminal.ShowPersonalData = False,
    use_case: terminal.UseCase = None,
    stichtag: terminal.Stichtag = None,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Read a partner back and compare it with the ledger: what is missing, changed, or unknown to us.

    Changes nothing at the partner. Exit 0: all is as the ledger says; 1: something differs.
    """
    from pipelines.commands.adopt_verify import verify_report

    with terminal.Progressing(as_json) as progress, terminal.recorded("verify") as run:
        settings = run.given(terminal.settings_of(stichtag, [partner], variables, use_case))
        report = run.told(verify_report(home(), settings, partner, mend, show_personal_data, progress))
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    terminal.table(
        ["entity", "in ledger", "at partner", "missing", "changed", "unknown"],
        terminal.cells(report.counts),
    )
    for kind in ("missing", "changed", "unknown"):
        _lines(kind, [_finding_line(f) for f in report.findings if f.kind == kind])
    terminal.show_failures(report.failures)
    terminal.show_guards(report.guards, report.plan_id or "")
    for note in report.notes:
        terminal.out.print(note, soft_wrap=True)
    raise terminal.end(report)


def rekey_command(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Name of the partner, e.g. etg24.")],
    former: Annotated[
        str | None, typer.Option("--from", metavar="ID", help="External id that the record has now.")
    ] = None,
    now: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="External id of the row that the ERP made anew.")
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Entity of the record, where the id alone is not clear."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Many pairs: columns from, to and, where wanted, entity."),
    ] = None,
    planned: Annotated[
        bool, typer.Option("--planned", help="All pairs that the last plan points out.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Move them in the ledger; without it nothing changes.")
    ] = False,
    stichtag: terminal.Stichtag = None,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Move a record to another external id, because the ERP made its row anew: a WE renumbered, a person merged.

    Records whose ids contain the former one move with it. Nothing is sent: the next push writes the new id to the
    same record, which is neither withdrawn nor created again.
    """
    from pipelines.commands.adopt_verify import rekey_report

    with terminal.Progressing(as_json) as progress, terminal.recorded("rekey") as run:
        settings = run.given(terminal.settings_of(stichtag, [partner], variables))
        report = run.told(
            rekey_report(home(), settings, partner, (entity, former, now), file, planned, apply, progress)
        )
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for move in report.moves[:MOVES_SHOWN]:
        terminal.out.print(
            f"{move.entity} {move.former} → {move.now} (the partner's id {move.remote_id})",
            soft_wrap=True,
            markup=False,
        )
    if len(report.moves) > MOVES_SHOWN:
        terminal.out.print(f"… and {len(report.moves) - MOVES_SHOWN:,} more; --json lists all")
    for note in report.notes:
        terminal.out.print(note, soft_wrap=True, markup=False)
    raise terminal.end(report)


def _finding_line(finding: "DifferingRecord") -> str:
    fields = "; ".join(f"{f.field}: {_text(f.ledger)} → {_text(f.partner)}" for f in finding.fields)
    who = finding.external_id or "without external id"
    return f"{finding.entity} {who} ({finding.remote_id})" + (f": {fields}" if fields else "")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _carrying(ids: Sequence[str]) -> str:
    return f" (carries {', '.join(ids)})" if ids else ""


def _lines(title: str, lines: Sequence[str]) -> None:
    for line in lines[:SHOWN]:
        terminal.out.print(f"{title}: {line}", soft_wrap=True)
    if len(lines) > SHOWN:
        terminal.out.print(f"{title}: … and {len(lines) - SHOWN:,} more; --json lists all", soft_wrap=True)
