"""L1 to L6 and I8: what lives, what is in scope, who is on it."""

from collections.abc import Callable
from datetime import date
from typing import Any

Query = Callable[[str], list[Any]]
Findings = Callable[[str, str], list[Any]]


def test_l1_marked_lives_and_deleted_does_not(query: Query, findings: Findings) -> None:
    assert query("select we_nr from staging.stg_erp__wirtschaftseinheit where we_nr like '03%'") == ["0300"]
    assert findings("L1", "wirtschaftseinheit") == [
        ("001/0301", None, None, "geloescht_kz L"),
        ("009/0001", None, None, "mandant 009: geloescht_kz L"),
    ]


def test_l2_the_last_day_still_lives(query: Query, findings: Findings) -> None:
    assert query("select we_nr from staging.stg_erp__wirtschaftseinheit where we_nr like '02%'") == ["0200"]
    assert query("select gebaeude_nr from staging.stg_erp__gebaeude where gebaeude_nr in ('04', '05')") == [
        "04"
    ]
    assert query(
        "select ve_nr from staging.stg_erp__verwaltungseinheit where ve_nr in ('0010', '0011', '0012')"
    ) == ["0010"]
    assert findings("L2", "wirtschaftseinheit") == [("001/0201", None, None, "verwaltung_bis 2026-03-14")]


def test_l2_what_hangs_below_goes_with_its_parent_and_names_it(findings: Findings) -> None:
    assert findings("L2", "gebaeude") == [
        ("001/0123/05", None, None, "abgang_am 2026-03-14"),
        ("001/0201/01", None, None, "wirtschaftseinheit 001/0201: verwaltung_bis 2026-03-14"),
    ]
    assert findings("L2", "verwaltungseinheit") == [
        ("001/0123/01/0011", None, None, "verwaltung_bis 2026-03-14"),
        ("001/0123/01/0012", None, None, "abgang_am 2026-03-14"),
        ("001/0123/05/0001", None, None, "gebaeude 001/0123/05: abgang_am 2026-03-14"),
        (
            "001/0201/01/0001",
            None,
            None,
            "gebaeude 001/0201/01: wirtschaftseinheit 001/0201: verwaltung_bis 2026-03-14",
        ),
    ]
    assert findings("L2", "mietvertrag") == [
        ("001/0123/01/0011/14", None, None, "verwaltungseinheit 001/0123/01/0011: verwaltung_bis 2026-03-14")
    ]
    assert findings("L2", "eigentuemer") == [
        (
            "001/0123/01/0012/8/P1",
            None,
            None,
            "eigentuemervertrag 001/0123/01/0012/8: verwaltungseinheit 001/0123/01/0012: abgang_am 2026-03-14",
        )
    ]


def test_l1_goes_down_to_documents(findings: Findings) -> None:
    assert findings("L1", "dokument") == [("D2", None, None, "ordner O2: archiv A1: geloescht_kz L")]
    assert findings("L1", "mietkondition")[0][3] == "mietvertrag 001/0123/01/0001/12: geloescht_kz L"


def test_l3_an_orphan_is_reported_with_the_parent_it_lacks(query: Query, findings: Findings) -> None:
    assert findings("L3", "wirtschaftseinheit") == [("404/0001", None, None, "no mandant 404")]
    assert findings("L3", "gebaeude") == []  # its WE may be the one without a number, so that it is in doubt
    assert findings("L3", "verwaltungseinheit") == [
        ("001/0123/99/0001", None, None, "no gebaeude 001/0123/99")
    ]
    assert findings("L3", "mietvertrag") == [
        ("001/0123/98/0404/13", None, None, "no verwaltungseinheit 001/0123/98/0404")
    ]
    assert findings("L3", "mieter") == [
        ("001/0123/01/0001/01/P404", None, None, "no person P404"),
        ("001/0123/01/0001/99/P1", None, None, "no mietvertrag 001/0123/01/0001/99"),
    ]
    assert findings("L3", "kontaktweg") == [("P404/1", None, None, "no person P404")]
    assert [reason for *_, reason in findings("L3", "mietvertrag_ve")] == [
        "no verwaltungseinheit 001/0123/98/0404"
    ]
    assert query("select count(*) from staging.stg_erp__mietvertrag_ve where mandant_nr = '001'") == [1]


