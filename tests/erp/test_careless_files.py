"""Files as careless tools write them: read right, or refused by a message that names the cause."""

import gzip
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.encoding import ENCODINGS
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, opened, rows_of
from tests.erp.delivery import read as read_all
from tests.erp.hostile import workbook


def names(folder: Path, **settings: object) -> list[str]:
    """Last names of the delivery's people."""
    return [row["nachname"] for row in read_all(FilesSettings(folder, **settings))["person"]]


def message(folder: Path, **settings: object) -> str:
    with pytest.raises(DeliveryError) as caught:
        read_all(FilesSettings(folder, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def notes(folder: Path, home: Path, **settings: object) -> tuple[str, ...]:
    return load(FilesSettings(folder, **settings), home).notes


def person(folder: Path, content: str | bytes, encoding: str = "utf-8") -> None:
    (folder / "person.csv").write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


# Headers


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("STRASSE;straße", "STRASSE, straße"),
        ("Straße;strasse", "Straße"),
        ("größe;GRÖSSE", "GRÖSSE, größe"),
        ("name\u200b;Name\u00ad", "Name"),
    ],
)
def test_two_headers_that_are_one_to_the_database_are_named_as_they_are_written(folder, header, written):
    person(folder, f"person_nr;{header}\n1;a;b\n")
    text = message(folder)
    assert text.startswith("person.csv, line 1: column ")
    assert f"comes more than once, written {written} (" in text


def test_two_headers_of_a_workbook_that_are_one_are_named(folder):
    (folder / "person.csv").unlink()
    book = openpyxl.Workbook()
    for row in (["person_nr", "STRASSE", "straße"], ["1", "a", "b"]):
        book.active.append(row)
    book.save(folder / "person.xlsx")
    assert "column strasse comes more than once, written STRASSE, straße" in message(folder)


def test_a_header_with_eszett_is_our_column(folder, home, database):
    person(folder, "person_nr;Straße\n1;Lindenallee\n")
    load(FilesSettings(folder), home)
    assert database.rows("select strasse from erp_raw.person") == [("Lindenallee",)]


@pytest.mark.parametrize("mark", ["\ufeff\ufeff", "\ufeffï»¿", "\ufeff\u200b", "\ufeff\ufeff\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_marks_in_front_of_the_header_are_no_part_of_it(folder, mark, quote):
    if mark.endswith("\u200b") and quote:
        pytest.skip("a quote behind a character is a character")
    person(folder, f"{mark}{quote}person_nr{quote};nachname\n1;Ey\n")
    assert names(folder) == ["Ey"]


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u202a", "\u2060", "\u00a0", "\x1f"])
def test_what_cannot_be_seen_is_no_part_of_a_header(folder, hidden):
    person(folder, f"{hidden}person_nr{hidden};nach{'' if hidden.isspace() else hidden}name\n1;Ey\n")
    assert names(folder) == ["Ey"]


@pytest.mark.parametrize(
    "line", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n', "sep=;;;\n", "\ufeffsep=;\r\n", "\r\nsep=;\n"][:5]
)
def test_a_line_that_names_the_separator_is_no_header(folder, line):
    person(folder, f"{line}person_nr;nachname\n1;Ey,Oz\n")
    assert names(folder) == ["Ey,Oz"]


def test_the_separator_that_a_line_names_is_obeyed_and_lines_are_counted(folder):
    person(folder, "sep=|\nperson_nr|nachname\n1|a;b;c;d;e\n2|Ey|x\n")
    assert message(folder).startswith("person.csv, line 4: 3 fields, but the header has 2")
    person(folder, "sep=^\nperson_nr^nachname\n")
    assert message(folder).startswith("person.csv, line 1: sep=^ names no separator that can be read")


def test_a_bar_separates_fields(folder):
    person(folder, "person_nr|nachname\n1|Ey; Oz\n")
    assert names(folder) == ["Ey; Oz"]


def test_a_separator_that_is_set_wrong_is_the_cause_that_is_named(folder):
    text = message(folder, delimiter=",")
    assert "the header is one column with , as separator, and several with ;" in text
    assert "mend SOURCES__ERP__FILES__DELIMITER" in text


# Encodings


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Hauptstraße", "cp850"),
        ("Groß", "cp850"),
        ("Weiß-Ey", "cp437"),
        ("Meißner", "cp850"),
        ("Haßfurt", "cp850"),
        ("Fußgasse", "cp850"),
        ("Übersee", "cp850"),
        ("Österreich", "cp850"),
        ("Ärzte", "cp850"),
        ("Hauptstraße", "mac_roman"),
        ("Groß", "mac_roman"),
        ("Jörg", "mac_roman"),
        ("Änne", "mac_roman"),
        ("Übersee", "mac_roman"),
    ],
)
def test_a_single_letter_tells_dos_and_mac_from_windows(folder, name, encoding):
    person(folder, f"person_nr;nachname\n1;Ey\n2;{name}\n", encoding)
    assert message(folder).startswith("person.csv, line 3: byte 0x")
    given = "mac-roman" if encoding == "mac_roman" else "cp850"
    assert given in ENCODINGS
    assert names(folder, encoding=given) == ["Ey", name]


