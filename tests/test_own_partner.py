"""Two partners outside the project: one is finished and pushed to the sandbox, one is still being written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.commands.build import Build, build
from pipelines.commands.built import check_built
from pipelines.commands.partner_new import new_partner
from pipelines.contract.contract import load_contract, partner_folders, partners
from pipelines.ledger.ledger import open_database
from pipelines.pages.all import pages
from pipelines.personal.records import person_entities
from pipelines.plan.guards import DEFAULTS
from pipelines.plan.rows import plan_lines
from pipelines.push import push as engine
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Vars, database, read_vars
from tests.conftest import write_raw
from tests.contracts.test_own_partners import without_marks
from tests.partners.bestand import BESTAND

STICHTAG = date(2026, 3, 31)
SETTING = {"aktiv": True, "separator": "-", "mandanten": ["001", "002"]}
PROFILE = """\
aktiv: false
tenants_need: last_name
needs_gebaeude: false
options:
  mit_etage: {default: true, allowed: [true, false]}
note: "mit_etage: false sends no floor."
"""
LOCKS = {
    "openapi": "3.0.1",
    "info": {"title": "Locks", "version": "2"},
    "paths": {
        "/lock-groups": {
            "post": {
                "requestBody": {"$ref": "#/components/requestBodies/Group"},
                "responses": {"201": {"description": "The new record."}},
            }
        },
        "/lock-groups/{groupId}": {
            "patch": {
                "requestBody": {"$ref": "#/components/requestBodies/Group"},
                "responses": {"200": {"description": "The record."}},
            }
        },
    },
    "components": {
        "requestBodies": {
            "Group": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Group"}}}}
        },
        "schemas": {
            "Group": {
                "type": "object",
                "required": ["displayName"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "displayName": {"type": "string"},
                    "select": {"type": "string", "nullable": True},
                    "since": {"type": "string", "format": "date"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "address": {"type": "object", "properties": {"zipCode": {"type": "string"}}},
                },
            }
        },
    },
}


@dataclass(frozen=True)
class Site:
    """A home, the folder with one's own partners, and what dbt did with both of them on."""

    home: Path
    own: Path
    sandbox: Sandbox
    settings: Vars
    built: Build


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("own")
    own, home = folder / "partners", folder / "home"
    home.mkdir()
    (folder / "locks.json").write_text(json.dumps(LOCKS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAMMDATEN_PARTNERS", str(own))
        patch.setenv("STAMMDATEN_HOME", str(home))
        new_partner("hausbot", None, own, home)
        new_partner("schloss", folder / "locks.json", own, home)
        _finish(own / "hausbot")
        settings = read_vars(
            list(partner_folders()),
            json.dumps({"partners": {"hausbot": SETTING, "schloss": {**SETTING, "separator": "/"}}}),
            STICHTAG.isoformat(),
            [],
        )
        loose = {"mandant_nr": "001", "we_nr": "0007", "ve_nr": "9001", "quelle_erp": "relion"}
        write_raw(database(home), {**BESTAND, "verwaltungseinheit": [*BESTAND["verwaltungseinheit"], loose]})
        built = build(home, settings)
        with Sandbox(folder / "sandbox.sqlite") as sandbox:
            for name, value in sandbox.environment().items():
                patch.setenv(name, value)
            yield Site(home, own, sandbox, settings, built)


def _finish(folder: Path) -> None:
    """Answers what the skeleton asks for: no mark is left, the profile has a setting, and the mart reads it."""
    contract, mart = folder / "contract.yaml", folder / "models" / "hausbot__units.sql"
    lines = contract.read_text(encoding="utf-8").split("\n")
    contract.write_text("\n".join(without_marks(lines)), encoding="utf-8")
    (folder / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    text = mart.read_text(encoding="utf-8")
    chosen = "{{ 'verwaltungseinheiten.etage' if partner_settings('hausbot').mit_etage else 'null' }}"
    mart.write_text(
        text.replace("verwaltungseinheiten.etage as floor", f"{chosen} as floor"), encoding="utf-8"
    )
    described = folder / "models" / "_hausbot.yml"
    document = yaml.safe_load(described.read_text(encoding="utf-8"))
    (units,) = [model for model in document["models"] if model["name"] == "hausbot__units"]
    (number,) = [column for column in units["columns"] if column["name"] == "number"]
    number["config"] = {"meta": {"pii": True}}
    described.write_text(yaml.safe_dump(document), encoding="utf-8")


def test_dbt_builds_the_marts_and_runs_their_tests(site: Site) -> None:
    assert site.built.ready("hausbot"), site.built.failures
    with open_database(site.home) as db:
        found = db.execute("select external_id, number, floor from partners.hausbot__units").fetchall()
        assert ("001-0007-01-0001", "0001", "1") in found
        # The last hangs on no Gebäude, and this partner needs none.
        assert sorted(row[0] for row in found) == [
            "001-00/9-01-0001",
            "001-0007-01-0001",
            "001-0007-01-0002",
            "001-0007-9001",
            "002-0001-01-0001",
            "002-77-0001",
        ]
        told = "select rule, key from quality.findings where partner = 'hausbot' and table_name = $1"
        assert db.execute(told, ["verwaltungseinheit"]).fetchall() == [("I5", "001/0007/02/G-1")]


def test_an_unfinished_partner_keeps_nobody_else_back(site: Site) -> None:
    assert "schloss" not in partners()
    (failure,) = site.built.failures["schloss"]
    assert failure.node == "required_schloss__lock_groups__displayName_"
    assert "001/0007/01/0001" in failure.keys
    # What the skeleton says until somebody changes it: a unit needs its Gebäude.
    assert "001/0007/9001" not in failure.keys
    assert set(site.built.failures) == {"schloss"}


def test_nothing_of_dbt_is_written_into_the_folder(site: Site) -> None:
    written = {path.name for path in site.own.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    models = {
        f"{name}__{part}.sql"
        for name in ("hausbot", "schloss")
        for part in ("held", "findings", "departures")
    }
    assert written == {
        *models,
        *("hausbot__units.sql", "schloss__lock_groups.sql", "_hausbot.yml", "_schloss.yml"),
        *("test_hausbot.py", "test_schloss.py", "contract.yaml", "profile.yaml", "__init__.py", "sandbox.py"),
    }
    text = (site.own / "hausbot" / "models" / "hausbot__units.sql").read_text(encoding="utf-8")
    assert "composite_id('hausbot'" in text


def test_what_its_yaml_calls_personal_is_masked_and_makes_a_record_one_of_a_person(site: Site) -> None:
    plan = engine.plan(site.home, ["hausbot"], STICHTAG)
    told = {line["external_id"]: line["fields"] for line in plan_lines(site.home, plan.plan_id, False)}
    shown = {field["field"]: field["new"] for field in told["001-0007-01-0001"]}
    assert (shown["number"], shown["floor"]) == ('"9999"', '"1"')
    assert [entity.name for entity in person_entities(load_contract("hausbot"))] == ["units"]


def test_it_is_planned_and_pushed_to_the_sandbox_and_the_second_run_sends_nothing(site: Site) -> None:
    only = read_vars(
        list(partner_folders()), json.dumps({"partners": {"hausbot": SETTING}}), "2026-03-31", []
    )
    with open_database(site.home) as db:
        check_built(db, site.home, only)
    first = engine.plan(site.home, ["hausbot"], STICHTAG)
    pushed = engine.push(site.home, first.plan_id, ["hausbot"], DEFAULTS)
    (line,) = pushed.lines
    assert (line.partner, line.entity, line.created, line.in_mart) == ("hausbot", "units", 6, 6)
    records = {record["externalId"]: record for record in site.sandbox.records("hausbot", "units")}
    assert records["001-0007-01-0001"]["number"] == "0001"
    assert records["001-0007-01-0001"]["floor"] == "1"
    sent = len(site.sandbox.requests("hausbot"))
    second = engine.plan(site.home, ["hausbot"], STICHTAG)
    assert second.operations == 0
    engine.push(site.home, second.plan_id, ["hausbot"], DEFAULTS)
    assert len(site.sandbox.requests("hausbot")) == sent


def test_its_page_lies_beside_its_contract(site: Site) -> None:
    text = pages()[str(site.own / "hausbot" / "hausbot.md")]
    assert "| `partners.hausbot.mit_etage` | `true` | true, false |" in text
    assert "mit_etage: false sends no floor." in text
    assert "- [ ] `POST /units`: " in text


def test_the_skeleton_of_a_vendors_document_asks_for_what_cannot_be_seen_in_it(site: Site) -> None:
    document: Any = yaml.safe_load((site.own / "schloss" / "contract.yaml").read_text(encoding="utf-8"))
    assert list(document["paths"]) == ["/lock-groups", "/lock-groups/{id}"]
    assert document["x-entities"]["lock_groups"]["record"] == "/lock-groups/{id}"
    fields = document["components"]["schemas"]["Group"]["properties"]
    assert fields["select"] == {
        "type": ["string", "null"],
        "x-confidence": "documented",
        "x-source": "openapi",
    }
    assert fields["since"]["x-values-confidence"] == "documented"
    mart = (site.own / "schloss" / "models" / "schloss__lock_groups.sql").read_text(encoding="utf-8")
    for column in (
        'cast(null as varchar) as "displayName"',
        'cast(null as varchar) as "select"',
        "cast(null as date) as since",
        "cast(null as varchar[]) as tags",
        'cast(null as struct("zipCode" varchar)) as address',
    ):
        assert column in mart
