"""The file door: what it reads, and every way in which a delivery can be wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.erp.files import csv_file
from pipelines.erp.files.door import FilesSettings
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, opened, rows_of
from tests.erp.delivery import read as read_all


def read(folder: Path, table: str, **settings: str) -> list[dict]:
    with opened(FilesSettings(folder, **settings)) as delivery:
        return rows_of(delivery.tables[table])


def message(folder: Path, quelle_erp: str = "wodis_sigma", **settings: str) -> str:
    """The one line that a user sees when a delivery is opened and all of its rows are read."""
    with pytest.raises(DeliveryError) as caught:
        read_all(FilesSettings(folder, **settings), quelle_erp)
    text = str(caught.value)
    assert "\n" not in text
    return text


# What is read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encoding_separator_and_line_ends_are_recognised(folder, encoding, delimiter, line_end):
    text = DELIVERY["person.csv"].replace(";", delimiter).replace("\n", line_end)
    (folder / "person.csv").write_bytes(text.encode(encoding))
    assert read(folder, "person") == [
        {
            "person_nr": "0000000815",
            "person_art": "natuerlich",
            "vorname": "Änne",
            "nachname": "Böttcher-Groß",
        },
        {"person_nr": "0000004711", "person_art": "natuerlich", "vorname": "Jörg", "nachname": "Wiesel"},
    ]


def test_every_value_stays_the_text_that_it_was(folder):
    (folder / "gebaeude.csv").write_text(
        "mandant_nr;we_nr;gebaeude_nr;baujahr;strasse;plz\n001; 7 ;0E5;1.900,0;NULL;NA\n", encoding="utf-8"
    )
    assert read(folder, "gebaeude") == [
        {
            "mandant_nr": "001",
            "we_nr": " 7 ",
            "gebaeude_nr": "0E5",
            "baujahr": "1.900,0",
            "strasse": "NULL",
            "plz": "NA",
        }
    ]


def test_quoted_fields_keep_separators_quotes_and_line_breaks(folder):
    (folder / "kontaktweg.csv").write_bytes(
        b'person_nr;lfd_nr;"art";wert;bemerkung\r\n'
        b'815;1;E-Mail;"a;b";"erst\r\nnach ""18"" Uhr"\r\n'
        b'815;2;Fax;"";\r\n'
    )
    rows = read(folder, "kontaktweg")
    assert [row["bemerkung"] for row in rows] == ['erst\r\nnach "18" Uhr', ""]
    assert [row["wert"] for row in rows] == ["a;b", ""]


def test_a_quote_inside_an_unquoted_field_is_a_character(folder):
    (folder / "gebaeude.csv").write_text(
        'mandant_nr;we_nr;gebaeude_nr;bezeichnung\n001;0123;01;Haus am 3/4" Rohr\n', encoding="utf-8"
    )
    assert [row["bezeichnung"] for row in read(folder, "gebaeude")] == ['Haus am 3/4" Rohr']


def test_names_of_files_and_columns_count_in_any_case(folder):
    (folder / "gebaeude.csv").unlink()
    (folder / "Gebaeude.CSV").write_text(" Mandant_Nr ;WE_NR;Gebaeude_Nr\n001;0123;01\n", encoding="utf-8")
    assert read(folder, "gebaeude") == [{"mandant_nr": "001", "we_nr": "0123", "gebaeude_nr": "01"}]


def test_a_column_without_a_name_is_named_by_its_position(folder):
    (folder / "mandant.csv").write_text("mandant_nr;name;\n001;Wohnbau;\n", encoding="utf-8")
    assert read(folder, "mandant") == [{"mandant_nr": "001", "name": "Wohnbau", "spalte_3": ""}]


def test_blank_lines_are_no_rows(folder):
    (folder / "mandant.csv").write_bytes(b"\r\nmandant_nr;name\r\n\r\n001;Wohnbau\r\n\r\n")
    assert read(folder, "mandant") == [{"mandant_nr": "001", "name": "Wohnbau"}]


def test_the_last_line_needs_no_line_end(folder):
    (folder / "mandant.csv").write_bytes(b"mandant_nr\n001\n002")
    assert read(folder, "mandant") == [{"mandant_nr": "001"}, {"mandant_nr": "002"}]


def test_encoding_and_separator_can_be_set(folder):
    for name, text in DELIVERY.items():
        (folder / name).write_bytes(text.replace(";", ",").encode("iso-8859-1"))
    (folder / "person.csv").write_bytes("person_nr,a;b;c;d\n1,ä\x85\n".encode("iso-8859-1"))
    assert read(folder, "person", encoding="iso-8859-1", delimiter=",") == [
        {"person_nr": "1", "a;b;c;d": "ä\x85"}
    ]


def test_files_of_no_table_are_listed_and_hidden_ones_passed_over(folder):
    for name in ("notizen.txt", "gebäude.csv", "umsatz.csv", ".DS_Store"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "archiv.csv").mkdir()
    with opened(FilesSettings(folder)) as delivery:
        assert sorted(delivery.unknown_files) == ["gebäude.csv", "notizen.txt", "umsatz.csv"]


def test_a_quote_at_the_edge_of_a_block_is_seen_with_its_neighbours(folder, monkeypatch):
    text = "mandant_nr;name\n" + "".join(f'{n:03};"Haus ""{n}"" ;\n{n}"\n' for n in range(1, 24))
    (folder / "mandant.csv").write_text(text, encoding="utf-8")
    expected = [{"mandant_nr": f"{n:03}", "name": f'Haus "{n}" ;\n{n}'} for n in range(1, 24)]
    for block in range(1, 40):
        monkeypatch.setattr(csv_file, "BLOCK", block)
        file = csv_file.inspect(folder / "mandant.csv")
        monkeypatch.undo()
        assert [row for batch in csv_file.read(file) for row in batch.to_pylist()] == expected


def test_umlauts_at_the_edge_of_a_block_are_read(folder, monkeypatch):
    for block in range(1, 9):
        monkeypatch.setattr(csv_file, "BLOCK", block)
        assert csv_file.inspect(folder / "person.csv").encoding == "utf-8"


# Which files there must be


def test_a_folder_that_is_not_there_is_named_with_its_setting(tmp_path):
    text = message(tmp_path / "nowhere")
    assert "nowhere: the folder cannot be read (No such file or directory)" in text
    assert "SOURCES__ERP__FILES__FOLDER" in text


def test_all_missing_files_are_named_at_once(folder):
    for name in ("mieter.csv", "person.csv", "wirtschaftseinheit.csv"):
        (folder / name).unlink()
    assert "wirtschaftseinheit.csv, person.csv, mieter.csv missing" in message(folder)


def test_an_empty_required_file_is_an_error(folder):
    (folder / "mieter.csv").write_bytes(b"")
    assert message(folder).startswith("mieter.csv: the file is empty")


def test_an_empty_optional_file_is_an_empty_table(folder):
    (folder / "leerstand.csv").write_bytes(b"")
    assert read(folder, "leerstand") == []


def test_two_files_for_one_table_are_an_error(folder):
    (folder / "Mandant.parquet").write_bytes(b"")
    assert "Mandant.parquet and mandant.csv are both the table mandant" in message(folder)


def without_we(folder: Path, **named: str) -> None:
    """A delivery of an ERP without Wirtschaftseinheiten; `named` adds quelle_erp to tables."""
    (folder / "wirtschaftseinheit.csv").unlink()
    for name in ("gebaeude", "verwaltungseinheit", "mietvertrag", "mieter"):
        path = folder / f"{name}.csv"
        path.write_text(
            path.read_text(encoding="utf-8").replace("we_nr;", "").replace("0123;", ""), encoding="utf-8"
        )
    for name, erp in named.items():
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        (folder / f"{name}.csv").write_text(
            "\n".join([lines[0] + ";quelle_erp", *(f"{line};{erp}" for line in lines[1:])]), encoding="utf-8"
        )


def test_uts_needs_no_wirtschaftseinheit_when_the_setting_says_uts(folder):
    without_we(folder)
    with opened(FilesSettings(folder), "uts_karthago") as delivery:
        assert "wirtschaftseinheit" not in delivery.tables
        assert delivery.tables["gebaeude"].columns == ("mandant_nr", "gebaeude_nr", "strasse", "plz")


@pytest.mark.parametrize("table", ["mandant", "gebaeude"])
def test_uts_needs_no_wirtschaftseinheit_when_its_own_rows_say_uts(folder, table):
    without_we(folder, **{table: "uts_karthago"})
    assert "wirtschaftseinheit" not in read_all(FilesSettings(folder))


def test_rows_of_another_erp_need_a_wirtschaftseinheit_whatever_the_setting_says(folder):
    without_we(folder, mandant="gap_immotion")
    assert "wirtschaftseinheit.csv missing" in message(folder, "uts_karthago")


def test_one_row_of_another_erp_makes_a_wirtschaftseinheit_necessary(folder):
    without_we(folder, mandant="uts_karthago")
    with (folder / "mandant.csv").open("a", encoding="utf-8") as file:
        file.write("\n002;Zweite;wodis_sigma\n")
    assert "wirtschaftseinheit.csv missing" in message(folder, "uts_karthago")


# Headers


def test_a_missing_key_column_is_named(folder):
    (folder / "verwaltungseinheit.csv").write_text("mandant_nr;gebaeude_nr;etage\n1;2;3\n", encoding="utf-8")
    assert message(folder).startswith("verwaltungseinheit.csv: key column we_nr, ve_nr missing")


def test_a_tenant_may_lack_the_column_gueltig_von(folder):
    text = DELIVERY["mieter.csv"].replace(";gueltig_von", "").replace(";2019-02-01", "")
    (folder / "mieter.csv").write_text(text, encoding="utf-8")
    assert read(folder, "mieter")[0]["rolle"] == "Hauptmieter"


def test_a_column_that_comes_twice_is_named(folder):
    (folder / "mandant.csv").write_text("mandant_nr;Name;name\n001;a;b\n", encoding="utf-8")
    assert message(folder).startswith("mandant.csv, line 1: column name comes more than once")


@pytest.mark.parametrize("column", ["_zeile", "_dlt_id"])
def test_a_column_that_the_loader_needs_for_itself_is_an_error(folder, column):
    (folder / "mandant.csv").write_text(f"mandant_nr;{column}\n001;7\n", encoding="utf-8")
    assert message(folder).startswith(f"mandant.csv, line 1: column {column} has a name that the loader uses")


def test_a_header_whose_quote_does_not_end_is_an_error(folder):
    (folder / "mandant.csv").write_text('mandant_nr;"name\n001;a\n', encoding="utf-8")
    assert message(folder).startswith("mandant.csv, line 1: a quoted field does not end")


# Bytes


def test_a_byte_of_no_encoding_is_named_with_its_line(folder):
    (folder / "person.csv").write_bytes("person_nr;nachname\n1;Groß\n2;Nu\x81\n".encode("iso-8859-1"))
    assert message(folder).startswith("person.csv, line 3: byte 0x81 is neither UTF-8 nor windows-1252")


def test_one_wrong_byte_does_not_turn_a_utf8_file_into_windows_1252(folder):
    (folder / "person.csv").write_bytes(DELIVERY["person.csv"].encode() + b"4712;natuerlich;J\xfcrgen;Ey\n")
    text = message(folder)
    assert text.startswith("person.csv, line 4: byte 0xFC is not UTF-8, though most of the file is")
    assert "SOURCES__ERP__FILES__ENCODING=windows-1252" in text


def test_a_few_pairs_that_look_like_utf8_leave_a_file_windows_1252(folder):
    text = "person_nr;nachname\n1;MÃ¼ller\n2;Müller\n3;Ößwald\n4;Grünbär\n5;Jäger\n"
    (folder / "person.csv").write_bytes(text.encode("windows-1252"))
    assert [row["nachname"] for row in read(folder, "person")] == [
        "MÃ¼ller",
        "Müller",
        "Ößwald",
        "Grünbär",
        "Jäger",
    ]


@pytest.mark.parametrize(("encoding", "byte"), [("cp850", "84"), ("cp437", "84"), ("mac_roman", "8A")])
def test_umlauts_of_dos_and_mac_are_not_read_as_windows_1252(folder, encoding, byte):
    text = "person_nr;nachname\n1;Ey\n2;Jäger\n3;Böttcher\n"
    (folder / "person.csv").write_bytes(text.encode(encoding))
    shown = message(folder)
    assert shown.startswith(f"person.csv, line 3: byte 0x{byte} inside a word is no letter in windows-1252")
    assert "SOURCES__ERP__FILES__ENCODING" in shown


def test_a_byte_of_another_encoding_is_found_wherever_a_block_ends(folder, monkeypatch):
    content = "person_nr;nachname\n1;Ey\n2;Jäger\n".encode("cp850")
    for block in range(1, len(content)):
        monkeypatch.setattr(csv_file, "BLOCK", block)
        (folder / "person.csv").write_bytes(content)
        with pytest.raises(DeliveryError, match=r"person\.csv, line 3: byte 0x84"):
            csv_file.inspect(folder / "person.csv")


@pytest.mark.parametrize(
    "name", ["O’Neil", "„Anker“GmbH", "Šimić", "ŠKODA", "Goodyear™", "Fœrster", "Anna–Lena", "5€"]
)
def test_signs_that_windows_1252_has_beyond_iso_8859_1_are_read(folder, name):
    name = name.replace("ć", "c")
    (folder / "person.csv").write_bytes(f"person_nr;nachname\n1;{name}\n2;Müller\n".encode("cp1252"))
    assert [row["nachname"] for row in read(folder, "person")] == [name, "Müller"]


def test_a_file_in_iso_8859_1_is_recognised(folder):
    text = "person_nr;nachname\n1;Müller\n2;Groß\n3;Señor\n4;½ §\n"
    (folder / "person.csv").write_bytes(text.encode("iso-8859-1"))
    assert [row["nachname"] for row in read(folder, "person")] == ["Müller", "Groß", "Señor", "½ §"]


def test_a_file_cut_inside_a_character_is_an_error(folder):
    (folder / "person.csv").write_bytes(DELIVERY["person.csv"].encode() + "4712;natuerlich;Jü".encode()[:-1])
    assert message(folder).startswith("person.csv, line 4: byte 0xC3 is not UTF-8")


def test_a_set_encoding_is_not_guessed_around(folder):
    (folder / "person.csv").write_bytes("person_nr;nachname\n1;Groß\n".encode("windows-1252"))
    text = message(folder, encoding="utf-8")
    assert text.startswith("person.csv, line 2: byte 0xDF is not utf-8")
    assert "SOURCES__ERP__FILES__ENCODING" in text


def test_utf16_is_named(folder):
    (folder / "person.csv").write_bytes(DELIVERY["person.csv"].encode("utf-16"))
    assert message(folder).startswith("person.csv: the file is UTF-16")


def test_a_nul_byte_is_named_with_its_line(folder):
    (folder / "person.csv").write_bytes(b"person_nr;nachname\n1;Ey\n2;E\0y\n")
    assert message(folder).startswith("person.csv, line 3: byte 0x00 is no text")


# Rows


@pytest.mark.parametrize(
    ("row", "found"), [("001;0123;01;0009", 4), ("001;0123;01;0009;x;y;z", 7), ("  ", 1)]
)
def test_a_row_with_another_number_of_fields_is_named_by_its_line(folder, row, found):
    text = (
        'mandant_nr;we_nr;gebaeude_nr;ve_nr;etage_lage\n001;0123;01;0004;"2.\r\nEtage"\n'
        f"\n{row}\n001;0123;01;0007;\n"
    )
    (folder / "verwaltungseinheit.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert message(folder).startswith(
        f"verwaltungseinheit.csv, line 5: {found} fields, but the header has 5; quote fields that contain ;"
    )


def test_neither_the_message_about_a_row_nor_what_led_to_it_holds_anything_of_the_row(folder):
    (folder / "person.csv").write_text(DELIVERY["person.csv"] + "4712;Quittenbaum\n", encoding="utf-8")
    with pytest.raises(DeliveryError) as caught:
        read_all(FilesSettings(folder), "wodis_sigma")
    shown = caught.getrepr(chain=True, style="value")
    assert "Quittenbaum" not in str(shown)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    [
        'person_nr;nachname;vorname\n1;a;b\n2;c;"d\n3;e;f\n',
        'person_nr;nachname;vorname\n1;a;b\n2;"c\n3;"e;f\n',
        'person_nr;nachname;vorname\n1;a;b\n2;"c" x;d\n3;e;f\n',
    ],
    ids=["never closed", "closed by a later row's quote", "text behind the closing quote"],
)
def test_a_quote_that_would_swallow_rows_is_named_by_its_line(folder, text):
    (folder / "person.csv").write_text(text, encoding="utf-8")
    assert message(folder).startswith("person.csv, line 3: a quoted field does not end where it should")


def test_a_broken_quote_is_seen_wherever_a_block_ends(folder, monkeypatch):
    text = 'person_nr;nachname;vorname\n1;"a";b\n2;"c\n3;"e;f\n4;"g";"h"\n'
    (folder / "person.csv").write_text(text, encoding="utf-8")
    for block in range(1, len(text)):
        monkeypatch.setattr(csv_file, "BLOCK", block)
        assert message(folder).startswith("person.csv, line 3: a quoted field"), block


def test_a_wrong_byte_is_found_wherever_a_block_ends(folder, monkeypatch):
    content = "person_nr;nachname\n1;Ähß\n2;Ä".encode() + b"\xc3\x41\n3;x\n"
    (folder / "person.csv").write_bytes(content)
    for block in range(1, len(content)):
        monkeypatch.setattr(csv_file, "BLOCK", block)
        text = message(folder, encoding="utf-8", delimiter=";")
        assert text.startswith("person.csv, line 3: byte 0xC3 is not utf-8"), block


def read_meanwhile(folder: Path, change: Callable[[], None], *, first: bool) -> None:
    """Reads a delivery; something happens to its files before or after that."""
    with opened(FilesSettings(folder)) as delivery:
        if first:
            change()
        for data in delivery.tables.values():
            rows_of(data)
        if not first:
            change()


@pytest.mark.parametrize("first", [True, False])
def test_a_file_that_changes_while_the_delivery_is_read_is_an_error(folder, first):
    def change() -> None:
        with (folder / "person.csv").open("a", encoding="utf-8") as file:
            file.write("4712;natuerlich;Ida;Ey\n")

    with pytest.raises(DeliveryError, match=r"^person\.csv: the file changed while it was read"):
        read_meanwhile(folder, change, first=first)


def test_a_file_that_comes_or_goes_while_the_delivery_is_read_is_an_error(folder):
    late = folder / "leerstand.csv"
    for change in (late.touch, late.unlink):
        with pytest.raises(DeliveryError, match=r"^leerstand\.csv: the file changed while it was read"):
            read_meanwhile(folder, change, first=False)
