"""AktivBo as the sandbox plays it: outcomes by item, consent, sizes of batches, cursors, deletion."""

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]


@pytest.fixture
def aktivbo(sandbox: Sandbox) -> Api:
    return Api(sandbox.base_url("aktivbo") + "/v1", {"Authorization": "Bearer sandbox-aktivbo"})


def apartment(number: str, **more: Any) -> dict[str, Any]:
    address = {"street": "Parkstr.", "house_number": "1", "zip": "01067", "city": "Dresden"}
    return {"external_id": number, "unit_number": number, **address, **more}


def tenant(number: str, home: str, **more: Any) -> dict[str, Any]:
    return {
        "external_id": number,
        "person_id": number,
        "contract_number": "01",
        "apartment_external_id": home,
        "last_name": "Muster",
        "contract_start": "2020-01-01",
        "consent": True,
        **more,
    }


def test_the_token_is_needed(sandbox: Sandbox) -> None:
    answer = Api(sandbox.base_url("aktivbo") + "/v1").get("/apartments")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_a_batch_tells_what_became_of_each_record(aktivbo: Api) -> None:
    first = aktivbo("put", "/apartments", {"items": [apartment("S1"), apartment("S2", zip="")]})
    assert first.json() == {
        "accepted": 1,
        "created": 1,
        "updated": 0,
        "rejected": [
            {
                "index": 1,
                "external_id": "S2",
                "errors": [{"field": "zip", "message": "must not be empty"}],
            }
        ],
    }
    again = aktivbo("put", "/apartments", {"items": [apartment("S1", city="Pirna")]}).json()
    assert (again["created"], again["updated"]) == (0, 1)


def test_a_tenant_needs_a_consent_and_an_apartment_that_is_there(aktivbo: Api) -> None:
    aktivbo("put", "/apartments", {"items": [apartment("S3")]})
    items = [tenant("T1", "S3", consent=False), tenant("T2", "nowhere"), tenant("T3", "S3")]
    told = aktivbo("put", "/tenants", {"items": items}).json()
    assert [(r["index"], r["errors"][0]["field"]) for r in told["rejected"]] == [
        (0, "consent"),
        (1, "apartment_external_id"),
    ]


def test_more_than_five_hundred_are_too_many(aktivbo: Api, option: SetOption) -> None:
    answer = aktivbo("put", "/apartments", {"items": [apartment(f"M{n}") for n in range(501)]})
    assert answer.status_code == 413
    option("aktivbo", "bulk_most", "1")
    answer = aktivbo("put", "/apartments", {"items": [apartment("M1"), apartment("M2")]})
    assert answer.status_code == 413


def test_lists_go_by_cursor_and_end_with_null(aktivbo: Api) -> None:
    aktivbo("put", "/apartments", {"items": [apartment(f"C{n}") for n in range(3)]})
    seen, cursor = [], None
    while True:
        page = aktivbo.get("/apartments", limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [record["external_id"] for record in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert {"C0", "C1", "C2"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_an_apartment_stays_while_a_tenant_refers_to_it_and_an_unknown_tenant_is_gone(aktivbo: Api) -> None:
    aktivbo("put", "/apartments", {"items": [apartment("D1")]})
    aktivbo("put", "/tenants", {"items": [tenant("D2", "D1")]})
    assert aktivbo("delete", "/apartments/D1").status_code == 409
    assert aktivbo("delete", "/tenants/D2").status_code == 204
    assert aktivbo("delete", "/tenants/D2").status_code == 204
    assert aktivbo("delete", "/apartments/D1").status_code == 204
    assert aktivbo("delete", "/apartments/D1").status_code == 404
