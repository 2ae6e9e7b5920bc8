"""The rules that decide what a partner gets and under which id: E1, E2, I1 to I8."""

from collections.abc import Collection
from typing import Any

from tests.partners.conftest import ALL_PARTNERS, PARTNERS

SLASH_ROWS = {
    ("wirtschaftseinheit", "001/00/9"),
    ("gebaeude", "001/00/9/01"),
    ("verwaltungseinheit", "001/00/9/01/0001"),
    ("mietvertrag", "001/00/9/01/0001/01"),
    ("mieter", "001/00/9/01/0001/01/P104"),
}
SLASH_TENANTS = {
    ("mieter", "002/0001/01/0001/05/P/9"),
    ("mietvertrag", "002/0001/01/0001/05"),
    ("mieter", "002/0001/01/0001/06/P/9"),
}
SLASH_OWNERS = {
    ("eigentuemervertrag", "002/0001/01/0001/03"),
    ("eigentuemer", "002/0001/01/0001/03/P/9"),
}


def all_ids(marts: Any, partners: Collection[str] = ALL_PARTNERS) -> set[str]:
    """Ids that would be sent: `<partner>__held` lists those of which nothing is; a row by law may be of a person."""
    tables = marts.database.execute(
        "select table_name from duckdb_tables() where schema_name = 'partners'"
        " and not ends_with(table_name, '__held')"
    ).fetchall()
    chosen = [mart for (mart,) in tables if mart.partition("__")[0] in partners]
    return {external_id for mart in chosen for external_id in marts.ids(mart)} - {None}


def test_e1_only_configured_mandanten_reach_a_partner(marts: Any) -> None:
    ids = all_ids(marts)
    assert not [external_id for external_id in ids if external_id.startswith("900")]
    assert "P105" not in ids


def test_e1_a_mandant_that_the_erp_does_not_have_fails_a_test_of_that_partner(dashed_kiwi: Any) -> None:
    failed = {name for name, state in dashed_kiwi.states.items() if state in ("fail", "error")}
    assert failed == {"known_mandanten_kiwi__verwaltungseinheiten_kiwi"}


def test_e2_a_lease_stays_with_its_qualifying_tenants_and_goes_without_any(marts: Any) -> None:
    tenants = [external_id for external_id in all_ids(marts, PARTNERS) if external_id.endswith("P101")]
    assert tenants == []
    assert "001/0007/01/0001/01" in marts.ids("etg24__mietvertraege")
    assert "001/0007/02/G-1/01" not in marts.ids("etg24__mietvertraege")


def test_i1_the_separator_of_the_settings_joins_the_numbers(marts: Any, dashed_kiwi: Any) -> None:
    assert "001/0007/01/0001" in marts.ids("kiwi__verwaltungseinheiten")
    assert dashed_kiwi.marts.ids("kiwi__verwaltungseinheiten") == [
        "001-00/9-01-0001",
        "001-0007-01-0001",
        "001-0007-01-0002",
    ]


def test_i2_the_numbers_stand_in_the_order_of_the_levels_and_an_owner_contract_has_an_e(marts: Any) -> None:
    assert "001/0007" in marts.ids("etg24__objektgruppen")
    assert "001/0007/01" in marts.ids("etg24__objekte")
    assert "001/0007/01/0001" in marts.ids("etg24__einheiten")
    assert "001/0007/01/0001/01" in marts.ids("etg24__mietvertraege")
    assert "001/0007/01/0001/E04" in marts.ids("etg24__eigentuemervertraege")


def test_i3_a_missing_wirtschaftseinheit_leaves_no_gap_and_no_reference(marts: Any) -> None:
    assert marts.row("etg24__objekte", "002/77")["objektgruppen_external_id"] is None
    assert marts.row("etg24__einheiten", "002/77/0001")["objekte_external_id"] == "002/77"
    assert "002/77/0001/01/P100" in marts.ids("etg24__mieter")


def test_i4_a_person_has_its_own_number_or_hangs_on_its_contract(marts: Any) -> None:
    assert "P100" in marts.ids("kiwi__mieter")
    assert "P100" in marts.ids("facilioo__parteien_mieter")
    assert "P301" in marts.ids("plentific__unterobjekte_vermieter")
    for mart in ("etg24__mieter", "facilioo__vertraege_mieter", "plentific__unterobjekte_mieter"):
        assert "001/0007/01/0001/01/P100" in marts.ids(mart)


def test_i5_a_number_with_the_separator_keeps_the_row_and_all_below_it_back(marts: Any) -> None:
    ids = all_ids(marts)
    assert not [external_id for external_id in ids if "00/9" in external_id]
    # Judged on the whole key of the ERP row: this tenant's only lease lies below the WE 00/9.
    assert "P104" not in ids
    assert marts.findings("etg24", "I5") == SLASH_ROWS | SLASH_TENANTS | SLASH_OWNERS
    assert marts.findings("facilioo", "I5") == SLASH_ROWS | SLASH_TENANTS | SLASH_OWNERS
    without_we = SLASH_ROWS - {("wirtschaftseinheit", "001/00/9")}
    assert marts.findings("plentific", "I5") == without_we | SLASH_TENANTS | SLASH_OWNERS
    assert marts.findings("kiwi", "I5") == without_we - {("gebaeude", "001/00/9/01")} | SLASH_TENANTS


