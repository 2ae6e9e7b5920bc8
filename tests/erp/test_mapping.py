"""The mapping file: other names for files and columns."""

import re
from pathlib import Path

import pytest

from pipelines.erp.delivery.mapping import TableMapping, read_mapping
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.erp.sample import write_sample
from pipelines.errors import DeliveryError, SettingsError
from pipelines.settings import project_root
from tests.erp.delivery import opened, read, rows_of


@pytest.fixture
def mapping(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def english(tmp_path) -> Path:
    """The example of the documentation, as a file."""
    text = (project_root() / "docs" / "erp.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(# mapping\.yaml.*?)```", text, re.DOTALL)
    path = tmp_path / "mapping.yaml"
    path.write_text(example.group(1), encoding="utf-8")
    return path


def test_the_example_of_the_documentation_reads_english_files(folder, tmp_path, home, database):
    (folder / "verwaltungseinheit.csv").unlink()
    (folder / "person.csv").unlink()
    (folder / "Units.csv").write_text(
        "Floor;Unit No.;Company;Estate;BUILDING;Rooms\n2. Etage;0004;001;0123;01;3,5\n", encoding="utf-8"
    )
    (folder / "contacts_001.csv").write_text(
        "Contact No.;Type;Last Name\n0000000815;natuerlich;Böttcher-Groß\n", encoding="cp1252"
    )
    settings = FilesSettings(folder, mapping=read_mapping(english(tmp_path)))
    result = load(settings, home)
    assert database.rows(
        "select mandant_nr, we_nr, gebaeude_nr, ve_nr, etage_lage, rooms from erp_raw.verwaltungseinheit"
    ) == [("001", "0123", "01", "0004", "2. Etage", "3,5")]
    assert database.rows("select person_nr, person_art, nachname from erp_raw.person") == [
        ("0000000815", "natuerlich", "Böttcher-Groß")
    ]
    assert result.unknown_columns == {"verwaltungseinheit": ("rooms",)}


def test_a_mapped_table_goes_by_its_mapped_name_only(folder):
    settings = FilesSettings(folder, mapping={"archiv": TableMapping(source="Akten.CSV")})
    (folder / "archiv.csv").write_text("archiv_nr\n1\n", encoding="utf-8")
    (folder / "akten.csv").write_text("archiv_nr\n2\n", encoding="utf-8")
    with opened(settings) as delivery:
        assert rows_of(delivery.tables["archiv"]) == [{"archiv_nr": "2"}]
        assert delivery.unknown_files == ("archiv.csv",)


def test_one_file_may_be_several_tables(folder):
    (folder / "verträge.csv").write_text("archiv_nr;ordner_nr\n1;7\n", encoding="utf-8")
    flat = TableMapping(source="verträge")
    tables = read(FilesSettings(folder, mapping={"archiv": flat, "ordner": flat}))
    assert tables["archiv"] == tables["ordner"] == [{"archiv_nr": "1", "ordner_nr": "7"}]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"ort": "Town"}, "mandant.csv, line 1: column town missing, which the mapping file names for ort"),
        (
            {"mandant_nr": "Nummer"},
            "mandant.csv, line 1: column nummer missing, which the mapping file names for mandant_nr, and there is",
        ),
        ({"ort": "Name", "mandant_nr": "mandant_nr"}, None),
        ({"mandant_nr": "Name"}, "mandant.csv, line 1: column mandant_nr comes more than once"),
    ],
)
def test_a_mapped_column_must_be_there_once(folder, columns, expected):
    settings = FilesSettings(folder, mapping={"mandant": TableMapping(columns=columns)})
    if expected is None:
        assert read(settings)["mandant"] == [{"mandant_nr": "001", "ort": "Wohnbau Musterstadt"}]
        return
    with pytest.raises(DeliveryError) as caught:
        read(settings)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mapping.yaml: one entry `tables:` is needed"),
        ("tables: [person]", "mapping.yaml: one entry `tables:` is needed"),
        ("tables:\n  person: {from: a\n", "mapping.yaml, line 3: the mapping file is no YAML"),
        ("tables: {persons: {}}", "mapping.yaml: tables.persons: unknown table; there are mandant, "),
        (
            "tables: {person: units}",
            "mapping.yaml: tables.person: a map with from, columns, values is needed",
        ),
        (
            "tables: {person: {form: x}}",
            "mapping.yaml: tables.person.form: unknown entry; there are from, columns",
        ),
        ("tables: {person: {select: x}}", "mapping.yaml: tables.person.select: unknown entry"),
        (
            "tables: {person: {from: 7}}",
            "mapping.yaml: tables.person.from: a text is needed; put it in quotes",
        ),
        ("tables: {person: {columns: [a]}}", "mapping.yaml: tables.person.columns: a map from our columns"),
        ("tables: {person: {columns: {nr: a}}}", "mapping.yaml: tables.person.columns.nr: unknown column"),
        (
            "tables: {person: {columns: {ort: 1}}}",
            "mapping.yaml: tables.person.columns.ort: a text is needed",
        ),
        (
            "tables: {person: {columns: {ort: Town, plz: ' TOWN'}}}",
            "mapping.yaml: tables.person.columns.plz: ' TOWN' is mapped to ort already",
        ),
    ],
)
def test_what_is_wrong_in_a_mapping_file_is_named(mapping, text, expected):
    with pytest.raises(SettingsError) as caught:
        read_mapping(mapping(text))
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


