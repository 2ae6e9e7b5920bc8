"""What other programs read: the JSON of every command, and the schemas in `docs/reports/` that describe it."""

import copy
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.commands import build as dbt
from pipelines.commands import diff
from pipelines.commands import run as flow
from pipelines.contract.contract import partners
from pipelines.explain.report import ErpLine, ExplainReport
from pipelines.forget.report import ForgetReport, RecordOfPerson
from pipelines.ledger.ledger import open_database
from pipelines.pages.reports import schema_files
from pipelines.readback.adopt import Ambiguous
from pipelines.report import FROM, OPTIONAL, UNLISTED, Report, as_json
from pipelines.reports.check import AdoptReport, DifferingRecord, VerifyReport
from pipelines.reports.run import BuildReport, FailureLine, GuardLine, PlanReport, PushReport
from pipelines.reports.schemas import REPORTS, schema
from pipelines.sandbox.server import Sandbox
from pipelines.settings import project_root
from tests.diff.examples import REPORT
from tests.erp.delivery import DELIVERY
from tests.plan.test_renumbered import renamed
from tests.push.marts import write_marts
from tests.push.persons import NUMBER, marts, stage

Json = dict[str, Any]

# The keys of every document as other programs know them. Written by hand: none may go or get another name.
FAILURE = "partner node status message keys"
GUARD = "partner guard entity message rows"
WARNING = "rule table column partner row_count of_rows share before message"
RENUMBERED = "partner entity from to below command"
REASON = "partner entity rows reason how"
PLAN = "partner entity in_mart create update withdraw unchanged given_up held match delivered by_law documents bytes"
RESULT = "partner entity in_mart created updated withdrawn unchanged rejected blocked pending held delivered seconds"
LOAD = "notes load_id source kind rows changed unknown_columns unknown_files absent_tables"
RUN = "run_id command use_case begun_at seconds exit state what load_id plan_id"
ALERT = "kind partner what begun_at text"
TARGET = "target taken why waiting again"
CUSTOMER = "customer state exit run_id begun_at seconds what todo points"
POINT = "tone kind title todo rows"
RECORD = "partner entity external_id remote_id state withdrawal"
PUSH = {
    "lines": RESULT,
    "guards": GUARD,
    "renumbered": RENUMBERED,
    "reasons": REASON,
    "failures": FAILURE,
}
KEYS: dict[str, dict[str, str]] = {
    "run": {
        "": "plan_id lines stopped guards renumbered reasons notes exit failures warnings load",
        **PUSH,
        "warnings": WARNING,
        "load": LOAD,
    },
    "load": {"": LOAD},
    "build": {"": "failures warnings notes exit", "failures": FAILURE, "warnings": WARNING},
    "plan": {
        "": "plan_id plan failures guards warnings renumbered rows exit",
        "plan": PLAN,
        "failures": FAILURE,
        "guards": GUARD,
        "warnings": WARNING,
        "renumbered": RENUMBERED,
        "rows": "partner entity operation external_id by_law fields",
        "rows.fields": "field old new",
    },
    "push": {"": "plan_id lines stopped guards renumbered reasons notes exit failures", **PUSH},
    "status": {
        "": "database last_load last_load_kind ledger held findings last_runs next_runs",
        "ledger": "partner entity state reason rows",
        "held": "partner entity rule rows meaning",
        "findings": "rule table partner rows meaning",
        "last_runs": RUN,
        "next_runs": "job command at",
    },
    "partners": {"": "entities notes", "entities": "partner on entity from withdrawal note"},
    "adopt": {
        "": "partner applied counts ambiguous strangers failures notes exit",
        "counts": (
            "entity in_mart in_ledger by_external_id by_natural_key differing ambiguous to_create not_made strangers"
        ),
        "ambiguous": "entity external_id remote_id",
        "strangers": "entity remote_id external_ids",
        "failures": FAILURE,
    },
    "verify": {
        "": "partner counts findings failures guards notes exit plan_id plan",
        "counts": "entity in_ledger at_partner missing changed unknown",
        "findings": "kind entity external_id remote_id fields",
        "findings.fields": "field ledger partner",
        "failures": FAILURE,
        "guards": GUARD,
        "plan": PLAN,
    },
    "rekey": {
        "": "partner applied moves done staying notes exit",
        "moves": "entity from to remote_id derived",
    },
    "diff": {
        "": (
            "base head data stichtag partners differs entities fields ids rows findings contracts guards failures"
            " effort models settings seconds notes failed_on exit"
        ),
        "entities": "partner entity base_rows head_rows come go change new_ids held withdrawal",
        "fields": "partner entity field rows cleared stays personal values",
        "fields.values": "old new rows",
        "ids": "partner entity rows told_by examples",
        "ids.examples": "from to",
        "rows": "partner entity what rule against rows meaning examples",
        "findings": "rule table partner base_rows head_rows more fewer drops meaning",
        "contracts": "partner entity part old new rows",
        "guards": GUARD,
        "failures": FAILURE,
        "effort": "partner requests minutes limit",
        "models": "name what",
        "settings": "setting old new",
    },
    "explain": {
        "": "partner key verdicts delivery erp findings held_back records near exit",
        "delivery": "load_id source loaded_at built_at is_built",
        "erp": "table key lines rule why asked ids",
        "findings": "rule table key column value why meaning drops",
        "held_back": f"{FAILURE} names_this_row",
        "records": "entity external_id in_mart ledger plan attempts held by_law on_its_way upload_step",
        "records.ledger": "state reason fields remote_id tries last_synced_at holds meaning how",
        "records.plan": "plan_id operation changed_fields sends created_at",
        "records.attempts": (
            "at plan_id operation state reason fields http_status requests meaning how"
        ),
        "records.held": "rule table why",
        "records.by_law": "rule why",
        "near": "table key why",
    },
    "forget": {
        "": "person records named_in still_there letters erased files in_raw stopped exit",
        "records": RECORD,
        "named_in": RECORD,
        "still_there": RECORD,
        "letters": "partner title records text",
        "letters.records": f"{RECORD} what",
    },
    "sample": {"": "folder rows"},
    "init": {"": "folder written left_alone also_there notes"},
    "schedule": {"": "kind files jobs notes"},
    "alerts": {"": "open waiting notes exit", "open": ALERT, "waiting": TARGET},
    "alerts test": {"": "targets notes exit", "targets": TARGET},
    "watch": {
        "": "begun over open targets notes exit", "begun": ALERT, "over": ALERT, "open": ALERT, "targets": TARGET
    },
    "backup": {"": "backup created_at encrypted bytes files partners removed notes"},
    "restore": {"": "backup created_at home aside newer partners next"},
    "snapshot": {"": "out key tables replaced found left_out looked_for seconds notes"},
    "doctor": {"": "checks exit", "checks": "what subject state text todo"},
    "partner new": {"": "partner files marks next"},
    "runs show": {
        "": "run last_seen_at settings stichtag versions steps partners entities rules states flow advice report",
        "run": RUN,
        "partners": "partner result why",
        "entities": f"{RESULT} requests",
        "rules": "rule table partner rows",
        "states": "partner entity state reason rows there",
        "flow": "station table rule partner entity rows",
    },
    "runs tidy": {"": "applied before lines home notes", "lines": "what there old bytes", "home": "name bytes"},
    "runs": {"": "runs notes", "runs": RUN},
    "report": {"": "run_id page index notes"},
    "fleet run": {"": "customers seconds exit", "customers": CUSTOMER, "customers.points": POINT},
    "fleet plan": {"": "customers seconds exit", "customers": CUSTOMER, "customers.points": POINT},
    "fleet status": {
        "": "customers exit",
        "customers": "customer state exit begun_at age_hours what next_due is_overdue",
    },
    "fleet report": {"": "page customers", "customers": CUSTOMER, "customers.points": POINT},
    "fleet doctor": {
        "": "customers exit", "customers": "customer checks", "customers.checks": "what subject state text todo"
    },
}  # fmt: skip
SOMETIMES = {"plan": {"rows"}, "verify": {"plan_id", "plan"}}
# Lines that the company below has no reason for; their schema is compared all the same.
UNSEEN = {
    ("run", "guards"), ("run", "renumbered"), ("run", "reasons"), ("run", "failures"), ("push", "lines"),
    ("push", "failures"), ("adopt", "ambiguous"), ("adopt", "failures"), ("verify", "failures"),
    ("verify", "guards"), ("forget", "named_in"), ("explain", "records.by_law"), ("watch", "begun"), ("watch", "over"),
    ("fleet run", "customers.points"), ("fleet plan", "customers.points"), ("fleet report", "customers.points"),
}  # fmt: skip
VARS = {
    "stichtag": "2026-11-21",
    "partners": {
        name: {"aktiv": name == "etg24", "separator": "/", "mandanten": "alle"} for name in partners()
    },
    "warn": {"share": 0, "rows": 0},
    "guards": {"withdraw": {"share": 0, "rows": 0}},
}
HISTORY = ("runs", "run_partners", "run_entities", "run_rules", "run_states", "run_flow")
BAD_ROW = dbt.Failure("valid_email_etg24__mieter", "fail", "1 failing rows", ("001/2/01/0001/01/78",))