def test_l4_leases_in_scope(query: Query, findings: Findings) -> None:
    assert query(
        "select mv_nr, status, ende from intermediate.int_mietvertraege where mv_nr < '20' order by 1"
    ) == [
        ("01", "aktiv", None),
        ("02", "gekuendigt", date(2026, 3, 15)),
        ("03", "zukuenftig", None),
        ("10", "aktiv", None),
    ]
    assert findings("L4", "mietvertrag") == [
        ("001/0123/01/0001/04", "status", "beendet", None),
        ("001/0123/01/0001/05", "status", "storniert", None),
        ("001/0123/01/0001/06", "status", "storniert", None),
        ("001/0123/01/0001/07", "vertragsart", "Leerstand", None),
        ("001/0123/01/0001/08", "vertragsart", "Eigennutzung", None),
        ("001/0123/01/0001/09", "mietbeginn", None, "no readable mietbeginn: the lease has no state"),
        ("001/0123/01/0001/11", "status", "beendet", None),
    ]


def test_staging_keeps_leases_that_are_out_of_scope(query: Query) -> None:
    assert query(
        "select mv_nr, status from staging.stg_erp__mietvertrag where mv_nr in ('04', '09', '12') order by 1"
    ) == [
        ("04", "beendet"),
        ("09", None),
    ]


def tenants(query: Query, lease: str) -> list[Any]:
    return query(
        "select person_nr, ist_hauptmieter, beginn, ende from intermediate.int_mieter "
        f"where mv_nr = '{lease}' order by 1"
    )


BEGINN = date(2020, 2, 1)


def test_l5_only_hauptmieter_and_mitmieter_are_tenants(query: Query, findings: Findings) -> None:
    assert tenants(query, "20") == [("P1", True, BEGINN, None)]
    reasons = {key: reason for key, *_, reason in findings("L5", "mieter")}
    assert reasons["001/0123/01/0001/20/P2"] == "rolle Buerge"
    assert reasons["001/0123/01/0001/20/P3"] == "rolle Bewohner"


def test_l5_a_tenant_is_one_until_the_last_day(query: Query, findings: Findings) -> None:
    assert tenants(query, "21") == [("P1", True, BEGINN, date(2026, 3, 15))]
    assert ("001/0123/01/0001/21/P2", None, None, "gueltig_bis 2026-03-14") in findings("L5", "mieter")


def test_l5_a_person_counts_once_on_a_lease(query: Query, findings: Findings) -> None:
    assert tenants(query, "22") == [
        ("P1", True, date(2021, 5, 1), None),
        ("P2", False, date(2022, 4, 1), None),
        ("P3", False, date(2023, 1, 1), date(2026, 10, 31)),
    ]
    twice = [reason for key, *_, reason in findings("L5", "mieter") if key.startswith("001/0123/01/0001/22/")]
    assert sorted(twice) == [
        "row 14: the person is on the lease twice",
        "row 16: the person is on the lease twice",
        "row 18: the person is on the lease twice",
        "row 20: the person is on the lease twice",
    ]


def test_l5_a_role_that_is_over_does_not_hide_one_that_runs(query: Query) -> None:
    assert tenants(query, "23") == [("P1", False, date(2021, 2, 1), None)]


def test_l5_a_lease_without_anybody_to_send_is_reported(query: Query, findings: Findings) -> None:
    assert tenants(query, "24") == tenants(query, "25") == tenants(query, "26") == []
    assert [key[-2:] for key, *_ in findings("L5", "mietvertrag")] == ["03", "10", "24", "25", "26"]
    assert ("001/0123/01/0001/24/P-ANON", None, None, "person P-ANON: anonymised") in findings("L5", "mieter")
    assert findings("E8", "mieter") == [
        ("001/0123/01/0001/25/P-OHNE", None, None, "person P-OHNE: no nachname")
    ]
    assert findings("E9", "mieter") == [
        ("001/0123/01/0001/26/P-PLATZ", None, None, "person P-PLATZ: the name is a placeholder")
    ]


