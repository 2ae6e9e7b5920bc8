"""When a value that a partner shows means what it was sent."""

from typing import Any

import pytest

from pipelines.api.compare import differing, differing_references, same

MOMENT = {"type": ["string", "null"], "format": "date-time"}
DAY = {"type": ["string", "null"], "format": "date"}
TEXT = {"type": ["string", "null"]}
AREA = {"type": ["number", "null"]}


@pytest.mark.parametrize(
    ("sent", "shown", "schema"),
    [
        (70, 70.0, AREA),
        (70.5, "70.50", AREA),
        (None, "", TEXT),
        (None, None, TEXT),
        (None, False, {"type": "boolean", "default": False}),
        ("2020-01-31", "2020-01-31T00:00:00Z", MOMENT),
        ("2020-01-31T00:00:00Z", "2020-01-31T01:00:00.0000000+01:00", MOMENT),
        ("2020-01-31T23:59:59Z", "2020-01-31T23:59:59", MOMENT),
        ("2020-01-31", "2020-01-31T00:00:00Z", DAY),
        (["b", "a"], ["a", "b"], {"type": "array"}),
        ([1, 2], [2.0, 1], {"type": "array"}),
        ([], None, {"type": "array"}),
        ({"city": "Köln", "line_2": None}, {"city": "Köln", "id": 7}, {"properties": {"city": TEXT}}),
        ({"city": None}, None, {"properties": {"city": TEXT}}),
    ],
)
def test_these_mean_the_same(sent: Any, shown: Any, schema: dict[str, Any]) -> None:
    assert same(sent, shown, schema)


@pytest.mark.parametrize(
    ("sent", "shown", "schema"),
    [
        (70, 70.01, AREA),
        ("0070", "70", TEXT),
        ("70", 70, TEXT),
        (True, 1, {"type": "boolean"}),
        (False, None, {"type": "boolean", "default": False}),
        ("Ada", None, TEXT),
        (None, "Ada", TEXT),
        ("2020-01-31", "2020-01-31T00:00:00Z", TEXT),
        ("2020-01-31", "2020-01-30T23:00:00Z", DAY),
        ("2020-01-31", "2020-02-01", DAY),
        (["a", "b"], ["a"], {"type": "array"}),
        (["a", "a"], ["a", "b"], {"type": "array"}),
        ({"city": "Köln"}, {"city": "Bonn"}, {"properties": {"city": TEXT}}),
        ({"city": "Köln"}, None, {"oneOf": [{"properties": {"city": TEXT}}, {"type": "null"}]}),
    ],
)
def test_these_do_not(sent: Any, shown: Any, schema: dict[str, Any]) -> None:
    assert not same(sent, shown, schema)


def test_a_date_within_an_object_is_compared_by_its_own_format() -> None:
    schema = {"oneOf": [{"type": "null"}, {"properties": {"since": DAY}}]}
    assert same({"since": "2020-01-31"}, {"since": "2020-01-31T00:00:00+00:00"}, schema)


def test_only_fields_that_were_sent_and_that_the_partner_ever_shows_are_compared() -> None:
    sent = {"number": "0002", "area": 70, "secret": "x"}
    shown = {"number": "0003", "area": 70.0, "createdAt": "2026-11-21T00:00:00Z"}
    schema = {"properties": {"number": TEXT, "area": AREA, "secret": TEXT}}
    assert differing(sent, shown, schema, {"number", "area", "createdAt"}) == {"number": "0003"}
    assert differing(sent, shown, schema, {"number", "secret"}) == {"number": "0003", "secret": None}


def test_references_are_compared_as_sets_and_a_record_that_is_not_ours_counts_as_none() -> None:
    sent = {"unitId": "001/1/01/0001", "groupId": None, "units": ["b", "a"]}
    visible = {"unitId", "groupId", "units"}
    assert differing_references(sent, {"unitId": ["001/1/01/0001"], "units": ["a", "b"]}, visible) == {}
    shown = {"unitId": [None], "groupId": ["001/1"], "units": ["a", None]}
    assert differing_references(sent, shown, visible) == {"unitId": None, "groupId": "001/1", "units": ["a"]}
    assert differing_references(sent, {}, {"groupId", "units"}) == {"units": []}
