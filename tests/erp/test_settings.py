"""Which delivery to load, and what is said when the settings do not tell."""

from pathlib import Path

import pytest

from pipelines.erp.files import FilesSettings
from pipelines.erp.settings import erp_settings, is_configured
from pipelines.errors import SettingsError

KEYS = ("KIND", "FILES__FOLDER", "FILES__ENCODING", "FILES__DELIMITER")


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


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"KIND": "fax"}, "SOURCES__ERP__KIND: unknown kind 'fax'; it may be files"),
        ({"KIND": "files"}, "SOURCES__ERP__FILES__FOLDER: missing"),
        ({"FILES__FOLDER": "/nowhere/at/all"}, "SOURCES__ERP__FILES__FOLDER: /nowhere/at/all is no folder"),
        ({"FILES__ENCODING": "ebcdic"}, "SOURCES__ERP__FILES__ENCODING: unknown encoding 'ebcdic'"),
        ({"FILES__DELIMITER": "|"}, "SOURCES__ERP__FILES__DELIMITER: '|' cannot separate fields"),
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
