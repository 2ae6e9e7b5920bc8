"""Odd answers by chance: push, verify and adopt end in our own errors, and what is synced is at the partner."""

import copy
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from pipelines.api import connector as connector_module
from pipelines.api.connector import connector
from pipelines.api.http import client as client_module
from pipelines.api.http import limiter as limiter_module
from pipelines.errors import StammdatenError
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.between import Odd, between
from tests.push.shape_stock import GRAPHED, KEYED, LINKED, PAGED, SEARCHED
from tests.push.site import Rows, Site

STOCK: dict[str, Rows] = {
    "graphed": GRAPHED,
    "keyed": KEYED,
    "linked": LINKED,
    "paged": PAGED,
    "searched": SEARCHED,
}
# Codes of our own program's faults; everything else is said of the partner.
OURS = "internal_error"
STATUSES = [200, 200, 200, 201, 202, 204, 207, 226, 301, 304, 400, 401, 404, 409, 422, 429, 500, 503, 599]
HEADERS: list[dict[str, str]] = [
    {},
    {},
    {"Content-Type": "text/html"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Encoding": "gzip"},
    {"Location": "/x?embed=1"},
    {"Location": "http://[", "Retry-After": "0"},
    {"Retry-After": "1e999"},
    {"X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "-1"},
    {"X-RateLimit-Remaining-Hour": "7"},
]
VALUES = [
    "null", "true", "0", "-1", "1e999", "NaN", "1e308", '""', '"x"', '"\\ud800"', '"\\u0000"', '"y"', '"."', '"../a"',
    "[]", "{}", "[[]]", '["\\udfff"]', '[{"id": {}}]', '[{"id": "\\ud800", "name": 1e300}]', '[{"id": null}, 3, "a"]',
    "[" * 300 + "]" * 300, '"' + "x" * 5000 + '"', "9" * 400, '{"id": 1, "id": 2}', '[{"id": "1", "customId": []}]',
]  # fmt: skip
NAMES = [
    "id", "list", "items", "data", "r0", "errors", "error", "success", "status", "totalItems", "meta", "_links", "next",
    "message", "sourceId", "externalId", "customId", "externalUnitId", "page", "total", "count", "parentId", "houseId",
]  # fmt: skip


def odd_body(chance: random.Random, depth: int = 2) -> str:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(VALUES)
    names = chance.sample(NAMES, chance.randint(1, 4))
    return "{" + ", ".join(f'"{name}": {odd_body(chance, depth - 1)}' for name in names) + "}"


def odd_answers(seed: int, share: float) -> Callable[[str, str, bytes], Odd | None]:
    chance = random.Random(seed)

    def decide(method: str, path: str, body: bytes) -> Odd | None:
        if chance.random() > share:
            return None
        text = chance.choice(["", "OK", "<html>", odd_body(chance), odd_body(chance), odd_body(chance)])
        headers = {"Content-Type": "application/json", **chance.choice(HEADERS)}
        status = chance.choice(STATUSES)
        # A good status without a body has to be believed of a write.
        is_done = 200 <= status < 300 and not ("search" in path or method == "GET")
        return Odd(status, text.encode(), headers, forward=is_done or chance.random() < 0.3)

    return decide


def run(shapes: Site, partner: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push, a change, a verification and an adoption among odd answers; then a push without any."""
    rows = copy.deepcopy(STOCK[partner])
    with between(shapes.sandbox.base_url(partner)) as middle:
        monkeypatch.setenv(f"DESTINATION__{partner.upper()}__BASE_URL", middle.url)
        monkeypatch.setenv(f"DESTINATION__{partner.upper()}__TIMEOUT", "5")
        monkeypatch.setenv(f"DESTINATION__{partner.upper()}__LOOK_AGAIN", "0.1")
        middle.decide = odd_answers(seed, 0.3)
        for look in ("push", "verify", "adopt", "push"):
            with suppress(StammdatenError):
                if look == "push":
                    shapes.sync(partner, rows)
                elif look == "verify":
                    verify(shapes.home, connector(partner))
                else:
                    adopt(shapes.home, connector(partner), apply=False)
        faults = shapes.ledger(f"select entity, external_id, fields from sync.ledger where reason = '{OURS}'")
        assert faults == []
        check_synced(shapes, partner)


def check_synced(shapes: Site, partner: str) -> None:
    """What the ledger calls synced is at the partner, under that id."""
    for entity, remote_id in shapes.ledger(
        f"select entity, remote_id from sync.ledger where partner = '{partner}' and state = 'synced'"
    ):
        there = {str(record["id"]) for record in shapes.sandbox.records(partner, entity)}
        assert remote_id in there, (entity, remote_id)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are short here."""
    for module in (client_module, limiter_module, connector_module):
        if hasattr(module, "pause_before"):
            monkeypatch.setattr(module, "pause_before", lambda attempt, luck: 0.001)


@pytest.mark.sampled
@pytest.mark.parametrize("partner", sorted(STOCK))
@pytest.mark.parametrize("seed", [1, 2])
def test_odd_answers_end_in_our_own_words(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, partner: str, seed: int
) -> None:
    run(shapes, partner, seed, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("partner", sorted(STOCK))
@pytest.mark.parametrize("seed", range(10, 40))
def test_many_odd_answers_end_in_our_own_words(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, partner: str, seed: int
) -> None:
    run(shapes, partner, seed, monkeypatch)