@pytest.mark.parametrize(
    "name",
    [
        "Adrián",
        "Julián",
        "Sebastián",
        "Suárez",
        "Juárez",
        "Hernández",
        "Ibáñez",
        "Szabó",
        "Sándor",
        "Gaál",
        "Deák",
        "Beáta",
        "Álvarez",
        "Novotná",
        "Mátyás",
        "Tomáš",
        "Dušan",
        "Žižka",
        "Žarko",
        "§5",
        "12€",
    ],
)
def test_letters_of_windows_1252_are_read_where_they_are_the_only_ones(folder, name):
    person(folder, f"person_nr;nachname\n1;Ey\n2;{name}\n", "windows-1252")
    assert names(folder) == ["Ey", name]


def test_a_doubtful_letter_is_read_where_the_file_has_umlauts_of_windows(folder):
    person(folder, "person_nr;nachname\n1;Guiá\n2;Müller\n", "windows-1252")
    assert names(folder) == ["Guiá", "Müller"]


@pytest.mark.parametrize("others", [["Müller"], ["Müller", "Jäger", "Groß"]])
def test_a_name_that_was_turned_into_utf8_before_is_a_note_and_no_refusal(folder, home, database, others):
    rows = "".join(f"{n};{name}\n" for n, name in enumerate(["GroÃŸe", *others]))
    person(folder, f"person_nr;nachname\n{rows}", "windows-1252")
    (note,) = notes(folder, home)
    assert note.startswith("person.csv: read as windows-1252, but 1 characters look like UTF-8")
    assert database.rows("select nachname from erp_raw.person order by _zeile")[0] == ("GroÃŸe",)


def test_a_file_that_is_utf8_for_the_larger_part_is_refused(folder):
    person(folder, "person_nr;nachname\n1;Größe\n2;Jäger\n".encode() + "3;Müller\n".encode("windows-1252"))
    assert message(folder).startswith(
        "person.csv, line 4: byte 0xFC is not UTF-8, though most of the file is"
    )


def test_a_file_that_ends_inside_a_character_is_refused_though_it_has_one_other_alone(folder):
    person(folder, "person_nr;nachname\n1;Jäger\n2;Mü".encode()[:-1])
    assert message(folder).startswith(
        "person.csv, line 3: byte 0xC3 is not UTF-8, though most of the file is"
    )


# The end, and files put together


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\r\n\x1a\r\n", "\n\x1a\x1a\x1a"])
def test_the_end_of_a_dos_text_is_no_part_of_the_last_value(folder, end):
    person(folder, f"person_nr;nachname\n1;Ey\n2;Oz{end}")
    assert names(folder) == ["Ey", "Oz"]
    person(folder, f"person_nr;nachname{end}")
    assert names(folder) == []


@pytest.mark.parametrize("mark", ["", "\ufeff", "\x1a"])
@pytest.mark.parametrize(
    "header", ["person_nr;nachname;ort", "PERSON_NR;Nachname;Ort", "nachname;person_nr;ort"]
)
def test_a_header_inside_a_file_is_an_error_with_its_line(folder, mark, header):
    person(folder, f'person_nr;nachname;ort\n1;"Ey\nOz";Ulm\n\n{mark}{header}\n2;Oz;Ulm\n')
    assert message(folder).startswith("person.csv, line 5: a header line inside the file;")


def test_a_header_in_the_words_of_the_mapping_is_found_inside_a_file(folder):
    mapping = {"person": TableMapping(columns={"person_nr": "Contact No.", "nachname": "Last Name"})}
    person(folder, "Contact No.;Last Name\n1;Ey\nContact No.;Last Name\n2;Oz\n")
    assert message(folder, mapping=mapping).startswith("person.csv, line 3: a header line inside the file;")


def test_a_value_that_is_the_name_of_a_column_is_a_value(folder):
    person(folder, "person_nr;nachname;vorname\n1;Vorname;Nachname\nort;Ey;Ida\n")
    assert names(folder) == ["Vorname", "Ey"]


# Numbers that a spreadsheet has spoilt


