"""Erasure of a person who is named in records of others: a co-tenant inside a lease, the owner of a flat."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
import yaml
from typer.testing import CliRunner

from pipelines.api.http import client, limiter
from pipelines.cli import look as cli_look
from pipelines.contract.contract import load_contract, partners
from pipelines.errors import StammdatenError
from pipelines.forget.forget import finish
from pipelines.ledger.ledger import open_database
from pipelines.personal.fields import nested_persons, personal_fields
from pipelines.personal.records import Mention, PersonEntity, mentions
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Vars, project_root
from tests.forget.test_forget import files_with, tables_with
from tests.push.persons import NUMBER, SECRETS, deliver, stage
from tests.push.site import TODAY, Rows, Site
from tests.push.test_push_everreal import EVERREAL, GRAPHQL, flat, mutations, records, tenant
from tests.push.told import forget, preview

SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={"everreal": {"aktiv": True, "separator": "/", "mandanten": "alle"}},
)
ADA, BEN, CEM = "001/1/01/0001/01/77", "001/1/01/0002/01/78", "001/1/01/0003/01/79"


def with_others(row: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    return {**row, "additionalTenants": [*others, *row["additionalTenants"]]}


def aenne(external_id: str) -> dict[str, Any]:
    """The person to be forgotten, as a co-tenant."""
    return {"externalId": external_id, "firstName": "Änne", "lastName": SECRETS[0], "email": SECRETS[1]}


LEASES = [
    with_others(tenant(1, "77", "Ada"), aenne(f"001/1/01/0001/01/{NUMBER}")),
    tenant(2, "78", "Ben"),
    # An id that was made before the separator was changed.
    with_others(tenant(3, "79", "Cem"), aenne(f"001-1-01-0003-01-{NUMBER}")),
]
ROWS: Rows = {**EVERREAL, "einheiten": [flat(1, "80"), flat(2, None), flat(3, None)], "mieter": LEASES}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which the person was delivered and built."""
    folder = tmp_path_factory.mktemp("delivered")
    (folder / "home").mkdir()
    deliver(folder / "home", folder / "erp")
    stage(folder / "home")
    return folder


