"""Deliveries that want to hurt: one line each, in little memory, and the former delivery stays."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines.erp.files import csv_file
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from pipelines.settings import project_root
from tests.erp.delivery import opened
from tests.erp.hostile import CASES

EXPECTED = {
    "13,000 columns": "person.csv, line 1: 13,000 columns, 2,000 are allowed; ",
    "one field of a header": "person.csv, line 1: a column has a name of more than 250 characters; ",
    "no end of the header": "person.csv, line 1: no end of the header within 1 MB; ",
    "a long line": "person.csv, line 2: the line is longer than 16 MB; ",
    "nothing but NUL": "person.csv, line 4: byte 0x00 is no text; ",
    "a pipe": "person.csv: is no file but a pipe or a device; ",
    "a device": "person.csv: is no file but a pipe or a device; ",
    "a folder": "{folder}: person.csv missing; person.csv/ is there: it is a folder; put the file itself there; ",
    "a link to nothing": "person.csv: is no file but a link to nothing; ",
    "an open quote": "person.csv, line 2: a quoted field does not end where it should; ",
    "nothing but quotes": "person.csv, line 2: the line is longer than 16 MB; ",
    "a workbook as CSV": "person.csv: is no CSV file but a ZIP file or an Excel workbook; ",
    "a row number": "person.xlsx, sheet Sheet, row 1,048,577: cells beyond 1,048,576 rows or 2,000 columns; ",
    "a column number": "person.xlsx, sheet Sheet, row 3: cells beyond 1,048,576 rows or 2,000 columns; ",
    "entities": "person.xlsx: xl/workbook.xml defines entities of its own or is no XML in UTF-8, which no ",
    "entities_far_behind": "person.xlsx: xl/workbook.xml defines entities of its own or is no XML in UTF-8, which no ",
    "entities_in_utf16": "person.xlsx: xl/workbook.xml defines entities of its own or is no XML in UTF-8, which no ",
    "many strings": "person.xlsx: 85 MB of cells or texts, 32 MB are allowed; ",
    "a damaged workbook": "person.xlsx: the ZIP file is damaged or not complete; ",
    "no workbook": "person.xlsx: the ZIP file is damaged or not complete; ",
    "a workbook with a password": "person.xlsx: has a password, or is in the format of old Excel; ",
    "a cut Parquet file": "person.parquet: not a complete Parquet file; ",
    "a damaged Parquet file": "person.parquet: ",
    "no Parquet file": "person.parquet: not a complete Parquet file; ",
    "ZIP members over each other": "lieferung.zip: leer_0000.csv lies over another file in it, ",
    "many ZIP members": "lieferung.zip: more files inside than the 10,000 that are allowed; ",
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> dict:
    """What a process of its own tells of all cases; made by another one, so that only loading takes its memory."""
    root = tmp_path_factory.mktemp("hostile")
    told = ""
    for step in ("make", "load"):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "tests.erp.hostile", step, str(root)],
            cwd=project_root(),
            capture_output=True,
            text=True,
            check=True,
            timeout=240,
        )
        told = done.stdout
    return {**json.loads(told.splitlines()[-1]), "root": root}


@pytest.mark.sampled
@pytest.mark.parametrize("case", EXPECTED)
def test_what_wants_to_hurt_is_one_line_that_names_file_and_remedy(outcome, case):
    message = outcome["messages"][case]
    folder = outcome["root"] / str(list(CASES).index(case))
    assert message.startswith(EXPECTED[case].format(folder=folder)), message
    assert "\n" not in message
    assert len(message) < 400


def test_every_case_has_its_message():
    assert EXPECTED.keys() == CASES.keys()


def test_the_former_delivery_stays_and_memory_is_bounded(outcome):
    assert outcome["raw"] == [["0000000815", "Böttcher-Groß"], ["0000004711", "Wiesel"]]
    assert outcome["mb"] < 500


def test_the_command_ends_with_status_2_and_one_line(folder, tmp_path):
    (folder / "person.csv").unlink()
    os.mkfifo(folder / "person.csv")
    environment = {
        **os.environ,
        "SOURCES__ERP__KIND": "files",
        "SOURCES__ERP__FILES__FOLDER": str(folder),
        "STAMMDATEN_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli.main", "load"],
        cwd=project_root(),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "person.csv: is no file but a pipe or a device" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_file_that_vanishes_before_its_rows_are_read_is_an_error(folder):
    path = folder / "person.csv"
    file = csv_file.inspect(path)
    path.unlink()
    with pytest.raises(DeliveryError, match=r"^person\.csv: the file changed while it was read"):
        list(csv_file.read(file))


def test_a_pipe_as_control_file_is_not_waited_for(folder):
    os.mkfifo(folder / "kontrolle.csv")
    with (
        pytest.raises(DeliveryError, match=r"^kontrolle\.csv: is no file but a pipe"),
        opened(FilesSettings(folder)),
    ):
        pass


def test_a_control_file_with_a_number_of_thousands_of_digits_is_an_error(folder):
    (folder / "kontrolle.csv").write_text(f"tabelle;zeilen\nperson;{'9' * 5000}\n", encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"^kontrolle\.csv, line 2: "), opened(FilesSettings(folder)):
        pass


def test_folders_in_folders_without_end_are_refused(tmp_path, home):
    path = tmp_path / "lieferung.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/" * 1000 + "person.csv", "x")
    with pytest.raises(DeliveryError, match="lies more than 20 folders deep; pack the files alone"):
        load(FilesSettings(path), home)


def test_the_limit_of_a_workbook_is_a_setting(folder):
    from tests.erp.hostile import workbook

    (folder / "person.csv").unlink()
    (folder / "person.xlsx").write_bytes(workbook())
    settings = FilesSettings(folder, limits=ArchiveLimits(max_workbook_mb=0.01))
    with pytest.raises(DeliveryError, match="raise SOURCES__ERP__FILES__MAX_WORKBOOK_MB"), opened(settings):
        pass


def test_a_place_whose_name_is_too_long_is_a_setting_that_is_wrong(monkeypatch):
    from pipelines.erp.settings import erp_settings
    from pipelines.errors import SettingsError

    monkeypatch.setenv("SOURCES__ERP__FILES__FOLDER", str(Path("/tmp") / ("x" * 5000)))
    with pytest.raises(SettingsError, match="is no folder; name the one with the ERP's files"):
        erp_settings()
