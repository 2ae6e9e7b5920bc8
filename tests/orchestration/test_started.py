"""Dagster started for real: page, daemon, a schedule that fires, a kill in mid-push and what comes after it."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.commands.init import init_folder
from pipelines.erp.sample import write_sample
from pipelines.sandbox.server import Sandbox
from tests.alerts.conftest import Webhook
from tests.orchestration.conftest import switch_on

pytestmark = pytest.mark.slow
PARTNERS = ("etg24", "facilioo", "plentific")
# A site's own definitions around ours: one more schedule, made by the same function, that is due within minutes.
SITE = """\
from dataclasses import replace

import dagster as dg

import pipelines.orchestration as stammdaten
from pipelines.orchestration.definitions import schedule_of
from pipelines.schedule.jobs import DAYS, MASTER_DATA

SOON = replace(MASTER_DATA, name="soon", hours=range({hour}, {hour} + 1), minute={minute}, days=DAYS)


@dg.definitions
def definitions():
    return dg.Definitions.merge(stammdaten.defs(), dg.Definitions(schedules=[schedule_of(SOON, "stammdaten")]))
"""
LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError { __typename } } } } }
"""
LAUNCH = """
mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
TERMINATE = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"
RELOAD = """
mutation($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { ... on WorkspaceLocationEntry {
  locationOrLoadError { ... on PythonError { errorChain { error { message } } } } } } }
"""
STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
RUNS = """{ runsOrError(limit: 20) { ... on Runs { results { runId status tags { key value } } } } }"""


@dataclass
class Site:
    """The folder of a site, its sandbox, and Dagster as its operator starts it."""

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str]
    port: int
    said: Path
    webhook: Webhook
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / ".stammdaten"

    def start(self, *words: str, **environment: str) -> None:
        """Starts it, in a session of its own, and waits until its page answers with its code location."""
        with self.said.open("a") as out:
            self.processes.append(
                subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", *words],
                    cwd=self.folder,
                    env={**self.environment, **environment},
                    stdout=out,
                    stderr=out,
                    text=True,
                    start_new_session=True,
                )
            )
        until(lambda: "data" in self.ask("{ version }"), 180)

    def is_started(self) -> None:
        """For a test that is run alone."""
        if not self.processes or self.processes[-1].poll() is not None:
            self.start("pipelines.cli.main", "dagster", "--port", str(self.port))

    def start_own(self) -> None:
        """The same with the definitions of the site around ours."""
        where = ["-h", "127.0.0.1", "-p", str(self.port)]
        self.start("dagster", "dev", "-f", "site_dagster.py", *where, DAGSTER_HOME=str(self.home / "dagster"))

    def due_at(self, moment: datetime) -> None:
        """Has one more run due at that minute of the day."""
        text = SITE.format(hour=moment.hour, minute=moment.minute)
        (self.folder / "site_dagster.py").write_text(text, encoding="utf-8")

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            return {}

    def location(self) -> str:
        """The name of the code location, once it is loaded."""
        [entry] = self.ask(LOCATIONS)["data"]["workspaceOrError"]["locationEntries"]
        assert entry["locationOrLoadError"]["__typename"] == "RepositoryLocation", self.said.read_text()[
            -3000:
        ]
        return str(entry["name"])

    def launch(self, job: str, config: dict[str, Any]) -> str:
        """Id of the run."""
        selector = {
            "repositoryLocationName": self.location(),
            "repositoryName": "__repository__",
            "jobName": job,
        }
        given = {
            "selector": selector,
            "runConfigData": {"ops": {"run": {"config": config}}},
            "mode": "default",
        }
        launched = self.ask(LAUNCH, p=given)["data"]["launchRun"]
        return str(launched["run"]["runId"])

    def status(self, run: str) -> str:
        return str(self.ask(STATUS, run=run)["data"]["runOrError"]["status"])

    def ends(self, run: str) -> str:
        """How the run ended."""
        until(lambda: self.status(run) in ("SUCCESS", "FAILURE", "CANCELED"), 300, 2)
        return self.status(run)

    def outcomes(self) -> int:
        """What a push has noted so far."""
        with suppress(sqlite3.Error):
            journal = sqlite3.connect(f"file:{self.home / 'journal.sqlite'}?mode=ro", uri=True)
            return int(journal.execute("select count(*) from outcome").fetchone()[0])
        return 0

    def of_session(self) -> list[int]:
        """All processes of the Dagster that was started last."""
        session, found = self.processes[-1].pid, []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
        return found

    def cpu(self) -> float:
        """CPU seconds of all of them, and of those that they waited for."""
        ticks = 0
        for number in self.of_session():
            with suppress(OSError):
                fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends it as Ctrl-C does, and whatever does not end."""
        if self.processes and self.processes[-1].poll() is None:
            self.processes[-1].send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.processes[-1].wait(30)
        self.kill()

    def kill(self) -> None:
        """As when the power fails."""
        for number in self.of_session() if self.processes else ():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for process in self.processes[-1:]:
            process.wait(30)


