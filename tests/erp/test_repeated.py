"""A delivery that is byte for byte the last one: its rows stay; whatever else is different, everything is read."""

from datetime import timedelta

import duckdb
import pytest

from pipelines.erp import repeated
from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.folder import digest_of
from pipelines.erp.increments import Increments
from pipelines.erp.load import Only, load
from pipelines.errors import DeliveryError

DATASETS = "select schema_name from duckdb_schemas() where schema_name like 'erp_load_%'"


def again(folder, home, **given):
    return load(FilesSettings(folder), home, **{"may_stay": True, **given})


def test_the_same_bytes_are_noted_as_a_load_of_their_own_and_their_rows_stay(folder, home, database):
    first = again(folder, home)
    stamps = database.rows("select distinct geladen_am from erp_raw.person")
    for file in folder.iterdir():
        file.touch()
    second = again(folder, home)
    assert (second.rows, second.absent_tables, second.source) == (
        first.rows,
        first.absent_tables,
        first.source,
    )
    assert second.load_id > first.load_id
    assert second.notes == (repeated.REPEATED, *first.notes)
    assert database.rows(DATASETS) == [(f"erp_load_{first.load_id}",)]
    assert database.rows("select distinct geladen_am from erp_raw.person") == stamps
    noted = "select table_name, row_count, kind from sync.loads where load_id = '{}' order by all"
    assert database.rows(noted.format(second.load_id)) == database.rows(noted.format(first.load_id))


def test_what_was_noticed_while_the_rows_were_read_is_told_again(folder, home):
    path = folder / "gebaeude.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    written = [f"{head};hausnummer", *(f"{row};01. Mrz" for row in rows)]
    path.write_text("\n".join(written) + "\n", encoding="utf-8")
    first = again(folder, home)
    assert any("01. Mrz" in note for note in first.notes)
    assert again(folder, home).notes == (repeated.REPEATED, *first.notes)


def test_whoever_asks_for_a_load_gets_one(folder, home, database):
    again(folder, home)
    read = again(folder, home, may_stay=False)
    assert database.rows(DATASETS) == [(f"erp_load_{read.load_id}",)]


def write_vacancy(folder):
    (folder / "leerstand.csv").write_text(
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;leer_ab\n001;0123;01;0004;2026-11-01\n", encoding="utf-8"
    )


def change_a_row(folder):
    path = folder / "person.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Wiesel", "Dachs"), encoding="utf-8")


def take_a_table_out(folder):
    (folder / "leerstand.csv").unlink()


def add_a_control_file(folder):
    rows = {file.stem: len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in folder.iterdir()}
    lines = ["tabelle;zeilen", *(f"{name};{number}" for name, number in rows.items())]
    (folder / "kontrolle.csv").write_text("\n".join(lines), encoding="utf-8")


def rename_a_table(folder):
    (folder / "person.csv").rename(folder / "Person.CSV")


@pytest.mark.parametrize("change", [change_a_row, take_a_table_out, add_a_control_file, rename_a_table])
def test_a_delivery_that_differs_in_anything_is_read(folder, home, database, change):
    write_vacancy(folder)
    again(folder, home)
    change(folder)
    read = again(folder, home)
    assert repeated.REPEATED not in read.notes
    assert database.rows(DATASETS) == [(f"erp_load_{read.load_id}",)]


@pytest.mark.parametrize(
    ("door", "given"),
    [
        ({"encoding": "cp1252"}, {}),
        ({"mapping": {"person": TableMapping(columns={"nachname": "nachname"})}}, {}),
        ({}, {"quelle_erp": "relion"}),
        ({}, {"increments": Increments(timedelta(days=7))}),
    ],
    ids=["encoding", "mapping", "quelle_erp", "increments"],
)
def test_other_settings_read_it_anew(folder, home, door, given):
    again(folder, home)
    assert repeated.REPEATED not in load(FilesSettings(folder, **door), home, **given, may_stay=True).notes


def test_other_code_reads_it_anew(folder, home, monkeypatch):
    again(folder, home)
    monkeypatch.setattr(repeated, "_code", lambda: "of the next version")
    assert repeated.REPEATED not in again(folder, home).notes


def test_after_a_load_of_some_tables_everything_is_read_once(folder, home, database):
    again(folder, home)
    write_vacancy(folder)
    again(folder, home)
    only = Only(frozenset({"leerstand", "verwaltungseinheit", "mandant"}), frozenset({"leerstand"}))
    again(folder, home, only=only)
    whole = again(folder, home)
    assert repeated.REPEATED not in whole.notes
    assert database.rows(DATASETS) == [(f"erp_load_{whole.load_id}",)]
    assert repeated.REPEATED in again(folder, home).notes


def test_a_raw_layer_that_is_not_of_that_load_is_replaced(folder, home):
    again(folder, home)
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute("create or replace view erp_raw.person as from erp_raw.mandant")
    assert repeated.REPEATED not in again(folder, home).notes


@pytest.mark.parametrize(
    "sql", ["delete from {}.person where person_nr = '0000004711'", "insert into {0}.person from {0}.person"]
)
def test_rows_that_somebody_took_out_or_put_in_are_read_again(folder, home, database, sql):
    first = again(folder, home)
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute(sql.format(f"erp_load_{first.load_id}"))
    assert again(folder, home).rows == first.rows
    assert database.rows("select count(*) from erp_raw.person") == [(2,)]


def test_a_broken_delivery_is_refused_and_its_former_one_is_known_when_it_comes_back(folder, home):
    first = again(folder, home)
    text = (folder / "person.csv").read_bytes()
    (folder / "person.csv").unlink()
    with pytest.raises(DeliveryError, match=r"person\.csv missing"):
        again(folder, home)
    (folder / "person.csv").write_bytes(text)
    back = again(folder, home)
    assert (back.rows, repeated.REPEATED in back.notes) == (first.rows, True)


def test_a_file_that_changes_while_it_is_looked_at_is_told(folder, home, monkeypatch):
    again(folder, home)

    def changing(files, read_as):
        found = digest_of(files, read_as)
        with files["person.csv"].open("a", encoding="utf-8") as file:
            file.write("\n")
        return found

    monkeypatch.setattr("pipelines.erp.files.door.digest_of", changing)
    with pytest.raises(DeliveryError, match=r"person\.csv: the file changed while it was read"):
        again(folder, home)
