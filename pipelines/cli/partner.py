"""The commands below `partner`: a new partner. Registered in `main.py`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import home

partner_app = typer.Typer(no_args_is_help=True, help="Add a partner system of your own.")


@partner_app.callback()
def partner_group() -> None:
    """Add a partner system of your own. What there is: `stammdaten partners`."""


@partner_app.command("new")
def new_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Name of the partner in settings, marts and code: lower case letters, digits, single _ between them.",
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="The vendor's OpenAPI 3 document (JSON or YAML); without it the contract describes an invented API.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of your own partners, outside the project; default is the one in STAMMDATEN_PARTNERS, else the"
            " project itself.",
        ),
    ] = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Write the files that a new partner begins with: contract, profile, connector, sandbox, marts, tests.

    The contract says what the partner's API looks like. What could not be seen in the vendor's document has a mark,
    x-fill-in, with a question; until the last mark is gone the partner is left out of everything but dbt, and its tests
    fail. Marts have one column for each field, NULL where nobody has said yet where it comes from.

    Nothing that is there is overwritten. A partner outside the project is found once STAMMDATEN_PARTNERS names its
    folder: export STAMMDATEN_PARTNERS=/srv/stammdaten/partners

    Step by step: docs/add-a-partner.md.
    """
    from pipelines.commands.partner_new import new_partner

    written = new_partner(name, source, folder, home())
    if as_json:
        terminal.show_document(written)
        return
    terminal.out.print(f"{written.partner}: {len(written.files)} files written")
    for file in written.files:
        terminal.out.print(f"  {file}", soft_wrap=True, markup=False)
    terminal.out.print("What to do next:")
    for number, step in enumerate(written.next, 1):
        terminal.out.print(f"{number}. {step}", soft_wrap=True, markup=False)
