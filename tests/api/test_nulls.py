"""What is not known is left out of a new record; on one that is there null clears the field, where it may be null."""

import json

from pipelines.api.protocols.nulls import of_known_record, of_new_record
from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from tests.push.marts import write_marts
from tests.push.site import TODAY, Site
from tests.push.stock import HOUSE

DOSSIER = {
    "title": "Wohnung 1",
    "dealType": None,
    "countryCode": "DE",
    "property": {
        "location": {"address": {"street": "Parkstr.", "houseNumber": None}},
        "buildingYear": 1931,
        "hasLift": None,
        "livingArea": None,
    },
    "userDefinedFields": [{"label": "Gebäude", "value": None}],
}


def test_a_new_record_goes_without_what_is_not_known_also_in_nested_objects() -> None:
    schema = load_contract("pricehubble").schema("dossiers", "create")
    assert of_new_record(DOSSIER, schema) == {
        "title": "Wohnung 1",
        "countryCode": "DE",
        "property": {
            "location": {"address": {"street": "Parkstr."}},
            "buildingYear": 1931,
            "livingArea": None,  # required: the partner shall say that it is missing
        },
        "userDefinedFields": [{"label": "Gebäude"}],
    }
    empty = {"lastName": "Muster", "address": {"street": None, "city": None}}
    assert of_new_record(empty, load_contract("etg24").schema("mieter", "create")) == {"lastName": "Muster"}


def test_a_record_that_is_there_gets_null_only_where_the_contract_takes_it() -> None:
    schema = load_contract("pricehubble").schema("dossiers", "update")
    found = of_known_record(DOSSIER, schema)
    assert found["dealType"] is None
    assert found["property"] == {
        "location": {"address": {"street": "Parkstr.", "houseNumber": None}},
        "buildingYear": 1931,
        "hasLift": None,
    }


def test_a_flag_that_is_unknown_is_never_sent_as_false_and_clearing_it_is_a_change(site: Site) -> None:
    site.sandbox.set_option("etg24", "log_bodies", "yes")

    def sent(value: bool | None) -> list[object]:
        before = len(site.sandbox.requests("etg24"))
        [address, *_] = HOUSE["objekt_adressen"]
        site.sync("etg24", {**HOUSE, "objekt_adressen": [{**address, "preservationOrder": value}]})
        bodies = [
            r.body for r in site.sandbox.requests("etg24")[before:] if "/addresses" in r.path and r.body
        ]
        parsed = [json.loads(b) if isinstance(b, str | bytes) else b for b in bodies]
        return [body.get("preservationOrder", "left out") for body in parsed]

    assert sent(None) == ["left out"]
    assert sent(True) == [True]
    assert sent(None) == [None]
    assert sent(None) == []


def test_a_new_column_that_is_empty_changes_nothing(site: Site) -> None:
    site.sync("etg24", HOUSE)
    rows = {**HOUSE, "einheiten": [{**row, "votingWeight": None} for row in HOUSE["einheiten"]]}
    with open_database(site.home) as db:
        write_marts(db, "etg24", rows)
    engine.plan(site.home, ["etg24"], TODAY)
    assert site.ledger("select external_id from sync.plan where sends") == []