def test_i5_a_contract_stays_with_its_other_persons_and_goes_when_none_is_left(marts: Any) -> None:
    assert "002/0001/01/0001/06" in marts.ids("etg24__mietvertraege")
    assert "002/0001/01/0001/05" not in marts.ids("etg24__mietvertraege")
    assert "002/0001/01/0001/E03" not in marts.ids("etg24__eigentuemervertraege")
    assert "P/9" not in all_ids(marts)


def test_i5_a_finding_names_the_column_its_value_and_the_separators_that_are_safe(
    marts: Any, dashed_kiwi: Any
) -> None:
    assert marts.finding("etg24", "gebaeude", "001/00/9/01") == {
        "rule": "I5",
        "table_name": "gebaeude",
        "key": "001/00/9/01",
        "column_name": "we_nr",
        "value": "00/9",
        "partner": "etg24",
        "reason": "a number contains the separator / of etg24; safe for this row: - _ . |",
    }
    assert marts.finding("etg24", "mietvertrag", "002/0001/01/0001/05")["column_name"] == "person_nr"
    dashed = dashed_kiwi.marts.finding("kiwi", "verwaltungseinheit", "001/0007/02/G-1")
    assert (dashed["value"], dashed["reason"].split(": ")[1]) == ("G-1", "_ . / |")


def test_i6_at_etg24_two_contracts_with_one_id_stay_back_with_their_participants(marts: Any) -> None:
    shared = "001/0007/01/0002/E02"
    assert not [
        external_id
        for mart in ("mietvertraege", "mieter", "eigentuemervertraege", "eigentuemer")
        for external_id in marts.ids(f"etg24__{mart}")
        if external_id.startswith(shared)
    ]
    assert marts.findings("etg24", "I6") == {
        ("mietvertrag", "001/0007/01/0002/E02"),
        ("mieter", "001/0007/01/0002/E02/P102"),
        ("eigentuemervertrag", "001/0007/01/0002/02"),
        ("eigentuemer", "001/0007/01/0002/02/P102"),
        ("eigentuemer", "001/0007/01/0002/02/P301"),
    }


def test_i6_at_facilioo_only_the_contract_records_of_the_same_person_meet(marts: Any) -> None:
    assert "001/0007/01/0002/E02/P102" not in marts.ids("facilioo__vertraege_mieter")
    assert "001/0007/01/0002/E02/P102" not in marts.ids("facilioo__vertraege_eigentuemer")
    assert "001/0007/01/0002/E02/P301" in marts.ids("facilioo__vertraege_eigentuemer")
    assert marts.findings("facilioo", "I6") == {
        ("mieter", "001/0007/01/0002/E02/P102"),
        ("eigentuemer", "001/0007/01/0002/02/P102"),
    }


def test_i6_where_leases_and_owner_contracts_share_no_ids_both_are_sent(marts: Any) -> None:
    assert "001/0007/01/0002/E02/P102" in marts.ids("plentific__unterobjekte_mieter")
    assert "P102" in marts.ids("plentific__unterobjekte_vermieter")
    assert marts.findings("plentific", "I6") == set()


def test_i7_a_person_who_rents_and_owns_is_one_party(marts: Any) -> None:
    assert "P100" in marts.ids("facilioo__parteien_mieter")
    assert "P100" not in marts.ids("facilioo__parteien_eigentuemer")
    owned = marts.row("facilioo__vertraege_eigentuemer", "002/0001/01/0001/E01/P100")
    assert owned["parteien_mieter_external_id"] == "P100"


def test_i8_a_record_of_a_contract_and_a_person_has_the_dates_of_both(marts: Any) -> None:
    early = marts.row("kiwi__mietvertraege", "001/0007/01/0001/01/P100")
    late = marts.row("kiwi__mietvertraege", "001/0007/01/0001/01/P102")
    notice = marts.row("kiwi__mietvertraege", "001/0007/01/0002/01/P200")
    # The lease began on 2020-02-01: P100's own begin lies before it, P102's after it.
    assert (str(early["starts_at"]), early["ends_at"]) == ("2020-02-01", None)
    assert (str(late["starts_at"]), str(late["ends_at"])) == ("2021-05-01", "2099-12-30")
    assert str(notice["ends_at"]) == "2098-06-30"


def test_a_partner_that_is_off_is_not_built(dashed_kiwi: Any) -> None:
    built = {name.split("__")[0] for name in dashed_kiwi.states if "__" in name}
    assert "kiwi" in built
    assert not built & {"etg24", "facilioo", "plentific", "int_etg24", "int_facilioo", "int_plentific"}
