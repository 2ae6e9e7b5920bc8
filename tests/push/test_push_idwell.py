"""iDWELL over real HTTP: one user a person, one e-mail a user, links below flats that get an end."""

import copy
import hashlib
import json
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.shelf import Shelf
from tests.push.site import Rows, Site
from tests.push.somebody import does

Row = dict[str, Any]
FLATS = ("001/1/01/0001", "001/1/01/0002")


def person(number: str, last_name: str, email: str | None, phone: str | None, role: str = "dweller") -> Row:
    return {
        "external_id": number,
        "role": role,
        "salutation": "ms",
        "first_name": "Ada",
        "last_name": last_name,
        "company": None,
        "email": email,
        "phone": phone,
        "language": "de",
    }


def link(contract: str, flat: str, person: str, role: str, is_owner: bool, end: str | None = None) -> Row:
    return {
        "external_id": f"{contract}/{person}",
        "einheiten_external_id": flat,
        "personen_eigentuemer_external_id": person if is_owner else None,
        "personen_mieter_external_id": None if is_owner else person,
        "role": role,
        "start_date": "2020-02-01",
        "end_date": end,
        "is_main": True,
    }


def of_owner(contract: str, flat: str, person: str) -> Row:
    found = link(contract, flat, person, "landlord", is_owner=True)
    return {
        name: value for name, value in found.items() if name not in ("personen_mieter_external_id", "is_main")
    }


# The person 80 owns a flat and rents the other; 77 rents, the lease of 78 has ended.
IDWELL: Rows = {
    "gebaeude": [{"external_id": "001/1/01", "name": "Parkstr. 1", "street": "Parkstr.", "active": True}],
    "einheiten": [
        {
            "external_id": flat,
            "gebaeude_external_id": "001/1/01",
            "number": flat[-4:],
            "type": "flat",
            "floor": 1,
            "active": True,
        }
        for flat in FLATS
    ],
    "personen_eigentuemer": [person("80", "Eigen", "eigen@example.org", "+4930123480", "landlord")],
    "personen_mieter": [
        person("77", "Muster", "muster@example.org", None),
        person("78", "Ehemalig", None, "+4930123478"),
    ],
    "bezuege_eigentuemer": [of_owner("001/1/01/0002/E01", FLATS[1], "80")],
    "bezuege_mieter": [
        link("001/1/01/0001/01", FLATS[0], "78", "dweller", is_owner=False, end="2022-12-31"),
        link("001/1/01/0001/02", FLATS[0], "77", "dweller", is_owner=False),
        link("001/1/01/0001/02", FLATS[0], "80", "dweller", is_owner=True),
    ],
}


def records(site: Site, entity: str) -> dict[str, Row]:
    return {record["external_id"]: record for record in site.sandbox.records("idwell", entity)}


def writes(site: Site, since: int = 0) -> list[str]:
    return [
        line for line in site.sent("idwell")[since:] if not line.startswith("GET") and "/oauth/" not in line
    ]


def undelivered(lines: Any) -> int:
    return sum(line.undelivered for line in lines.values())


