"""What a partner gives as an id is checked where it comes in."""

from typing import Any

import pytest

from pipelines.api.protocols.remote_ids import checked_id, id_in_location

BASE = "https://partner.example/v1"
PATHS = ("/units/{id}", "/houses/{houseId}/units/{id}")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (56, "56"),
        (0, "0"),
        ("56", "56"),
        ("a/b c", "a/b c"),
        ("ü" * 255, "ü" * 255),
        ("ü" * 256, None),
        (10**255, None),
        (True, None),
        (False, None),
        (1.0, None),
        (None, None),
        ("", None),
        ("  ", None),
        (".", None),
        ("..", None),
        ([], None),
        ({}, None),
        (["56"], None),
        ("5\n6", None),
        ("5\x006", None),
        ("5\x856", None),
        ("\ud800", None),
        # What reading an answer makes of half a character.
        ("a\ufffd", None),
        ("\ufffd7", None),
    ],
)
def test_an_id_is_a_bounded_text_or_a_whole_number(value: Any, wanted: str | None) -> None:
    assert checked_id(value) == wanted


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (f"{BASE}/units/56", "56"),
        (f"{BASE}/units/56/", "56"),
        (f"{BASE}/units/56?embed=entrance", "56"),
        (f"{BASE}/units/56#top", "56"),
        (f"{BASE}/houses/7/units/56", "56"),
        (f"{BASE}/units/a%2Fb", "a/b"),
        ("https://partner.example/units/56", "56"),
        (f"{BASE}/units", None),
        (f"{BASE}/units/", None),
        (f"{BASE}/units/?id=56", None),
        (f"{BASE}/units/56/history/3", None),
        (f"{BASE}/houses/56", None),
        (f"{BASE}/units/..", None),
        (f"{BASE}/units/%2e%2e", None),
        (f"{BASE}/units/%ff", None),
        (f"{BASE}/units/5%006", None),
    ],
)
def test_a_location_counts_only_below_the_collection_and_without_its_query(
    address: str, wanted: str | None
) -> None:
    assert id_in_location(address, BASE, PATHS) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (56, "56"),
        ("56", "56"),
        ("abc", None),
        ("a/b", None),
        ("5 6", None),
        ("56 ", None),
        ("٥", None),
        (10**18, None),
    ],
)
def test_an_id_is_a_whole_number_where_the_partner_counts(value: Any, wanted: str | None) -> None:
    assert checked_id(value, whole=True) == wanted
    assert id_in_location(f"{BASE}/units/{value}", BASE, PATHS, whole=True) == (wanted and str(value))