@pytest.fixture
def site(delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A copy of it, with an empty EverReal that is not limited."""
    shutil.copytree(delivered / "home", tmp_path / "home")
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DESTINATION__EVERREAL__PER_MINUTE", "1000000")
        sandbox.set_options({"everreal.per_minute": "0", "everreal.default_owner": "BESTAND"})
        sandbox.set_option("everreal", "log_bodies", "yes")
        yield Site(tmp_path / "home", sandbox)


@pytest.fixture
def sent(site: Site) -> Site:
    """EverReal holds everything, the co-tenant too."""
    lines = site.sync("everreal", ROWS)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert names(site, ADA) == [SECRETS[0], "Muster"]
    return site


def names(site: Site, lease: str) -> list[str]:
    """Last names of the other tenants as EverReal holds them."""
    return [other["lastName"] for other in records(site, "mieter")[lease]["additionalTenants"]]


def next_run(site: Site) -> None:
    """Plans and pushes what is left in the marts."""
    made = engine.plan(site.home, ["everreal"], TODAY)
    assert engine.push(site.home, made.plan_id, ["everreal"], DEFAULTS).is_complete


def cleared(site: Site) -> list[str]:
    """Records of which is not known what the partner holds."""
    found = site.ledger("select external_id from sync.ledger where payload_hash is null order by 1")
    return [external_id for (external_id,) in found]


def without_aenne() -> Rows:
    rows = copy.deepcopy(ROWS)
    for row in rows["mieter"]:
        row["additionalTenants"] = [{**row["additionalTenants"][-1], "email": None}]
    return rows


def test_the_next_run_sends_the_lease_whole_without_the_forgotten_co_tenant(sent: Site) -> None:
    before = len(sent.sandbox.requests("everreal"))
    assert forget(sent.home, SETTINGS, NUMBER)["exit"] == 0
    assert len(sent.sandbox.requests("everreal")) == before
    next_run(sent)
    assert mutations(sent, before) == ["upsertTenant", "upsertTenant"]
    assert [names(sent, lease) for lease in (ADA, BEN, CEM)] == [["Muster"], ["Muster"], ["Muster"]]
    ada = records(sent, "mieter")[ADA]
    assert (ada["firstName"], ada["coldRent"], ada["externalUnitId"]) == ("Ada", "451.20", "001/1/01/0001")
    assert engine.plan(sent.home, ["everreal"], TODAY).operations == 0


def test_no_byte_of_a_co_tenant_is_left_after_a_load_without_it(sent: Site, tmp_path: Path) -> None:
    forget(sent.home, SETTINGS, NUMBER)
    for secret in SECRETS:
        assert {name[:8] for name in tables_with(sent.home, secret)} <= {"erp_raw.", "erp_load"}
        assert set(files_with(sent.home, secret)) <= {"stammdaten.duckdb"}
    deliver(sent.home, tmp_path / "erp", without=NUMBER)
    assert finish(sent.home) == 1
    for _ in ("before the next run", "after it"):
        assert [files_with(sent.home, secret) for secret in SECRETS] == [[], [], []]
        next_run(sent)


@pytest.mark.slow
def test_all_other_leases_and_all_ids_stay_as_they_were(sent: Site) -> None:
    ids = "select entity, external_id, remote_id, state from sync.ledger order by all"
    others = f"from sync.ledger where external_id not in ('{ADA}', '{CEM}') order by all"
    ben = f"from partners.everreal__mieter where external_id = '{BEN}'"
    before = [sent.ledger(sql) for sql in (ids, others, ben)]
    forget(sent.home, SETTINGS, NUMBER)
    assert [sent.ledger(sql) for sql in (ids, others, ben)] == before
    assert cleared(sent) == [ADA, CEM]
    assert sent.ledger(
        'select external_id, list_transform("additionalTenants", lambda t: t."externalId")'
        " from partners.everreal__mieter order by 1"
    ) == [
        (ADA, ["001/1/01/0001/01/977"]),
        (BEN, ["001/1/01/0002/01/978"]),
        (CEM, ["001/1/01/0003/01/979"]),
    ]


def test_records_that_name_the_person_are_reported_and_a_preview_changes_nothing(sent: Site) -> None:
    before = sent.ledger("from sync.ledger order by all")
    seen = preview(sent.home, SETTINGS, NUMBER)
    assert sent.ledger("from sync.ledger order by all") == before
    report = forget(sent.home, SETTINGS, NUMBER)
    for found in (seen, report):
        assert [(r["entity"], r["external_id"]) for r in found["named_in"]] == [
            ("mieter", ADA),
            ("mieter", CEM),
        ]
        assert found["records"] == []
    assert (report["erased"]["sync.ledger"], report["erased"]["partners.everreal__"]) == (2, 2)
    assert preview(sent.home, SETTINGS, NUMBER)["named_in"] == []


def test_a_person_that_is_known_from_a_lease_alone_can_be_forgotten(sent: Site, tmp_path: Path) -> None:
    deliver(sent.home, tmp_path / "erp", without=NUMBER)
    stage(sent.home)
    assert forget(sent.home, SETTINGS, NUMBER)["in_raw"] is False
    assert [files_with(sent.home, secret) for secret in SECRETS[:2]] == [[], []]


@pytest.mark.slow
def test_an_open_plan_that_names_the_person_is_not_pushed_any_more(sent: Site) -> None:
    with open_database(sent.home) as db:
        db.execute("update partners.everreal__mieter set \"coldRent\" = '460.00'")
    made = engine.plan(sent.home, ["everreal"], TODAY)
    forget(sent.home, SETTINGS, NUMBER)
    assert sent.ledger("select external_id from sync.plan where operation = 'update'") == [(BEN,)]
    with pytest.raises(StammdatenError, match="nothing is open in it"):
        engine.check_plan(sent.home, made.plan_id, ["everreal"])


def test_a_co_tenant_that_may_have_arrived_without_an_answer_is_taken_away_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("everreal", without_aenne())
    for module in (client, limiter):
        monkeypatch.setattr(module, "pause_before", lambda *_: 0.01)
    site.sandbox.set_options({"everreal.fault_on": GRAPHQL, "everreal.cut_after_rate": "100"})
    site.sync("everreal", ROWS)
    site.sandbox.set_option("everreal", "cut_after_rate", "0")
    assert names(site, ADA) == [SECRETS[0], "Muster"]
    assert site.ledger("select 1 from sync.ledger where contains(payload, 'Böttcher')") == []
    forget(site.home, SETTINGS, NUMBER)
    next_run(site)
    assert (names(site, ADA), names(site, CEM)) == (["Muster"], ["Muster"])


def test_a_lease_that_was_given_up_is_tried_again_without_the_person(sent: Site) -> None:
    sent.sandbox.set_options({"everreal.reject_pattern": "Ada", "everreal.reject_field": "firstName"})
    for _ in range(3):
        sent.sync("everreal", without_aenne())
    sent.sandbox.set_option("everreal", "reject_pattern", "")
    assert engine.plan(sent.home, ["everreal"], TODAY).operations == 0
    forget(sent.home, SETTINGS, NUMBER)
    next_run(sent)
    assert names(sent, ADA) == ["Muster"]


def test_a_flat_forgets_its_owner_and_goes_whole_with_the_next_one(site: Site, tmp_path: Path) -> None:
    site.sync("everreal", owned_by(NUMBER))
    assert forget(site.home, SETTINGS, NUMBER)["records"][0]["entity"] == "eigentuemer"
    assert cleared(site) == ["001/1/01/0001"]
    deliver(site.home, tmp_path / "erp", without=NUMBER)
    finish(site.home)
    assert files_with(site.home, NUMBER) == []
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", {**owned_by(None), "eigentuemer": []})
    assert mutations(site, before) == ["upsertUnit"]
    assert records(site, "einheiten")["001/1/01/0001"]["externalOwnerId"] == "BESTAND"


def owned_by(number: str | None) -> Rows:
    """Two flats, of which the first has this owner."""
    owner = {**EVERREAL["eigentuemer"][0], "external_id": number}
    return {**EVERREAL, "eigentuemer": [owner], "einheiten": [flat(1, number), flat(2, None)]}


def test_what_a_build_left_between_staging_and_marts_names_nobody_who_was_forgotten(site: Site) -> None:
    with open_database(site.home) as db:
        db.execute(
            "create table intermediate.int_leases as from (values"
            f" ('1', '{NUMBER}', '77', [{{'externalId': 'x/9', 'lastName': 'Muster'}}]),"
            f" ('2', '78', '77', [{{'externalId': 'x/{NUMBER}', 'lastName': 'Böttcher-Groß'}}]),"
            f" ('3', '78', '{NUMBER}', [{{'externalId': 'x/1{NUMBER}', 'lastName': 'Muster'}}]),"
            " ('4', '1' || '0000000815', null, null)) as t(ve_nr, hauptmieter, hausnummer, weitere_mieter)"
        )
    forget(site.home, SETTINGS, NUMBER)
    # A column that has the name of one of the ERP is that one: a house number is no person.
    assert site.ledger("select ve_nr from intermediate.int_leases order by 1") == [("3",), ("4",)]


NESTED = Mention(PersonEntity("mieter", begins=False), "mieter", "others", "id", True, ("others",))


@pytest.mark.parametrize(
    ("external_id", "is_named"),
    [
        ("815", True),
        ("001/1/01/815", True),
        ("001-1-01-815", True),
        ("1815", False),
        ("001/1/01/1815", False),
        ("815/1", False),
        ("001/1/01/12-815", False),
        (None, False),
    ],
)
def test_a_nested_person_is_known_by_its_id_and_by_nothing_that_looks_alike(
    external_id: str | None, is_named: bool
) -> None:
    others = [{"id": "001/1/01/4", "name": "815"}, {"id": external_id, "name": "Muster"}]
    sql = (
        "select coalesce("
        + NESTED.is_in("/", "payload")
        + ", false), "
        + NESTED.without("/", "others")
        + " from (select 'mieter' as entity, $others as others, to_json({others: $others})::varchar as payload)"
    )
    found = duckdb.connect().execute(sql, {"others": others, "person_nr": "815"}).fetchone()
    assert found == (is_named, others[:1] if is_named else others)


def test_each_list_of_persons_in_a_mart_says_which_field_is_their_id() -> None:
    lists = {}
    for partner in partners():
        for file in (project_root() / "models/partners" / partner).glob("*.yml"):
            for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
                entity = model["name"].removeprefix(f"{partner}__")
                for column in model.get("columns", []):
                    kind = str(column.get("data_type", ""))
                    if column["name"] in personal_fields(partner, entity) and kind.endswith("[]"):
                        key = nested_persons(partner, model["name"])[column["name"]]
                        assert f'"{key}" varchar' in kind
                        lists[model["name"], column["name"]] = key
    assert lists == {
        ("dormakaba__mietvertraege", "tenants"): "externalId",
        ("everreal__mieter", "additionalTenants"): "externalId",
    }


def test_where_partners_name_persons_in_records_of_others() -> None:
    found = {
        (partner, mention.entity, mention.field)
        for partner in partners()
        for mention in mentions(load_contract(partner))
    }
    assert found == {
        ("dormakaba", "mietvertraege", "tenants"),
        ("everreal", "mieter", "additionalTenants"),
        ("everreal", "einheiten", "externalOwnerId"),
        ("facilioo", "dokumente", "partyId"),
        ("idwell", "dokumente", "users"),
        ("spiribo", "dokumente", "tenantId"),
        ("spiribo", "vertraege", "tenantIds"),
    }


@pytest.mark.slow
def test_the_command_names_the_leases_that_lose_a_co_tenant(
    sent: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", str(sent.home))
    app = typer.Typer()
    app.command("forget")(cli_look.forget_command)
    app.command("other")(lambda: None)
    asked = CliRunner().invoke(app, ["forget", "--person", NUMBER])
    assert f"everreal mieter {ADA}: names the person, goes without it" in asked.output
    done = CliRunner().invoke(app, ["forget", "--person", NUMBER, "--yes"])
    assert done.exit_code == 0
    assert "The next run sends them without it" in done.output
    assert not any(secret in done.output for secret in SECRETS[:2])
