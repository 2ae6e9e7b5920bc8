"""Which delivery to load, and what is said when the settings do not tell."""

from pathlib import Path

import pytest

from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.remote import Remote
from pipelines.erp.settings import erp_settings, is_configured
from pipelines.errors import SettingsError

FILES_KEYS = (
    "FOLDER",
    "ENCODING",
    "DELIMITER",
    "MAPPING",
    "CONTROL",
    "QUIET_SECONDS",
    "MAX_GB",
    "MAX_RATIO",
    "KNOWN_HOSTS",
)
KEYS = ("KIND", *(f"FILES__{key}" for key in FILES_KEYS))


@pytest.fixture
def configure(monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(f"SOURCES__ERP__{key}", raising=False)

    def set_all(**values: str) -> None:
        for key, value in values.items():
            monkeypatch.setenv(f"SOURCES__ERP__{key}", value)

    return set_all


def test_nothing_set_is_no_erp(configure):
    assert not is_configured()


def test_the_folder_is_enough(configure, tmp_path):
    configure(FILES__FOLDER=str(tmp_path))
    assert is_configured()
    assert erp_settings() == FilesSettings(tmp_path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("cp1252", "windows-1252"),
        ("UTF8", "utf-8"),
        ("latin1", "iso-8859-1"),
        ("Windows-1252", "windows-1252"),
    ],
)
def test_an_encoding_may_go_by_any_of_its_names(configure, tmp_path, given, expected):
    configure(KIND="files", FILES__FOLDER=str(tmp_path), FILES__ENCODING=given, FILES__DELIMITER="Tab")
    assert erp_settings() == FilesSettings(Path(tmp_path), expected, "\t")


def test_every_setting_of_the_files_is_read(configure, tmp_path):
    (tmp_path / "mapping.yaml").write_text("tables: {archiv: {from: Akten}}", encoding="utf-8")
    configure(
        FILES__FOLDER=tmp_path.as_uri(),
        FILES__MAPPING=str(tmp_path / "mapping.yaml"),
        FILES__CONTROL="fertig.csv",
        FILES__QUIET_SECONDS="90",
        FILES__MAX_GB="0.5",
        FILES__MAX_RATIO="1000",
    )
    assert erp_settings() == FilesSettings(
        folder=tmp_path,
        mapping={"archiv": TableMapping(source="Akten")},
        control="fertig.csv",
        quiet_seconds=90,
        limits=ArchiveLimits(max_gb=0.5, max_ratio=1000),
    )


@pytest.mark.parametrize("name", ["lieferung.zip", "Stammdaten.XLSX"])
def test_one_packed_file_may_stand_for_the_folder(configure, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    configure(FILES__FOLDER=str(tmp_path / name))
    assert erp_settings() == FilesSettings(tmp_path / name)


def test_a_folder_of_another_machine_is_not_looked_for_here(configure):
    configure(FILES__FOLDER="sftp://erp.example/export", FILES__KNOWN_HOSTS="/etc/known_hosts")
    assert erp_settings() == FilesSettings(Remote("sftp://erp.example/export", Path("/etc/known_hosts")))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"KIND": "fax"}, "SOURCES__ERP__KIND: unknown kind 'fax'; it may be files"),
        ({"KIND": "files"}, "SOURCES__ERP__FILES__FOLDER: missing"),
        ({"FILES__FOLDER": "/nowhere/at/all"}, "SOURCES__ERP__FILES__FOLDER: /nowhere/at/all is no folder"),
        ({"FILES__ENCODING": "ebcdic"}, "SOURCES__ERP__FILES__ENCODING: unknown encoding 'ebcdic'"),
        (
            {"FILES__QUIET_SECONDS": "soon"},
            "SOURCES__ERP__FILES__QUIET_SECONDS: 'soon' is not a whole number",
        ),
        ({"FILES__MAX_GB": "0"}, "SOURCES__ERP__FILES__MAX_GB: '0' is no number above 0"),
        ({"FILES__MAX_RATIO": "nan"}, "SOURCES__ERP__FILES__MAX_RATIO: 'nan' is no number above 0"),
        ({"FILES__DELIMITER": "x"}, "SOURCES__ERP__FILES__DELIMITER: 'x' cannot separate fields"),
    ],
)
def test_a_wrong_setting_is_named_with_where_to_set_it(configure, tmp_path, values, expected):
    if values.get("KIND") != "files":
        configure(FILES__FOLDER=str(tmp_path))
    configure(**values)
    with pytest.raises(SettingsError) as caught:
        erp_settings()
    assert str(caught.value).startswith(expected)
    assert str(caught.value).endswith("set it in the environment or in .dlt/config.toml")


def test_a_folder_of_a_user_that_is_not_there_is_no_folder(configure):
    configure(KIND="files", FILES__FOLDER="~niemand-hier/export")
    with pytest.raises(SettingsError, match=r"FOLDER: ~niemand-hier/export is no folder"):
        erp_settings()