def test_a_mapping_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: the mapping file cannot be read"):
        read_mapping(tmp_path / "nowhere.yaml")


def test_words_of_the_erp_become_ours_whatever_their_case_and_blanks(folder, mapping, home, database):
    (folder / "kontaktweg.csv").write_text(
        "person_nr;lfd_nr;art;wert\n1;1;MOBIL ;0170 1\n1;2;Tel  2;030 1\n1;3;E-Mail;a@b.de\n1;4;;x\n",
        encoding="utf-8",
    )
    path = mapping(
        "tables: {kontaktweg: {values: {art: {mobil: Handynummer, 'tel 2': Festnetz, 'e-mail': ''}}}}"
    )
    load(FilesSettings(folder, mapping=read_mapping(path)), home)

    assert database.rows("select lfd_nr, art from erp_raw.kontaktweg order by 1") == [
        ("1", "Handynummer"),
        ("2", "Festnetz"),
        ("3", ""),
        ("4", ""),
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            "{arrt: {a: b}}",
            "mapping.yaml: tables.kontaktweg.values.arrt: unknown column; there are person_nr, ",
        ),
        (
            "[art]",
            "mapping.yaml: tables.kontaktweg.values: a map from our columns to their words and ours is needed",
        ),
        (
            "{art: Handynummer}",
            "mapping.yaml: tables.kontaktweg.values.art: a map from their words to ours is needed",
        ),
        ("{art: {}}", "mapping.yaml: tables.kontaktweg.values.art: a map from their words to ours is needed"),
        (
            "{art: {1: Fax}}",
            "mapping.yaml: tables.kontaktweg.values.art: the word 1: a text is needed; put it in quotes",
        ),
        ("{art: {a: 1}}", "mapping.yaml: tables.kontaktweg.values.art.a: a text is needed; put it in quotes"),
        (
            "{art: {Mo bil: Fax, mobil: Fax}}",
            "values.art.mobil: the same word as Mo bil (case and blanks do not count)",
        ),
        (
            "{art: {Mobil: Handnummer}}",
            "values.art.Mobil: 'Handnummer' is no word of ours; there are E-Mail, Fax, ",
        ),
    ],
)
def test_values_that_cannot_be_mapped_are_named(mapping, values, message):
    with pytest.raises(SettingsError) as refused:
        read_mapping(mapping(f"tables: {{kontaktweg: {{values: {values}}}}}"))
    assert message in str(refused.value)


def test_a_file_that_the_mapping_names_and_that_is_not_there_is_no_empty_table(tmp_path: Path) -> None:
    write_sample(tmp_path / "erp", 20, 1)
    settings = FilesSettings(folder=tmp_path / "erp", mapping={"dokument": TableMapping(source="dokumnt")})
    with pytest.raises(
        DeliveryError, match=r"tables\.dokument\.from .* called 'dokumnt'; did you mean dokument\?"
    ):
        load(settings, tmp_path / "home")