class Company:
    """The commands in this process, at a home of their own; what dbt would build is written by hand."""

    def __init__(self, folder: Path, sandbox: Sandbox):
        self.erp, self.home, self.sandbox = folder / "erp", folder / "home", sandbox
        self.built, self.tested = dbt.Build(models=9, tests=40), dbt.Build()
        self.marts = marts("etg24")
        # What was asked, the command, its document and its exit status.
        self.told: dict[str, tuple[str, Json, int]] = {}

    def ask(self, what: str, *words: str, given: Json | None = VARS) -> None:
        arguments = [*words, "--json", *(["--vars", json.dumps(given)] if given else [])]
        done = CliRunner().invoke(app, arguments)
        assert done.stdout, (words, done.exception, done.stderr)
        command = next(name for name in REPORTS if words[: len(name.split())] == tuple(name.split()))
        self.told[what] = (command, json.loads(done.stdout), done.exit_code)

    def build(self, home: Path, *_: object) -> dbt.Build:
        stage(home)
        with open_database(home) as db:
            write_marts(db, "etg24", self.marts)
        return self.built

    def query(self, sql: str) -> None:
        with duckdb.connect(str(self.home / "stammdaten.duckdb")) as db:
            db.execute(sql)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Every command once or twice, so that most kinds of lines are there."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "home").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch, Sandbox(state=folder / "sandbox.sqlite") as sandbox:
        for name in [n for n in os.environ if n.startswith(("DESTINATION__", "SOURCES__"))]:
            patch.delenv(name)
        company = Company(folder, sandbox)
        erp = {"SOURCES__ERP__KIND": "files", "SOURCES__ERP__FILES__FOLDER": str(company.erp)}
        for name, value in {**sandbox.environment(), **erp, "STAMMDATEN_HOME": str(company.home)}.items():
            patch.setenv(name, value)
        patch.setattr(dbt, "check_settings", lambda *_: None)
        patch.setattr(flow, "check_built", lambda *_: None)
        patch.setattr(flow, "check_one_delivery", lambda *_: None)
        patch.setattr(dbt, "build", company.build)
        patch.setattr(diff, "_compared", lambda *_: REPORT)
        patch.setattr(dbt, "check_marts", lambda *_: company.tested)
        work(company)
        yield company


