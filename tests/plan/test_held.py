"""H1 to H3: what is in doubt stays at the partner as it is, from the delivery to the plan and to what is sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import create_tables, open_database
from pipelines.plan.counts import PlanCounts
from pipelines.plan.plan import make_plan
from pipelines.settings import Vars
from tests.push.doubts import doubtful, flat, good
from tests.push.site import TODAY, Site
from tests.push.stock import PLENTIFIC
from tests.push.told import explain

DAY = date(2026, 3, 31)
PARTNERS = ("etg24", "facilioo", "plentific", "kiwi", "casavi", "everreal")
VARS = {
    "stichtag": DAY.isoformat(),
    "partners": {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in PARTNERS},
}
SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={"kiwi": {"aktiv": True, "separator": "/", "mandanten": "alle"}},
)
Build = Callable[..., duckdb.DuckDBPyConnection]
Row = dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """What the plan of the second delivery does, when all of the first is at the partners."""

    db: duckdb.DuckDBPyConnection
    counts: Mapping[tuple[str, str], PlanCounts]

    def held(self, partner: str, entity: str) -> list[str]:
        return self._ids(
            "select external_id from sync.held where partner = ? and entity = ?", partner, entity
        )

    def withdrawn(self, partner: str, entity: str) -> list[str]:
        sql = "select external_id from sync.plan where operation = 'withdraw' and partner = ? and entity = ?"
        return self._ids(sql, partner, entity)

    def operations(self, partner: str, entity: str) -> dict[str, Row]:
        found = self.db.execute(
            "select external_id, operation, payload, sends from sync.plan where partner = ? and entity = ?",
            [partner, entity],
        ).fetchall()
        return {i: {"operation": o, "payload": json.loads(p), "sends": s} for i, o, p, s in found}

    def why(self, partner: str, external_id: str) -> list[tuple[str, str, str]]:
        return self.db.execute(
            "select rule, table_name, reason from sync.held where partner = ? and external_id = ?",
            [partner, external_id],
        ).fetchall()

    def _ids(self, sql: str, *values: str) -> list[str]:
        return sorted(external_id for (external_id,) in self.db.execute(sql, list(values)).fetchall())


def plan_after(db: duckdb.DuckDBPyConnection, ledger: str | None) -> Mapping[tuple[str, str], PlanCounts]:
    create_tables(db)
    if ledger:
        db.execute(f"insert into sync.ledger by name from read_parquet('{ledger}')")
    made = make_plan(db, [load_contract(name) for name in PARTNERS], DAY, "run")
    return {(line.partner, line.entity): line for line in made.counts}


@pytest.fixture(scope="module")
def planned(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    chosen = {"select": [f"+{name}" for name in PARTNERS], "vars": VARS}
    first = build(good(), **chosen)
    plan_after(first, None)
    ledger = str(tmp_path_factory.mktemp("ledger") / "ledger.parquet")
    first.execute(
        "copy (select partner, entity, id_space, external_id, 'r' || seq as remote_id, 'synced' as state, payload,"
        f" refs, payload_hash from sync.plan where operation = 'create') to '{ledger}' (format parquet)"
    )
    second = build(doubtful(), **chosen)
    return Planned(second, plan_after(second, ledger))


def leases(*numbers: str) -> list[str]:
    return [f"001/0001/{flat(number)['gebaeude_nr']}/{number}/1" for number in numbers]


def tenants(*numbers: str) -> list[str]:
    return [f"{lease}/P{number}" for lease, number in zip(leases(*numbers), numbers, strict=True)]


HELD = ("01", "02", "04", "05", "07", "08", "09", "10", "15", "18", "19", "25", "26", "27", "28", "30")
GONE = ("03", "06", "11", "12", "13", "14", "16", "17", "31")


def test_what_is_in_doubt_is_held_and_what_is_gone_is_withdrawn(planned: Planned) -> None:
    assert planned.held("etg24", "mietvertraege") == sorted(leases(*HELD))
    assert planned.withdrawn("etg24", "mietvertraege") == leases(*GONE)
    for partner, entity in (
        ("etg24", "mieter"),
        ("facilioo", "vertraege_mieter"),
        ("plentific", "unterobjekte_mieter"),
        ("kiwi", "mietvertraege"),
    ):
        assert planned.held(partner, entity) == sorted(tenants(*HELD)), (partner, entity)
        assert planned.withdrawn(partner, entity) == tenants(*GONE), (partner, entity)
    counts = planned.counts["kiwi", "mietvertraege"]
    assert (counts.held, counts.withdraw, counts.create, counts.update) == (16, 9, 0, 0)


def test_a_partner_without_the_rule_of_e_mails_does_not_care_for_addresses(planned: Planned) -> None:
    held = tuple(number for number in HELD if number not in ("05", "19"))
    assert planned.held("casavi", "vertraege_mieter") == sorted(tenants(*held))
    gone = tuple(number for number in GONE if number != "06")
    assert planned.withdrawn("casavi", "vertraege_mieter") == tenants(*gone)


def test_a_unit_in_doubt_is_held_with_all_below_it(planned: Planned) -> None:
    assert planned.held("etg24", "einheiten") == ["001/0001/01/07", "001/0001/02/30", "001/0001/02/31"]
    assert planned.withdrawn("etg24", "einheiten") == ["001/0001/01/17"]
    assert planned.why("etg24", "001/0001/01/07/1") == [
        ("H1", "mietvertrag", "verwaltungseinheit 001/0001/01/07: abgang_am 31.06.2025")
    ]


def test_a_person_stays_as_long_as_one_of_its_leases_is_in_doubt(planned: Planned) -> None:
    persons = [f"P{number}" for number in HELD]
    assert planned.held("facilioo", "parteien_mieter") == persons
    assert planned.held("kiwi", "mieter") == persons
    kept = {f"{person}/{kind}" for person in (*persons, "P23") for kind in ("email", "handynummer")}
    assert planned.held("facilioo", "kontaktdaten") == sorted(kept | {"P24/email"})
    gone = sorted(f"P{number}/{kind}" for number in (*GONE, "29") for kind in ("email", "handynummer"))
    assert planned.withdrawn("facilioo", "kontaktdaten") == gone


def test_a_record_of_several_rows_is_not_changed_while_one_of_them_is_in_doubt(planned: Planned) -> None:
    assert planned.held("plentific", "unterobjekte_vermieter") == ["P20", "P23", "P24"]
    assert planned.operations("plentific", "unterobjekte_vermieter").keys() == {"P29"}  # its contract is over
    assert planned.withdrawn("facilioo", "vertraege_eigentuemer") == [
        f"001/0001/01/{contract}" for contract in ("22/E1/P20", "29/E1/P29")
    ]
    assert planned.held("etg24", "eigentuemervertraege") == ["001/0001/01/21/E1", "001/0001/01/23/E1"]
    assert planned.withdrawn("etg24", "eigentuemervertraege") == ["001/0001/01/22/E1", "001/0001/01/29/E1"]


def test_an_owner_row_without_its_person_holds_whoever_the_partner_knows_as_owner(planned: Planned) -> None:
    why = [("C7", "eigentuemer", "row 4: no person_nr")]
    assert planned.why("plentific", "P23") == why
    assert planned.why("everreal", "P23") == why
    assert planned.why("everreal", "001/0001/01/23") == why
    assert planned.held("facilioo", "vertraege_eigentuemer") == [
        f"001/0001/01/{contract}" for contract in ("21/E1/P20", "23/E1/P23")
    ]
    assert planned.withdrawn("everreal", "eigentuemer") == []


def test_a_record_with_an_address_that_cannot_be_read_keeps_the_one_it_has(planned: Planned) -> None:
    assert planned.why("plentific", "P24") == [("E5", "kontaktweg", "no valid e-mail address: x99@")]
    assert planned.held("etg24", "eigentuemer") == [
        f"001/0001/01/{contract}" for contract in ("21/E1/P20", "23/E1/P23", "24/E1/P24")
    ]
    for partner, entity in (("casavi", "kontakte"), ("facilioo", "parteien_eigentuemer")):
        assert not planned.operations(partner, entity).keys() & {"P05", "P24"}, partner
    assert "P05" in planned.held("casavi", "kontakte")
    assert (
        planned.operations("casavi", "kontakte")["P06"]["payload"]["email"] is None
    )  # there is none any more


def test_an_address_without_its_person_may_be_that_of_anybody_without_one(
    planned: Planned, build: Build
) -> None:
    delivery = doubtful()
    delivery["kontaktweg"].append(
        {"person_nr": "", "lfd_nr": "9", "art": "E-Mail", "wert": "p06@example.org"}
    )
    ledger = planned.db.execute("from sync.ledger").to_arrow_table()
    db = build(delivery, select=["+kiwi"], vars=VARS)
    create_tables(db)
    db.register("former", ledger)
    db.execute("insert into sync.ledger by name from former")
    make_plan(db, [load_contract("kiwi")], DAY, "run")
    after = Planned(db, {})
    assert after.held("kiwi", "mietvertraege") == sorted(tenants(*HELD, "06"))
    [(rule, table, reason)] = after.why("kiwi", tenants("06")[0])
    assert (rule, table) == ("E5", "kontaktweg")
    assert reason.startswith("no e-mail address, but kontaktweg row ")


def test_what_is_held_says_why(planned: Planned) -> None:
    assert planned.why("kiwi", "001/0001/01/01/1/P01") == [
        ("H1", "mieter", "mietvertrag 001/0001/01/01/1: mietende 31.06.2025")
    ]
    assert planned.why("etg24", "001/0001/01/02/1") == [("H1", "mietvertrag", "unknown geloescht_kz weg")]
    assert planned.why("etg24", "001/0001/01/04/1") == [("L4", "mietvertrag", "no readable mietbeginn")]
    assert planned.why("kiwi", "001/0001/01/05/1/P05") == [
        ("E5", "kontaktweg", "no valid e-mail address: x99@")
    ]
    assert planned.why("kiwi", "001/0001/01/08/1/P08") == [("H1", "mieter", "gueltig_bis Ende Juni")]
    assert planned.why("kiwi", "001/0001/01/09/1/P09") == [("E8", "person", "person P09: no nachname")]
    assert planned.why("kiwi", "001/0001/01/10/1/P10") == [("C7", "mieter", "row 10: no person_nr")]
    assert planned.why("kiwi", "001/0001/01/15/1/P15") == [
        ("H1", "mieter", "person P15: unknown geloescht_kz ?")
    ]


def test_what_hangs_below_a_row_without_its_number_is_held_where_the_partner_has_no_record_of_that_row(
    planned: Planned,
) -> None:
    no_house = "no gebaeude 001/0001/02, but gebaeude row 2: no gebaeude_nr"
    assert planned.why("kiwi", "001/0001/02/30") == [("H1", "verwaltungseinheit", no_house)]
    no_lease = "no mietvertrag 001/0001/01/18/1, but mietvertrag row 17: no mv_nr"
    assert planned.why("kiwi", "001/0001/01/18/1/P18") == [("H1", "mieter", no_lease)]
    assert planned.held("kiwi", "verwaltungseinheiten") == [
        "001/0001/01/07",
        "001/0001/02/30",
        "001/0001/02/31",
    ]


def test_whoever_may_belong_to_a_row_without_its_numbers_is_held(planned: Planned) -> None:
    for number, why in (
        ("26", "no person P26, but person row 21: no person_nr"),
        ("27", "no mietvertrag 001/0001/01/27/1, but mietvertrag row 21: no mandant_nr"),
        ("28", "no mietvertrag 001/0001/03/28/1, but mietvertrag row 22: no ve_nr, mv_nr"),
    ):
        assert planned.why("kiwi", tenants(number)[0]) == [("H1", "mieter", why)], number


def test_an_address_without_its_own_number_is_there(planned: Planned) -> None:
    [(rule, table, _)] = planned.why("kiwi", "001/0001/01/19/1/P19")
    assert (rule, table) == ("E5", "kontaktweg")


def test_a_row_without_its_number_is_none_of_those_that_have_theirs(planned: Planned) -> None:
    # the lease of 12 is not there any more, and its flat is: the lease without a number belongs to another flat
    assert planned.why("casavi", "001/0001/01/12") == []


def test_a_withdrawal_sends_the_end_that_the_erp_has_else_the_key_date(planned: Planned) -> None:
    ends = {i: row["payload"] for i, row in planned.operations("etg24", "mietvertraege").items()}
    assert [ends[i]["validTo"] for i in leases("03", "06", "12", "13", "16")] == [
        "2026-02-28",
        "2026-03-31",
        "2026-03-31",
        "2026-02-28",
        "2026-02-28",
    ]
    owned = planned.operations("casavi", "vertraege_eigentuemer")
    assert owned == {}  # nobody rents there, so casavi never had them (E6)
    contracts = planned.operations("facilioo", "vertraege_mieter")
    assert contracts[tenants("13")[0]]["payload"] == {"terminationAt": "2026-02-28T23:59:59+01:00"}
    owners = planned.operations("facilioo", "vertraege_eigentuemer")
    assert owners["001/0001/01/22/E1/P20"]["payload"] == {"terminationAt": "2026-02-28T23:59:59+01:00"}


def test_a_lease_that_was_cancelled_before_it_began_ends_on_its_first_day_or_is_deleted(
    planned: Planned,
) -> None:
    [lease], [tenant] = leases("11"), tenants("11")
    etg24 = planned.operations("etg24", "mietvertraege")[lease]
    assert (etg24["payload"], etg24["sends"]) == ({"validTo": "2027-01-01"}, True)
    facilioo = planned.operations("facilioo", "vertraege_mieter")[tenant]
    assert facilioo["payload"] == {"terminationAt": "2027-01-01T23:59:59+01:00"}
    casavi = planned.operations("casavi", "vertraege_mieter")[tenant]
    assert casavi["payload"]["endDate"] == "2027-01-01"
    kiwi = planned.operations("kiwi", "mietvertraege")[tenant]
    assert (kiwi["payload"], kiwi["sends"]) == ({}, True)


LEASE = {
    "external_id": "001/1/01/0001/01/77",
    "verwaltungseinheiten_external_id": "001/1/01/0001",
    "mieter_external_id": "77",
    "starts_at": "2020-01-01",
    "ends_at": None,
}
HOUSE: dict[str, list[Row]] = {
    "verwaltungseinheiten": [{"external_id": "001/1/01/0001", "name": "Wohnung 1"}],
    "mieter": [{"external_id": "77", "first_name": "Erika", "last_name": "Muster", "email": "m@example.org"}],
    "mietvertraege": [LEASE],
}
EMPTY = {**HOUSE, "mietvertraege": [], "mieter": []}


def doubt(site: Site, partner: str, *rows: Row) -> None:
    """Writes the partner's relation of ids in doubt."""
    values = {"also_in_mart": False, "part": None, "holds_below": True, "separator": None, "person_nr": None}
    with open_database(site.home) as db:
        db.execute("create schema if not exists partners")
        db.execute(
            f"create or replace table partners.{partner}__held (entity varchar, external_id varchar, rule varchar,"
            " table_name varchar, reason varchar, also_in_mart boolean, part varchar, holds_below boolean,"
            " separator varchar, person_nr varchar)"
        )
        for row in rows:
            given = {
                **values,
                "rule": "H1",
                "table_name": "mietvertrag",
                "reason": "mietende 31.06.2025",
                **row,
            }
            names = ", ".join(given)
            marks = ", ".join(f"${name}" for name in given)
            db.execute(f"insert into partners.{partner}__held ({names}) values ({marks})", given)


