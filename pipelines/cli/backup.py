"""The commands `backup` and `restore`. Registered in `main.py`."""

from contextlib import suppress
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.errors import SettingsError
from pipelines.settings import home


def backup_command(
    to: Annotated[
        str | None,
        typer.Argument(
            metavar="TO", help="Folder or address (s3://…, sftp://…); default: STAMMDATEN_BACKUP."
        ),
    ] = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Back up the home, while nothing runs: ledger, journal, alerts, history of runs, all of one moment.

    Two files come of it: the archive, encrypted where BACKUP__RECIPIENTS names public keys of age, SSH or GPG, and a
    manifest with sizes and SHA-256, written last. BACKUP__KEEP=N removes older ones of this home;
    BACKUP__AFTER_RUN=true backs up at the end of each run. Settings of the folder (dbt_project.yml, .dlt) are not in
    it: docs/backup.md.
    """
    from pipelines.backup.take import backup_report
    from pipelines.commands.known_settings import check_known_settings

    with terminal.recorded("backup") as run:
        check_known_settings()
        report = run.told(backup_report(home(), to))
    if as_json:
        terminal.show_document(report)
        return
    how = f"encrypted ({report.encrypted})" if report.encrypted else "not encrypted"
    _say(f"{report.backup}: {report.bytes:,} bytes, {report.files} files, {how}")
    terminal.table(
        ["partner", "rows of the ledger"], [[name, rows] for name, rows in report.partners.items()]
    )
    for name in report.removed:
        _say(f"removed: {name}")
    for note in report.notes:
        terminal.err.print(note, style="yellow", soft_wrap=True)


def restore_command(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="FROM",
            help="Backup (….json), or a place: its newest; default: STAMMDATEN_BACKUP.",
        ),
    ] = None,
    over: Annotated[
        bool, typer.Option("--over", help="There is a home already: move what lies there aside.")
    ] = False,
    older: Annotated[
        bool,
        typer.Option("--older", help="Take it, though things are known to have gone to partners since."),
    ] = False,
    released: Annotated[
        str | None,
        typer.Option(
            "--release", metavar="PARTNER", help="Send to a partner again that cannot be read back."
        ),
    ] = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Put a home back (STAMMDATEN_HOME), and say step by step what to do before the next run.

    The backup is checked whole before anything is moved. Then nothing is sent to a partner until `stammdaten verify`
    finds nothing there that the ledger does not know, or `stammdaten adopt --apply` has taken it up: what was created
    after the backup was taken would be created once more.
    """
    from pipelines.backup.restore import release, restore_report
    from pipelines.commands.known_settings import check_known_settings

    check_known_settings()
    if released:
        if source or over or older or as_json:
            raise SettingsError("--release: goes with nothing else")
        _say(release(home(), released))
        return
    on: list[str] = []
    with suppress(SettingsError):  # the settings may come later
        on = terminal.settings_of(None, None, None).active
    report = restore_report(home(), source, over, older, on)
    if as_json:
        terminal.show_document(report)
        return
    _say(f"{report.home} is what it was at {report.created_at}, by {report.backup}")
    if report.aside:
        _say(f"What lay there before: {report.aside}")
    for line in report.newer:
        terminal.err.print(f"Newer than the backup: {line}", style="yellow", soft_wrap=True)
    terminal.table(
        ["partner", "rows of the ledger"], [[name, rows] for name, rows in report.partners.items()]
    )
    _say("Next:")
    for number, step in enumerate(report.next, 1):
        _say(f"{number}. {step}")


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True)