def work(company: Company) -> None:
    company.erp.mkdir()
    for name, text in DELIVERY.items():
        (company.erp / name).write_text(text, encoding="utf-8")
    company.ask("run", "run")
    company.sandbox.tamper("etg24", "einheiten", seed=1, changed=2, added=2)
    company.ask("adopt", "adopt", "etg24")
    company.ask("verify", "verify", "etg24")
    company.ask("verify --repair", "verify", "etg24", "--repair")
    company.marts = renamed(company.marts, "001/1", "001/2")
    company.built = dbt.Build({"etg24": (BAD_ROW,)}, models=9, tests=40)
    company.ask("load", "load")
    company.ask("build", "build")
    company.ask("plan", "plan")
    company.ask("plan --rows", "plan", "--rows")
    company.ask("push", "push")
    company.ask("rekey", "rekey", "etg24", "--planned")
    company.query(
        "insert into sync.held (plan_id, partner, entity, id_space, external_id, rule, table_name, reason)"
        " select plan_id, partner, entity, id_space, external_id, 'H1', 'mieter', 'in doubt' from sync.plan"
        " where external_id = '001/1/01/0001'"
    )
    company.ask("status", "status")
    company.ask(
        "diff", "diff", "--base", str(project_root()), "--partner", "etg24", "--fail-on", "ids", given=None
    )
    company.ask("partners", "partners")
    company.ask("explain", "explain", "etg24", "001/1/01/0001")
    company.ask("explain what was dropped", "explain", "etg24", "001/0123/01/0007")
    company.ask("explain what is unknown", "explain", "etg24", "001/123/1/4")
    company.ask("forget", "forget", "--person", NUMBER, "--yes")
    company.tested = company.built
    company.ask("plan that is held back", "plan")
    folder = company.home.parent
    company.ask("sample", "sample", "--units", "10", "--out", str(folder / "sample"), given=None)
    company.ask("init", "init", str(folder / "site"), given=None)
    company.ask("partner new", "partner", "new", "neu", "--folder", str(folder / "own"), given=None)
    company.ask("schedule", "schedule", "systemd")
    company.ask("doctor", "doctor")
    os.environ["ALERTS__TARGETS__OPS"] = "json://127.0.0.1:9/"
    company.ask("watch", "watch")
    company.ask("alerts", "alerts", given=None)
    company.ask("alerts test", "alerts", "test", given=None)
    del os.environ["ALERTS__TARGETS__OPS"]
    (folder / "backups").mkdir()
    company.ask("backup", "backup", str(folder / "backups"), given=None)
    company.ask("snapshot", "snapshot", "--masked", str(folder / "snapshot"), given=None)
    company.ask("restore", "restore", str(folder / "backups"), "--over", given=None)
    company.ask("runs", "runs", given=None)
    first = company.told["runs"][1]["runs"][-1]["run_id"]
    company.ask("runs show", "runs", "show", first, given=None)
    company.ask("runs tidy", "runs", "tidy", given=None)
    company.ask("report", "report", given=None)
    # Ray is not started for those of which the settings are wrong.
    fleet = folder / "fleet"
    fleet.mkdir()
    (fleet / "wrong.toml").write_text('hoem = "x"', encoding="utf-8")
    for command in ("run", "plan", "doctor"):
        company.ask(f"fleet {command}", "fleet", command, str(fleet), given=None)
    (fleet / "muster.toml").write_text(f'folder = "{folder}"\nhome = "{company.home}"', encoding="utf-8")
    for command in ("status", "report"):
        company.ask(f"fleet {command}", "fleet", command, str(fleet), given=None)


