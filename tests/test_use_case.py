"""A run of one use case: what it loads, builds, plans and pushes, and what it leaves as it was."""

import copy
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.commands.partner_new import new_partner
from pipelines.contract.use_cases import limited
from pipelines.erp.sample import write_sample
from pipelines.errors import RunningError, SettingsError
from pipelines.lock import only_run
from pipelines.sandbox.server import Sandbox
from pipelines.settings import read_vars
from tests.contracts.test_own_partners import without_marks
from tests.test_run import Site

VARS = {"partners": {"hausbot": {"aktiv": True, "separator": "/", "mandanten": ["001"]}}}
VACANCIES = ("--use-case", "leerstaende")
LISTINGS = """\
{{ config(enabled=partner_aktiv('hausbot'), schema='partners', contract={'enforced': true}) }}

with

leerstaende as (
    select * from {{ ref('stg_erp__leerstand') }}
),

final as (
    select
        {{ composite_id('hausbot', 'verwaltungseinheit', table='leerstaende') }} as external_id,
        {{ composite_id('hausbot', 'verwaltungseinheit', table='leerstaende') }} as units_external_id,
        cast(max(leerstaende.nettokaltmiete) as double) as rent
    from leerstaende
    where {{ sendable('hausbot', 'verwaltungseinheit', table='leerstaende') }} and leerstaende.freigegeben
    group by all
)

select * from final
"""


def write_hausbot(own: Path, home: Path) -> None:
    """A partner with units, and with listings on them that belong to the use case of vacancies."""
    new_partner("hausbot", None, own, home)
    folder = own / "hausbot"
    file = folder / "contract.yaml"
    document = yaml.safe_load("\n".join(without_marks(file.read_text(encoding="utf-8").split("\n"))))
    text = json.dumps({key: document["paths"][key] for key in ("/units", "/units/{id}")})
    document["paths"] |= json.loads(text.replace("nit", "isting").replace("/uistings", "/listings"))
    document["paths"]["/listings/{id}"]["delete"] = {"responses": {"204": {"description": "It is gone."}}}
    schemas = document["components"]["schemas"]
    schemas |= json.loads(json.dumps(schemas).replace("Unit", "Uisting"))
    fields: dict[str, Any] = {"x-confidence": "assumed", "x-source": "proposal"}
    schemas["UistingFields"]["properties"] = {
        "externalId": {"type": "string", **fields},
        "unitId": {"type": "string", **fields},
        "rent": {"type": ["number", "null"], **fields},
    }
    schemas["Uisting"]["required"] = ["id", "externalId", "unitId"]
    document["x-entities"]["listings"] = {
        **copy.deepcopy(document["x-entities"]["units"]),
        "title": "Listings",
        "erp": "Leerstand",
        "use_case": "leerstaende",
        "collection": "/listings",
        "record": "/listings/{id}",
        "find": {"method": "get", "path": "/listings", "query": "externalId"},
        "parents": {"units": "unitId"},
        "withdraw": "delete",
    }
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    (folder / "models" / "hausbot__listings.sql").write_text(LISTINGS, encoding="utf-8")
    models = folder / "models" / "_hausbot.yml"
    described = yaml.safe_load(models.read_text(encoding="utf-8"))
    described["models"].append(
        {
            "name": "hausbot__listings",
            "description": "One row for each unit with a released vacancy.",
            "columns": [
                {"name": "external_id", "data_type": "varchar", "data_tests": ["unique"]},
                {"name": "units_external_id", "data_type": "varchar"},
                {"name": "rent", "data_type": "double"},
            ],
        }
    )
    models.write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("usecase")
    for name in ("own", "home"):
        (folder / name).mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAMMDATEN_PARTNERS", str(folder / "own"))
        patch.setenv("STAMMDATEN_HOME", str(folder / "home"))
        write_hausbot(folder / "own", folder / "home")
        write_sample(folder / "erp", 97, 7)
        with Sandbox(state=folder / "sandbox.sqlite") as sandbox:
            made = Site(folder, sandbox)
            made.edit("leerstand", lambda rows: [_offered(rows[0], f"000{n}") for n in range(2, 8)])
            yield made


def _offered(row: dict[str, str], ve_nr: str) -> dict[str, str]:
    """A released vacancy of a unit of the first company."""
    place = {"mandant_nr": "001", "we_nr": "0005", "gebaeude_nr": "01", "ve_nr": ve_nr}
    return {**row, **place, "freigegeben": "true", "nettokaltmiete": "700.00", "leer_bis": ""}


