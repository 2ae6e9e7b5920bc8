"""When a delivery counts as complete: control file and quiet time."""

import os
import threading
import time

import pytest

from pipelines.erp.files.complete import wait_until_quiet
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, read

COUNTS = {"mandant": 1, "wirtschaftseinheit": 1, "gebaeude": 1, "verwaltungseinheit": 2}
COUNTS |= {"mietvertrag": 1, "mieter": 1, "person": 2, "kontaktweg": 1}


def control(folder, name="kontrolle.csv", **changed) -> None:
    lines = [f"{table};{rows}" for table, rows in (COUNTS | changed).items() if rows is not None]
    (folder / name).write_text("\n".join(["tabelle;zeilen", *lines]), encoding="utf-8")


def message(folder, **settings) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(folder, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_delivery_with_the_rows_of_its_control_file_is_read(folder):
    control(folder)
    assert len(read(FilesSettings(folder))["person"]) == 2


def test_a_control_file_may_name_files_and_be_called_as_it_is_set(folder):
    control(folder, "Fertig.txt", person=None, **{"person.csv": 2})
    assert len(read(FilesSettings(folder, control="fertig.txt"))["person"]) == 2


def test_rows_that_are_missing_keep_the_raw_layer_as_it_was(folder, home, database):
    load(FilesSettings(folder), home)
    control(folder, person=3)
    (folder / "mandant.csv").write_text("mandant_nr;name\n001;Neu\n", encoding="utf-8")
    with pytest.raises(DeliveryError) as caught:
        load(FilesSettings(folder), home)
    assert str(caught.value) == (
        "person.csv: 2 rows, but kontrolle.csv says 3; export or upload the delivery again"
    )
    assert database.rows("select name from erp_raw.mandant") == [("Wohnbau Musterstadt",)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"person": 1}, "person.csv: 2 rows, but kontrolle.csv says 1"),
        ({"archiv": 0}, "kontrolle.csv: lists archiv, but the delivery has no such table"),
        ({"mieter": None}, "kontrolle.csv: does not list mieter.csv; add it with its number of rows"),
        ({"mieter": "viele"}, "kontrolle.csv, line 7: the name of a table, once, and its number of rows"),
        ({"MIETER": 1}, "kontrolle.csv, line 10: the name of a table, once, and its number of rows"),
    ],
)
def test_what_control_file_and_delivery_do_not_share_is_named(folder, changed, expected):
    control(folder, **changed)
    assert message(folder).startswith(expected)


def test_a_control_file_without_its_columns_is_named(folder):
    (folder / "kontrolle.csv").write_text("person;2\n", encoding="utf-8")
    assert message(folder).startswith("kontrolle.csv, line 1: the columns tabelle and zeilen are needed")


def test_a_control_file_that_is_set_must_be_there(folder):
    assert "fertig.csv is not there, so the delivery is not complete" in message(folder, control="fertig.csv")


def test_parts_are_counted_each_or_all_together(folder):
    text = DELIVERY["person.csv"]
    (folder / "person.csv").unlink()
    (folder / "person_001.csv").write_text(text, encoding="utf-8")
    control(folder, person=None, **{"person_001.csv": 2})
    assert len(read(FilesSettings(folder))["person"]) == 2
    control(folder, person=2)
    assert len(read(FilesSettings(folder))["person"]) == 2


# Quiet


def test_files_that_have_rested_need_no_waiting(folder, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited"))
    for path in folder.iterdir():
        os.utime(path, (0, time.time() - 61))
    assert len(read(FilesSettings(folder, quiet_seconds=60))["person"]) == 2


def test_a_control_file_makes_waiting_unnecessary(folder, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited"))
    control(folder)
    assert len(read(FilesSettings(folder, quiet_seconds=60))["person"]) == 2


def test_a_file_that_grows_while_the_load_waits_is_still_being_written(folder):
    def grow() -> None:
        with (folder / "person.csv").open("a", encoding="utf-8") as file:
            file.write("0000004712;natuerlich;Ida;Ey\n")

    writer = threading.Timer(0.1, grow)
    writer.start()
    assert message(folder, quiet_seconds=1).startswith("person.csv: the file changed while it was read")
    writer.join()


def test_the_wait_is_what_is_left_of_the_quiet_time_and_never_longer_than_it(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    for changed in (997.0, 1050.0, 980.0):
        wait_until_quiet(lambda changed=changed: {"person.csv": (1, changed), "old.csv": (1, 3.0)}, 10)
    assert slept == [7.0, 10]