def test_every_command_with_json_has_a_schema() -> None:
    assert set(commands_with_json(app)) == set(REPORTS)


@pytest.mark.parametrize("command", REPORTS)
def test_the_keys_of_a_report_stay_as_they_are(command: str) -> None:
    described = schema(command)
    assert keys_of(described, described) == {path: set(keys.split()) for path, keys in KEYS[command].items()}
    optional = set(described["properties"]) - set(described["required"])
    assert optional == SOMETIMES.get(command, set())


@pytest.mark.parametrize("command", REPORTS)
def test_what_a_command_prints_fits_its_schema(command: str, company: Company) -> None:
    strict = jsonschema.Draft202012Validator(without_other_keys(schema(command)))
    documents = [(told, status) for name, told, status in company.told.values() if name == command]
    assert documents
    for document, status in documents:
        strict.validate(document)
        assert document.get("exit", 0) == status


@pytest.mark.parametrize("command", REPORTS)
def test_every_kind_of_line_was_looked_at(command: str, company: Company) -> None:
    seen: set[str] = set()
    for name, document, _ in company.told.values():
        if name == command:
            seen |= filled(document, KEYS[command])
    assert set(KEYS[command]) - seen == {path for name, path in UNSEEN if name == command}


def test_the_exit_status_says_what_happened(company: Company) -> None:
    assert {what: status for what, (_, _, status) in company.told.items()} == {
        "run": 0,
        "adopt": 0,
        "verify": 1,
        "verify --repair": 1,
        "load": 0,
        "build": 1,
        "plan": 1,
        "plan --rows": 1,
        "push": 1,
        "rekey": 0,
        "diff": 1,
        "status": 0,
        "partners": 0,
        "explain": 0,
        "explain what was dropped": 0,
        "explain what is unknown": 1,
        "forget": 0,
        "plan that is held back": 1,
        "sample": 0,
        "init": 0,
        "partner new": 0,
        "schedule": 0,
        "doctor": 0,
        "watch": 1,
        "alerts": 1,
        "alerts test": 1,
        "backup": 0,
        "snapshot": 0,
        "restore": 0,
        "runs": 0,
        "runs show": 0,
        "runs tidy": 0,
        "report": 0,
        "fleet run": 1,
        "fleet plan": 1,
        "fleet doctor": 1,
        "fleet status": 1,
        "fleet report": 0,
    }


