"""The whole way as a user goes it: the command line, real files, dbt, and the sandbox over HTTP."""

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.commands import run as run_command
from pipelines.contract.contract import partners
from pipelines.erp.sample import write_sample
from pipelines.sandbox.play.store import LoggedRequest
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Vars, read_vars
from tests.still_current.made import made

ROOT = Path(__file__).resolve().parent.parent
PARTNERS = ("etg24", "facilioo", "plentific", "kiwi")
NEW_NAME = "Zzyzxowski"  # nobody has it
VARS = {
    "partners": {
        "etg24": {"aktiv": True, "separator": "/", "mandanten": ["001", "002"]},
        "facilioo": {"aktiv": True, "separator": "-", "mandanten": ["001", "002"]},
        "plentific": {"aktiv": True, "separator": "_", "mandanten": "alle"},
        "kiwi": {"aktiv": True, "separator": "|", "mandanten": ["001"]},
    }
}


class Site:
    """A housing company: an ERP folder, a STAMMDATEN_HOME, and the partners' systems."""

    def __init__(self, folder: Path, sandbox: Sandbox, project: Path = ROOT):
        self.erp, self.home, self.sandbox, self.project = folder / "erp", folder / "home", sandbox, project
        self.environment = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("DESTINATION__", "SOURCES__", "DBT_"))
            },
            **sandbox.environment(),
            "SOURCES__ERP__KIND": "files",
            "SOURCES__ERP__FILES__FOLDER": str(self.erp),
            "STAMMDATEN_HOME": str(self.home),
            "PYTHONPATH": str(project),
        }
        self.said = ""

    def call(
        self, *arguments: str, variables: Any = VARS, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs `stammdaten` in a process of its own; what all of them wrote is kept as `said`."""
        given = ["--vars", json.dumps(variables)] if variables else []
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pipelines.cli.main", *arguments, *given],
            env={**self.environment, **environment},
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`stammdaten` in a process that the test ends itself."""
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "pipelines.cli.main", *arguments, "--vars", json.dumps(VARS)],
            env=self.environment,
            cwd=self.project,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def read_as(self, home: Path) -> None:
        """Lets dbt find in another home what it has read of the project for this one."""
        (home / "dbt").mkdir(parents=True)
        shutil.copy(self.home / "dbt" / "partial_parse.msgpack", home / "dbt")

    def run(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """`stammdaten run --json`, which must deliver everything."""
        done = self.call("run", "--json", *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def requests(self) -> dict[str, int]:
        return {name: len(self.sandbox.requests(name)) for name in PARTNERS}

    def edit(self, table: str, change: Any) -> None:
        """Rewrites one file of the delivery: `change(rows)` gets and returns a list of dicts."""
        path = self.erp / f"{table}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=";")
            heads, rows = list(reader.fieldnames or []), list(reader)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, heads, delimiter=";")
            writer.writeheader()
            writer.writerows(change(rows))

    def query(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.home / "stammdaten.duckdb")) as db:
            return db.execute(sql).fetchall()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    write_sample(folder / "erp", 97, 7)
    with Sandbox(state=folder / "sandbox.sqlite", options={"etg24.log_bodies": "yes"}) as sandbox:
        made = Site(folder, sandbox)
        made.first = made.run()
        yield made


def test_the_partners_hold_exactly_the_marts(site: Site) -> None:
    for line in site.first["lines"]:
        partner, entity = line["partner"], line["entity"]
        assert line["created"] == line["in_mart"], line
        ids = {row[0] for row in site.query(f'select external_id from partners."{partner}__{entity}"')}
        ledger = site.query(
            f"select external_id from sync.ledger where partner = '{partner}' and entity = '{entity}'"
            " and state = 'synced' and remote_id is not null"
        )
        assert {row[0] for row in ledger} == ids
        if entity not in ("kontaktdaten",):
            assert len(site.sandbox.records(partner, entity)) == len(ids), (partner, entity)


