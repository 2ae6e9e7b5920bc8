"""Settings that one partner alone has, each away from its default."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.partners.bestand import BESTAND
from tests.partners.conftest import Marts, partner_vars


@pytest.fixture(scope="module")
def chosen(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """etg24 without one Gebäude, facilioo with one Projekt for two WE and its own ids of kinds of contact."""
    settings: dict[str, Any] = partner_vars("/", ["001", "002"], ["etg24", "facilioo"])
    settings["partners"]["etg24"] |= {
        "stimmen_nach_mea": True,
        "ohne_objekte": ["002/0001/01", "001/0007/99"],
    }
    settings["partners"]["facilioo"] |= {
        "kontaktart_email": 21,
        "kontaktart_festnetz": None,
        "projekte": {"001/0007": 4711, "002/0001": 4711, "002/0009": 4712},
    }
    return Marts(build(BESTAND, select=["+etg24", "+facilioo"], vars=settings, tests=True))


def test_an_object_that_is_left_out_takes_its_units_contracts_and_empty_group_with_it(chosen: Marts) -> None:
    assert chosen.ids("etg24__objektgruppen") == ["001/0007"]
    assert chosen.ids("etg24__objekte") == ["001/0007/01", "001/0007/02", "002/77"]
    for mart in ("objekt_adressen", "einheiten", "mietvertraege", "mieter", "eigentuemervertraege"):
        found = chosen.ids(f"etg24__{mart}")
        assert found
        assert not [external_id for external_id in found if external_id.startswith("002/0001")]


def test_what_is_left_out_and_ids_that_nothing_has_are_reported(chosen: Marts) -> None:
    assert chosen.findings("etg24", "E1") == {("gebaeude", "002/0001/01"), ("gebaeude", "001/0007/99")}
    said = chosen.finding("etg24", "gebaeude", "001/0007/99")["reason"]
    assert said == "partners.etg24.ohne_objekte names it: no Gebäude that lives and may be sent has this id"
    assert chosen.findings("facilioo", "E1") == {("wirtschaftseinheit", "002/0009")}


def test_votes_go_by_the_share_where_the_setting_says_so(chosen: Marts) -> None:
    votes = {row["external_id"]: row["votingWeight"] for row in chosen.rows("etg24__einheiten")}
    assert votes["001/0007/01/0001"] == Decimal("123.4567")
    assert votes["001/0007/01/0002"] is None


def test_kinds_of_contact_have_the_ids_of_the_settings_and_ours_do_not_change(chosen: Marts) -> None:
    rows = chosen.rows("facilioo__kontaktdaten")
    assert [(row["external_id"], row["contactTypeId"]) for row in rows] == [
        ("P100/email", 21),
        ("P100/handynummer", 3),
        ("P102/email", 21),
        ("P103/email", 21),
        ("P103/handynummer", 3),
        ("P200/email", 21),
        ("P309/email", 21),
        ("P309/handynummer", 3),
    ]


def test_a_named_projekt_is_not_made_and_takes_the_gebaeude_of_its_wes(chosen: Marts) -> None:
    assert chosen.ids("facilioo__projekte") == []
    rows = chosen.rows("facilioo__gebaeude")
    assert [
        (row["external_id"], row["projekte_external_id"], row["tenantId"], row["number"]) for row in rows
    ] == [
        ("001/0007/01", None, 4711, "001/0007/01"),
        ("001/0007/02", None, 4711, "001/0007/02"),
        ("002/0001/01", None, 4711, "002/0001/01"),
        ("002/77", None, None, "77"),
    ]