def ran(site: Site, *arguments: str, status: int = 0) -> dict[str, Any]:
    done = site.call("run", "--json", *arguments, variables=VARS)
    assert done.returncode == status, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def lines(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["entity"]: line for line in report["lines"]}


def units_in_ledger(site: Site) -> list[Any]:
    return site.query("from sync.ledger where entity = 'units' order by external_id")


def _deposit(rows: list[dict[str, str]], value: str) -> list[dict[str, str]]:
    """The first vacancy with this deposit."""
    return [{**row, "kaution": value} if row is rows[0] else row for row in rows]


def unread(site: Site) -> list[Any]:
    return site.query(
        "select value from quality.findings where table_name = 'leerstand' and column_name = 'kaution'"
    )


def other_findings(site: Site) -> list[Any]:
    return site.query("from quality.findings where table_name <> 'leerstand' order by all")


def test_a_run_of_vacancies_touches_vacancies_alone(site: Site) -> None:
    site.edit("leerstand", lambda rows: _deposit(rows, "wenig"))
    first = lines(ran(site))
    assert unread(site) == [("wenig",)]
    read = (site.home / "dbt" / "partial_parse.msgpack").stat().st_mtime_ns
    findings = other_findings(site)
    assert first["units"]["created"] == first["units"]["in_mart"] > 20
    assert first["listings"]["created"] == first["listings"]["in_mart"] > 2

    # The ERP writes the vacancies alone, and of master data nothing at all.
    for file in site.erp.iterdir():
        if file.name != "leerstand.csv":
            file.unlink()
    before = units_in_ledger(site)
    [*_, (last,)] = site.query("select external_id from sync.ledger where entity = 'listings' order by all")
    key = last.split("/")
    site.edit("leerstand", lambda rows: _deposit([_with_rent(row, key) for row in rows], "viel"))
    second = ran(site, *VACANCIES)
    # dbt does not read the project again.
    assert (site.home / "dbt" / "partial_parse.msgpack").stat().st_mtime_ns == read
    assert {name: (line["updated"], line["withdrawn"]) for name, line in lines(second).items()} == {
        "listings": (1, 0)
    }
    assert second["load"]["rows"].keys() == {"leerstand"}
    assert second["load"]["notes"] == [
        "Not delivered, kept as loaded before: gebaeude, mandant, verwaltungseinheit, wirtschaftseinheit"
    ]
    assert (unread(site), other_findings(site)) == ([("viel",)], findings)
    assert units_in_ledger(site) == before
    assert site.query("select count(*) > 0 from erp_raw.mieter") == [(True,)]
    records = {record["externalId"]: record for record in site.sandbox.records("hausbot", "listings")}
    assert records[last]["rent"] == 1234.5
    # What master data was built from lies as it was; the vacancies are newer, and say so.
    assert site.query("select use_case from sync.builds order by all") == [("leerstaende",), (None,)]
    assert site.query("select use_case from sync.pushed order by pushed_at") == [(None,), ("leerstaende",)]


@pytest.mark.slow
def test_a_run_of_vacancies_that_is_killed_doubles_and_loses_nothing(site: Site) -> None:
    if not (site.home / "stammdaten.duckdb").exists():  # this test alone
        ran(site)
    places = [
        tuple(key.split("/")) for (key,) in site.query("select external_id from partners.hausbot__units")
    ]
    site.edit("leerstand", lambda rows: [{**_offered(rows[0], ""), **_placed(place)} for place in places])
    site.sandbox.set_option("hausbot", "latency_ms", "300")
    sent = len(posts(site))
    run = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pipelines.cli.main", "run", *VACANCIES, "--vars", json.dumps(VARS)],
        env=site.environment,
        cwd=site.project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while run.poll() is None and len(posts(site)) < sent + 2:
        time.sleep(0.01)
    run.kill()
    assert run.wait() == -signal.SIGKILL
    site.sandbox.set_option("hausbot", "latency_ms", "0")
    # What was on its way has arrived at a server on this machine, or never will.
    site.environment["DESTINATION__HAUSBOT__ABSENT_AFTER"] = "1"
    before = len(site.sandbox.records("hausbot", "listings"))
    assert before < len(places)
    ran(site, *VACANCIES)
    held = Counter(record["externalId"] for record in site.sandbox.records("hausbot", "listings"))
    assert held == Counter("/".join(place) for place in places)
    assert site.query("select distinct state from sync.ledger where entity = 'listings'") == [("synced",)]
    sent = len(posts(site))
    assert lines(ran(site, *VACANCIES))["listings"]["unchanged"] == len(places)
    assert len(posts(site)) == sent