def test_the_history_has_what_the_run_told_and_no_row_of_it(site: Site) -> None:
    ((run_id, load_id, plan_id, status, steps),) = site.query(
        "select run_id, load_id, plan_id, exit, steps from sync.runs order by number limit 1"
    )
    assert (load_id, plan_id, status) == (site.first["load"]["load_id"], site.first["plan_id"], 0)
    assert list(json.loads(steps)) == ["check", "load", "build", "recover", "plan", "push", "tidy"]
    assert all(json.loads(steps).values())
    told = site.query(
        f"select * exclude(run_id, position, requests) from sync.run_entities where run_id = '{run_id}'"
    )
    assert [list(line) for line in told] == [list(line.values()) for line in site.first["lines"]]
    ((asked, rules),) = site.query(
        f"select (select sum(requests) from sync.run_entities where run_id = '{run_id}'),"
        f" (select sum(row_count) from sync.run_rules where run_id = '{run_id}')"
    )
    assert asked >= sum(line["created"] for line in site.first["lines"])
    assert rules > 0
    ids = {row[0] for row in site.query("select external_id from sync.ledger")}
    names = {
        row[0]
        for row in site.query("select distinct nachname from staging.stg_erp__person where nachname <> ''")
    }
    text = "".join(file.read_text() for file in (site.home / "runs").iterdir())
    page = (site.home / "reports" / f"{run_id}.html").read_text()
    assert {value for value in ids | names if f">{value}<" in page or f" {value} " in page} == set()
    assert len(ids) > 400
    assert {value for value in ids | names if f'"{value}"' in text} == set()


def test_the_history_has_where_the_rows_stayed(site: Site) -> None:
    ((run_id,),) = site.query("select run_id from sync.runs order by number limit 1")
    of_run = f"from sync.run_flow where run_id = '{run_id}'"
    came = dict(site.query(f"select table_name, row_count {of_run} and station = 'raw'"))
    assert came == {name: rows for name, rows in site.first["load"]["rows"].items() if name in came}
    assert len(came) == 18
    stayed = site.query(
        f"select table_name, sum(row_count) {of_run} and station in ('dropped', 'living') group by all"
    )
    assert dict(stayed) == came
    marts = site.query(f"select partner, entity, row_count {of_run} and station = 'mart'")
    assert set(marts) == {(line["partner"], line["entity"], line["in_mart"]) for line in site.first["lines"]}
    assert ("verwaltungseinheit",) in site.query(
        f"select distinct table_name {of_run} and entity = 'einheiten'"
    )
    assert (
        site.query(f"select table_name {of_run} and station = 'mart' and table_name not in {tuple(came)}")
        == []
    )
    states = site.query(
        "select partner, entity, sum(row_count) from sync.run_states"
        f" where run_id = '{run_id}' and state = 'synced' group by all"
    )
    assert set(states) == {
        (line["partner"], line["entity"], line["created"]) for line in site.first["lines"] if line["created"]
    }


