"""The command `snapshot`. Registered in `main.py`."""

from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.errors import SettingsError
from pipelines.settings import home


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
        report = snapshot_report(home(), out, settings.partners, key_file, replace, progress)
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
