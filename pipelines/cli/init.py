"""The command `init`, and what `--version` shows."""

import shlex
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import project_root
from pipelines.versions import versions


def init_command(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder to make; `.` is the current one.", show_default=False)
    ],
    as_json: terminal.AsJson = False,
) -> None:
    """Make the folder in which the other commands are called: settings to edit, a schedule, a dbt project, a README.

    Nothing is ever written over: in a folder that holds some of it, what is missing is added and the rest left alone.
    """
    from pipelines.commands.init import init_folder

    made = init_folder(folder)
    if as_json:
        terminal.show_document(made)
        return
    terminal.out.print(f"Folder: {made.folder}", soft_wrap=True)
    for what, names in (
        ("written", made.written),
        ("was there, left alone", made.left_alone),
        ("also there, not ours", made.also_there),
    ):
        for name in names:
            terminal.out.print(f"  {what}: {name}", soft_wrap=True)
    for note in made.notes:
        terminal.err.print(note, style="yellow", soft_wrap=True)
    terminal.out.print(
        f"Next: cd {shlex.quote(made.folder)} && stammdaten run (README.md there says what to edit)",
        soft_wrap=True,
    )


def show_version(is_asked: bool) -> None:
    """Prints the versions of the program and of what it stands on, and where its docs lie; then ends."""
    if not is_asked:
        return
    for name, version in versions().items():
        terminal.out.print(f"{name} {version}")
    terminal.out.print(f"docs: {project_root() / 'docs'}", soft_wrap=True)
    raise typer.Exit