def test_unchanged_data_builds_and_sends_nothing_not_even_a_login(site: Site) -> None:
    before, read = site.requests(), (site.home / "dbt" / "manifest.json").stat().st_mtime_ns
    notes = "select distinct json_extract_string(comment, '$.{}') from duckdb_tables() where schema_name = 'partners'"
    [(built_at,)] = site.query(notes.format("built_at"))
    done = site.call("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to build" in done.stdout + done.stderr
    assert site.requests() == before
    assert (site.home / "dbt" / "manifest.json").stat().st_mtime_ns == read
    # What a build would have noted: these marts are those of this delivery.
    [(noted,)] = site.query(notes.format("built_at"))
    assert noted > built_at
    last_run = json.loads(site.call("runs", "show", "--json", variables=None).stdout)
    assert {
        line["created"] + line["updated"] + line["withdrawn"] for line in last_run["report"]["lines"]
    } == {0}
    assert last_run["rules"]


def test_a_run_that_finds_all_as_it_was_left_is_the_same_run_in_a_third_of_the_time(site: Site) -> None:
    whole = Site(site.erp.parent, site.sandbox)
    whole.home = site.home.with_name("whole")
    whole.environment["STAMMDATEN_HOME"] = str(whole.home)
    shutil.copytree(site.home, whole.home)
    (whole.home / "left.json").unlink()
    before = site.requests()
    spared, run = site.run(), whole.run()
    assert site.requests() == before
    assert "Delivery, code, settings and ledger are as run" in told_by(site)
    assert "Nothing to build" in told_by(whole)
    assert without_ids(spared) == without_ids(run)
    assert made(site.home / "stammdaten.duckdb") == made(whole.home / "stammdaten.duckdb")
    assert books(site) == books(whole)
    assert spared["plan_id"] in site.call("runs", "show", variables=None).stdout
    assert spared["load"]["load_id"] in (site.home / "reports" / f"{last_run(site)}.html").read_text()
    # Whoever asks next finds marts of today, and nothing that could be planned or built anew.
    assert "is empty: there is nothing to push" in site.call("plan").stdout
    # A plan is work of somebody else; a run after it is a whole one, and the next one is spared again.
    site.run()
    assert "Nothing to build" in told_by(site)
    site.run(LANG="C.UTF-8")
    assert ("are as run" in told_by(site)) == (os.environ.get("LANG") == "C.UTF-8")


def last_run(site: Site) -> str:
    return max((site.home / "runs").iterdir()).stem.partition("-")[2]


def told_by(site: Site) -> str:
    """What the last run said."""
    events = map(json.loads, max((site.home / "runs").iterdir()).read_text().splitlines())
    return "\n".join(event["text"] for event in events if event["event"] == "said")


def without_ids(report: dict[str, Any]) -> dict[str, Any]:
    """What a run told, but for what is of this run alone."""
    load = {name: value for name, value in report["load"].items() if name != "load_id"}
    lines = [{**line, "seconds": 0} for line in report["lines"]]
    return {**report, "plan_id": None, "load": load, "lines": lines}


def books(site: Site) -> dict[str, list[str]]:
    """All tables of the schema `sync`: their rows without times, ids of this run, and what they were noted with."""
    of_one = ("plan_id", "load_id", "run_id", "number", "seconds", "steps", "notes", "report")
    columns = site.query(
        "select table_name, list(column_name order by column_index) from duckdb_columns() where schema_name = 'sync'"
        f" and not starts_with(data_type, 'TIMESTAMP') and not list_contains({list(of_one)}, column_name) group by all"
    )
    return {
        table: sorted(map(str, site.query(f"select {', '.join(names)} from sync.{table}")))
        for table, names in columns
    }


@dataclass(frozen=True)
class LetAnew:
    """A lease has ended, a person has another name and a flat is larger: loaded, built, planned, and then pushed."""

    lease: str
    tenant: str
    former_name: str
    said: str
    pushed: dict[str, Any]
    sent_to_etg24: list[LoggedRequest]


@pytest.fixture(scope="module")
def let_anew(site: Site) -> LetAnew:
    lease, tenant = site.query(
        "select mietvertraege_external_id, external_id from partners.etg24__mieter"
        " where starts_with(external_id, '001') order by all limit 1"
    )[0]
    ((person_nr, name),) = site.query(
        "select p.person_nr, p.nachname from intermediate.int_personen as p"
        " semi join intermediate.int_mieter as m on p.person_nr = m.person_nr"
        f" where p.email is not null and not p.ist_firma and not ends_with('{tenant}', p.person_nr)"
        " order by all limit 1"
    )
    ((flat,),) = site.query(
        "select concat_ws('/', mandant_nr, we_nr, gebaeude_nr, ve_nr) from staging.stg_erp__verwaltungseinheit"
        " where mandant_nr = '001' and wohnflaeche is not null order by all limit 1"
    )
    key = lease.split("/")

    def enlarge(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if [row[name].strip() for name in ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")] == flat.split(
                "/"
            ):
                row["wohnflaeche"] = "123,45"
        return rows

    def end(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            names = ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr", "mv_nr")
            if [row[name].strip() for name in names] == key:
                row["mietende"] = "2020-01-31"
        return rows

    site.edit("verwaltungseinheit", enlarge)
    site.edit("mietvertrag", end)
    site.edit(
        "person",
        lambda rows: [{**r, "nachname": NEW_NAME} if r["person_nr"] == person_nr else r for r in rows],
    )
    before = site.requests()
    loaded = site.call("load")
    shutil.copytree(site.home, site.home.with_name("loaded"))
    done = [loaded, *(site.call(*words) for words in (["build"], ["plan", "--rows"], ["status"]))]
    assert [one.returncode for one in done[:3]] == [0, 0, 0]
    assert site.requests() == before  # until something is pushed
    pushed = site.call("push", "--json")
    assert pushed.returncode == 0, pushed.stderr
    said = "".join(one.stdout + one.stderr for one in (*done, pushed))
    said += "".join(p.read_text(errors="ignore") for p in (site.home / "dbt").rglob("*.log"))
    sent = site.sandbox.requests("etg24")[before["etg24"] :]
    return LetAnew(lease, tenant, name, said, json.loads(pushed.stdout), sent)


def test_what_changed_is_built_and_dbt_does_not_parse_the_project_again(
    site: Site, let_anew: LetAnew
) -> None:
    assert "tests run" in let_anew.said
    assert json.loads((site.home / "dbt/perf_info.json").read_text())["parsed_path_count"] == 0


def test_a_run_makes_the_same_of_it_without_dbt(site: Site, let_anew: LetAnew) -> None:
    home = site.home.with_name("loaded")
    read = (home / "dbt" / "manifest.json").stat().st_mtime_ns
    built = run_command._build(home, vars_of_run(), lambda *_: None, may_repeat=True)
    assert built.is_repeated
    assert 20 < built.models < len([node for node in built.nodes if node.unique_id.startswith("model.")])
    assert (home / "dbt" / "manifest.json").stat().st_mtime_ns == read
    assert made(home / "stammdaten.duckdb") == made(site.home / "stammdaten.duckdb")


def vars_of_run() -> Vars:
    return read_vars(partners(), json.dumps(VARS), None, [])


def test_one_changed_flat_is_sent_once_to_each_partner_that_is_told_its_area(let_anew: LetAnew) -> None:
    bodies = [json.loads(request.body) for request in let_anew.sent_to_etg24 if request.body]
    assert [body for body in bodies if "area" in body] == [{"area": 123.45}]
    updated = {(line["partner"], line["entity"]): line["updated"] for line in let_anew.pushed["lines"]}
    units = {"etg24": "einheiten", "facilioo": "einheiten", "plentific": "unterobjekte"}
    assert {partner: updated[partner, entity] for partner, entity in units.items()} == {
        "etg24": 1,
        "facilioo": 0,
        "plentific": 1,
    }
    assert updated["kiwi", "verwaltungseinheiten"] == 0


def test_a_flat_let_anew_reaches_the_partners_and_the_former_lease_ends(
    site: Site, let_anew: LetAnew
) -> None:
    report = let_anew.pushed
    withdrawn = {(x["partner"], x["entity"]): x["withdrawn"] for x in report["lines"] if x["withdrawn"]}
    assert withdrawn["etg24", "mietvertraege"] == 1
    assert withdrawn["facilioo", "vertraege_mieter"] >= 1
    assert withdrawn["plentific", "unterobjekte_mieter"] >= 1
    assert withdrawn["kiwi", "mietvertraege"] >= 1
    (contract,) = [c for c in site.sandbox.records("etg24", "mietvertraege") if c["extId"] == let_anew.lease]
    assert contract["validTo"] is not None
    assert site.query(
        f"select state, reason from sync.ledger where external_id = '{let_anew.tenant}' and partner = 'etg24'"
    ) == [("withdrawn", "kept")]
    assert site.sandbox.deletions("etg24") == []


def test_no_address_or_name_is_found_in_output_and_logs(site: Site, let_anew: LetAnew) -> None:
    said, new = let_anew.said, "x" * len(NEW_NAME)
    assert f'lastName: "{"x" * len(let_anew.former_name)}" → "{new}"' in said
    addresses = {
        row[0] for row in site.query("select email from intermediate.int_personen where email is not null")
    }
    assert len(addresses) > 20
    assert [word for word in (*addresses, NEW_NAME) if word in said] == []


@pytest.mark.slow
def test_a_cut_off_delivery_changes_and_sends_nothing(site: Site) -> None:
    shutil.copytree(site.erp, site.erp.with_name("cut"))
    cut = site.erp.with_name("cut") / "mieter.csv"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    before = site.requests()
    rows = site.query("select count(*) from erp_raw.mieter")
    done = site.call("run", SOURCES__ERP__FILES__FOLDER=str(cut.parent))
    assert done.returncode == 2
    assert "mieter.csv" in done.stderr
    assert site.requests() == before
    assert site.query("select count(*) from erp_raw.mieter") == rows


@pytest.mark.slow
def test_half_a_delivery_withdraws_nothing_and_says_so(site: Site) -> None:
    half = site.erp.with_name("half")
    shutil.copytree(site.erp, half)
    for file in ("mietvertrag.csv", "mieter.csv", "verwaltungseinheit.csv"):
        lines = (half / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (half / file).write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    before = site.requests()
    done = site.call("run", "--json", SOURCES__ERP__FILES__FOLDER=str(half))
    assert done.returncode == 1, done.stderr
    assert {trip["partner"] for trip in json.loads(done.stdout)["guards"]} == set(PARTNERS)
    assert site.requests() == before
    done = site.call("run")
    assert done.returncode == 0, done.stderr
    assert site.requests() == before


@pytest.mark.slow
def test_a_plan_without_a_build_and_a_build_without_a_load_say_what_is_missing(
    site: Site, tmp_path: Path
) -> None:
    site.read_as(tmp_path / "home")
    home = {"STAMMDATEN_HOME": str(tmp_path / "home")}
    for command, missing in (("build", "stammdaten load"), ("load", ""), ("plan", "stammdaten build")):
        done = site.call(command, **home)
        lines = done.stderr.splitlines()
        assert [missing in line for line in lines if line.startswith("Error:")] == ([True] if missing else [])
        assert done.returncode == (2 if missing else 0)
        assert len(lines) == 1 if missing else "Traceback" not in done.stderr


def test_nothing_under_home_is_readable_by_others(site: Site) -> None:
    loose = [p.name for p in [site.home, *site.home.rglob("*")] if p.stat().st_mode & 0o077]
    assert loose == []


def test_no_credential_is_found_in_any_file_or_output(site: Site) -> None:
    secrets = [
        v
        for k, v in site.sandbox.environment().items()
        if k.endswith(("TOKEN", "PASSWORD", "SECRET", "KEY")) and v != "sandbox"
    ]
    files = [p for p in site.home.rglob("*") if p.is_file()]
    assert len(secrets) >= 9
    for secret in secrets:
        assert secret not in site.said
        assert [p.name for p in files if secret.encode() in p.read_bytes()] == []


@pytest.mark.parametrize(
    ("variables", "environment", "message"),
    [
        (VARS["partners"], {"DESTINATION__ETG24__API_TOKEN": ""}, "DESTINATION__ETG24__API_TOKEN"),
        pytest.param(
            VARS["partners"],
            {"DESTINATION__KIWI__BASE_URL": "http://kiwi.example"},
            "DESTINATION__KIWI__BASE_URL",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            VARS["partners"], {"SOURCES__ERP__KIND": "fax"}, "SOURCES__ERP__KIND", marks=pytest.mark.slow
        ),
        pytest.param(
            VARS["partners"],
            {"SOURCES__ERP__FILES__FOLDER": "/nowhere"},
            "SOURCES__ERP__FILES__FOLDER",
            marks=pytest.mark.slow,
        ),
        # From here on dbt parses the project anew, as the vars are others than before.
        pytest.param(
            {"etg24": {"aktiv": True, "separator": "+", "mandanten": ["001"]}},
            {},
            "partners.etg24.separator",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"etg24": {"aktiv": True, "separator": "/", "mandanten": []}},
            {},
            "partners.etg24.mandanten",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"nobody": {"aktiv": True, "separator": "/", "mandanten": ["001"]}},
            {},
            "partners.nobody",
            marks=pytest.mark.slow,
        ),
        (
            {"wohnungshelden": {"aktiv": True, "separator": "/", "mandanten": ["001"]}},
            {"DESTINATION__WOHNUNGSHELDEN__BASE_URL": "https://wohnungshelden.example"},
            "partners.wohnungshelden.kontakt_email",
        ),
    ],
)
def test_a_wrong_setting_ends_the_run_in_one_line_that_names_it(
    site: Site, variables: Any, environment: dict[str, str], message: str
) -> None:
    assert_refused(site, variables, environment, message)


def assert_refused(site: Site, variables: Any, environment: dict[str, str], message: str) -> None:
    before = site.requests()
    done = site.call("run", variables={"partners": variables}, **environment)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert message in line
    assert "Traceback" not in done.stderr
    assert site.requests() == before


@pytest.mark.slow
def test_marts_of_other_settings_or_of_another_day_are_not_planned(site: Site) -> None:
    before = site.requests()
    done = site.call("plan", "--stichtag", "2031-01-01")
    assert done.returncode == 2
    assert "this is for 2031-01-01" in done.stderr
    # For another day dbt does not read the project anew.
    assert json.loads((site.home / "dbt/perf_info.json").read_text())["parsed_path_count"] == 0
    other = {"partners": {**VARS["partners"], "kiwi": {**VARS["partners"]["kiwi"], "separator": "-"}}}
    changed = site.call("push", variables=other)
    assert changed.returncode == 2
    assert "partners.kiwi.separator: the marts were built with '|', and now it is '-'" in changed.stderr
    assert "Traceback" not in done.stderr + changed.stderr
    assert site.requests() == before


@pytest.mark.slow
def test_a_mandant_that_the_erp_does_not_have_ends_the_run_once_the_delivery_is_loaded(site: Site) -> None:
    partners = {"etg24": {"aktiv": True, "separator": "/", "mandanten": ["777"]}}
    assert_refused(site, partners, {}, "partners.etg24.mandanten")


@pytest.mark.slow
def test_a_failing_test_keeps_back_its_partner_and_only_that_one(site: Site, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(
        ROOT,
        project,
        ignore=shutil.ignore_patterns(".venv", ".git", ".stammdaten", "target", "logs", ".*_cache"),
    )
    (project / "tests" / "partners" / "plentific_is_wrong.sql").write_text(
        "select external_id from {{ ref('plentific__objekte') }} where external_id <> '' order by external_id limit 2\n"
    )
    write_sample(tmp_path / "erp", 53, 3)
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        other = Site(tmp_path, sandbox, project)
        site.read_as(other.home)
        done = other.call("run", "--json")
        report = json.loads(done.stdout)
        assert done.returncode == 1
        (failure,) = report["failures"]
        assert (failure["partner"], failure["node"]) == ("plentific", "plentific_is_wrong")
        keys = other.query("select external_id from partners.plentific__objekte order by all limit 2")
        assert failure["keys"] == [key for (key,) in keys]
        assert len(sandbox.requests("plentific")) == 0
        assert {line["partner"] for line in report["lines"]} == {"etg24", "facilioo", "kiwi"}
        assert len(sandbox.records("etg24", "einheiten")) >= 10
        again = other.call("plan")
        assert again.returncode == 1
        assert "plentific is not pushed: plentific_is_wrong (fail): 2 failing rows" in again.stderr
        assert "Traceback" not in again.stderr + again.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_end_in_mid_push_is_continued_by_the_next(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    write_sample(tmp_path / "erp", 53, 5)
    with Sandbox(state=tmp_path / "sandbox.sqlite", options={"etg24.latency_ms": "100"}) as sandbox:
        site = Site(tmp_path, sandbox)
        child = site.start("run", "--json")
        while len(sandbox.requests("etg24")) < 20:
            assert child.poll() is None
            time.sleep(0.1)
        child.send_signal(number)
        assert child.wait(timeout=60) == status
        sent = sum(r.processed and r.method == "POST" for r in sandbox.requests("etg24"))
        assert site.query(
            "select count(*) from sync.ledger where partner = 'etg24' and remote_id is not null"
        ) == [(sent,)]
        sandbox.set_option("etg24", "latency_ms", "0")
        for line in site.run()["lines"]:
            if line["entity"] != "kontaktdaten":
                assert len(sandbox.records(line["partner"], line["entity"])) == line["in_mart"], line


@pytest.mark.slow
def test_a_run_killed_at_any_step_is_continued_by_running_again(tmp_path: Path) -> None:
    write_sample(tmp_path / "erp", 151, 5)
    luck = random.Random(3)
    with Sandbox(state=tmp_path / "sandbox.sqlite", options={"etg24.latency_ms": "20"}) as sandbox:
        site = Site(tmp_path, sandbox)
        for _ in range(12):
            child = site.start("run", "--json")
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=luck.uniform(2, 45))
            child.kill()
            child.communicate()
        report = site.run()
        assert sum(line["pending"] + line["rejected"] + line["blocked"] for line in report["lines"]) == 0
        for line in report["lines"]:
            if line["entity"] != "kontaktdaten":
                assert len(sandbox.records(line["partner"], line["entity"])) == line["in_mart"], line
