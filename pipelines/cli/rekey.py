"""The command `rekey`: rows that the ERP made anew keep their records at a partner. Registered in `cli.py`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import home

# So many lines on a terminal; --json has them all.
SHOWN = 40


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
    for move in report.moves[:SHOWN]:
        terminal.out.print(
            f"{move.entity} {move.former} → {move.now} (the partner's id {move.remote_id})",
            soft_wrap=True,
            markup=False,
        )
    if len(report.moves) > SHOWN:
        terminal.out.print(f"… and {len(report.moves) - SHOWN:,} more; --json lists all")
    for note in report.notes:
        terminal.out.print(note, soft_wrap=True, markup=False)
    raise terminal.end(report)
