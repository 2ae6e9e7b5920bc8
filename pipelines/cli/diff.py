"""The command `diff`. Registered in `main.py`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import terminal
from pipelines.errors import SettingsError
from pipelines.settings import home as home_of_settings
from pipelines.suggest import did_you_mean

if TYPE_CHECKING:
    from pipelines.reports.diff import DiffReport

FORMATS = ("text", "markdown", "json", "html")


def diff_command(
    base: Annotated[
        str,
        typer.Option(
            metavar="REF",
            help=(
                "What to compare with: a revision of git (main, HEAD~1, v1.0; main... is where this branch began),"
                " a folder (a checkout, one that `stammdaten init` made, an environment with another version), a wheel,"
                " or `installed`: this version without your own models."
            ),
        ),
    ],
    head: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="What is compared; default are the files at hand, saved or committed."
        ),
    ] = None,
    stichtag: terminal.Stichtag = None,
    partner: Annotated[
        list[str] | None,
        typer.Option(
            "--partner",
            metavar="NAME",
            help="Only this partner, also one that is off; may be given several times.",
        ),
    ] = None,
    every_partner: Annotated[
        bool, typer.Option("--all-partners", help="All partners, also those that are off.")
    ] = False,
    variables: terminal.VarsOption = None,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Home with the delivery to build on; default is STAMMDATEN_HOME. Only read."
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Build on the sample, whatever lies in the home.")
    ] = False,
    shape: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, markdown (for a comment), json or html.")
    ] = "text",
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there instead of printing it.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="WORDS",
            help=(
                "End with exit status 1 when one of these comes true, with commas between them: changes, ids, withdraw,"
                " create, fields, held, guards, contract, failures, rules."
            ),
        ),
    ] = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Show which records two states of the project would send differently, before a change of a mapping is merged.

    Both are built on the same delivery and key date, the home's or a sample, in a database of their own; the base
    counts as what the partners hold, and the plan of the head says the rest: records that come, go and change, with
    their fields and typical values (those of persons masked), external ids that change, rules that take out more,
    guards that would trip, requests and minutes. Nothing is sent, and the home's database and ledger are only read.

    A base is built once and kept under the home (diff/); of the head dbt builds what differs and what hangs on it.

    Exit 0: compared, whatever differs. 1: something that --fail-on names. 2: a state cannot be found or built.
    """
    from pipelines.commands.diff import diff

    if shape not in FORMATS:
        raise SettingsError(
            f"--format {shape}: unknown{did_you_mean(shape, FORMATS)}; there are {', '.join(FORMATS)}"
        )
    shape = "json" if as_json else shape
    is_quiet = shape != "text"
    if home is not None and not home.is_dir():
        raise SettingsError(f"--home: {home} is no folder; name a home with a delivery")
    with terminal.Progressing(is_quiet) as progress:
        report = diff(
            home_of_settings(),
            base,
            head,
            stichtag,
            partner or [],
            every_partner,
            variables,
            sample,
            fail_on,
            home.absolute() if home else None,
            terminal.say(is_quiet),
            progress,
        )
    show(report, shape, to)
    raise terminal.end(report)


def show(report: "DiffReport", shape: str, to: Path | None) -> None:
    """Prints or writes the report."""
    if shape == "json" and to is None:
        terminal.show_document(report)
        return
    text = _text(report, shape)
    if to is None:
        terminal.out.print(text, soft_wrap=True)
        return
    try:
        to.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise SettingsError(f"--out: {to} cannot be written ({problem.strerror})") from None
    terminal.err.print(f"Written to {to}", soft_wrap=True)


def _text(report: "DiffReport", shape: str) -> str:
    if shape == "json":
        import json

        from pipelines.report import as_json

        return json.dumps(as_json(report), ensure_ascii=False, indent=2)
    if shape == "markdown":
        from pipelines.diff.markdown import markdown

        return markdown(report)
    if shape == "html":
        from pipelines.diff.page import page

        return page(report)
    from pipelines.diff.text import text

    return text(report)