def test_everything_arrives_parents_first_and_owners_before_tenants(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__IDWELL__IN_FLIGHT", "1")
    site.sandbox.set_option("idwell", "log_bodies", "yes")
    lines = site.sync("idwell", IDWELL)
    assert {name: line.created for name, line in lines.items() if line.in_mart} == {
        n: len(rows) for n, rows in IDWELL.items()
    }
    assert undelivered(lines) == 0
    flat = records(site, "einheiten")[FLATS[0]]["id"]
    posts = [r for r in site.sandbox.requests("idwell") if r.method == "POST" and "/oauth/" not in r.path]
    assert [r.path for r in posts][:2] == ["/api/v1/buildings/", "/api/v1/users/"]
    assert [json.loads(r.body or "")["role"] for r in posts if r.path == "/api/v1/users/"] == [
        "landlord",
        "dweller",
        "dweller",
    ]
    assert f"POST /api/v1/flats/{flat}/users/ 201" in writes(site)
    assert records(site, "bezuege_mieter")["001/1/01/0001/01/78"]["end_date"] == "2022-12-31"


def test_a_second_run_sends_nothing_and_verify_finds_nothing(site: Site) -> None:
    site.sync("idwell", IDWELL)
    before = site.sent("idwell")
    assert undelivered(site.sync("idwell", IDWELL)) == 0
    assert site.sent("idwell") == before
    assert verify(site.home, connector("idwell")).findings == ()


def test_the_login_is_a_form_with_basic_once_a_run_and_the_status_is_never_written(site: Site) -> None:
    site.sandbox.set_option("idwell", "log_bodies", "yes")
    site.sync("idwell", IDWELL)
    requests = site.sandbox.requests("idwell")
    assert [r.path for r in requests if "oauth" in r.path] == ["/api/oauth/token/"]
    assert not [r for r in requests if r.body and '"status"' in r.body]
    users = {**records(site, "personen_mieter"), **records(site, "personen_eigentuemer")}
    assert {key: user["status"] for key, user in users.items()} == {
        "77": "INVITED",
        "78": "BLOCKED",
        "80": "INVITED",
    }
    with pytest.raises(AssertionError, match="400"):
        does("idwell", "patch", f"/api/v1/users/{users['77']['id']}/", {"status": "ACTIVE"})


def test_a_taken_email_is_left_out_and_the_phone_stays(site: Site) -> None:
    does(
        "idwell",
        "post",
        "/api/v1/users/",
        {"external_id": "hand", "role": "dweller", "email": "eigen@example.org"},
    )
    lines = site.sync("idwell", IDWELL)
    assert undelivered(lines) == 0
    shown = records(site, "personen_eigentuemer")["80"]
    assert (shown["email"], shown["phone"]) == (None, "+4930123480")
    assert site.ledger("select external_id, reason, fields from sync.ledger where fields is not null") == [
        ("80", "without_taken_field", "email")
    ]
    before = site.sent("idwell")
    site.sync("idwell", IDWELL)
    assert site.sent("idwell") == before


def test_a_taken_email_without_a_phone_is_reported_and_the_links_wait(site: Site) -> None:
    does(
        "idwell",
        "post",
        "/api/v1/users/",
        {"external_id": "hand", "role": "dweller", "email": "muster@example.org"},
    )
    lines = site.sync("idwell", IDWELL)
    assert (lines["personen_mieter"].rejected, lines["bezuege_mieter"].blocked) == (1, 1)
    assert (lines["personen_mieter"].created, lines["bezuege_mieter"].created) == (1, 2)
    assert site.ledger("select external_id, reason, fields from sync.ledger where state = 'rejected'") == [
        ("77", "value_taken", "email")
    ]


def test_a_tenant_who_buys_becomes_a_landlord_and_stays_the_same_user(site: Site) -> None:
    site.sync("idwell", IDWELL)
    user = records(site, "personen_mieter")["77"]["id"]
    rows = copy.deepcopy(IDWELL)
    rows["personen_eigentuemer"].append(person("77", "Muster", "muster@example.org", None, "landlord"))
    rows["personen_mieter"] = rows["personen_mieter"][1:]
    rows["bezuege_eigentuemer"].append(of_owner("001/1/01/0002/E02", FLATS[1], "77"))
    rows["bezuege_mieter"][1] = link("001/1/01/0001/02", FLATS[0], "77", "dweller", is_owner=True)
    before = len(site.sent("idwell"))
    assert undelivered(site.sync("idwell", rows)) == 0
    assert [line for line in writes(site, before) if line.startswith("PATCH")] == [
        f"PATCH /api/v1/users/{user}/ 200"
    ]
    assert records(site, "personen_eigentuemer")["77"]["id"] == user


def test_what_leaves_is_ended_or_switched_off_and_no_user_is_deleted(site: Site) -> None:
    site.sync("idwell", IDWELL)
    rows = copy.deepcopy(IDWELL)
    rows["einheiten"] = rows["einheiten"][:1]
    rows["personen_mieter"] = rows["personen_mieter"][1:]
    rows["bezuege_eigentuemer"] = []
    rows["bezuege_mieter"] = [row for row in rows["bezuege_mieter"] if not row["external_id"].endswith("77")]
    before = len(site.sent("idwell"))
    lines = site.sync("idwell", rows)
    assert {name: line.withdrawn for name, line in lines.items() if line.withdrawn} == {
        "einheiten": 1,
        "personen_mieter": 1,
        "bezuege_eigentuemer": 1,
        "bezuege_mieter": 1,
    }
    assert [line.split(" ")[0] for line in writes(site, before)] == ["PATCH"] * 3
    assert records(site, "einheiten")[FLATS[1]]["active"] is False
    assert records(site, "bezuege_mieter")["001/1/01/0001/02/77"]["end_date"] == "2026-11-21"
    assert records(site, "bezuege_eigentuemer")["001/1/01/0002/E01/80"]["end_date"] == "2026-11-21"
    assert records(site, "personen_mieter")["77"]["email"] == "muster@example.org"
    assert undelivered(site.sync("idwell", IDWELL)) == 0
    assert records(site, "einheiten")[FLATS[1]]["active"] is True
    assert records(site, "bezuege_mieter")["001/1/01/0001/02/77"]["end_date"] is None


def test_a_link_that_never_began_is_deleted(site: Site) -> None:
    rows = copy.deepcopy(IDWELL)
    rows["bezuege_mieter"][1]["start_date"] = "2027-02-01"
    site.sync("idwell", rows)
    rows["bezuege_mieter"].pop(1)
    before = len(site.sent("idwell"))
    assert undelivered(site.sync("idwell", rows)) == 0
    assert [line.split(" ")[0] for line in writes(site, before)] == ["DELETE"]
    assert sorted(records(site, "bezuege_mieter")) == ["001/1/01/0001/01/78", "001/1/01/0001/02/80"]


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate"])
def test_lost_answers_make_no_second_record(site: Site, fault: str) -> None:
    site.sandbox.set_options({"idwell.fault_on": "^POST /api/v1/", f"idwell.{fault}": "40"})
    assert undelivered(site.sync("idwell", IDWELL)) == 0
    assert {name: sorted(records(site, name)) for name in IDWELL} == {
        name: sorted(row["external_id"] for row in rows) for name, rows in IDWELL.items()
    }
    assert len(site.sandbox.records("idwell", "bezuege_mieter")) == 3


def test_records_under_our_ids_are_adopted_and_a_flat_by_its_number(site: Site) -> None:
    site.sync("idwell", IDWELL)
    flat = records(site, "einheiten")[FLATS[0]]["id"]
    does("idwell", "patch", f"/api/v1/flats/{flat}/", {"external_id": "elsewhere"})
    site.ledger("delete from sync.ledger")
    found = {line.entity: line for line in adopt(site.home, connector("idwell"), apply=True).counts}
    assert {
        name: (line.by_external_id, line.by_natural_key, line.to_create) for name, line in found.items()
    } == {
        "gebaeude": (1, 0, 0),
        "einheiten": (1, 1, 0),
        "personen_eigentuemer": (1, 0, 0),
        "personen_mieter": (2, 0, 0),
        "bezuege_eigentuemer": (1, 0, 0),
        "bezuege_mieter": (3, 0, 0),
        "ordner": (0, 0, 0),
        "dokumente": (0, 0, 0),
    }
    assert undelivered(site.sync("idwell", IDWELL)) == 0
    assert set(records(site, "einheiten")) == set(FLATS)


@pytest.mark.slow
def test_a_record_that_is_there_when_the_ledger_is_lost_is_taken_up(site: Site) -> None:
    site.sync("idwell", IDWELL)
    site.ledger("delete from sync.ledger")
    assert undelivered(site.sync("idwell", IDWELL)) == 0
    assert len(site.sandbox.records("idwell", "personen_mieter")) == 2
    assert len(site.sandbox.records("idwell", "gebaeude")) == 1


@pytest.mark.slow
def test_what_was_changed_there_is_found_and_mended(site: Site) -> None:
    site.sync("idwell", IDWELL)
    user = records(site, "personen_mieter")["77"]["id"]
    does("idwell", "patch", f"/api/v1/users/{user}/", {"last_name": "Anders"})
    seen = verify(site.home, connector("idwell")).findings
    assert [(f.kind, f.external_id, tuple(c.name for c in f.changes)) for f in seen] == [
        ("changed", "77", ("last_name",))
    ]
    repair(site.home, load_contract("idwell"), seen)
    with open_database(site.home) as db:
        write_marts(db, "idwell", IDWELL)
    site.sync("idwell", IDWELL)
    assert records(site, "personen_mieter")["77"]["last_name"] == "Muster"


@pytest.mark.slow
def test_no_credential_stands_in_the_home(site: Site) -> None:
    site.sync("idwell", IDWELL)
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert b"sandbox-idwell" not in held
    assert b"eyJ" not in held


@pytest.mark.parametrize("value", ["evil.example.com/", "a.b", "x@y", "-a", "a-", "", "ä"])
def test_a_subdomain_that_is_no_host_label_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="DESTINATION__IDWELL__SUBDOMAIN"):
        load_contract("idwell").base_url({"subdomain": value})
    assert load_contract("idwell").base_url({"subdomain": "muster"}) == "https://muster.idwell.com"