@pytest.mark.sampled
@pytest.mark.parametrize("value", ["8,15E+09", "8.15e+9", " 1E+10 ", '"=""8,15E+09"""', "'8,15E+09"])
def test_a_key_in_scientific_notation_ends_the_load_and_the_raw_layer_is_as_before(
    folder, home, database, value
):
    load(FilesSettings(folder), home)
    before = database.rows("from erp_raw.person")
    person(folder, f"person_nr;nachname\n1;Ey\n\n{value};Oz\n")
    with pytest.raises(
        DeliveryError, match=r"^person\.csv, line 4: column person_nr holds a number in scienti"
    ):
        load(FilesSettings(folder), home)
    assert database.rows("from erp_raw.person") == before


def test_a_key_in_scientific_notation_is_found_in_every_column_of_numbers(folder):
    text = DELIVERY["mieter.csv"]
    (folder / "mieter.csv").write_text(text.replace("0000000815", "8,15E+09"), encoding="utf-8")
    assert message(folder).startswith("mieter.csv, line 2: column person_nr holds a number in scientific")


@pytest.mark.parametrize("value", ["0E5", "1E-05", "12E3", "E+7", "3E+", "5E+10A"])
def test_a_number_with_an_e_inside_is_a_number(folder, value):
    person(folder, f"person_nr;nachname\n{value};Ey\n")
    assert names(folder) == ["Ey"]


@pytest.mark.parametrize("value", ["8,15E+09", 8150000000123456])
def test_a_key_that_excel_has_rounded_ends_the_load_with_its_row(folder, value):
    (folder / "person.csv").unlink()
    book = openpyxl.Workbook()
    for row in (["person_nr", "nachname"], ["1", "Ey"], [], [value, "Oz"]):
        book.active.append(row)
    book.save(folder / "person.xlsx")
    assert message(folder).startswith("person.xlsx, sheet Sheet, row 4: column person_nr holds a number ")


def test_house_numbers_and_postcodes_that_a_spreadsheet_has_spoilt_are_notes(folder, home):
    rows = "".join(
        f"001;0123;{n:02};{number};{plz};{land}\n"
        for n, (number, plz, land) in enumerate(
            [
                ("01. Mrz", "1067", ""),
                ("Mrz 03", "1067", "D"),
                ("3-Mar", "6020", "AT"),
                ("12 a", "01067", "DE"),
                ("3 Marienhof", "", ""),
            ]
        )
    )
    (folder / "gebaeude.csv").write_text(
        f"mandant_nr;we_nr;gebaeude_nr;hausnummer;plz;land\n{rows}", encoding="utf-8"
    )
    months, postcodes = notes(folder, home)
    assert months.startswith("gebaeude.csv, column hausnummer: 3 values are months such as 01. Mrz")
    assert postcodes.startswith("gebaeude.csv, column plz: 2 German postcodes have four digits")


# Names of files


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("person.txt", "rename it to person.csv"),
        ("Person.csv.gz", "unpack it"),
        ("person.csv.bak", "rename it to person.csv"),
        ("person.xls", "save it as .xlsx or CSV"),
        ("Kopie von person.csv~", "rename it to person.csv"),
        ("export/person.csv", "put it beside the others, or mend SOURCES__ERP__FILES__FOLDER"),
    ],
)
def test_a_file_with_almost_the_right_name_is_named(folder, name, remedy):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(b"x") if name.endswith(".gz") else DELIVERY["person.csv"].encode())
    (folder / "person.csv").unlink()
    assert f"person.csv missing; {name} is there: {remedy}; export every required table" in message(folder)


def test_a_numbered_copy_alone_is_named(folder):
    (folder / "person.csv").rename(folder / "Person (1).csv")
    text = message(folder)
    assert text.startswith("Person (1).csv: ")
    assert "name the file person or person_<Mandant>" in text


def test_an_optional_table_with_almost_the_right_name_is_a_note(folder, home):
    (folder / "eigentuemer.txt").write_text("x", encoding="utf-8")
    assert notes(folder, home) == (
        "eigentuemer.txt: looks like the table eigentuemer, which was not delivered, but is not read; "
        "rename it to eigentuemer.csv",
    )


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (b"PK\x03\x04", "a ZIP file or an Excel workbook"),
        (b"PAR1", "a Parquet file"),
        (b"\x1f\x8b", "packed with gzip"),
    ],
)
def test_another_kind_of_file_named_csv_is_told(folder, begin, expected):
    person(folder, begin + b"\0\1\2\n")
    assert message(folder).startswith(f"person.csv: is no CSV file but {expected}")


# ZIP and Excel


