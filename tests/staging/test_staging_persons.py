"""E3 to E5, E8, E9, C4: who is a person, and how to reach one."""

from collections.abc import Callable
from datetime import date
from typing import Any

Query = Callable[[str], list[Any]]
Findings = Callable[[str, str], list[Any]]


def test_e3_the_main_address_then_the_lowest_number_and_the_first_valid_wins(query: Query) -> None:
    assert query(
        "select person_nr, email from intermediate.int_personen where person_nr like 'P_' order by 1"
    ) == [
        ("P1", "neun@example.org"),
        ("P2", "neun@example.org"),
        ("P3", "vier@example.org"),
        ("P4", None),
    ]


def test_e4_e5_mended_and_unusable_addresses_are_listed_without_the_address(findings: Findings) -> None:
    assert findings("E4", "kontaktweg") == [("P2/9", "wert", "xxxxxx:xxxx@xxxxxxx.xxx", None)]
    assert findings("E5", "kontaktweg") == [
        ("P1/8", "wert", "xxxxx", None),
        ("P2/8", "wert", "xxxx@", None),
        ("P3/3", "wert", "x.x.; xxxx <xxxx@xxxxxxx.xxx>.", None),
        ("P4/1", "wert", "xxxxx", None),
    ]


def test_c4_phones_pass_as_they_are_and_the_first_that_fits_is_given_in_e164(
    query: Query, findings: Findings
) -> None:
    assert query(
        "select festnetz, festnetz_e164, handynummer, handynummer_e164, fax from intermediate.int_personen "
        "where person_nr = 'P1'"
    ) == [("tagsüber 030", "+493023125001", "+49 (0)152 28817386", "+4915228817386", "030 / 23125 009")]
    assert findings("C4", "kontaktweg") == [
        ("P1/20", "wert", "xxxxxxxx 999", None),
        ("P4/3", "wert", "xxxxx@xxxxxxx.xxxxxxx", None),
    ]


def test_e8_e9_a_person_needs_a_name_and_a_company_its_own(query: Query, findings: Findings) -> None:
    assert query(
        "select person_nr, ist_firma, name from intermediate.int_personen where person_nr like 'P-%' order by 1"
    ) == [
        ("P-ECHT", False, "Leerstandl"),
        ("P-FIRMA", True, "Eibe GmbH"),
        ("P-FIRMA-NACHNAME", True, "Ginkgo"),
        ("P-OHNE-ART", False, "Jasmin"),
        ("P-PAAR", False, "Eheleute Ilex"),
    ]
    assert findings("E8", "person") == [
        ("P-FIRMA-OHNE", "firma1", None, "no firma1 and no nachname"),
        ("P-OHNE", "nachname", None, "no nachname"),
    ]
    assert findings("E9", "person") == [
        ("P-FIRMA-PLATZ", "firma1", "x.x.", "the name is a placeholder"),
        ("P-N.N.", "nachname", "x. x.", "the name is a placeholder"),
        ("P-PLATZ", "nachname", "xxxxxxxxx", "the name is a placeholder"),
    ]


def test_dates_of_people_are_masked_in_findings(query: Query, findings: Findings) -> None:
    assert query(
        "select geburtsdatum from intermediate.int_personen where person_nr in ('P1', 'P2') order by person_nr"
    ) == [
        date(1980, 2, 29),
        None,
    ]
    assert findings("C2", "person") == [("P2", "geburtsdatum", "99.99.9999", None)]
    assert findings("C2", "interessent") == [("I1", "geburtsdatum", "9.9.99", None)]


def test_no_finding_shows_a_name_or_an_address(query: Query) -> None:
    text = " ".join(query("select concat_ws(' ', key, value, reason) from quality.findings"))

    for personal in ("Ahorn", "Birke", "Esche", "Ginkgo", "Kiefer", "example.org", "telefon.example", "1990"):
        assert personal not in text
