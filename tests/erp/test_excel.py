"""Excel workbooks: what a person sees on the screen, and what Excel has done to it."""

import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.excel_file import BATCH_ROWS
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, opened, read, rows_of

ROWS = {
    name.removesuffix(".csv"): [line.split(";") for line in text.splitlines()]
    for name, text in DELIVERY.items()
}


def workbook(path: Path, sheets: dict[str, list[list]], formats: dict[str, str] | None = None) -> None:
    """Writes a workbook; `formats` gives columns (`B`) of every sheet a number format."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for column, number_format in (formats or {}).items():
            for cell in sheet[column]:
                cell.number_format = number_format
    book.save(path)


@pytest.fixture
def gebaeude(folder):
    """`gebaeude(rows)` puts these rows into `gebaeude.xlsx` and returns what is read of them, and the notes."""

    def write(rows: list[list], formats: dict[str, str] | None = None) -> tuple[list[dict], tuple[str, ...]]:
        (folder / "gebaeude.csv").unlink(missing_ok=True)
        workbook(folder / "gebaeude.xlsx", {"Tabelle1": rows}, formats)
        with opened(FilesSettings(folder)) as delivery:
            return rows_of(delivery.tables["gebaeude"]), delivery.notes

    return write


KEY = ["mandant_nr", "we_nr", "gebaeude_nr"]


def column(name: str, *values) -> list[list]:
    """A sheet with a key and one column more."""
    return [[*KEY, name], *(["001", "0123", f"{number:02}", value] for number, value in enumerate(values, 1))]


def test_one_workbook_with_a_sheet_a_table_is_read_like_csv_files(folder, tmp_path):
    expected = read(FilesSettings(folder))
    expected["verwaltungseinheit"][1]["etage_lage"] = None
    other = tmp_path / "excel"
    other.mkdir()
    sheets = {
        f" {name.title()} ": [[value or None for value in row] for row in rows] for name, rows in ROWS.items()
    }
    workbook(other / "Stammdaten 2026.xlsx", {"Hinweise": [["x"]], **sheets, "Leer": []})
    with opened(FilesSettings(other)) as delivery:
        assert {name: rows_of(data) for name, data in delivery.tables.items()} == expected
        assert delivery.unknown_files == ("Stammdaten 2026.xlsx, sheet Hinweise",)
        assert delivery.notes == ()
    assert read(FilesSettings(other / "Stammdaten 2026.xlsx")) == expected


def test_a_workbook_a_mandant_is_its_part(folder):
    for name in DELIVERY:
        (folder / name).unlink()
    second = {
        name: [
            [{"001": "002", "0000000815": "0000000816"}.get(value, value) for value in row] for row in rows
        ]
        for name, rows in ROWS.items()
    }
    workbook(folder / "001.xlsx", ROWS)
    workbook(folder / "Mandant 002.xlsx", second)
    tables = read(FilesSettings(folder))
    assert [row["mandant_nr"] for row in tables["verwaltungseinheit"]] == ["001", "001", "002", "002"]


def test_a_workbook_named_as_a_table_needs_no_named_sheet(gebaeude):
    rows, notes = gebaeude(column("plz", "01067"))
    assert rows == [{"mandant_nr": "001", "we_nr": "0123", "gebaeude_nr": "01", "plz": "01067"}]
    assert notes == ()


def test_of_several_unnamed_sheets_none_is_guessed(folder):
    (folder / "gebaeude.csv").unlink()
    workbook(folder / "gebaeude.xlsx", {"A": column("ort", "Ulm"), "B": column("ort", "Ulm")})
    with pytest.raises(DeliveryError, match=r"^gebaeude\.xlsx: 2 sheets with cells, none of them named"):
        read(FilesSettings(folder))


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        ("0004", "General", "0004"),
        (4, "0000", "0004"),
        (12345, "0000", "12345"),
        (1067, "00000;[Red]-00000", "01067"),
        (1067, "[<=99999]00000;General", "01067"),
        (1972, "0", "1972"),
        (1972.0, "General", "1972"),
        (66.5, "0.00", "66.5"),
        (66.50000000000001, "General", "66.5"),
        (0.1 + 0.2, "General", "0.3"),
        (-3, "0000", "-3"),
        (0.19, "0%", "19"),
        (1e-7, "General", "0.0000001"),
        (True, "General", "true"),
        (False, "General", "false"),
        (date(2026, 1, 31), "dd.mm.yyyy", "2026-01-31"),
        (datetime(2026, 1, 31, 13, 5), "dd.mm.yyyy hh:mm", "2026-01-31 13:05:00"),
        (time(13, 5), "hh:mm", "13:05:00"),
        (46053, "yyyy-mm-dd", "2026-01-31"),
        (None, "General", None),
        (" NBSP ", "General", " NBSP "),
    ],
)
def test_a_cell_is_the_text_that_excel_shows(gebaeude, value, number_format, expected):
    rows, _ = gebaeude(column("ort", value), {"D": number_format})
    assert rows[0]["ort"] == expected


def test_zeros_that_excel_has_eaten_are_a_note_with_sheet_column_and_count(folder, home, database):
    (folder / "gebaeude.csv").unlink()
    rows = [[*KEY, "plz", "baujahr"], [1, "0123", 1, 1067, 1972], [1, "0123", 2, "01069", 1980]]
    workbook(folder / "gebaeude.xlsx", {"Tabelle1": rows})
    lost = (
        "numbers, so zeros in front are lost if there were any; format the column as text and fill it again"
    )
    assert load(FilesSettings(folder), home).notes == (
        f"gebaeude.xlsx, sheet Tabelle1, column mandant_nr: 2 cells are {lost}",
        f"gebaeude.xlsx, sheet Tabelle1, column gebaeude_nr: 2 cells are {lost}",
        f"gebaeude.xlsx, sheet Tabelle1, column plz: 1 cells are {lost}",
    )
    assert database.rows("select mandant_nr, plz from erp_raw.gebaeude order by _zeile") == [
        ("1", "1067"),
        ("1", "01069"),
    ]


@pytest.mark.parametrize("value", [date(2026, 2, 1), datetime(2026, 2, 1)])
def test_a_house_number_that_became_a_date_is_a_note(gebaeude, value):
    _, notes = gebaeude(column("hausnummer", value, "12"))
    assert len(notes) == 1
    assert notes[0].startswith("gebaeude.xlsx, sheet Tabelle1, column hausnummer: 1 cells are dates")


def test_a_number_of_more_digits_than_excel_keeps_is_a_note(gebaeude):
    _, notes = gebaeude(column("quelle_id", 1234567890123456))
    assert any("column quelle_id: 1 cells are numbers of more than 15 digits" in note for note in notes)


def test_error_cells_are_empty_and_noted(gebaeude):
    rows, notes = gebaeude(column("ort", "#REF!", "Ulm", "#N/A"))
    assert [row["ort"] for row in rows] == [None, "Ulm", None]
    assert notes == (
        "gebaeude.xlsx, sheet Tabelle1, column ort: 2 cells are errors such as #REF!, read as empty; mend the formula",
    )


def test_merged_cells_are_noted(folder):
    (folder / "gebaeude.csv").unlink()
    book = openpyxl.Workbook()
    for row in column("ort", "Ulm", "", ""):
        book.active.append(row)
    book.active.merge_cells("D2:D4")
    book.active.merge_cells("F2:G4")
    book.save(folder / "gebaeude.xlsx")
    with opened(FilesSettings(folder)) as delivery:
        assert delivery.notes == (
            "gebaeude.xlsx, sheet Sheet: 2 merged ranges of cells; "
            "only the first cell of each has the value, the others are empty",
        )


def stored(path: Path, formula: str, result: str) -> None:
    """Gives a formula the result that Excel would have stored."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    old = re.search(
        rf"<f>{re.escape(formula)}</f><v\s*/>|<f>{re.escape(formula)}</f><v></v>".encode(), members[name]
    )
    members[name] = members[name].replace(old.group(), f"<f>{formula}</f><v>{result}</v>".encode())
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def test_a_formula_counts_with_its_stored_result_and_one_without_is_an_error(folder):
    (folder / "gebaeude.csv").unlink()
    path = folder / "gebaeude.xlsx"
    workbook(path, {"Tabelle1": column("baujahr", "=1970+2", "=1970+10")})
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(folder))
    assert str(caught.value) == (
        "gebaeude.xlsx, sheet Tabelle1: 2 formulas have no stored result; open the workbook in Excel and save it"
    )
    stored(path, "1970+2", "1972")
    stored(path, "1970+10", "1980")
    assert [row["baujahr"] for row in read(FilesSettings(folder))["gebaeude"]] == ["1972", "1980"]