def until(is_so: Callable[[], bool], seconds: float, pause: float = 1.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    base = tmp_path_factory.mktemp("started")
    folder = base / "site"
    init_folder(str(folder))
    switch_on(folder / "dbt_project.yml", *PARTNERS)
    write_sample(folder / "erp", 200, 7)
    with Sandbox(state=base / "sandbox.sqlite") as sandbox, closing(Webhook()) as webhook:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(
                ("DESTINATION__", "SOURCES__", "STAMMDATEN_", "DAGSTER_", "ALERTS__")
            )
        }
        settings = {
            "SOURCES__ERP__KIND": "files",
            "SOURCES__ERP__FILES__FOLDER": "erp",
            "TZ": "UTC",
            "ALERTS__TARGETS__OPS": webhook.url,
        }
        root = str(Path(__file__).resolve().parents[2])
        made = Site(
            folder, sandbox, {**clean, **sandbox.environment(), **settings, "PYTHONPATH": root}, free_port(),
            base / "said.txt", webhook,
        )  # fmt: skip
        try:
            yield made
        finally:
            made.stop()


def text_of(file: Path) -> str:
    """What a file holds; nothing where Dagster, which is at work, has taken it away since."""
    with suppress(FileNotFoundError):
        return file.read_bytes().decode("utf-8", "ignore")
    return ""


def in_berlin(minutes: int) -> datetime:
    return datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")) + timedelta(minutes=minutes)


def test_a_kill_in_mid_push_is_seen_and_the_run_that_is_due_next_doubles_nothing(site: Site) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "pipelines.cli.main", "dagster", "--no-start"],
        cwd=site.folder,
        env=site.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert f"DAGSTER_HOME={site.home / 'dagster'}" in made
    site.due_at(in_berlin(-10))
    site.start_own()
    killed = site.launch("stammdaten", {"use_case": "all"})
    until(lambda: site.outcomes() > 100, 300, 0.02)
    site.kill()
    until(lambda: not site.of_session(), 30)

    site.due_at(in_berlin(2))
    site.start_own()
    assert site.ends(killed) == "FAILURE"
    until(lambda: bool(site.webhook.taken), 120)

    def due() -> list[str]:
        runs = site.ask(RUNS)["data"]["runsOrError"]["results"]
        tag = {"key": "dagster/schedule_name", "value": "soon"}
        return [run["runId"] for run in runs if tag in run["tags"]]

    until(lambda: bool(due()), 240)
    assert site.ends(due()[0]) in ("SUCCESS", "FAILURE")
    # What was on its way when the power failed was looked up; one more run finds all that it left in doubt.
    assert site.ends(site.launch("stammdaten", {"use_case": "all"})) == "SUCCESS"
    with duckdb.connect(str(site.home / "stammdaten.duckdb"), read_only=True) as db:
        held = db.execute(
            "select partner, count(*)::int, count(distinct entity || remote_id)::int from sync.ledger"
            " where state = 'synced' group by partner order by partner"
        ).fetchall()
    with closing(sqlite3.connect(site.folder.parent / "sandbox.sqlite")) as records:
        there = records.execute(
            "select partner, count(*) from record group by partner order by partner"
        ).fetchall()
    assert [name for name, _ in there] == list(PARTNERS)
    assert sum(rows for _, rows in there) > 1000
    assert held == [(name, rows, rows) for name, rows in there]

    # One message of the run that was killed, and one once a run came to its end.
    assert len(site.webhook.titles) == 2, site.webhook.taken
    assert "ended without a word" in json.dumps(site.webhook.taken[0])

    # Ctrl-C ends all of it; then as an operator starts it.
    site.stop()
    assert "Shutting down Dagster services" in site.said.read_text()
    site.start("pipelines.cli.main", "dagster", "--port", str(site.port))


