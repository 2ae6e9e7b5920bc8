"""What is refused before anything is built, and what `--fail-on` means."""

import json
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.commands import diff as command
from pipelines.commands.build import keys_to_show
from pipelines.commands.diff import FAIL_ON, words
from pipelines.diff.text import text
from pipelines.errors import SettingsError
from pipelines.settings import project_root
from tests.diff.examples import REPORT
from tests.diff.test_shown import SAME

BASE = ("diff", "--base", str(project_root()))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(folder))
    return folder


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--fail-on", "ids,withdrew"), "--fail-on withdrew: unknown; did you mean withdraw?"),
        (("--format", "markdwn"), "--format markdwn: unknown; did you mean markdown?"),
        (("--partner", "etg42"), "--partner etg42: unknown partner; did you mean etg24?"),
        (("--home", "nowhere"), "--home: nowhere is no folder"),
        (("--stichtag", "2026-02-30"), "stichtag: '2026-02-30' is not a date"),
        (("--vars", "["), "--vars: "),
        (("--vars", "{partner: {}}"), "partner: unknown var; did you mean partners?"),
        (
            ("--vars", "{partners: {etg42: {aktiv: true}}}"),
            "partners.etg42: unknown partner; did you mean etg24?",
        ),
        (("--vars", "{partners: 1}"), "base: partners: a map from partner to its settings is needed"),
        (("--vars", "{guards: {renumer: {rows: 1}}}"), "guards.renumer: unknown guard"),
        (("--head", "nowhere"), "--head nowhere: "),
    ],
)
def test_a_wrong_word_is_named_before_anything_is_built(
    home: Path, options: tuple[str, ...], why: str
) -> None:
    done = CliRunner().invoke(app, [*BASE, *options])
    assert isinstance(done.exception, SettingsError)
    assert str(done.exception).startswith(why)
    there = home / "diff"
    assert not there.exists() or [path.name for path in there.iterdir()] == ["lock"]


def test_a_home_without_a_delivery_is_told_where_it_was_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, [*BASE, "--partner", "etg24", "--home", str(tmp_path / "empty")])
    assert isinstance(done.exception, SettingsError)
    assert "no delivery lies in" in str(done.exception)
    assert "--sample" in str(done.exception)


@pytest.mark.parametrize("word", FAIL_ON)
def test_each_word_comes_true_of_what_it_says_and_of_nothing_else(word: str) -> None:
    assert words(f" {word} ,,{word}") == (word,)
    broken = (*REPORT.rows, replace(REPORT.rows[0], what="come", against="E2"))
    assert command._came_true(word, replace(REPORT, rows=broken))
    assert not command._came_true(word, SAME)


def test_the_help_names_each_word() -> None:
    said = CliRunner().invoke(app, ["diff", "--help"], env={"COLUMNS": "400"}).stdout
    [told] = re.findall(r"commas between them: ([a-z, \n]+)\.", said)
    assert tuple(re.findall("[a-z]+", told)) == tuple(FAIL_ON)


def test_rules_that_mend_a_value_hold_nothing() -> None:
    finding = replace(REPORT.findings[0], drops=False)
    entity = replace(REPORT.entities[0], held=0)
    assert not command._came_true("held", replace(REPORT, entities=(entity,), findings=(finding,)))


@pytest.mark.parametrize("shape", ["text", "markdown", "json", "html"])
def test_each_form_goes_to_a_file_or_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setattr(command, "_compared", lambda *_: REPORT)
    file = tmp_path / "out"
    printed = CliRunner().invoke(app, [*BASE, "--partner", "etg24", "--format", shape])
    written = CliRunner().invoke(app, [*BASE, "--partner", "etg24", "--format", shape, "--out", str(file)])
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert "einheiten" in printed.stdout
    made = file.read_text(encoding="utf-8")
    assert "einheiten" in made
    if shape == "json":
        # What --fail-on names is decided by this call.
        assert json.loads(made) == json.loads(printed.stdout)
    if shape == "text":
        assert made.strip() == text(replace(REPORT, failed_on=())).strip()


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ("unique_idwell__eigentuemer_email", "xxxxx@xx.xx"),
        ("unique_idwell__eigentuemer_external_id", "erika@ex.de"),
        ("unique_within_etg24__einheiten_number__objekte_external_id", "erika@ex.de"),
        ("unique_key_int_mietvertraege_mandant_nr", "erika@ex.de"),
    ],
)
def test_a_value_that_stands_twice_is_no_key(node: str, shown: str) -> None:
    assert keys_to_show(node, ("erika@ex.de",)) == (shown,)


def test_what_a_database_says_of_a_row_quotes_no_value() -> None:
    said = "Conversion Error: Could not convert string 'Erika Muster' to DOUBLE\nLINE 3: 4711234"
    assert command._unquoted(said) == "Conversion Error: Could not convert string … to DOUBLE LINE 3: 999"
    assert command._unquoted('Binder Error: no column "place"') == 'Binder Error: no column "place"'
    with duckdb.connect() as db, pytest.raises(duckdb.Error) as problem:
        db.execute("select cast(x as date) from (values ('Muster 1980')) as v (x)").fetchall()
    assert "Muster" not in command._unquoted(str(problem.value))