def test_what_is_held_is_not_touched_until_the_doubt_ends(site: Site) -> None:
    site.sync("kiwi", HOUSE)
    before = len(site.sent("kiwi"))
    doubt(site, "kiwi", {"entity": "mietvertraege", "external_id": LEASE["external_id"]})
    lines = site.sync("kiwi", EMPTY)
    # The tenant is in no relation, but the lease refers to it.
    assert {name: (line.held, line.withdrawn) for name, line in lines.items()} == {
        "verwaltungseinheiten": (0, 0),
        "mieter": (1, 0),
        "mietvertraege": (1, 0),
    }
    assert len(site.sent("kiwi")) == before
    assert explain(site.home, SETTINGS, "kiwi", LEASE["external_id"])["verdicts"] == [
        f"mietvertraege {LEASE['external_id']}: at kiwi under the id"
        f" {site.ledger('select remote_id from sync.ledger where entity = $$mietvertraege$$')[0][0]}, confirmed"
        f" {explain(site.home, SETTINGS, 'kiwi', LEASE['external_id'])['records'][0]['ledger']['last_synced_at']};"
        " held as it is, neither changed nor withdrawn, while it is in doubt: rule H1 on mietvertrag:"
        " mietende 31.06.2025."
    ]
    assert site.sync("kiwi", HOUSE)["mietvertraege"].unchanged == 1
    doubt(site, "kiwi")
    assert site.sync("kiwi", EMPTY)["mietvertraege"].withdrawn == 1


