"""Each command that the manual names exists, with its options; each link in it leads somewhere."""

import re
from pathlib import Path

import pytest
import typer

from pipelines.cli.main import app
from pipelines.contract.contract import partners
from pipelines.schedule.jobs import JOBS
from pipelines.settings import project_root

DOCS = project_root() / "docs"
MANUALS = ("diff.md", "fleet.md", "operate.md", "run-page.md")
# A call of this program with a command, up to what ends it in a shell or a sentence; not the user of that name.
CALLED = re.compile(r"(?<!-u )(?<!shell/nologin )\bstammdaten ([a-z]+\b[^`#|;)\n]*)")
BLOCK = re.compile(r"^\s*```\w*\n(.*?)^\s*```", re.MULTILINE | re.DOTALL)


def calls(text: str) -> list[list[str]]:
    """The commands in blocks and inline code, as lists of words."""
    code = BLOCK.findall(text)
    code += [span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", BLOCK.sub("", text))]
    return [call.split() for piece in code for call in CALLED.findall(piece)]


@pytest.mark.parametrize("name", MANUALS)
def test_each_command_exists_with_its_options(name: str) -> None:
    root = typer.main.get_command(app)
    found = calls((DOCS / name).read_text(encoding="utf-8"))
    assert len(found) >= 2
    for words in found:
        command, rest = root, list(words)
        while hasattr(command, "commands") and rest and rest[0] in command.commands:
            command = command.commands[rest.pop(0)]
        assert command is not root, words
        options = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in rest if word.startswith("--")} <= options, words
        takes = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
        given = [word for word in rest if not word.startswith("-")]
        with_value = [word for word in rest if word.startswith("--")]
        assert len(given) <= len(takes) + len(with_value), words


def test_the_manual_knows_every_timer_and_each_partner_that_it_names() -> None:
    text = (DOCS / "operate.md").read_text(encoding="utf-8")
    timers = set(re.findall(r"(stammdaten[a-z-]*)\.timer", text))
    assert timers == {job.name for job in JOBS}
    assert {name for name in re.findall(r"--partner ([a-z0-9]+)|partners\.([a-z0-9]+)\.aktiv", text)}
    named = {
        one or other for one, other in re.findall(r"--partner ([a-z0-9]+)|partners\.([a-z0-9]+)\.aktiv", text)
    }
    assert named <= set(partners())


@pytest.mark.parametrize("name", MANUALS)
def test_each_link_leads_somewhere(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = (DOCS / name).parent / path if path else DOCS / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(file: Path) -> set[str]:
    """Of each heading, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
