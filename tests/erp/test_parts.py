"""One file a Mandant, or one for all: what is put together, and what is refused."""

import pytest

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, opened, read

FIRST, SECOND = "001", "0002"


def of_second(text: str) -> str:
    """The same rows, of the second Mandant and of other people."""
    return text.replace("001;", f"{SECOND};").replace("0815", "0816").replace("4711", "4712")


@pytest.fixture
def split(folder):
    """`split("{table}_{mandant}.csv")` lays the delivery of two Mandanten in one file each."""

    def lay(pattern: str) -> None:
        for name, text in DELIVERY.items():
            (folder / name).unlink()
            for mandant, content in ((FIRST, text), (SECOND, of_second(text))):
                path = folder / pattern.format(table=name.removesuffix(".csv"), mandant=mandant)
                path.parent.mkdir(exist_ok=True)
                path.write_text(content, encoding="utf-8")

    return lay


def message(folder) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "{table}_{mandant}.csv",
        "{table}-{mandant}.csv",
        "{table} {mandant}.CSV",
        "{mandant}_{table}.csv",
        "{table}_Mandant_{mandant}.csv",
        "{mandant}/{table}.csv",
        "Mandant {mandant}/{table}.csv",
        "{mandant}/{table}_{mandant}.csv",
    ],
)
def test_one_file_a_mandant_is_read_like_one_for_all(folder, split, pattern):
    split(pattern)
    tables = read(FilesSettings(folder))
    # 0002 comes before 001, as text.
    assert [row["mandant_nr"] for row in tables["mandant"]] == ["0002", "001"]
    assert [(row["mandant_nr"], row["ve_nr"]) for row in tables["verwaltungseinheit"]] == [
        ("0002", "0004"),
        ("0002", "0007"),
        ("001", "0004"),
        ("001", "0007"),
    ]
    assert [row["person_nr"] for row in tables["person"]] == [
        "0000000816",
        "0000004712",
        "0000000815",
        "0000004711",
    ]


def test_zeros_in_front_of_a_mandant_may_be_missing_in_a_name(folder, split):
    split("{table}_{mandant}.csv")
    for path in list(folder.glob("*_0002.csv")):
        path.rename(path.with_name(path.name.replace("0002", "2")))
    assert len(read(FilesSettings(folder))["person"]) == 4


def test_a_table_may_come_as_one_file_beside_others_in_one_a_mandant(folder, split):
    split("{table}_{mandant}.csv")
    for name in ("person", "mandant"):
        parts = [folder / f"{name}_{mandant}.csv" for mandant in (FIRST, SECOND)]
        first, second = (part.read_text(encoding="utf-8") for part in parts)
        for part in parts:
            part.unlink()
        (folder / f"{name}.csv").write_text(first + second.split("\n", 1)[1], encoding="utf-8")
    assert len(read(FilesSettings(folder))["person"]) == 4


def test_columns_may_differ_from_part_to_part_and_rows_are_counted_through(folder, split, home, database):
    split("{table}_{mandant}.csv")
    (folder / "gebaeude_0002.csv").write_text(
        "ort,plz,gebaeude_nr,we_nr,mandant_nr\nDresden,01069,01,0123,0002\n", encoding="cp1252"
    )
    load(FilesSettings(folder), home)
    assert database.rows(
        "select _zeile, mandant_nr, strasse, plz, ort from erp_raw.gebaeude order by _zeile"
    ) == [(1, "0002", None, "01069", "Dresden"), (2, "001", "Lindenallee", "01067", None)]
    assert database.rows("select count(*), max(_zeile) from erp_raw.verwaltungseinheit") == [(4, 4)]


def test_a_table_whose_name_begins_like_another_ones_is_not_its_part(folder):
    (folder / "mietvertrag_ve.csv").write_text(
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;mv_nr;ve_mandant_nr;ve_we_nr;ve_gebaeude_nr;ve_ve_nr\n",
        encoding="utf-8",
    )
    tables = read(FilesSettings(folder))
    assert (len(tables["mietvertrag"]), len(tables["mietvertrag_ve"])) == (1, 0)