def test_held_rows_trip_no_guard(site: Site) -> None:
    leases = [{**LEASE, "external_id": f"001/1/01/0001/{n:02}/77"} for n in range(30)]
    site.sync("kiwi", {**HOUSE, "mietvertraege": leases})
    # C7: a lease of which nobody knows the number
    doubt(site, "kiwi", {"entity": "mietvertraege", "external_id": "001/1/01/0001/?/77", "separator": "/"})
    assert site.sync("kiwi", {**HOUSE, "mietvertraege": []})["mietvertraege"].held == 30
    assert site.held == {}


def test_kiwi_loses_a_lease_that_never_began(site: Site) -> None:
    site.sync("kiwi", {**HOUSE, "mietvertraege": [{**LEASE, "starts_at": "2027-01-01"}]})
    assert site.sync("kiwi", EMPTY)["mietvertraege"].withdrawn == 1
    [deleted] = [request for request in site.sent("kiwi") if request.startswith("DELETE")]
    assert deleted.startswith("DELETE /v1/leases/")
    assert site.ledger("select state, reason, remote_id from sync.ledger where entity = 'mietvertraege'") == [
        ("withdrawn", "deleted", None)
    ]


def test_a_gathering_record_changes_only_if_it_does_not_name_what_is_in_doubt(site: Site) -> None:
    [dora] = PLENTIFIC["unterobjekte_vermieter"]
    emil = {**dora, "external_id": "81", "unterobjekte_external_ids": ["001/1/01/0001"]}
    site.sync("plentific", {**PLENTIFIC, "unterobjekte_vermieter": [dora, emil]})
    part = {"also_in_mart": True, "part": "001/1/01/0002", "entity": "unterobjekte_vermieter"}
    doubt(site, "plentific", {**part, "external_id": "80"}, {**part, "external_id": "81"})
    dora = {**dora, "unterobjekte_external_ids": ["001/1/01/0001"]}
    owners = [dora, {**emil, "last_name": "Anders"}]
    line = site.sync("plentific", {**PLENTIFIC, "unterobjekte_vermieter": owners})["unterobjekte_vermieter"]
    assert (line.held, line.updated) == (1, 1)
