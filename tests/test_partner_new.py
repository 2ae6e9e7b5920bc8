"""`stammdaten partner new` writes what a partner begins with, says what to do next, and never overwrites."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.commands.partner_new import new_partner
from pipelines.contract.contract import parse_contract
from pipelines.contract.profile import parse_profile
from pipelines.errors import SettingsError

GROUP = {
    "type": "object",
    "required": ["name"],
    "properties": {"uuid": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
}
BODY = {"content": {"application/json": {"schema": GROUP}}}
VENDOR: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": 'Tür {{ 1 / 0 }} """', "version": "1"},
    "paths": {
        "/propertyGroups": {
            "get": {"responses": {"200": {"description": "All of them."}}},
            "post": {"requestBody": BODY, "responses": {"201": {"description": "Made.", **BODY}}},
        },
        "/propertyGroups/{groupId}": {
            "put": {
                "parameters": [
                    {"name": "groupId", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "requestBody": BODY,
                "responses": {"200": {"description": "Changed."}},
            }
        },
        "/me": {"get": {"responses": {"200": {"description": "Who I am."}}}},
    },
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(folder))
    monkeypatch.delenv("STAMMDATEN_PARTNERS", raising=False)
    return folder


def vendor_file(folder: Path, document: Any, name: str = "openapi.json") -> Path:
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / name


def test_the_command_names_what_it_wrote_and_what_to_do_next(home: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["partner", "new", "hausbot", "--folder", str(tmp_path / "own")])
    assert done.exit_code == 0, done.output
    assert "hausbot: 10 files written" in done.output
    assert f"1. export STAMMDATEN_PARTNERS={tmp_path / 'own'}" in done.output
    assert "Answer the 7 marks x-fill-in" in done.output
    assert 'partners: hausbot: {aktiv: true, separator: "/", mandanten: alle}' in done.output
    said = CliRunner().invoke(app, ["partner", "new", "--help"]).output
    for word in ("NAME", "--from", "OpenAPI", "x-fill-in", "STAMMDATEN_PARTNERS", "docs/add-a-partner.md"):
        assert word in said


def test_what_is_written_can_be_read_by_python_and_as_yaml(home: Path, tmp_path: Path) -> None:
    source = vendor_file(tmp_path, VENDOR)
    written = new_partner("tuer", source, tmp_path / "own", home)
    for file in map(Path, written.files):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".py":
            ast.parse(text)
        elif file.suffix != ".sql":
            assert yaml.safe_load(text)
        # What the vendor wrote is rendered by dbt nowhere.
        assert file.name == "contract.yaml" or "1 / 0" not in text
    profile = yaml.safe_load((tmp_path / "own" / "tuer" / "profile.yaml").read_text(encoding="utf-8"))
    assert parse_profile("tuer", profile).aktiv is False


def test_a_contract_without_its_marks_is_a_contract(home: Path, tmp_path: Path) -> None:
    written = new_partner("tuer", vendor_file(tmp_path, VENDOR), tmp_path / "own", home)
    document = yaml.safe_load(Path(written.files[0]).read_text(encoding="utf-8"))
    entity = parse_contract("tuer", _without_marks(document)).entities["property_groups"]
    assert (entity.collection, entity.record, entity.id) == (
        "/propertyGroups",
        "/propertyGroups/{id}",
        "uuid",
    )
    assert (entity.title, entity.withdraw.kind) == ("Property groups", "keep")
    (parameter,) = document["paths"]["/propertyGroups/{id}"]["put"]["parameters"]
    assert parameter["name"] == "id"
    assert "/me" not in document["paths"]


def test_nothing_that_is_there_is_overwritten(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "hausbot").mkdir(parents=True)
    own.chmod(0o755)
    (own / "hausbot" / "contract.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"contract\.yaml: is there already, and nothing is overwritten"):
        new_partner("hausbot", None, own, home)
    assert [path.name for path in (own / "hausbot").iterdir()] == ["contract.yaml"]
    assert (own / "hausbot" / "contract.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "'' cannot be the name of a partner"),
        ("Hausbot", "lower case letters a-z, digits and single _"),
        ("1bot", "'1bot' cannot be the name"),
        ("haus-bot", "'haus-bot' cannot be the name"),
        ("haus__bot", "'haus__bot' cannot be the name"),
        ("bot_", "'bot_' cannot be the name"),
        ("häuser", "'häuser' cannot be the name"),
        ("../bot", "'../bot' cannot be the name"),
        ("b" * 31, "at most 30 characters"),
        ("bot\n", "cannot be the name"),
        ("import", "import has a meaning in Python"),
        ("select", "select is a word of SQL"),
        ("staging", "staging has a meaning in Python, dbt or stammdaten"),
        ("duckdb", "duckdb is a destination of dlt"),
        ("kiwi", "a partner kiwi is built in"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(home: Path, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        new_partner(name, None, tmp_path / "own", home)
    assert said in str(error.value)
    assert not (tmp_path / "own").exists()


BROKEN: dict[str, tuple[Any, str]] = {
    "a list": ([1], "is no OpenAPI 3 document"),
    "Swagger": ({"swagger": "2.0", "paths": {}}, "is Swagger 2; convert it to OpenAPI 3 first"),
    "no paths": ({"openapi": "3.1.0", "info": {"title": "x"}}, "is no OpenAPI 3 document"),
    "no info": ({"openapi": "3.1.0", "paths": {}}, "is no OpenAPI 3 document"),
    "paths without a collection": ({**VENDOR, "paths": {"/me": {}}}, "no path takes a POST with a JSON body"),
    "a path that is a list": ({**VENDOR, "paths": {"/me": [], "/me/{id}": []}}, "is no OpenAPI 3 document"),
    "a part elsewhere": (
        {**VENDOR, "components": {"schemas": {"A": {"$ref": "common.json#/A"}}}},
        "refers to 'common.json#/A', which is not in it; bundle the document into one file",
    ),
    "parameters that are a text": (
        {
            **VENDOR,
            "paths": {
                "/a": {"post": {"requestBody": BODY}, "get": {"parameters": "page"}},
                "/a/{id}": {"put": {"requestBody": BODY}},
            },
        },
        "has a part that is not as OpenAPI 3 has it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "said"), BROKEN.values(), ids=BROKEN)
def test_a_document_that_is_none_is_refused_in_one_line(
    home: Path, tmp_path: Path, document: Any, said: str
) -> None:
    with pytest.raises(SettingsError) as error:
        new_partner("tuer", vendor_file(tmp_path, document), tmp_path / "own", home)
    assert str(error.value).startswith(f"--from {tmp_path / 'openapi.json'}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "own").exists()


def test_a_schema_that_contains_itself_ends_and_asks(home: Path, tmp_path: Path) -> None:
    group = {"$ref": "#/components/schemas/Group"}
    body = {"content": {"application/json": {"schema": group}}}
    flat = {"$ref": "#/components/schemas/Flat"}
    flats = {"type": "array", "items": flat}
    schemas = {
        "Group": {"type": "object", "properties": {"name": {"type": "string"}, "flats": flats}},
        "Flat": {"type": "object", "properties": {"group": group, "next": flat}},
    }
    document = {
        **VENDOR,
        "paths": {
            "/groups": {"post": {"requestBody": body}},
            "/groups/{id}": {"patch": {"requestBody": body}},
        },
        "components": {"schemas": schemas},
    }
    written = new_partner("tuer", vendor_file(tmp_path, document), tmp_path / "own", home)
    made = yaml.safe_load(Path(written.files[0]).read_text(encoding="utf-8"))
    fields = made["components"]["schemas"]["Flat"]["properties"]
    assert fields["group"]["x-fill-in"] == "Group contains itself: what is needed of it?"
    assert fields["next"]["x-fill-in"] == "Flat contains itself: what is needed of it?"
    sent = parse_contract("tuer", _without_marks(made)).schema("groups", "create")["properties"]
    assert set(sent["flats"]["items"]["properties"]) == {"group", "next"}


def test_a_file_that_is_no_document_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    for name, said in (
        ("a.json", "is no JSON"),
        ("b.yaml", "is not UTF-8"),
        ("c.json", "cannot be read \\(No such file"),
        (".", "is no file|Is a directory"),
    ):
        with pytest.raises(SettingsError, match=said):
            new_partner("tuer", tmp_path / name, tmp_path / "own", home)


def _without_marks(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _without_marks(child) for name, child in part.items() if name != "x-fill-in"}
    return [_without_marks(child) for child in part] if isinstance(part, list) else part