def test_keys_that_are_there_at_times_are_left_out_at_others(company: Company) -> None:
    assert "rows" not in company.told["plan"][1]
    assert "rows" in company.told["plan --rows"][1]
    assert {"plan_id", "plan"}.isdisjoint(company.told["verify"][1])
    assert {"plan_id", "plan"} <= company.told["verify --repair"][1].keys()


def test_the_schemas_in_docs_are_those_of_the_reports() -> None:
    made = schema_files()
    there = {str(f.relative_to(project_root())) for f in (project_root() / "docs" / "reports").iterdir()}
    assert there == set(made)
    for name, text in made.items():
        assert (project_root() / name).read_text(encoding="utf-8") == text, "run: python -m pipelines.pages"
        jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_the_history_of_all_commands_names_no_row_and_no_person(company: Company) -> None:
    ids = {row["external_id"] for rows in marts("etg24").values() for row in rows}
    ids |= {row["external_id"] for rows in company.marts.values() for row in rows}
    names = {row["lastName"] for row in marts("etg24")["mieter"]}
    with duckdb.connect(str(company.home / "stammdaten.duckdb")) as db:
        told = "".join(str(db.execute(f"from sync.{table}").fetchall()) for table in HISTORY)
    told += "".join(file.read_text() for file in (company.home / "runs").iterdir())
    commands = {
        json.loads(file.read_text().splitlines()[0])["command"] for file in (company.home / "runs").iterdir()
    }
    assert " ".join(sorted(commands)) == "adopt backup build forget load plan push rekey run verify"
    assert len(ids) > 10
    pages = [file.read_text() for file in (company.home / "reports").glob("*.html")]
    assert len(pages) > 9
    told += re.sub(r"<[^>]*>", " ", "".join(pages))
    assert {name for name in ids | names | {NUMBER} if f'"{name}"' in told or f" {name} " in told} == set()


def test_a_later_version_may_add_keys(company: Company) -> None:
    jsonschema.validate({**company.told["status"][1], "weather": "fine"}, schema("status"))
    with pytest.raises(jsonschema.ValidationError, match="None is not of type 'array'"):
        jsonschema.validate({**company.told["status"][1], "ledger": None}, schema("status"))


@dataclass(frozen=True, kw_only=True)
class Told(Report):
    former: str = field(metadata=FROM)
    lines: tuple[GuardLine, ...] = ()
    rows: int | None = field(default=None, metadata=OPTIONAL)
    secret: str = field(default="s", metadata=UNLISTED)


def test_a_report_becomes_json_with_the_names_that_others_know() -> None:
    line = GuardLine(partner="etg24", guard="shrink", entity="person", message="lost\udcff", rows=("1",))
    document = as_json(Told(former="001/1", lines=(line,), rows=0))
    assert document == {
        "from": "001/1",
        "lines": [
            {
                "partner": "etg24",
                "guard": "shrink",
                "entity": "person",
                "message": "lost\udcff",
                "rows": ["1"],
            }
        ],
        "rows": 0,
        "exit": 0,
    }
    assert "rows" not in as_json(Told(former="001/1"))


FAILED = FailureLine(partner="etg24", node="n", status="fail", message="m", keys=())
GUARDED = GuardLine(partner="etg24", guard="create", entity="mieter", message="m", rows=())
PUSHED = PushReport(
    plan_id="1",
    lines=(),
    stopped={},
    guards=(),
    renumbered=(),
    reasons=(),
    notes=(),
    failures=(),
    is_complete=True,
)
PLANNED = PlanReport(plan_id="1", plan=(), failures=(), guards=(), warnings=(), renumbered=())
ADOPTED = AdoptReport(
    partner="etg24", applied=False, counts=(), ambiguous=(), strangers=(), failures=(), notes=()
)
UNKNOWN = ExplainReport(
    partner="etg24",
    key="1",
    verdicts=(),
    delivery=None,
    erp=(),
    findings=(),
    held_back=(),
    records=(),
    near=(),
)
FORGOTTEN = ForgetReport(
    person="1",
    records=(),
    named_in=(),
    still_there=(),
    letters=(),
    erased={},
    files=(),
    in_raw=False,
    stopped={},
)