@pytest.mark.slow
def test_vacancies_are_verified_and_repaired_between_two_runs_of_master_data(site: Site) -> None:
    if not (site.home / "stammdaten.duckdb").exists():  # this test alone
        ran(site)
    vacancies = (site.erp / "leerstand.csv").read_bytes()
    write_sample(site.erp, 97, 7)
    (site.erp / "leerstand.csv").write_bytes(vacancies)
    ran(site, *VACANCIES)
    site.sandbox.tamper("hausbot", "listings", seed=1, deleted=1)
    site.sandbox.tamper("hausbot", "units", seed=1, changed=1)
    before = len(site.sandbox.requests("hausbot"))
    found = site.call("verify", "hausbot", "--repair", "--json", *VACANCIES, variables=VARS)
    assert found.returncode == 1, found.stderr
    report = json.loads(found.stdout)
    assert [(line["entity"], line["missing"], line["changed"]) for line in report["counts"]] == [
        ("listings", 1, 0)
    ]
    assert [finding["kind"] for finding in report["findings"]] == ["missing"]
    read = {request.path for request in site.sandbox.requests("hausbot")[before:] if request.method == "GET"}
    assert read
    assert not [path for path in read if "units" in path]
    assert site.call("push", "--plan", report["plan_id"], variables=VARS).returncode == 0
    again = site.call("verify", "hausbot", *VACANCIES, variables=VARS)
    assert again.returncode == 0, again.stdout


def posts(site: Site) -> list[Any]:
    return [r for r in site.sandbox.requests("hausbot") if r.method == "POST" and "listings" in r.path]


def _placed(place: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr"), place, strict=True))


def _key(row: dict[str, str]) -> list[str]:
    return [row[name] for name in ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")]


def _with_rent(row: dict[str, str], key: list[str]) -> dict[str, str]:
    return {**row, "nettokaltmiete": "1234.50"} if _key(row) == key else row


@pytest.mark.slow
def test_a_load_of_vacancies_without_the_vacancies_is_refused(site: Site) -> None:
    (site.erp / "leerstand.csv").rename(site.erp / "leerstand.bak")
    done = site.call("load", *VACANCIES, variables=VARS)
    (site.erp / "leerstand.bak").rename(site.erp / "leerstand.csv")
    assert done.returncode == 2
    assert "leerstand.csv missing; a run of this use case needs it each time" in done.stderr


@pytest.mark.parametrize(
    ("use_case", "asked", "message"),
    [
        ("leerstand", [], "--use-case leerstand: unknown use case; did you mean leerstaende?; known are stammdaten,"),
        ("", [], "--use-case : unknown use case; known are stammdaten, leerstaende, dokumente"),
        ("leerstaende", ["kiwi"], "--partner kiwi: has no entity of the use case leerstaende; "),
        ("leerstaende", [], "--use-case leerstaende: no partner that is switched on has an entity of it; "),
    ],
)  # fmt: skip
def test_a_use_case_that_has_nothing_to_do_is_refused(use_case: str, asked: list[str], message: str) -> None:
    given = {"partners": {"kiwi": {"aktiv": True, "separator": "/", "mandanten": "alle"}}}
    settings = read_vars(["kiwi"], json.dumps(given), None, asked)
    with pytest.raises(SettingsError) as told:
        limited(settings, use_case, asked)
    assert str(told.value).startswith(message)


def test_master_data_waits_for_a_run_of_vacancies_and_says_so_and_not_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_WAIT", "1")
    told: list[str] = []
    with (
        only_run(tmp_path, "run", "leerstaende"),
        pytest.raises(RunningError, match="`stammdaten run --use-case leerstaende` "),
        only_run(tmp_path, "run", None, told.append),
    ):
        pass
    assert len(told) == 1
    assert told[0].startswith("`stammdaten run --use-case leerstaende` (process ")
    monkeypatch.setenv("STAMMDATEN_WAIT", "600")
    for holder, use_case in ((None, "leerstaende"), ("leerstaende", "leerstaende"), (None, None)):
        with (
            only_run(tmp_path, "run", holder),
            pytest.raises(RunningError, match="wait for it"),
            only_run(tmp_path, "run", use_case),
        ):
            pass
