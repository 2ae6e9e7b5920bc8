"""C1 to C3, C8, C9, E8 on a delivery of its own: odd values that ERPs, spreadsheets and tools leave in a table."""

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.staging.conftest import LAYERS
from tests.staging.staging_rows import STICHTAG

Query = Callable[[str], list[Any]]

WE = {"mandant_nr": "001", "we_nr": "0123"}
HAUS = {**WE, "gebaeude_nr": "01"}
VE = {**HAUS, "ve_nr": "0001"}


def lease(nr: str, **more: Any) -> dict[str, Any]:
    return {**VE, "mv_nr": nr, "mietbeginn": "01.02.2019", "vertragsart": "Miete", **more}


def tenant(nr: str, person_nr: str, rolle: str) -> dict[str, Any]:
    return {**VE, "mv_nr": nr, "person_nr": person_nr, "rolle": rolle}


def person(nr: str, nachname: str | None = "Kranz", **more: Any) -> dict[str, Any]:
    return {"person_nr": nr, "nachname": nachname, **more}


def contact(person_nr: str, lfd_nr: str, art: str | None, wert: str) -> dict[str, Any]:
    return {"person_nr": person_nr, "lfd_nr": lfd_nr, "art": art, "wert": wert}


def house(nr: str, **more: Any) -> dict[str, Any]:
    return {**WE, "gebaeude_nr": nr, **more}


TABLES = {
    "mandant": [{"mandant_nr": '="001"'}],
    "wirtschaftseinheit": [{"mandant_nr": "'001", "we_nr": "0123\u200b"}],
    "gebaeude": [
        house("01", land="D", plz="1067", hausnummer="01. Mrz", aufzug="X", denkmalschutz="ja"),
        house("02", land="Deutschland", plz="01067", hausnummer="1-3", aufzug=" ", denkmalschutz=" "),
        house("03", land="atlantis", plz="1067", aufzug="NEIN", denkmalschutz="falsch"),
        house("04", plz="1010", land="Öster reich", bezeichnung="NULL"),
        house("05", land="ger", strasse="M&uuml;hlweg", bezeichnung="GroÃŸe Str."),
    ],
    "verwaltungseinheit": [
        {
            **VE,
            "etage": "99999999999",
            "etage_lage": "3. OG",
            "quelle_erp": "relion",
            "wohnflaeche": "61,50 m²",
        },
        {**HAUS, "ve_nr": "0002", "etage_lage": "99999999999. OG", "sollmiete": "450,00 CHF"},
    ],
    "mietvertrag": [
        lease("01", mietende="1753-01-01", vertragsart=" mietvertrag"),
        lease("02", mietende="31.06.2025"),
        lease("03", mietende="31.12.2027 00:00:00", kaution_soll="50,00-"),
        lease("04", mietende="2027-12-30T23:00:00Z", vertragsart="WOHN RAUM"),
        lease("05", mietende="31.12.2027 23:59:59"),
        lease("06", vertragsart="LEERSTAND"),
        lease("07", vertragsart="Erbpacht"),
        lease("08", status_erp="STORNO"),
        lease("09", status_erp="Klärfall"),
        lease("10", vertragsart=None, status_erp=None),
    ],
    "mieter": [
        tenant("01", "1", "hauptmieter"),
        tenant("01", "2", "Mieter"),
        tenant("03", "1", "Mit Mieter"),
        tenant("04", "1", "Freund"),
    ],
    "person": [
        person("1", "\u200bKranz\u00ad", anonymisiert="FALSCH", person_art="NATUERLICH"),
        person("2", "NULL", vorname="Null", anonymisiert="", geburtsdatum="01.01.1900"),
        person("3", anonymisiert="WAHR"),
        person("4", anonymisiert="vielleicht"),
        person("5", "\u200b\u2060"),
        person("6", "Nachname GmbH", person_art="Firma"),
        person("7", "Nachname", firma1="Firma GmbH", person_art="jur. Person"),
        person("8", None, firma1="Firma GmbH", person_art="natürliche Person"),
        person("9", "Wesen", firma1="Firma GmbH", person_art="Roboter"),
        person("10", "Kranz_x000D_\nBach", ort="B\ufffdn", strasse="Weg"),
        person("11", "leer STEHEND ", todesdatum="NULL"),
        person("8,15E+09"),
    ],
    "kontaktweg": [
        contact("1", "1", "email", "aenne@example.org\u200b"),
        contact("1", "2", "Mobil", "0152 28817386"),
        contact("1", "3", "Tel. privat", "030 23125001"),
        contact("1", "4", "Brieftaube", "Turm 1"),
        contact("1", "5", None, "0171 2345678"),
    ],
}


