"""C1 to C7 on whole tables: what staging holds, and what it says about the rest."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

Query = Callable[[str], list[Any]]
Findings = Callable[[str, str], list[Any]]


def test_c1_keys_are_compared_without_their_outer_blanks(query: Query) -> None:
    assert query(
        "select mandant_nr, we_nr, weg_kz from staging.stg_erp__wirtschaftseinheit where we_nr = '0123'"
    ) == [("001", "0123", True)]


def test_c2_an_unreadable_date_is_null_and_listed(query: Query, findings: Findings) -> None:
    rows = query(
        "select gebaeude_nr, zugang_am, abgang_am, _rule from staging.base_erp__gebaeude "
        "where we_nr = '0123' and gebaeude_nr in ('02', '03') order by 1"
    )
    # H1: when it left the stock cannot be told
    assert rows == [("02", None, None, "H1"), ("03", None, None, None)]
    assert findings("C2", "gebaeude") == [
        ("001/0123/02", "abgang_am", "01.01.20", None),
        ("001/0123/02", "zugang_am", "30.02.2020", None),
    ]


def test_c3_numbers_and_booleans_are_read_or_listed(query: Query, findings: Findings) -> None:
    assert query(
        "select wohnflaeche, zimmer, mea from staging.stg_erp__verwaltungseinheit "
        "where ve_nr = '0001' and we_nr = '0123' and gebaeude_nr = '01'"
    ) == [(Decimal("1063.25"), Decimal("3.5"), Decimal("83.1250"))]
    assert query(
        "select aufzug, denkmalschutz, geschosse, baujahr, land from staging.stg_erp__gebaeude "
        "where we_nr = '0123' and gebaeude_nr = '01'"
    ) == [(True, None, 4, "um 1900", "DE")]
    assert findings("C3", "gebaeude") == [
        ("001/0123/01", "baujahr", "um 1900", "no plain year"),
        ("001/0123/01", "denkmalschutz", "vielleicht", None),
    ]


def test_c3_a_dot_before_three_digits_is_a_decimal_point_and_listed_where_it_would_lose_a_digit(
    query: Query, findings: Findings
) -> None:
    assert query("select sollmiete from staging.stg_erp__verwaltungseinheit where ve_nr = '0002'") == [
        Decimal("1.23")
    ]
    assert findings("C3", "verwaltungseinheit") == [
        ("001/0123/01/0002", "sollmiete", "1.234", None),
        ("001/0123/01/0002", "zimmer", "drei", None),
    ]


def test_c5_the_floor_follows_the_erp_of_the_row(query: Query, findings: Findings) -> None:
    assert query(
        "select ve_nr, etagennummer from staging.stg_erp__verwaltungseinheit "
        "where gebaeude_nr = '01' and ve_nr in ('0001', '0002', '0003') order by 1"
    ) == [("0001", 3), ("0002", None), ("0003", -2)]
    assert findings("C5", "verwaltungseinheit") == [
        ("001/0123/01/0002", "etage_lage", "Erdgeschoß links", None)
    ]


def test_c6_of_rows_with_one_key_the_right_one_stays(query: Query, findings: Findings) -> None:
    assert query(
        "select ve_nr, bezeichnung from staging.stg_erp__verwaltungseinheit "
        "where ve_nr between '0021' and '0025' order by 1"
    ) == [
        ("0021", "latest stamp"),
        ("0022", "later row"),
        ("0023", "stamp"),
        ("0024", "same stamp, later row"),
    ]
    assert findings("C6", "verwaltungseinheit") == [
        ("001/0123/01/0021", None, None, "row 13: row 12 has the same key and stays"),
        ("001/0123/01/0021", None, None, "row 14: row 12 has the same key and stays"),
        ("001/0123/01/0022", None, None, "row 15: row 16 has the same key and stays"),
        ("001/0123/01/0023", None, None, "row 17: row 18 has the same key and stays"),
        ("001/0123/01/0024", None, None, "row 19: row 20 has the same key and stays"),
        ("001/0123/01/0025", None, None, "row 21: row 22 has the same key and stays"),
    ]


def test_c6_comes_before_l1(findings: Findings) -> None:
    assert findings("L1", "verwaltungseinheit") == [
        ("001/0123/01/0025", None, None, "geloescht_kz L"),
        ("001/79/0001", None, None, "gebaeude 001/79: geloescht_kz L"),
    ]


def test_c6_numbers_are_texts(query: Query) -> None:
    assert query(
        "select person_nr from staging.stg_erp__person where person_nr in ('7', '007') order by 1"
    ) == ["007", "7"]
    assert query(
        "select ve_nr from staging.stg_erp__verwaltungseinheit where lower(ve_nr) in ('a', '1') order by 1"
    ) == ["1", "A", "a"]


def test_c6_a_tenant_without_a_begin_has_a_key_too(query: Query, findings: Findings) -> None:
    assert query("select gueltig_bis from staging.stg_erp__mieter where mv_nr = '27'") == [date(2031, 1, 31)]
    assert findings("C6", "mieter") == [
        ("001/0123/01/0001/27/P1", None, None, "row 26: row 27 has the same key and stays")
    ]
    assert findings("C7", "mieter") == []


def test_c7_a_row_with_a_gap_in_its_key_is_reported_once(query: Query, findings: Findings) -> None:
    assert findings("C7", "wirtschaftseinheit") == [("001/", None, None, "row 8: no we_nr")]
    assert findings("C7", "gebaeude") == [("001//80", None, None, "row 15: no we_nr")]
    assert findings("C7", "verwaltungseinheit") == [
        ("001/0123/01/", None, None, "row 23: no ve_nr"),
        ("001/0123/01/", None, None, "row 24: no ve_nr"),
    ]
    assert query("select count(*) from staging.stg_erp__verwaltungseinheit where ve_nr is null") == [0]


def test_c7_uts_karthago_needs_no_we(query: Query) -> None:
    assert query(
        "select mandant_nr, we_nr, gebaeude_nr from staging.stg_erp__gebaeude "
        "where quelle_erp = 'uts_karthago' order by 3"
    ) == [("001", None, "77"), ("001", None, "78")]
    assert query(
        "select ve_nr from staging.stg_erp__verwaltungseinheit where quelle_erp = 'uts_karthago'"
    ) == ["0001"]


def test_a_row_without_an_erp_is_of_the_erp_of_the_settings(query: Query) -> None:
    assert query("select distinct quelle_erp from staging.stg_erp__mietvertrag where mandant_nr = '001'") == [
        "wodis_sigma"
    ]