@pytest.mark.parametrize("table", ["person", "mieter"])
def test_a_mandant_without_its_file_of_a_required_table_is_named(folder, split, table):
    split("{table}_{mandant}.csv")
    (folder / f"{table}_0002.csv").unlink()
    assert message(folder).startswith(f"{table}: no file of Mandant 0002 (there is {table}_001.csv)")


def test_a_mandant_of_the_list_without_any_file_is_named_unless_it_is_gone(folder, split):
    split("{table}_{mandant}.csv")
    for path in folder.glob("mandant_*.csv"):
        path.unlink()
    listed = "mandant_nr;geloescht_kz\n001;\n0002;\n0003;{}\n"
    (folder / "mandant.csv").write_text(listed.format("V"), encoding="utf-8")
    assert "no file of Mandant 0003" in message(folder)
    (folder / "mandant.csv").write_text(listed.format("L"), encoding="utf-8")
    assert len(read(FilesSettings(folder))["person"]) == 4


def test_an_optional_table_need_not_have_a_file_of_every_mandant(folder, split):
    split("{table}_{mandant}.csv")
    (folder / "archiv_001.csv").write_text("archiv_nr\n7\n", encoding="utf-8")
    assert read(FilesSettings(folder))["archiv"] == [{"archiv_nr": "7"}]


def test_a_part_without_rows_is_noted(folder, split):
    split("{table}_{mandant}.csv")
    (folder / "kontaktweg_0002.csv").write_text("person_nr;lfd_nr;art;wert\n", encoding="utf-8")
    with opened(FilesSettings(folder)) as delivery:
        assert delivery.notes == ("kontaktweg_0002.csv: no rows",)


def test_a_message_names_the_part_with_its_folder(folder, split):
    split("{mandant}/{table}.csv")
    with (folder / "0002" / "person.csv").open("a", encoding="utf-8") as file:
        file.write("4713;natuerlich\n")
    assert message(folder).startswith("0002/person.csv, line 4: 2 fields, but the header has 4")


def test_a_part_without_a_key_column_is_named(folder, split):
    split("{mandant}/{table}.csv")
    (folder / "0002" / "gebaeude.csv").write_text("mandant_nr;we_nr\n0002;0123\n", encoding="utf-8")
    assert message(folder).startswith("0002/gebaeude.csv: key column gebaeude_nr missing")


# Files that look like parts


def test_a_copy_beside_the_file_for_all_is_not_read(folder):
    for name in ("person_alt.csv", "gebaeude-20260131.csv", "kopie_mieter.csv"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "alt").mkdir()
    (folder / "alt" / "person.csv").write_text("x", encoding="utf-8")
    with opened(FilesSettings(folder)) as delivery:
        assert delivery.unknown_files == (
            "alt/person.csv",
            "gebaeude-20260131.csv",
            "kopie_mieter.csv",
            "person_alt.csv",
        )
        assert delivery.tables["person"].where == "person.csv"


def test_files_named_by_a_date_are_not_taken_for_mandanten(folder):
    for day in ("20260130", "20260131"):
        (folder / f"person_{day}.csv").write_text(DELIVERY["person.csv"], encoding="utf-8")
    (folder / "person.csv").unlink()
    assert message(folder).startswith(
        "person_20260130.csv: 20260130 is no Mandant of this delivery (001); name the file person or person_<Mandant>"
    )


def test_a_mandant_that_the_list_lacks_is_named(folder, split):
    split("{mandant}/{table}.csv")
    (folder / "0003").mkdir()
    (folder / "0003" / "person.csv").write_text(DELIVERY["person.csv"], encoding="utf-8")
    assert message(folder).startswith("0003/person.csv: 0003 is no Mandant of this delivery")


def test_a_file_for_all_and_one_of_a_mandant_are_two_of_one_table(folder):
    (folder / "person_001.csv").write_text(DELIVERY["person.csv"], encoding="utf-8")
    assert "person.csv and person_001.csv are both the table person; leave one of them" in message(folder)


def test_two_files_of_one_mandant_are_an_error(folder, split):
    split("{table}_{mandant}.csv")
    (folder / "person-2.csv").write_text(DELIVERY["person.csv"], encoding="utf-8")
    assert "person-2.csv and person_0002.csv are both the table person" in message(folder)