@pytest.fixture(scope="module")
def built(build: Callable[..., duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    return build(TABLES, select=LAYERS, vars={"stichtag": STICHTAG, "partners": {}})


@pytest.fixture
def query(built: duckdb.DuckDBPyConnection) -> Query:
    def run(sql: str) -> list[Any]:
        return [row[0] if len(row) == 1 else row for row in built.execute(sql).fetchall()]

    return run


def listed(query: Query, rule: str, table: str) -> list[Any]:
    return query(
        "select key, column_name, value, reason from quality.findings"
        f" where rule = '{rule}' and table_name = '{table}' order by all"
    )


def test_c1_c8_keys_lose_what_cannot_be_seen_and_excels_marks(query: Query) -> None:
    assert query("select mandant_nr, we_nr from staging.stg_erp__wirtschaftseinheit") == [("001", "0123")]
    assert query("select count(*) from staging.stg_erp__gebaeude") == [5]
    assert listed(query, "C8", "wirtschaftseinheit") == [
        ("001/0123", "mandant_nr", "'001", "a text mark of Excel (apostrophe), read without it")
    ]
    assert listed(query, "C8", "mandant") == [
        ("001", "mandant_nr", '="001"', 'a text mark of Excel (="…"), read without it')
    ]


def test_c1_the_text_null_is_null_but_in_names(query: Query) -> None:
    assert query("select nachname, vorname from staging.stg_erp__person where person_nr = '2'") == [
        ("NULL", "Null")
    ]
    assert query("select bezeichnung from staging.stg_erp__gebaeude where gebaeude_nr = '04'") == [None]
    assert listed(query, "C1", "person") == [("2", "nachname", "xxxx", "the text NULL, taken for a name")]
    assert listed(query, "C2", "person") == []


def test_c2_ends_of_leases(query: Query) -> None:
    assert query(
        "select mv_nr, mietende from staging.base_erp__mietvertrag where mv_nr <= '05' order by 1"
    ) == [
        ("01", None),
        ("02", None),
        ("03", date(2027, 12, 31)),
        ("04", date(2027, 12, 31)),
        ("05", date(2027, 12, 31)),
    ]
    assert listed(query, "C2", "mietvertrag") == [
        ("001/0123/01/0001/02", "mietende", "31.06.2025", None),
        (
            "001/0123/01/0001/05",
            "mietende",
            "31.12.2027 23:59:59",
            "read as the day: a time that is not midnight",
        ),
    ]


def test_c2_somebody_was_born_in_1900(query: Query) -> None:
    assert query("select geburtsdatum from staging.stg_erp__person where person_nr = '2'") == [
        date(1900, 1, 1)
    ]


def test_c3_an_empty_cell_is_false_only_beside_an_x(query: Query) -> None:
    assert query("select gebaeude_nr, aufzug, denkmalschutz from staging.base_erp__gebaeude order by 1") == [
        ("01", True, True),
        ("02", False, None),
        ("03", False, False),
        ("04", False, None),
        ("05", False, None),
    ]
    assert query("select distinct ist_haupt from staging.base_erp__kontaktweg") == [None]


def test_c3_what_is_no_clear_false_keeps_a_person_away(query: Query) -> None:
    assert query("select person_nr from staging.base_erp__person where anonymisiert order by all") == [
        "3",
        "4",
    ]
    assert listed(query, "C3", "person") == [("4", "anonymisiert", "vielleicht", None)]
    assert query(
        "select person_nr, reason from intermediate.int_personen__pruefung where rule = 'L5' order by 1"
    ) == [
        ("3", "anonymised"),
        ("4", "anonymised"),
    ]


def test_c3_no_number_stops_the_build_and_none_is_silently_lost(query: Query) -> None:
    assert query("select ve_nr, etagennummer from staging.stg_erp__verwaltungseinheit order by 1") == [
        ("0001", 3),
        ("0002", None),
    ]
    assert listed(query, "C3", "verwaltungseinheit") == [
        ("001/0123/01/0001", "etage", "99999999999", None),
        ("001/0123/01/0001", "wohnflaeche", "61,50 m²", None),
        ("001/0123/01/0002", "etage_lage", "99999999999. OG", None),
        ("001/0123/01/0002", "sollmiete", "450,00 CHF", "read as it stands: another currency than euro"),
    ]


def test_c8_damaged_text_is_listed_once_a_row_with_its_first_column(query: Query) -> None:
    assert listed(query, "C8", "gebaeude") == [
        ("001/0123/01", "hausnummer", "01. Mrz", "a spreadsheet took the number for a date"),
        ("001/0123/01", "plz", "1067", "four digits: a spreadsheet took the zero in front"),
        (
            "001/0123/05",
            "bezeichnung",
            "GroÃŸe Str.",
            "UTF-8 that was read as another encoding; also in strasse",
        ),
    ]
    assert (
        listed(query, "C8", "person")
        == [
            (
                "10",
                "nachname",
                "xxxxx_x999x_\nxxxx",
                "_x000D_ is a line break of Excel, and read as one; also in ort",
            ),
            ("", "person_nr", "8,15E+09", "a key in scientific notation: its digits are lost"),
        ][::-1]
    )
    assert query("select nachname from staging.stg_erp__person where person_nr = '10'") == ["Kranz\nBach"]
    assert listed(query, "C7", "person") == [("", None, None, "row 12: no person_nr")]


ON_NO_LIST = "on no list: add the word to seeds/woerter.csv, or map it in the mapping file"


def test_c9_words_are_compared_without_case_and_blanks_and_unknown_ones_named(query: Query) -> None:
    assert query("select lfd_nr, art from staging.stg_erp__kontaktweg order by 1") == [
        ("1", "E-Mail"),
        ("2", "Handynummer"),
        ("3", "Festnetz"),
        ("4", "Brieftaube"),
        ("5", None),
    ]
    assert query(
        "select email, handynummer, festnetz from intermediate.int_personen where person_nr = '1'"
    ) == [("aenne@example.org", "0152 28817386", "030 23125001")]
    assert listed(query, "C9", "kontaktweg") == [
        ("1/4", "art", "Brieftaube", ON_NO_LIST),
        ("1/5", "art", None, "no kind of contact"),
    ]
    assert listed(query, "C9", "mieter") == [("001/0123/01/0001/04/1", "rolle", "Freund", ON_NO_LIST)]
    assert listed(query, "C9", "mietvertrag") == [
        ("001/0123/01/0001/07", "vertragsart", "Erbpacht", ON_NO_LIST),
        ("001/0123/01/0001/09", "status_erp", "Klärfall", ON_NO_LIST),
    ]
    assert listed(query, "C9", "person") == [("9", "person_art", "Roboter", ON_NO_LIST)]


def test_c9_a_word_on_no_list_is_never_the_harmless_case(query: Query) -> None:
    scope = query("select mv_nr, vertragsart from intermediate.int_mietvertraege order by 1")
    assert ("04", "Miete") in scope
    assert {"06", "07", "08"}.isdisjoint(nr for nr, _ in scope)
    assert ("10", None) in scope
    assert query("select mv_nr, person_nr, ist_hauptmieter from intermediate.int_mieter order by all") == [
        ("01", "1", True),
        ("01", "2", True),
        ("03", "1", False),
    ]


def test_c9_countries_are_iso_codes_and_an_unknown_one_is_left_out(query: Query) -> None:
    assert query("select gebaeude_nr, land from staging.stg_erp__gebaeude order by 1") == [
        ("01", "DE"),
        ("02", "DE"),
        ("03", None),
        ("04", "AT"),
        ("05", "DE"),
    ]
    assert listed(query, "C9", "gebaeude") == [
        (
            "001/0123/03",
            "land",
            "atlantis",
            "on no list: add the word to seeds/laendernamen.csv, or map it in the mapping file",
        )
    ]


def test_e8_e9_names_of_companies_and_of_everybody_else(query: Query) -> None:
    assert query(
        "select person_nr, ist_firma, name from intermediate.int_personen order by person_nr::integer"
    ) == [
        ("1", False, "Kranz"),
        ("2", False, "NULL"),
        ("6", True, "Nachname GmbH"),
        ("7", True, "Firma GmbH"),
        ("9", False, "Wesen"),
        ("10", False, "Kranz\nBach"),
    ]
    assert [key for key, *_ in listed(query, "E8", "person")] == ["5", "8"]
    assert [key for key, *_ in listed(query, "E9", "person")] == ["11"]