def test_a_run_costs_at_most_half_as_much_again_as_that_of_the_command_line(site: Site) -> None:
    """Whole runs: of a delivery that is the one of the last time nothing is built."""
    deliveries = count()

    def deliver() -> None:
        row = site.folder / "erp" / "mandant.csv"
        text = re.sub(r";[0-9 :-]+$", f";2026-11-01 03:00:{next(deliveries):02}", row.read_text(), flags=re.M)
        row.write_text(text)

    def of_the_command_line() -> float:
        deliver()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = [sys.executable, "-m", "pipelines.cli.main", "run"]
        subprocess.run(run, cwd=site.folder, env=site.environment, check=True, capture_output=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def of_dagster() -> float:
        """All its processes, but for what they use while nothing runs."""
        deliver()
        before, began = site.cpu(), time.monotonic()
        assert site.ends(site.launch("stammdaten", {"use_case": "all"})) == "SUCCESS"
        time.sleep(5)  # until its process is gone
        return site.cpu() - before - idle * (time.monotonic() - began)

    site.is_started()
    of_the_command_line()  # reads the project for the first time
    before = site.cpu()
    time.sleep(20)
    idle = (site.cpu() - before) / 20
    costs = [(of_the_command_line(), of_dagster()) for _ in range(2)]
    print(costs)
    assert min(dagster / command_line for command_line, dagster in costs) <= 1.5, costs


def test_the_page_of_the_lineage_needs_nothing_from_outside(site: Site, tmp_path: Path) -> None:
    site.is_started()
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here: apt-get install chromium")
    alone = [
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path}/profile",
    ]
    seen = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1800,1200",
        "--virtual-time-budget=30000",
    ]

    def look(page: str, *what: str) -> str:
        address = f"http://127.0.0.1:{site.port}/{page}"
        done = subprocess.run(  # noqa: S603
            [chromium, *alone, *seen, *what, address], capture_output=True, text=True, timeout=180, check=True
        )
        return done.stdout

    picture = tmp_path / "lineage.png"
    look("asset-groups", f"--screenshot={picture}")
    assert picture.stat().st_size > 50_000
    lineage = look("asset-groups", "--dump-dom")
    assert [name for name in ("erp_raw", "staging", *PARTNERS) if name not in lineage] == []
    push = look("assets/push/plentific/stammdaten", "--dump-dom")
    assert [word for word in ("unterobjekte_mieter", "unchanged", "plan") if word not in push] == []


def test_a_run_that_is_terminated_on_the_page_ends_as_by_ctrl_c(site: Site) -> None:
    site.is_started()
    files = site.home / "runs"
    former = set(files.glob("*.jsonl"))
    run = site.launch("stammdaten", {"use_case": "all"})
    until(lambda: site.status(run) == "STARTED", 120)
    until(lambda: bool(set(files.glob("*.jsonl")) - former), 120, 0.1)
    until(lambda: '"name": "build"' in max(files.glob("*.jsonl")).read_text(), 120, 0.1)
    assert site.ask(TERMINATE, run=run)["data"]["terminateRun"]["__typename"] == "TerminateRunSuccess"
    assert site.ends(run) == "CANCELED"
    assert '"exit": 130' in max(files.glob("*.jsonl")).read_text()


def test_a_run_that_is_terminated_before_it_has_begun_does_nothing(site: Site) -> None:
    site.is_started()
    files = site.home / "runs"
    former = set(files.glob("*.jsonl"))
    run = site.launch("stammdaten", {"use_case": "all"})
    until(lambda: site.status(run) == "STARTED", 120, 0.05)
    assert site.ask(TERMINATE, run=run)["data"]["terminateRun"]["__typename"] == "TerminateRunSuccess"
    assert site.ends(run) == "CANCELED"
    begun = set(files.glob("*.jsonl")) - former
    assert [file.name for file in begun if '"exit": 0' in file.read_text()] == []


def test_what_it_writes_is_for_its_owner_and_names_nobody(site: Site) -> None:
    folder = site.home / "dagster"
    site.is_started()
    assert site.ends(site.launch("stammdaten", {"use_case": "all"})) == "SUCCESS"
    # What lies below is as open as Dagster's own command makes it; nobody else gets there.
    assert [path.stat().st_mode & 0o777 for path in (site.home, folder)] == [0o700, 0o700]
    with duckdb.connect(str(site.home / "stammdaten.duckdb"), read_only=True) as db:
        names = {
            name
            for (name,) in db.execute(
                "select distinct nachname from staging.stg_erp__person where length(nachname) > 6"
                " union select wert from erp_raw.kontaktweg where length(wert) > 6"
            ).fetchall()
        }
    # Words that an ERP writes in the place of a name, and that are words of ours, too.
    names -= {"Leerstand", "anonymisiert"}
    assert len(names) > 100
    written = [path for path in folder.rglob("*") if path.is_file() and "dbt/compiled" not in str(path)]
    said = "".join(map(text_of, [*written, site.said]))
    assert len(said) > 1_000_000
    assert [name for name in names if name in said] == []


def test_a_wrong_setting_is_named_where_the_page_says_that_the_code_location_failed(site: Site) -> None:
    project = site.folder / "dbt_project.yml"
    right = project.read_text(encoding="utf-8")
    project.write_text(
        right.replace('etg24: {aktiv: true, separator: "/"', 'etg24: {aktiv: true, separator: "x"')
    )
    entry = site.ask(RELOAD, name=site.location())["data"]["reloadRepositoryLocation"]
    project.write_text(right, encoding="utf-8")
    causes = [one["error"]["message"] for one in entry["locationOrLoadError"]["errorChain"]]
    assert any("partners.etg24.separator" in cause for cause in causes), causes