def test_empty_rows_are_no_rows_and_the_header_is_the_first_row_with_cells(gebaeude):
    rows, _ = gebaeude(
        [[], [], column("ort")[0], [], ["001", "0123", "01", "Ulm"], [None] * 4, ["001", "0123", "02"]]
    )
    assert [(row["gebaeude_nr"], row["ort"]) for row in rows] == [("01", "Ulm"), ("02", None)]


def test_a_value_without_a_header_is_an_error_with_its_cell(gebaeude):
    with pytest.raises(DeliveryError) as caught:
        gebaeude([*column("ort", "Ulm"), ["001", "0123", "02", "Ulm", None, "geheim"]])
    assert str(caught.value) == (
        "gebaeude.xlsx, sheet Tabelle1, row 3: cell F3 has a value, but its column has no header; "
        "name the column, empty the cell, or take away what stands above the header"
    )


def test_a_column_that_comes_twice_or_is_missing_is_named(gebaeude):
    with pytest.raises(DeliveryError, match="sheet Tabelle1, line 1: column ort comes more than once"):
        gebaeude([[*KEY, "ort", "ORT"], ["001", "0123", "01", "a", "b"]])
    with pytest.raises(DeliveryError, match="sheet Tabelle1: key column gebaeude_nr missing"):
        gebaeude([["mandant_nr", "we_nr"], ["001", "0123"]])


