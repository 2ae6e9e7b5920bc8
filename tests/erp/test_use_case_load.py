"""A load of some tables alone: they are replaced, the others stay as they were loaded before."""

import pytest

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import Only, load
from pipelines.errors import DeliveryError

VACANCIES = Only(frozenset({"leerstand", "verwaltungseinheit", "mandant"}), frozenset({"leerstand"}))
KEY = "mandant_nr;we_nr;gebaeude_nr;ve_nr"


def write_vacancies(folder, *units: str) -> None:
    rows = "".join(f"001;0123;01;{unit};2026-11-01\n" for unit in units)
    (folder / "leerstand.csv").write_text(f"{KEY};leer_ab\n{rows}", encoding="utf-8")


def test_only_the_vacancies_are_replaced_and_the_rest_is_noted_as_kept(folder, home, database):
    write_vacancies(folder, "0004")
    first = load(FilesSettings(folder), home)
    for file in folder.glob("*.csv"):
        file.unlink()
    write_vacancies(folder, "0007", "0004")
    second = load(FilesSettings(folder), home, only=VACANCIES)
    assert second.rows == {"leerstand": 2}
    assert second.absent_tables == ()
    assert "Not delivered, kept as loaded before: mandant, verwaltungseinheit" in second.notes
    assert database.rows("select nachname from erp_raw.person order by _zeile") == [
        ("Böttcher-Groß",),
        ("Wiesel",),
    ]
    assert database.rows("select ve_nr from erp_raw.leerstand order by _zeile") == [("0007",), ("0004",)]
    # Rows of all tables are counted for each load, for the guards; what was not read says so.
    assert database.rows(
        f"select table_name, row_count, kind from sync.loads where load_id = '{second.load_id}'"
        " and table_name in ('leerstand', 'person') order by all"
    ) == [("leerstand", 2, "full"), ("person", 2, "kept")]
    assert database.rows("select count(*) from duckdb_schemas() where schema_name like 'erp_load_%'") == [
        (2,)
    ]
    # Again and again: the datasets of former vacancies go, that of the rest stays.
    third = load(FilesSettings(folder), home, only=VACANCIES)
    assert database.rows(
        "select schema_name from duckdb_schemas() where schema_name like 'erp_load_%' order by all"
    ) == [(f"erp_load_{first.load_id}",), (f"erp_load_{third.load_id}",)]


def test_a_broken_file_of_another_table_and_one_that_is_missing_keep_no_vacancy_back(folder, home, database):
    load(FilesSettings(folder), home)
    (folder / "mieter.csv").write_text("", encoding="utf-8")
    (folder / "person.csv").unlink()
    write_vacancies(folder, "0004")
    loaded = load(FilesSettings(folder), home, only=VACANCIES)
    assert loaded.rows == {"leerstand": 1, "verwaltungseinheit": 2, "mandant": 1}
    assert loaded.unknown_files == ()
    assert database.rows("select count(*) from erp_raw.mieter") == [(1,)]
    with pytest.raises(DeliveryError, match=r"person\.csv missing"):
        load(FilesSettings(folder), home)


def test_without_the_vacancies_themselves_nothing_is_loaded(folder, home, database):
    write_vacancies(folder, "0004")
    load(FilesSettings(folder), home)
    (folder / "leerstand.csv").unlink()
    with pytest.raises(
        DeliveryError, match=r"leerstand\.csv missing; a run of this use case needs it each time"
    ):
        load(FilesSettings(folder), home, only=VACANCIES)
    assert database.rows("select ve_nr from erp_raw.leerstand") == [("0004",)]


def test_the_first_load_of_a_home_is_a_whole_one(folder, home, database):
    write_vacancies(folder, "0004")
    assert len(load(FilesSettings(folder), home, only=VACANCIES).rows) == 18
    assert database.rows("select count(*) from erp_raw.mieter") == [(1,)]


def test_master_data_without_an_optional_table_has_none_of_it(folder, home, database):
    (folder / "archiv.csv").write_text("archiv_nr;name\n1;Mieterakten\n", encoding="utf-8")
    write_vacancies(folder, "0004")
    load(FilesSettings(folder), home)
    (folder / "archiv.csv").unlink()
    (folder / "leerstand.csv").unlink()
    names = {
        "mandant",
        "wirtschaftseinheit",
        "gebaeude",
        "verwaltungseinheit",
        "mietvertrag",
        "mieter",
        "person",
    }
    loaded = load(FilesSettings(folder), home, only=Only(frozenset({*names, "kontaktweg", "archiv"})))
    assert loaded.absent_tables == ("archiv",)
    assert database.rows("select count(*) from erp_raw.archiv") == [(0,)]
    assert database.rows("select count(*) from erp_raw.leerstand") == [(1,)]
