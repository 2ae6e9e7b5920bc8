"""Which source of documents the settings name, and what they say where they name none."""

import sqlite3
import stat
import zipfile

import pytest

from pipelines.commands.known_settings import check_known_settings
from pipelines.erp.content import content_reader
from pipelines.erp.content.document import MISSING, OUTSIDE
from pipelines.errors import SettingsError
from tests.erp.content.reading import NUMBER, document, read, reason

ERP, OWN = "SOURCES__ERP__", "SOURCES__ERP__DOKUMENTE__"


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))


@pytest.fixture
def given(monkeypatch):
    """Sets settings, by their names without the beginning."""

    def give(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(ERP + name, str(value))
        check_known_settings()

    return give


def message() -> str:
    with pytest.raises(SettingsError) as caught, content_reader():
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_documents_lie_where_the_delivery_does(place, home, given):
    (place / "dokumente").mkdir()
    (place / "dokumente" / "a.pdf").write_bytes(b"%PDF")
    (place / "person.csv").write_bytes(b"person_nr")
    given(FILES__FOLDER=place)
    with content_reader() as reader:
        assert read(reader, document("a.pdf")) == b"%PDF"
        assert reason(reader, document("person.csv")) == OUTSIDE
    assert stat.S_IMODE((home / "tmp").stat().st_mode) == 0o700


def test_documents_lie_in_the_zip_of_the_delivery(tmp_path, given):
    with zipfile.ZipFile(tmp_path / "lieferung.zip", "w") as archive:
        archive.writestr("export/dokumente/a.pdf", b"%PDF")
        archive.writestr("export/person.csv", b"person_nr")
    given(KIND="files", FILES__FOLDER=tmp_path / "lieferung.zip")
    with content_reader() as reader:
        assert read(reader, document("a.pdf")) == b"%PDF"
        assert reason(reader, document("person.csv")) == OUTSIDE


def test_a_folder_of_their_own_comes_first(tmp_path, place, given):
    own = tmp_path / "archiv"
    own.mkdir()
    (own / "Liste.csv").write_bytes(b"a list")
    (place / "a.pdf").write_bytes(b"%PDF")
    given(FILES__FOLDER=place, DOKUMENTE__FOLDER=own)
    with content_reader() as reader:
        assert read(reader, document("Liste.csv")) == b"a list"
        assert reason(reader, document("a.pdf")) == MISSING


def test_the_folder_of_the_delivery_named_once_more_is_guarded_all_the_same(place, given):
    (place / "person.csv").write_bytes(b"person_nr")
    given(FILES__FOLDER=place, DOKUMENTE__FOLDER=f"{place}/../{place.name}")
    with content_reader() as reader:
        assert reason(reader, document("person.csv")) == OUTSIDE


@pytest.fixture
def dms(tmp_path):
    with sqlite3.connect(tmp_path / "dms.sqlite") as connection:
        connection.execute("create table akte (dokument_nr text, inhalt blob)")
        connection.execute("insert into akte values (?, ?)", (NUMBER, b"%PDF"))
    return f"sqlite:///{tmp_path / 'dms.sqlite'}"


@pytest.mark.parametrize(
    "wish",
    [
        {"DOKUMENTE__QUERY": "select inhalt from akte where dokument_nr = :dokument_nr"},
        {"DOKUMENTE__COLUMN": "akte.inhalt"},
    ],
)
@pytest.mark.parametrize("place_of_address", ["DOKUMENTE__CREDENTIALS", "SQL__CREDENTIALS"])
def test_a_query_or_a_column_names_a_database(given, dms, wish, place_of_address):
    given(FILES__FOLDER="/nowhere", **{place_of_address: dms}, **wish)
    with content_reader() as reader:
        assert read(reader, document()) == b"%PDF"


def test_nothing_is_set(given):
    assert message().startswith(f"{OWN}FOLDER: missing; name the folder or ZIP with the files of documents")
    given(KIND="sql", SQL__CREDENTIALS="sqlite://")
    assert message().startswith(f"{OWN}FOLDER: missing; name the folder or ZIP with the files of documents")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DOKUMENTE__KIND": "file"}, "KIND: unknown kind 'file'; did you mean files?; it may be files, sql, openwowi"),
        ({"DOKUMENTE__KIND": "files"}, "FOLDER: missing; name the folder with documents"),
        ({"DOKUMENTE__FOLDER": "/nowhere"}, "FOLDER: /nowhere is no folder"),
        ({"DOKUMENTE__FOLDER": "ftp://host/x"}, "FOLDER: ftp:// cannot be read"),
        ({"DOKUMENTE__FOLDER": "sftp://me@host/x"}, "FOLDER: credentials do not belong into an address"),
        ({"DOKUMENTE__FOLDER": "sftp://host/x.zip"}, "FOLDER: documents inside a packed file on another machine"),
        ({"DOKUMENTE__FOLDER": ".", "DOKUMENTE__COLUMN": "a.b"}, "KIND: missing, although a folder and a database"),
        ({"DOKUMENTE__KIND": "sql"}, "missing; set it in the environment"),
        ({"DOKUMENTE__KIND": "sql", "SQL__CREDENTIALS": "sqlite://"}, "QUERY: missing; write a SELECT"),
        ({"DOKUMENTE__QUERY": "select 1", "DOKUMENTE__CREDENTIALS": "sqlite://"}, "has no parameter :dokument_nr"),
        ({"DOKUMENTE__QUERY": "delete from x", "DOKUMENTE__CREDENTIALS": "sqlite://"}, "QUERY: begins with select"),
        ({"DOKUMENTE__QUERY": "select 1; select 2", "DOKUMENTE__CREDENTIALS": "sqlite://"}, "has a semicolon"),
        ({"DOKUMENTE__COLUMN": "inhalt", "DOKUMENTE__CREDENTIALS": "sqlite://"}, "write it as view.column"),
        (
            {"DOKUMENTE__COLUMN": "a.b", "DOKUMENTE__QUERY": "x", "DOKUMENTE__CREDENTIALS": "sqlite://"},
            f"QUERY: set beside {OWN}COLUMN",
        ),
        (
            {
                "DOKUMENTE__COLUMN": "a.b",
                "DOKUMENTE__CREDENTIALS": "postgresql://u:geheim@db.example.org/x?sslmode=disable",
            },
            f"{OWN}CREDENTIALS: postgresql://db.example.org: sslmode=disable does not encrypt",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong_is_named_with_the_remedy(given, settings, said):
    given(**settings)
    assert said in message()
    assert message().startswith(("SOURCES__ERP__DOKUMENTE__", "SOURCES__ERP__SQL__CREDENTIALS"))
    assert "geheim" not in message()


@pytest.mark.parametrize(
    ("name", "meant"), [("FOLDR", "FOLDER"), ("QUERRY", "QUERY"), ("CREDENTIAL", "CREDENTIALS")]
)
def test_a_name_that_nobody_reads_is_refused(monkeypatch, name, meant):
    monkeypatch.setenv(OWN + name, "x")
    with pytest.raises(SettingsError, match=f"{OWN}{name}: unknown setting; did you mean {OWN}{meant}"):
        check_known_settings()


def test_a_workbook_holds_no_documents(tmp_path, given):
    (tmp_path / "lieferung.xlsx").write_bytes(b"PK")
    given(FILES__FOLDER=tmp_path / "lieferung.xlsx")
    assert "the delivery is a workbook; name the folder with documents" in message()