def test_english_headers_and_sheets_are_read_through_the_mapping(folder):
    (folder / "gebaeude.csv").unlink()
    workbook(
        folder / "export.xlsx",
        {"Buildings": [["Company", "Estate", "Building"], ["001", 123, "01"]]},
        {"B": "0000"},
    )
    mapping = {
        "gebaeude": TableMapping(
            source="buildings",
            columns={"mandant_nr": "company", "we_nr": "Estate", "gebaeude_nr": "BUILDING"},
        )
    }
    assert read(FilesSettings(folder, mapping=mapping))["gebaeude"] == [
        {"mandant_nr": "001", "we_nr": "0123", "gebaeude_nr": "01"}
    ]


def test_more_rows_than_a_batch_are_all_read(gebaeude):
    count = BATCH_ROWS + 7
    rows, _ = gebaeude([KEY, *(["001", "0123", f"{number:06}"] for number in range(count))])
    assert [row["gebaeude_nr"] for row in rows] == [f"{number:06}" for number in range(count)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a workbook"])
def test_a_damaged_workbook_is_an_error(folder, content):
    (folder / "gebaeude.csv").unlink()
    (folder / "gebaeude.xlsx").write_bytes(content)
    with pytest.raises(DeliveryError, match=r"^gebaeude\.xlsx: the ZIP file is damaged or not complete"):
        read(FilesSettings(folder))


def test_a_zip_that_is_no_workbook_is_an_error(folder):
    (folder / "gebaeude.csv").unlink()
    with zipfile.ZipFile(folder / "gebaeude.xlsx", "w") as archive:
        archive.writestr("person.csv", "x")
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(folder))
    assert str(caught.value) == "gebaeude.xlsx: not a complete Excel workbook; save it again as .xlsx"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("number", ["2", "1", "-3", "x"])
def test_a_sheet_whose_rows_are_not_in_their_order_is_damaged_and_no_row_is_lost(gebaeude, folder, number):
    gebaeude(column("strasse", "Weg", "Allee"))
    file, sheet = folder / "gebaeude.xlsx", "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts[sheet] = parts[sheet].replace(b'<row r="3"', f'<row r="{number}"'.encode())
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(folder))
    assert f"the row behind row 2 has the number {number}, so the sheet is damaged" in str(caught.value)
