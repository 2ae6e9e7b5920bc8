"""Answers with a good status that hold something else than what was asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.push.between import Decide, Odd, between
from tests.push.site import Site
from tests.push.stock import HOUSE


@contextmanager
def changed(site: Site, monkeypatch: pytest.MonkeyPatch, decide: Decide) -> Iterator[None]:
    """etg24's answers go through `decide` for the time of a block."""
    with between(site.sandbox.base_url("etg24")) as middle, monkeypatch.context() as patch:
        middle.decide = decide
        patch.setenv("DESTINATION__ETG24__BASE_URL", middle.url)
        yield


def test_a_create_that_is_answered_with_another_record_is_looked_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"id": "elsewhere", "extId": "001/9/01/0001", "number": "0001"}

    def decide(method: str, path: str, body: bytes) -> Odd | None:
        is_create = method == "POST" and path.endswith("/units")
        return Odd(201, json.dumps(other).encode(), forward=True) if is_create else None

    with changed(site, monkeypatch, decide):
        assert site.sync("etg24", HOUSE)["einheiten"].created == 3
    held = dict(site.ledger("select external_id, remote_id from sync.ledger where entity = 'einheiten'"))
    assert held == {r["extId"]: r["id"] for r in site.sandbox.records("etg24", "einheiten")}


@pytest.mark.sampled
@pytest.mark.parametrize("item", [b"null", b'"x"', b"[]"])
def test_a_list_of_something_else_than_records_is_not_nothing_found(
    site: Site, monkeypatch: pytest.MonkeyPatch, item: bytes
) -> None:
    monkeypatch.setenv("DESTINATION__ETG24__LOOK_AGAIN", "0.1")

    def decide(method: str, path: str, body: bytes) -> Odd | None:
        if "/units" not in path:
            return None
        return Odd(200, b"" if method == "POST" else b'{"data": [' + item + b"]}", forward=True)

    with changed(site, monkeypatch, decide):
        assert site.sync("etg24", HOUSE)["einheiten"].pending == 3
    assert site.ledger("select distinct reason from sync.ledger where entity = 'einheiten'") == [
        ("in_doubt",)
    ]
    site.sync("etg24", HOUSE)
    assert site.ledger("select distinct state from sync.ledger") == [("synced",)]
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