def test_l5_a_deleted_person_is_nobodys_tenant(query: Query, findings: Findings) -> None:
    assert tenants(query, "01") == [("P1", True, BEGINN, None)]
    assert ("001/0123/01/0001/01/P-L", None, None, "person P-L: geloescht_kz L") in findings("L1", "mieter")


def test_e2_tenants_and_leases_without_a_valid_address_are_reported(findings: Findings) -> None:
    assert findings("E2", "mieter") == [
        ("001/0123/01/0001/28/P4", "email", None, "no valid e-mail address"),
        ("001/0123/01/0001/29/P4", "email", None, "no valid e-mail address"),
    ]
    assert findings("E2", "mietvertrag") == [
        ("001/0123/01/0001/29", None, None, "no tenant with a valid e-mail address")
    ]


def test_a_lease_without_exactly_one_hauptmieter_is_reported(findings: Findings) -> None:
    assert findings("R-HM", "mietvertrag") == [
        ("001/0123/01/0001/23", None, None, "0 Hauptmieter"),
        ("001/0123/01/0001/28", None, None, "2 Hauptmieter"),
        ("001/0123/01/0001/29", None, None, "0 Hauptmieter"),
    ]


def test_i8_the_later_begin_and_the_earlier_end_hold(query: Query, findings: Findings) -> None:
    assert tenants(query, "30") == [
        ("P1", True, date(2021, 6, 1), date(2027, 1, 31)),
        ("P2", False, BEGINN, date(2026, 6, 30)),
    ]
    assert tenants(query, "31") == [("P1", True, date(2026, 5, 1), date(2026, 4, 30))]
    assert findings("I8", "mieter") == [
        ("001/0123/01/0001/31/P1", "beginn", "2026-05-01", "beginn after ende 2026-04-30")
    ]


def test_l6_owner_contracts_in_scope_and_their_owners(query: Query, findings: Findings) -> None:
    assert query(
        "select ev_nr, ende from intermediate.int_eigentuemervertraege where mandant_nr = '001' order by 1"
    ) == [
        ("1", None),
        ("2", date(2026, 3, 15)),
        ("5", None),
        ("9", None),
    ]
    assert query(
        "select ev_nr, person_nr, anteil_zaehler, anteil_nenner "
        "from intermediate.int_eigentuemer where mandant_nr = '001' order by all"
    ) == [
        ("1", "P-FIRMA", None, None),
        ("1", "P1", None, None),
        ("2", "P1", None, None),
        ("5", "P1", None, None),
        ("9", "P-PAAR", 1, 2),
    ]
    assert findings("L6", "eigentuemervertrag") == [
        ("001/0123/01/0002/3", None, None, "ende 2026-03-14"),
        ("001/0123/01/0002/4", None, None, "ende 2029-12-31 before beginn 2030-01-01"),
        ("001/0123/01/0002/6", None, None, "no owner who can be sent"),
        ("001/0123/01/0002/7", None, None, "no owner who can be sent"),
    ]
    assert findings("L6", "eigentuemer") == [
        ("001/0123/01/0002/1/P-ANON", None, None, "person P-ANON: anonymised"),
        ("001/0123/01/0002/7/P-ANON", None, None, "person P-ANON: anonymised"),
    ]


def test_h1_a_date_that_decides_and_cannot_be_read_puts_its_row_in_doubt(findings: Findings) -> None:
    assert findings("H1", "gebaeude") == [
        ("001/0123/02", None, None, "abgang_am 01.01.20"),
        (
            "001/0999/01",
            None,
            None,
            "no wirtschaftseinheit 001/0999, but wirtschaftseinheit row 8: no we_nr",
        ),
    ]
    assert findings("H1", "mieter") == [("001/0123/01/0001/21/P3", None, None, "gueltig_bis bald")]
