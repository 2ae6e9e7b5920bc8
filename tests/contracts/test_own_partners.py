"""A partner outside the project: where it is found, what is refused, and what dbt gets of it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.api.connector import connector
from pipelines.commands.known_settings import check_known_settings
from pipelines.commands.own_packages import write_packages
from pipelines.commands.partner_new import new_partner
from pipelines.contract.contract import (
    ContractError,
    load_contract,
    partner_folder,
    partners,
    unfinished_partners,
)
from pipelines.contract.partner_code import partner_module
from pipelines.contract.profile import load_profile
from pipelines.errors import SettingsError
from pipelines.sandbox.server import partner_kinds

Partner = Callable[[str], Path]
PROFILE = "aktiv: false\ntenants_need: email\nneeds_gebaeude: true\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("STAMMDATEN_PARTNERS", str(folder))
    return folder


@pytest.fixture
def partner(own: Path, tmp_path: Path) -> Iterator[Partner]:
    """`partner("hausbot")` makes one with nothing left to fill in; returns its folder."""

    def make(name: str) -> Path:
        new_partner(name, None, None, tmp_path / "home")
        contract = own / name / "contract.yaml"
        lines = contract.read_text(encoding="utf-8").split("\n")
        contract.write_text("\n".join(without_marks(lines)), encoding="utf-8")
        return own / name

    (tmp_path / "home").mkdir()
    yield make
    for name in [name for name in sys.modules if name.startswith("own_partners.")]:
        del sys.modules[name]


def without_marks(lines: list[str]) -> Iterator[str]:
    """The lines but for marks, with what is folded below them."""
    depth = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent > depth:
            continue
        depth = indent if line.lstrip().startswith("x-fill-in:") else None
        if depth is None:
            yield line


def test_a_partner_is_found_with_contract_profile_connector_and_sandbox(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in = partners()
    folder = partner("hausbot")
    assert sorted({*built_in, "hausbot"}) == partners()
    assert partner_folder("hausbot") == folder
    assert load_contract("hausbot").entities["units"].record == "/units/{id}"
    assert load_profile("hausbot").aktiv is False
    monkeypatch.setenv("DESTINATION__HAUSBOT__API_TOKEN", "invented")
    check_known_settings()
    made = connector("hausbot")
    assert made.client
    assert type(made).__module__ == "own_partners.hausbot"
    assert partner_kinds()["hausbot"].__module__ == "own_partners.hausbot.sandbox"
    monkeypatch.setenv("DESTINATION__HAUSBOT__API_TOKENS", "invented")
    with pytest.raises(SettingsError, match="did you mean DESTINATION__HAUSBOT__API_TOKEN"):
        check_known_settings()


def test_its_code_may_have_files_of_its_own(partner: Partner) -> None:
    folder = partner("hausbot")
    (folder / "words.py").write_text("WORD = 'Tür'\n", encoding="utf-8")
    (folder / "sandbox.py").write_text("from .words import WORD\n", encoding="utf-8")
    module = partner_module("hausbot", "sandbox")
    assert module
    assert module.WORD == "Tür"
    with pytest.raises(ContractError, match=r"sandbox\.py: a class Partner of pipelines\.sandbox is needed"):
        partner_kinds()


def test_code_that_cannot_be_read_is_one_line_with_its_place(partner: Partner) -> None:
    folder = partner("hausbot")
    (folder / "__init__.py").write_text("a = 1\nb = a / 0\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"__init__\.py: line 2: ZeroDivisionError: division by zero"):
        partner_module("hausbot")
    (folder / "__init__.py").write_text("class Connector(\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"__init__\.py: line 1: SyntaxError"):
        partner_module("hausbot")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("etg24", "a partner etg24 is built in; give yours another name"),
        ("Hausbot", "'Hausbot' cannot be the name of a partner; lower case letters"),
        ("haus__bot", "'haus__bot' cannot be the name of a partner"),
        ("class", "class has a meaning in Python, dbt or stammdaten"),
        ("int_bot", "int_bot has a meaning in Python, dbt or stammdaten"),
    ],
)
def test_a_name_that_cannot_be_one_or_is_built_in_is_refused(own: Path, name: str, said: str) -> None:
    (own / name).mkdir()
    for file, text in (("contract.yaml", ""), ("profile.yaml", PROFILE)):
        (own / name / file).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        partners()
    assert str(error.value).startswith(f"STAMMDATEN_PARTNERS: {own / name}: ")
    assert said in str(error.value)


def test_what_is_no_partner_is_left_alone_and_half_a_partner_is_not(own: Path) -> None:
    built_in = partners()
    (own / ".git" / "models").mkdir(parents=True)
    (own / "docs").mkdir()
    (own / "README.md").write_text("ours", encoding="utf-8")
    assert partners() == built_in
    (own / "hausbot" / "models").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"hausbot has models but no contract\.yaml"):
        partners()
    (own / "hausbot" / "contract.yaml").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"hausbot has contract\.yaml but no profile\.yaml"):
        partners()


def test_a_folder_that_cannot_be_used_is_refused(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.chmod(0o775)
    with pytest.raises(SettingsError, match=r"others may write to .*own \(drwxrwxr-x\), and its code is run"):
        partners()
    own.chmod(0o755)
    (own / "hausbot").mkdir()
    (own / "hausbot").chmod(0o777)
    for file in ("contract.yaml", "profile.yaml"):
        (own / "hausbot" / file).write_text(PROFILE, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"others may write to .*hausbot"):
        partners()
    (own / "file").write_text("", encoding="utf-8")
    for given, said in (
        (own / "nowhere", "cannot be read \\(No such file or directory\\); name the folder"),
        (own / "file", "is no folder; name the folder that holds one for each partner"),
        (f"{own}\n", "is no folder|holds a line break|others may write"),
    ):
        monkeypatch.setenv("STAMMDATEN_PARTNERS", str(given))
        with pytest.raises(SettingsError, match=f"STAMMDATEN_PARTNERS: .*({said})"):
            partners()


def test_an_unfinished_partner_is_left_out_and_says_what_is_missing(
    partner: Partner, own: Path, tmp_path: Path
) -> None:
    partner("fertig")
    new_partner("hausbot", None, None, tmp_path / "home")
    assert unfinished_partners() == ["hausbot"]
    assert "fertig" in partners()
    assert "hausbot" not in partners()
    assert "hausbot" not in partner_kinds()
    check_known_settings()
    with pytest.raises(ContractError) as error:
        load_contract("hausbot")
    said = str(error.value)
    assert "\n" not in said
    assert said.startswith(
        "partners/hausbot/contract.yaml: places that are still to be filled in: 7; take the mark"
    )
    for place in (
        "info.x-sources (",
        "servers.0 (Is this",
        "x-partner.limits (How many",
        "x-entities.units (Is it",
    ):
        assert place in said


def test_dbt_gets_links_to_the_partner_and_a_list_of_profiles(partner: Partner, tmp_path: Path) -> None:
    folder, home = partner("hausbot"), tmp_path / "home"
    assert write_packages(home) == [home / "partners" / name for name in ("hausbot", "own_partners")]
    package = home / "partners" / "hausbot"
    assert (package / "models").readlink() == folder / "models"
    assert not (package / "seeds").exists()
    profiles = (home / "partners" / "own_partners" / "macros" / "own_profiles.sql").read_text(
        encoding="utf-8"
    )
    assert '"hausbot": {' in profiles
    assert '"tenants_need": "email"' in profiles
    # dbt deps deletes the folder of packages as a whole.
    shutil.rmtree(home / "partners")
    assert (folder / "models" / "hausbot__units.sql").is_file()
    write_packages(home)
    assert (package / "models" / "hausbot__units.sql").is_file()


def test_a_partner_that_is_gone_leaves_nothing_of_it_to_dbt(
    partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = partner("hausbot"), tmp_path / "home"
    other = partner("anderer")
    write_packages(home)
    shutil.rmtree(other)
    assert write_packages(home) == [home / "partners" / name for name in ("hausbot", "own_partners")]
    assert sorted(path.name for path in (home / "partners").iterdir()) == ["hausbot", "own_partners"]
    monkeypatch.delenv("STAMMDATEN_PARTNERS")
    assert write_packages(home) == []
    assert not (home / "partners").exists()
    assert (folder / "models").is_dir()
