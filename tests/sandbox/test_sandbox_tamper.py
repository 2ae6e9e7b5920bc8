"""Records that somebody changes, deletes and adds at the partner while nobody looks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.contract.contract import dig
from pipelines.errors import SettingsError
from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

BY_MAIL = {"isContactableByEmail": False, "isContactableByPush": False, "isContactableByMail": True}
ADDRESS = {"street": "Uferstr.", "houseNumber": "7", "postalCode": "13347", "city": "Berlin", "country": "DE"}


@pytest.fixture
def stocked(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "state.db", options={"etg24.in_flight": "0"}) as sandbox:
        stock(sandbox, range(23))
        yield sandbox


def stock(sandbox: Sandbox, numbers: Any) -> None:
    """23 objects with an address and a unit each; every second unit has a contract with one participant."""
    api = Api(sandbox.base_url("etg24") + "/v1", {"Authorization": "Bearer sandbox-etg24"})
    for n in numbers:
        objekt = api.new("/objects", title=f"Uferstr. {n}", extId=f"O-{n:02}")
        api.new(f"/objects/{objekt['id']}/addresses", address=ADDRESS, extId=f"A-{n:02}")
        unit = api.new("/units", objectId=objekt["id"], number="0001", area=50.5, extId=f"E-{n:02}")
        if n % 2:
            body = {"unitId": unit["id"], "contractType": "rental", "validFrom": "2020-02-01"}
            contract = api.new("/contracts", **body, extId=f"V-{n:02}")
            person = {"firstName": "Ada", "lastName": "Muster", "emailAddress": f"ada{n}@example.org"}
            api.new(f"/contracts/{contract['id']}/participants", **person, extId=f"M-{n:02}")


def by_id(sandbox: Sandbox, entity: str) -> dict[str, Any]:
    return {record["id"]: record for record in sandbox.records("etg24", entity)}


@pytest.mark.parametrize(
    ("entity", "deleted"),
    [("objekte", 0), ("objekt_adressen", 3), ("einheiten", 3), ("mietvertraege", 0), ("mieter", 3)],
)
def test_exactly_what_is_reported_was_done(stocked: Sandbox, entity: str, deleted: int) -> None:
    before, requests_before = by_id(stocked, entity), len(stocked.requests("etg24"))
    others = {name: by_id(stocked, name) for name in ("objektgruppen", "objekte", "einheiten", "mieter")}
    done = stocked.tamper("etg24", entity, seed=4, changed=5, deleted=deleted, added=4)
    after = by_id(stocked, entity)

    assert {touched.id for touched in done.deleted} == before.keys() - after.keys()
    assert {touched.id for touched in done.added} == after.keys() - before.keys()
    assert (len(done.changed), len(done.deleted), len(done.added)) == (5, deleted, 4)
    differing = {id_ for id_ in before.keys() & after.keys() if before[id_] != after[id_]}
    assert {touched.id for touched in done.changed} == differing
    for touched in done.changed:
        assert touched.external_id == after[touched.id]["extId"] == before[touched.id]["extId"]
        assert dig(before[touched.id], touched.field) != dig(after[touched.id], touched.field)
        top = touched.field.split(".")[0]
        same = before[touched.id].keys() - {top, "updatedAt"}
        assert {name: before[touched.id][name] for name in same} == {
            name: after[touched.id][name] for name in same
        }
    assert all(by_id(stocked, name) == held for name, held in others.items() if name != entity)
    assert len(stocked.requests("etg24")) == requests_before
    assert stocked.deletions("etg24") == []


def test_every_second_record_that_is_added_has_an_external_id(stocked: Sandbox) -> None:
    done = stocked.tamper("etg24", "einheiten", seed=1, added=3)
    assert [touched.external_id for touched in done.added] == [None, "fremd-1", None]
    again = stocked.tamper("etg24", "einheiten", seed=1, added=2)
    assert [touched.external_id for touched in again.added] == [None, "fremd-2"]


def test_the_same_seed_chooses_the_same_whatever_order_the_records_came_in(tmp_path: Path) -> None:
    found = []
    for turn, numbers in enumerate([range(9), range(8, -1, -1), range(9)]):
        with Sandbox(tmp_path / f"{turn}.db", options={"etg24.in_flight": "0"}) as sandbox:
            stock(sandbox, numbers)
            done = sandbox.tamper("etg24", "einheiten", seed=8 + (turn == 2), changed=3, deleted=2)
            fields = {touched.external_id: touched.field for touched in done.changed}
            values = {
                record["extId"]: record[fields[record["extId"]]]
                for record in sandbox.records("etg24", "einheiten")
                if record["extId"] in fields
            }
            found.append((fields, values, [touched.external_id for touched in done.deleted]))
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_what_was_tampered_with_is_seen_by_the_next_request(stocked: Sandbox) -> None:
    api = Api(stocked.base_url("etg24") + "/v1", {"Authorization": "Bearer sandbox-etg24"})
    done = stocked.tamper("etg24", "objekt_adressen", seed=2, deleted=1, added=1)
    assert api.new("/objects", title="after")["id"] not in {touched.id for touched in done.added}
    assert len(stocked.records("etg24", "objekt_adressen")) == 23


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"entity": "haeuser"}, "etg24 has no entity 'haeuser'; known: objektgruppen, objekte, "),
        ({"entity": "einheiten", "changed": 24}, "etg24, einheiten: 24 records wanted, 23 can be changed."),
        ({"entity": "einheiten", "deleted": 13}, "etg24, einheiten: 13 records wanted, 12 can be deleted."),
        ({"entity": "objektgruppen", "added": 1}, "etg24, objektgruppen: 1 records wanted, 0 can be copied."),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_done(
    stocked: Sandbox, wanted: dict[str, Any], message: str
) -> None:
    before = by_id(stocked, "einheiten")
    with pytest.raises(SettingsError) as error:
        stocked.tamper("etg24", seed=1, **{"deleted": 0, **wanted})
    assert str(error.value).startswith(message)
    assert by_id(stocked, "einheiten") == before


def test_every_partner_can_be_tampered_with(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "state.db") as sandbox:
        base = sandbox.base_url("facilioo")
        body = {"email": "sandbox@example.org", "password": "sandbox-facilioo"}
        token = requests.post(base + "/api/auth/login", json=body, timeout=20).json()["accessToken"]
        api = Api(base, {"Authorization": f"Bearer {token}"})
        for n in range(7):
            party = api.new(
                "/api/parties", typeId=7, primaryName=f"Muster {n}", externalId=f"P-{n}", **BY_MAIL
            )
            contact = {"partyId": party["id"], "contactTypeId": 1, "value": f"ada{n}@example.org"}
            assert api("post", "/api/contact-details", contact).status_code == 201
        done = sandbox.tamper("facilioo", "kontaktdaten", seed=3, changed=2, deleted=1, added=1)
        assert [touched.field for touched in done.changed] == ["value", "value"]
        assert len(sandbox.records("facilioo", "kontaktdaten")) == 7
