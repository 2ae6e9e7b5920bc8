"""What a person at the terminal sees: one line for every mistake, no trace, no markup, and the exit status."""

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from pipelines import settings, unexpected
from pipelines.api.connector import once_a_run
from pipelines.api.settings import partner_settings
from pipelines.cli import main as cli
from pipelines.cli import terminal
from pipelines.commands import run as flow
from pipelines.commands.known_settings import ERP_KEYS, check_known_settings
from pipelines.contract.contract import load_contract, partners
from pipelines.erp.sample import write_sample
from pipelines.errors import SettingsError
from pipelines.sandbox.server import environment_of
from pipelines.settings import check_url, home, is_loopback, read_vars

ROOT = Path(__file__).resolve().parent.parent
SECRET = "geheim-4711"
TOKEN = "did you mean destination.etg24.api_token?"


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment without any setting of ours, and a home that is not there yet."""
    for name in list(os.environ):
        if name.upper().startswith(("DESTINATION__", "SOURCES__")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STAMMDATEN_HOME", str(tmp_path / "home"))
    former = os.umask(0o022)
    os.umask(former)
    # What the entry point sets for its process.
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr("threading.excepthook", None)
    monkeypatch.setenv("RUNTIME__INTERCEPT_SIGNALS", "false")
    yield tmp_path / "home"
    os.umask(former)


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """Exit status of the command, and what it wrote to stderr."""
    monkeypatch.setattr(sys, "argv", ["stammdaten", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


def started(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pipelines.cli.main", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        **how,
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[/a]", "[/a]"),
        ("[red]Berg[/red]", "[red]Berg[/red]"),
        (":smile:", ":smile:"),
        ("a\x1b[31mb", r"a\u001b[31mb"),
        ("Haus \u202egnureg", r"Haus \u202egnureg"),
        ("null\u200bbreit", r"null\u200bbreit"),
        ("C1\x9b31m", r"C1\u009b31m"),
        ("halb\ud800", r"halb\ud800"),
        ("Müller → Ö", "Müller → Ö"),
    ],
)
def test_data_is_printed_as_it_is_and_control_characters_as_such(
    name: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.out.print(name, soft_wrap=True)
    terminal.table(["partner", "name"], [["etg24", name]])
    terminal.show_document({"name": name})
    plain, table, document = capsys.readouterr().out.partition("partner")
    assert plain == shown + "\n"
    assert f"etg24    {shown}" in document.partition("{")[0]
    assert json.loads("{" + document.partition("{")[2]) == {"name": name}
    assert table


def test_a_line_end_in_a_name_makes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(["partner", "name"], [["etg24", "Berg\nError: all is lost"]])
    assert "Berg\\nError: all is lost" in capsys.readouterr().out


def test_a_progress_bar_shows_a_name_with_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "err", Console(stderr=True, force_terminal=True))
    with terminal.Progressing(False) as progress:
        progress("[/a]", 1, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "etg24"], "did you mean stammdaten run --partner etg24?"),
        (["plan", "etg42"], "did you mean stammdaten plan --partner etg24?"),
        (["load", "mieter.csv"], "mieter.csv: one word too many; help: stammdaten load --help"),
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["run", "--partnr", "etg24"], "--partner"),
        (["push", "--plan"], "'--plan' requires an argument"),
        (["verify", "plentifc"], "unknown partner; did you mean plentific?"),
        (["status", "--stichtag", ""], "stichtag: '' is not a date"),
        (["sample", "--out", ""], "--out: is empty"),
        (["sandbox", "--state", "/dev/null/x"], "--state /dev/null/x: cannot be used"),
        (["sandbox", "--state", "/"], "--state /: cannot be used (it is no file)"),
        (["explain", "etg25", "1"], "'etg25': unknown partner; did you mean etg24?"),
        (["status", "--vars", "{stichtag: 2026-02-30}"], "stichtag: '2026-02-30' is not a date"),
        (["status", "--stichtag", "2026-02-30"], "stichtag: '2026-02-30' is not a date"),
        (["status", "--vars", "[etg24]"], "--vars: is no map"),
        (["status", "--vars", "{a: ["], "--vars: is no YAML (line"),
        (["status", "--vars", "[" * 3000], "nested more than"),
        (["status", "--vars", "{a: !!binary aGk=}"], "holds something that is no text"),
        (["status", "--vars", "{partner: {}}"], "partner: unknown var; did you mean partners?"),
        (["status", "--vars", "{etg24: {aktiv: true}}"], "did you mean partners.etg24?"),
        (
            ["status", "--vars", "{partners: {facilio: {}}}"],
            "partners.facilio: unknown partner; did you mean",
        ),
        (["explain", "etg24", "\udcff"], "word 3 of the command is not UTF-8"),
        (["sandbox", "--option", "etg24"], "--option 'etg24' is not of the form"),
    ],
)
def test_a_typing_error_is_one_line_that_names_it(
    words: list[str],
    said: str,
    clean: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status, heard = call(capsys, monkeypatch, *words)
    (line,) = heard.splitlines()
    assert said in line
    assert status == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DESTINATION__ETG24__API_TOKN", "unknown setting; did you mean DESTINATION__ETG24__API_TOKEN?"),
        ("DESTINATION__ETG24_API_TOKEN", "did you mean DESTINATION__ETG24__API_TOKEN?"),
        ("DESTINATION__FACILIO__PASSWORD", "unknown partner; did you mean DESTINATION__FACILIOO__PASSWORD?"),
        ("DESTINATION__ETG24__API_TOKEN_FILE", "did you mean DESTINATION__ETG24__API_TOKEN?"),
        ("destination__etg24__api_token", "write it as DESTINATION__ETG24__API_TOKEN"),
        ("SOURCES__ERP__KND", "unknown setting; did you mean SOURCES__ERP__KIND?"),
        ("SOURCES__ERP__FOLDER", "did you mean SOURCES__ERP__FILES__FOLDER?"),
        ("SOURCES__ERP__FILES__DELIMETER", "did you mean SOURCES__ERP__FILES__DELIMITER?"),
        ("SOURCES__ERP__OPENWOWI__USER_NAME", "did you mean SOURCES__ERP__OPENWOWI__USERNAME?"),
    ],
)
def test_a_setting_that_nobody_reads_is_refused_with_what_was_meant(
    name: str, said: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    with pytest.raises(SettingsError) as refused:
        check_known_settings()
    assert str(refused.value).startswith(name)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


def test_settings_that_are_read_and_those_of_dlt_and_others_are_let_through(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [f"SOURCES__ERP__{key.upper().replace('.', '__').replace('*', 'ANY')}" for key in ERP_KEYS]
    known += [
        *environment_of("http://127.0.0.1:1"),
        "DESTINATION__QUIS__PER_DAY",
        "DESTINATION__EVERREAL__BATCH",
    ]
    others = [
        "DESTINATION__BIGQUERY__LOCATION",
        "RUNTIME__LOG_LEVEL",
        "DESTINATIONS",
        "SOURCES__DATA_WRITER__X",
    ]
    for name in (*known, *others):
        monkeypatch.setenv(name, "x")
    check_known_settings()


def test_every_setting_that_docs_and_code_name_is_known(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    files = [*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("docs/*.md"), ROOT / "README.md"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r"SOURCES__ERP(?:__[A-Z0-9]+(?:_[A-Z0-9]+)*)+(?![A-Z0-9_…])", text))
    named |= {
        "SOURCES__ERP__" + key.upper().replace(".", "__")
        for key in re.findall(r"sources\.erp\.([a-z0-9_]+(?:\.[a-z0-9_]+)*)\b(?!\.)", text)
    } - {f"SOURCES__ERP__{section}" for section in ("DOKUMENTE", "FILES", "OPENWOWI", "SQL")}
    assert len(named) > 20
    for name in named:
        monkeypatch.setenv(name, "x")
    check_known_settings()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "config.toml",
            "[sources.erp]\nknd = 'files'\n",
            ".dlt/config.toml: sources.erp.knd: unknown setting",
        ),
        (
            "secrets.toml",
            "[destination.etg24]\napi_tokn = 'geheim-4711'\n",
            TOKEN,
        ),
        (
            "secrets.toml",
            "[destination.ETG24]\napi_token = 'geheim-4711'\n",
            TOKEN,
        ),
        ("secrets.toml", "[destinations.etg24]\napi_token = 'geheim-4711'\n", "did you mean destination?"),
        ("secrets.toml", "[destination.etg24\napi_token = 'geheim-4711'\n", ".dlt/secrets.toml: no TOML"),
        ("config.toml", "[sources.erp]\nkind = geheim-4711\n", ".dlt/config.toml: no TOML"),
    ],
)
def test_a_wrong_key_and_a_broken_file_of_dlt_are_refused(
    file: str, text: str, said: str, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / file).write_text(text)
    monkeypatch.setattr("pipelines.commands.known_settings.working_folder", lambda: tmp_path)
    with pytest.raises(SettingsError) as refused:
        check_known_settings()
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://[", "https://a b", f"https://me:{SECRET}@host", f"https://me:{SECRET}@[", "https://host:99999",
        "https://host:x", "https://host:0", "https://", "host", "ftp://host", "http://host", "https://host?a=1",
        "https://host/\\x", f"https://{SECRET}@host", "https://\u202eed.24gte", "https://etg24\u200b.de",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_url("destination.etg24.base_url", address)
    assert str(refused.value).startswith("DESTINATION__ETG24__BASE_URL: ")
    assert SECRET not in str(refused.value)
    assert not is_loopback(address)


@pytest.mark.parametrize(
    "token", [f"{SECRET}\nx", f"{SECRET}€", f"{SECRET} x", f"„{SECRET}“", f"{SECRET}\udcff"]
)
def test_a_token_that_no_header_carries_is_refused_by_its_name(
    token: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", token)
    with pytest.raises(SettingsError) as refused:
        partner_settings(load_contract("etg24"))
    assert str(refused.value).startswith("DESTINATION__ETG24__API_TOKEN: ")
    assert SECRET not in str(refused.value)


def test_a_password_may_have_any_sign(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__FACILIOO__USERNAME", "jörg@example.org")
    monkeypatch.setenv("DESTINATION__FACILIOO__PASSWORD", "Straße 5 €")
    assert partner_settings(load_contract("facilioo"))["password"] == "Straße 5 €"


def test_the_home_is_made_for_its_owner_only(clean: Path) -> None:
    assert stat.S_IMODE(home().stat().st_mode) == 0o700


def test_a_home_that_was_there_keeps_its_mode(clean: Path) -> None:
    clean.mkdir(mode=0o755)
    clean.chmod(0o755)
    assert stat.S_IMODE(home().stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_home_that_others_may_write_to_is_refused_with_the_remedy(mode: int, clean: Path) -> None:
    clean.mkdir()
    clean.chmod(mode)
    with pytest.raises(SettingsError, match=f"chmod go-w {clean}"):
        home()
    assert stat.S_IMODE(clean.stat().st_mode) == mode


@pytest.mark.parametrize(
    "place", ["/dev/null", "/proc/nowhere/home", "/etc/passwd/home", "~nobody-at-all/x", "a\nb"]
)
def test_a_home_that_cannot_be_used_is_named(
    place: str, clean: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", place)
    status, heard = call(capsys, monkeypatch, "status")
    assert (status, heard.startswith("Error: STAMMDATEN_HOME: ")) == (2, True)


def test_what_nobody_foresaw_is_one_line_and_a_file_without_values(
    clean: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        name, number = "Zzyzxowski", 800 + 15
        try:
            raise ValueError(f"no such tenant: {name} {number}")
        except ValueError:
            raise KeyError(name) from None

    monkeypatch.setattr("pipelines.commands.run.status_report", fail)
    status, heard = call(capsys, monkeypatch, "status")
    (line,) = heard.splitlines()
    assert status == 2
    assert line.startswith("Error: an error of this program (KeyError in pipelines/cli/main.py, line ")
    (file,) = clean.glob("trace-*.txt")
    assert str(file) in line
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "Zzyzxowski" not in text + line
    assert "815" not in text
    assert "KeyError: 'xxxxxxxxxx'" in text
    assert "raise KeyError(name)" in text


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (OSError(28, "No space left on device"), "no room is left on the disk"),
        (OSError(27, "File too large"), "no room is left on the disk"),
        (MemoryError(), "set STAMMDATEN_MEMORY lower"),
        (duckdb.OutOfMemoryException("failed to pin block of size 256.0 KiB"), "set it higher"),
        (
            duckdb.OutOfMemoryException("This limit was set by the 'max_temp_directory_size' setting."),
            "no room is left on the disk",
        ),
        (duckdb.IOException("Could not write file: No space left on device"), "no room is left on the disk"),
        (
            PermissionError(13, "Permission denied", "/x/journal.sqlite"),
            "/x/journal.sqlite: Permission denied",
        ),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (ValueError("no space left for a tenant"), None),
    ],
)
def test_trouble_of_the_machine_is_explained(problem: Exception, said: str | None) -> None:
    assert (said is None and unexpected.explained(problem) is None) or said in str(
        unexpected.explained(problem)
    )


def test_a_full_disk_ends_a_load_in_one_line_and_leaves_nothing_half(clean: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "erp", 97, 7)
    environment = {
        **os.environ,
        "SOURCES__ERP__KIND": "files",
        "SOURCES__ERP__FILES__FOLDER": str(tmp_path / "erp"),
    }

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = started("load", env=environment, stdout=subprocess.DEVNULL, preexec_fn=little_room)
    assert done.stderr.splitlines() == [
        "Error: no room is left on the disk (STAMMDATEN_HOME, or where the output goes); make some and run again"
    ]
    assert done.returncode == 2


def test_output_that_nobody_reads_or_that_takes_no_umlauts_changes_nothing(clean: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    gone = started("status", stdout=writer)
    os.close(writer)
    closed = started("status", preexec_fn=lambda: os.close(1))
    ascii_only = started(
        "verify", "Größe", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (gone.returncode, gone.stderr) == (0, "")
    assert (closed.returncode, closed.stderr) == (0, "")
    assert ascii_only.returncode == 2
    assert ascii_only.stderr.startswith("Error: --partner Gr\\xf6\\xdfe: unknown partner")


def test_vars_of_the_project_are_read_and_dates_are_dates() -> None:
    read = read_vars(partners(), "{stichtag: 2026-01-31}", None, [])
    assert read.stichtag.isoformat() == "2026-01-31"
    assert read.partners["etg24"]["separator"] == "/"
    assert {"stichtag", "quelle_erp", "partners", "guards"} <= set(settings.KNOWN_VARS)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DESTINATION_ETG24__API_TOKEN", "DESTINATION__ETG24__API_TOKEN"),
        ("DESTINATION_ETG24_API_TOKEN", "DESTINATION__ETG24__API_TOKEN"),
        ("DESTINATIONS__ETG24__API_TOKEN", "DESTINATION__ETG24__API_TOKEN"),
        ("SOURCE__ERP__KIND", "SOURCES__ERP__FILES__FOLDER"),
        ("SOURCES_ERP_KIND", "SOURCES__ERP__FILES__FOLDER"),
        ("STAMMDATEN_HOM", "did you mean STAMMDATEN_HOME?"),
        ("Stammdaten_Home", "did you mean STAMMDATEN_HOME?"),
        ("STAMMDATEN__MEMORY", "did you mean STAMMDATEN_MEMORY?"),
    ],
)
def test_a_setting_whose_section_is_misspelled_is_refused(
    name: str, meant: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    with pytest.raises(SettingsError) as refused:
        check_known_settings()
    assert str(refused.value).startswith(f"{name}: unknown setting")
    assert meant in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    ["SOURCE_DATE_EPOCH", "SOURCES_LIST", "DESTINATION_HOST", "STAMMDATEN_SERVICE_HOST", "STAMMDATEN_PORT"],
)
def test_names_of_other_programs_are_left_alone(
    name: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    check_known_settings()


@pytest.mark.parametrize(("name", "what"), [("run.lock", "Is a directory"), ("dlt", "File exists")])
def test_what_lies_where_a_file_of_a_run_belongs_is_named(
    name: str, what: str, clean: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sample(clean / "delivery", 10, 1, lambda *_: None)
    if name == "dlt":
        (clean / name).write_text("x")
    else:
        (clean / name).mkdir()
    monkeypatch.setenv("SOURCES__ERP__KIND", "files")
    monkeypatch.setenv("SOURCES__ERP__FILES__FOLDER", str(clean / "delivery"))
    status, told = call(capsys, monkeypatch, "load")
    assert status == 2
    assert told.startswith(f"Error: {clean / name}")
    assert told.count("\n") == 1


def test_after_a_signal_nothing_is_said_to_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.interrupt.exit_code", lambda: 130)
    assert flow._advice("stopped", is_held=False) == "This run was ended; the next one goes on with it."
    monkeypatch.setattr("pipelines.interrupt.exit_code", lambda: None)
    assert flow._advice("stopped", is_held=False).startswith("Mend what stopped the partner")


@pytest.mark.parametrize(
    ("partner", "more"),
    [
        ("immomio", {"USERNAME": "u", "PASSWORD": "p"}),
        ("immomio", {"INTAKE": "ftp", "INTAKE_URL": "ftp://ftp.example.org/in", "INTAKE_USERNAME": "u"}),
        ("wohnungshelden", {"API_TOKEN": "t", "BASE_URL": "https://wohnungshelden.example.org/api"}),
    ],
)
def test_an_address_that_nobody_has_is_set_before_anything_leaves_this_machine(
    clean: Path, monkeypatch: pytest.MonkeyPatch, partner: str, more: dict[str, str]
) -> None:
    clean.mkdir()
    prefix = f"DESTINATION__{partner.upper()}__"
    at_sandbox = {k: v for k, v in environment_of("http://127.0.0.1:1").items() if k.startswith(prefix)}
    given = {prefix + key: value for key, value in more.items()}
    for name, value in {**at_sandbox, **given}.items():
        monkeypatch.setenv(name, value)
    if "PASSWORD" in more:  # the partner's own address
        monkeypatch.delenv(prefix + "BASE_URL")
    setting = {"aktiv": True, "separator": "/", "mandanten": "alle"}
    asked = json.dumps({"partners": {partner: setting}})
    wanted = f"partners.{partner}.kontakt_email is vermietung@example.invalid, which serves the sandbox alone"
    with pytest.raises(SettingsError, match=wanted):
        flow.check(clean, read_vars(partners(), asked, "2026-11-21", []), once_a_run())
    with pytest.raises(SettingsError, match="sample data never goes to a real partner"):
        flow.run_all(clean, read_vars(partners(), asked, "2026-11-21", []), print, lambda *_: None)
    for name, value in at_sandbox.items():
        monkeypatch.setenv(name, value)
    for name in given.keys() - at_sandbox.keys():
        monkeypatch.delenv(name)
    flow._check_stand_ins(read_vars(partners(), asked, "2026-11-21", []))