@pytest.mark.parametrize("prefix", ["export\\", "lieferung/2026/", "a\\b\\c\\", "export/"])
def test_a_zip_is_read_whatever_its_slashes_and_folders(tmp_path, prefix):
    path = tmp_path / "lieferung.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if prefix.endswith("\\"):
            archive.writestr(prefix, b"")
        for name, text in DELIVERY.items():
            archive.writestr(prefix + name, text)
        archive.writestr("liesmich.txt", b"x")
    assert names(path) == ["Böttcher-Groß", "Wiesel"]


def test_a_workbook_in_strict_open_xml_is_named_with_its_remedy(folder):
    strict = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    made = workbook()
    (folder / "person.csv").unlink()
    with zipfile.ZipFile(folder / "new.zip", "w") as new:
        (folder / "old.zip").write_bytes(made)
        with zipfile.ZipFile(folder / "old.zip") as old:
            for name in old.namelist():
                main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                new.writestr(name, old.read(name).replace(main, strict))
    (folder / "new.zip").rename(folder / "person.xlsx")
    text = message(folder)
    assert text.startswith("person.xlsx: saved as Strict Open XML Spreadsheet")
    assert "save it as Excel Workbook (.xlsx) or CSV" in text


def test_texts_that_cells_share_are_read_without_their_formats(folder):
    strings = (
        "<si><t>Ey</t></si><si><r><t>Böt</t></r><r><rPr><b/></rPr><t>tcher</t></r></si>"
        '<si><t xml:space="preserve"> _x005F_x </t></si><si/>'
    )
    cells = "".join(
        f'<row r="{n + 3}"><c r="A{n + 3}" t="n"><v>{n}</v></c><c r="B{n + 3}" t="s"><v>{n}</v></c></row>'
        for n in range(4)
    )
    (folder / "person.csv").unlink()
    (folder / "person.xlsx").write_bytes(workbook(sheet=cells, strings=strings))
    assert names(folder) == ["Ey", "Ey", "Böttcher", " _x ", ""]


def test_ten_million_empty_lines_are_no_rows(folder):
    person(folder, b"person_nr;nachname\n" + b"\n" * 5_000_000 + b"1;Ey\n" + b"\r\n" * 5_000_000 + b"2;Oz\n")
    with opened(FilesSettings(folder)) as delivery:
        assert [row["nachname"] for row in rows_of(delivery.tables["person"])] == ["Ey", "Oz"]


# Quotes that are closed in another row


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ('1;"Anna;Alt\n2;Bert";Blau\n', "vorname"),
        ('1;Anna;"Alt\n2;Bert;Blau\n3;Carl;Cohn"\n', "nachname"),
        ('"1;Anna;Alt\r\n2;Bert;Blau\r\n3";Carl;Cohn\r\n', "person_nr"),
    ],
)
def test_a_quote_that_is_closed_in_a_later_row_is_named_and_no_row_is_lost(folder, rows, column):
    person(folder, f"person_nr;vorname;nachname\n9;Zoe;Zech\n{rows}")
    assert message(folder) == (
        f"person.csv, line 3: a quote in column {column} is closed in a later row only; "
        'write a quote that is part of a value twice (""), or take it away'
    )


@pytest.mark.parametrize("value", ["Alt\nund Neu", "Alt; Neu\nA;B", "a;b\n", "x\ny;z;w"])
def test_a_text_of_several_lines_is_a_value(folder, value):
    person(folder, f'person_nr;vorname;nachname\n1;Anna;"{value}"\n2;Bert;Blau\n')
    assert names(folder) == [value, "Blau"]


# A first line that is no header


@pytest.mark.parametrize("text", ["Personen\nperson_nr;nachname\n1;Alt\n", "person_nr^nachname\n1^Alt\n"])
def test_a_first_line_without_any_column_of_the_table_is_the_cause_that_is_named(folder, text):
    person(folder, text)
    assert message(folder).startswith(
        "person.csv: key column person_nr missing, as is every column of person; the first line must be the header, "
        "but has one column of other names"
    )


def test_a_key_as_java_writes_large_numbers_ends_the_load(folder):
    person(folder, "person_nr;nachname\n8.15E9;Alt\n")
    assert message(folder).startswith("person.csv, line 2: column person_nr holds a number in scientific")


@pytest.mark.parametrize("key", ["1e5", "2.1E3", "12.5E7", "E9", "8.15E2"])
def test_a_key_that_only_looks_alike_is_a_key(folder, key):
    person(folder, f"person_nr;nachname\n{key};Alt\n")
    assert names(folder) == ["Alt"]


def test_a_zip_that_holds_another_one_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "lieferung.zip", "w") as packed:
        packed.writestr("innen.zip", b"PK\x05\x06" + bytes(18))
    assert "innen.zip lies inside: unpack it; export" in message(tmp_path / "lieferung.zip")