def record(state: str, remote_id: str | None) -> RecordOfPerson:
    return RecordOfPerson(
        partner="etg24", entity="mieter", external_id="1", remote_id=remote_id, state=state, withdrawal="keep"
    )


def erp_line(asked: bool) -> ErpLine:
    return ErpLine(table="person", key="1", lines=(1,), rule=None, why=None, asked=asked, ids=())


@pytest.mark.parametrize(
    ("report", "changed", "status"),
    [
        (BuildReport(failures=(), warnings=(), notes=()), {}, 0),
        (BuildReport(failures=(), warnings=(), notes=()), {"failures": (FAILED,)}, 1),
        (PLANNED, {}, 0),
        (PLANNED, {"failures": (FAILED,)}, 1),
        (PLANNED, {"guards": (GUARDED,)}, 1),
        (PUSHED, {}, 0),
        (PUSHED, {"failures": (FAILED,)}, 1),
        (PUSHED, {"is_complete": False}, 1),
        (ADOPTED, {}, 0),
        (ADOPTED, {"ambiguous": (Ambiguous("mieter", "1", "2"),)}, 1),
        (ADOPTED, {"failures": (FAILED,)}, 1),
        (VerifyReport(partner="etg24", counts=(), findings=()), {}, 0),
        (
            VerifyReport(partner="etg24", counts=(), findings=()),
            {"findings": (DifferingRecord(kind="missing", entity="e", external_id="1", remote_id="2", fields=()),)},
            1,
        ),
        (UNKNOWN, {}, 1),
        (UNKNOWN, {"forgotten": "2026-11-21"}, 0),
        (UNKNOWN, {"erp": (erp_line(asked=True),)}, 0),
        (UNKNOWN, {"erp": (erp_line(asked=False),)}, 1),
        (FORGOTTEN, {"records": (record("withdrawn", "7"), record("pending", None))}, 0),
        (FORGOTTEN, {"records": (record("pending", "7"),)}, 1),
        (FORGOTTEN, {"stopped": {"etg24": "login refused"}}, 1),
    ],
)  # fmt: skip
def test_the_exit_status_of_a_report(report: Report, changed: Json, status: int) -> None:
    made = type(report)(**{**vars(report), **changed})
    assert made.exit == status
    assert as_json(made)["exit"] == status


def commands_with_json(group: typer.Typer, before: str = "") -> Iterator[str]:
    named = group.registered_callback
    if named and named.callback and "as_json" in named.callback.__annotations__:
        yield before.strip()
    for command in group.registered_commands:
        if command.callback and "as_json" in command.callback.__annotations__:
            yield f"{before}{command.name or command.callback.__name__}"
    for inner in group.registered_groups:
        if inner.typer_instance:
            yield from commands_with_json(inner.typer_instance, f"{before}{inner.name} ")


def keys_of(line: Json, whole: Json, path: str = "") -> dict[str, set[str]]:
    """The keys of a schema and of all lines in it, by where they stand; maps have keys of their own and none here."""
    found = {path: set(line["properties"])}
    for name, given in line["properties"].items():
        for inner in objects_in(given, whole):
            found |= keys_of(inner, whole, f"{path}.{name}".strip("."))
    return found


def objects_in(given: Json, whole: Json) -> Iterator[Json]:
    if "$ref" in given:
        yield whole["$defs"][given["$ref"].rsplit("/", 1)[-1]]
    for inner in (*given.get("anyOf", ()), *([given["items"]] if "items" in given else ())):
        yield from objects_in(inner, whole)


def without_other_keys(described: Json) -> Json:
    """The schema as it would be if no later version added keys."""
    closed = copy.deepcopy(described)
    for line in (closed, *closed.get("$defs", {}).values()):
        line["additionalProperties"] = False
    return closed


def filled(document: Json, paths: dict[str, str]) -> set[str]:
    """The paths at which the document has at least one line."""
    return {path for path in paths if any(True for _ in at(document, path.split(".") if path else []))}


def at(value: Any, names: list[str]) -> Iterator[Json]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            if not names:
                yield one
            else:
                yield from at(one.get(names[0]), names[1:])
