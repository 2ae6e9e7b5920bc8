"""The commands that copy a home: `backup`, `restore` and `snapshot`. Registered in `main.py`."""

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


def snapshot_command(
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="Folder to write; it must not be there, or be empty.")
    ],
    masked: Annotated[
        bool, typer.Option("--masked", help="With invented persons; there is no other kind of snapshot.")
    ] = False,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            help="A secret of at least 32 random characters: the same persons become the same again."
            " Default: STAMMDATEN_SNAPSHOT_KEY_FILE, else a new one that nobody keeps.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in place of a snapshot that lies in OUT.")
    ] = False,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Write the loaded delivery with invented persons in place of its own, for CI and for colleagues.

    OUT is a delivery like any other: SOURCES__ERP__FILES__FOLDER=OUT loads it, into another home. The marts built
    from it have the same rows under the same ids, and the same findings: names stay as long, e-mail addresses as
    valid, phone numbers as readable, and what was equal stays equal. Numbers, dates of leases, rents and the streets
    of the stock are those of production, so keep it in the company: docs/snapshot.md says what can be learned of it.

    At the end everything that production says of persons is looked for in OUT. Where something is found nothing is
    handed out, and table, column and row are named.

    Example: stammdaten snapshot --masked /srv/ci/erp --key-file ~/.stammdaten-snapshot.key --replace
    """
    from pipelines.snapshot.take import snapshot_report

    if not masked:
        raise SettingsError(
            "--masked: not given; a snapshot is for people who must not see tenants, so there is no other kind"
            f" (a copy of everything is made by stammdaten backup). Write: stammdaten snapshot --masked {out}"
        )
    settings = terminal.settings_of(None, None, variables)
    with terminal.Progressing(as_json) as progress:
        report = snapshot_report(
            home(), out, settings.partners, key_file, replace, progress, settings.overrides
        )
    if as_json:
        terminal.show_document(report)
        return
    terminal.table(["table", "rows"], [[name, rows] for name, rows in report.tables.items()])
    how = "under the key of the file" if report.key == "file" else "under a key that nobody has"
    _say(f"{report.replaced:,} different values of persons replaced, {how}")
    for place, values in report.found.items():
        _say(f"{place}: {values:,} values named a person, who was replaced there, too")
    _say(f"{report.looked_for:,} original values looked for in {report.out}: none is there")
    for note in report.notes:
        terminal.err.print(note, style="yellow", soft_wrap=True)


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True)