def document(bytes_: bytes, flat: str | None, tenants: list[str] | None) -> Rows:
    described = {
        "dokument_nr": "D1", "pfad": None, "dateiname": "Brief.pdf", "mime_typ": "application/pdf",
        "groesse_bytes": len(bytes_), "geaendert_am": f"2026-01-{len(bytes_):02}T00:00:00",
    }  # fmt: skip
    row = {
        "external_id": "D1", "einheiten_external_id": flat, "personen_mieter_external_ids": tenants,
        "name": "Brief", "visible_from": "9999-12-31", "mime_type": "application/pdf", "file": described,
    }  # fmt: skip
    return {**IDWELL, "dokumente": [row]}


@pytest.mark.sampled
@pytest.mark.parametrize("new_bytes", [b"Brief", b"Ein anderer"], ids=["the same bytes", "other bytes"])
def test_a_document_that_goes_from_tenants_to_a_flat_leaves_the_tenants(site: Site, new_bytes: bytes) -> None:
    shelf = Shelf({"D1": b"Brief"})
    site.contents = shelf
    assert undelivered(site.sync("idwell", document(b"Brief", None, ["77"]))) == 0
    user = records(site, "personen_mieter")["77"]["id"]
    assert (records(site, "dokumente")["D1"]["users"], len(shelf.reads)) == ([user], 1)
    shelf.documents["D1"] = new_bytes
    assert undelivered(site.sync("idwell", document(new_bytes, FLATS[0], None))) == 0
    found, flat = records(site, "dokumente")["D1"], records(site, "einheiten")[FLATS[0]]["id"]
    assert (found["flat"], found["users"]) == (flat, [])
    assert found["checksum"] == hashlib.sha256(new_bytes).hexdigest()
