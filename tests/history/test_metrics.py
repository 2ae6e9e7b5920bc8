"""Metrics, alert rules and the board: every name in a query is one that is written, with labels that it has."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from pipelines import current_run
from pipelines.history.metrics import METRICS, metrics_text, write_metrics
from pipelines.history.record import recorded
from pipelines.history.run_file import RunFile, run_files
from pipelines.ledger.ledger import open_database
from pipelines.reports.run import ReasonLine
from tests.history.test_runs import push_report

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')
# What Prometheus adds to each metric of a machine.
OF_PROMETHEUS = {"instance", "job"}


def samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The text format read back: metric → values of its labels → number."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        read = LINE.fullmatch(line)
        assert read, line
        labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', read[2] or ""))
        assert tuple(labels) == METRICS[read[1]].labels
        series = found.setdefault(read[1], {})
        assert tuple(labels.values()) not in series, f"twice: {line}"
        series[tuple(labels.values())] = float(read[3])
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the board and of the alert rules, with where it stands."""
    board = json.loads((DOCS / "monitoring" / "board.json").read_text())
    for panel in board["panels"]:
        assert panel["description"], panel["title"]
        for target in panel["targets"]:
            yield f"board: {panel['title']}", target["expr"]
    for variable in board["templating"]["list"]:
        if asked := re.fullmatch(r"label_values\((.+), (\w+)\)", variable.get("definition", "")):
            yield f"board: ${variable['name']}", f"{asked[1]}{{{asked[2]}!=''}}"
    for group in yaml.safe_load((DOCS / "monitoring" / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert: {rule['alert']}", rule["expr"]


@pytest.fixture
def ran(home: Path) -> Path:
    """A run, a push of two entities, one that was killed and one of vacancies."""
    with open_database(home):
        pass
    with recorded("run", None, print) as run:
        with current_run.step("push"):
            pass
        current_run.note("rules", lines=[{"rule": "E2", "table": "mieter", "partner": None, "rows": 4}])
        current_run.note("requests", lines=[{"partner": "etg24", "entity": "mieter", "requests": 9}])
        run.told(push_report(stopped={}, guards=(), failures=(), is_complete=True))
    with recorded("push", None, print) as run:
        reason = ReasonLine(partner="etg24", entity="mieter", rows=1, reason="email_refused", how="")
        run.told(push_report(reasons=(reason,)))
    file = RunFile(home, "run", "leerstaende")
    os.close(file._file or 0)
    return home


def test_metrics_say_what_the_last_runs_did(ran: Path) -> None:
    found = samples(metrics_text(ran))
    assert set(found) == set(METRICS)
    assert found["stammdaten_last_run_exit_status"] == {
        ("run", "all"): 0,
        ("push", "all"): 1,
        ("run", "leerstaende"): -1,
    }
    assert list(found["stammdaten_last_success_timestamp_seconds"]) == [("run", "all")]
    assert found["stammdaten_rows"]["etg24", "mieter", "created"] == 2
    assert found["stammdaten_rows"]["etg24", "mieter", "rejected"] == 1
    assert found["stammdaten_in_mart_rows"] == {("etg24", "mieter"): 7}
    assert found["stammdaten_requests"] == {("etg24", "mieter"): 0}  # of the push, which was the last
    assert found["stammdaten_undelivered_rows"] == {("etg24", "mieter", "email_refused"): 1}
    assert found["stammdaten_partner_result"] == {
        ("etg24", "pushed"): 1,
        ("kiwi", "stopped"): 1,
        ("casavi", "guard"): 1,
        ("quis", "failure"): 1,
    }
    assert found["stammdaten_rule_rows"] == {("E2", "mieter", ""): 4}
    assert found["stammdaten_lost_runs"] == {(): 1}
    assert found["stammdaten_step_seconds"].keys() == {("run", "all", "push")}
    assert found["stammdaten_home_bytes"][("stammdaten.duckdb",)] > 0


def test_a_run_writes_the_file_whole_and_for_everybody_to_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.umask(0o077)
    (tmp_path / "textfile").mkdir()
    file = tmp_path / "textfile" / "stammdaten.prom"
    monkeypatch.setenv("STAMMDATEN_METRICS", str(file))
    with recorded("load", None, print):
        pass
    assert list(samples(file.read_text())["stammdaten_last_run_exit_status"]) == [("load", "all")]
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("named", "said"),
    [("nowhere/stammdaten.prom", "No such file"), ("stammdaten.txt", "does not end in .prom")],
)
def test_metrics_that_cannot_be_written_are_told_and_change_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, said: str
) -> None:
    monkeypatch.setenv("STAMMDATEN_METRICS", str(tmp_path / named))
    told: list[str] = []
    with recorded("load", None, told.append):
        pass
    assert (len(told), told[0].startswith("STAMMDATEN_METRICS: not written ("), said in told[0]) == (
        1,
        True,
        True,
    )


def test_a_half_written_file_is_not_left_behind(home: Path, tmp_path: Path) -> None:
    (tmp_path / "stammdaten.prom").mkdir()
    with pytest.raises(OSError, match=r"stammdaten\.prom"):
        write_metrics(home, tmp_path / "stammdaten.prom")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "stammdaten.prom"]


def test_an_odd_name_is_escaped(home: Path) -> None:
    (home / 'a"b\\c\nd').write_text("x")
    assert ('a\\"b\\\\c\\nd',) in samples(metrics_text(home))["stammdaten_home_bytes"]


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_a_query_names_metrics_and_labels_that_there_are(where: str, query: str) -> None:
    named = re.findall(r"\b(stammdaten_\w+)(?:\{([^}]*)\})?", query)
    assert named
    known: set[str] = set(OF_PROMETHEUS)
    for metric, matchers in named:
        assert metric in METRICS
        labels = {*METRICS[metric].labels, *OF_PROMETHEUS}
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= labels
        known |= labels
    grouped = {
        label.strip() for inside in re.findall(r"\bby \(([^)]*)\)", query) for label in inside.split(",")
    }
    assert grouped <= known


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_a_query_is_promql(where: str, query: str) -> None:
    promql_parser.parse(query.replace("$instance", ".*").replace("$partner", ".*"))


def test_the_words_of_an_alert_name_labels_that_its_query_keeps() -> None:
    for group in yaml.safe_load((DOCS / "monitoring" / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
            grouped = re.search(r"\bby \(([^)]*)\)", rule["expr"])
            metrics = re.findall(r"stammdaten_\w+", rule["expr"])
            kept = (
                {label.strip() for label in grouped[1].split(",")}
                if grouped
                else set(METRICS[metrics[0]].labels)
            )
            assert used <= kept | (set() if grouped else OF_PROMETHEUS), rule["alert"]


def test_every_metric_and_its_labels_stand_in_the_docs() -> None:
    text = (DOCS / "monitoring.md").read_text()
    told = {
        name: tuple(re.findall(r"`(\w+)`", labels))
        for name, labels in re.findall(r"^\| `(stammdaten_\w+)` \|([^|]*)\|", text, re.MULTILINE)
    }
    assert told == {name: metric.labels for name, metric in METRICS.items()}


def test_the_log_in_json_is_the_file_of_the_run_and_all_that_is_on_stderr(home: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipelines.cli.main",
            "load",
            "--log-format",
            "json",
            "--vars",
            "{partners: 3}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    events: list[dict[str, Any]] = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["begin", "end", "error"]
    assert done.returncode == events[1]["exit"] == 2
    (file,) = run_files(home)
    assert [json.loads(line) for line in file.read_text().splitlines()] == events[:2]
    assert events[2]["message"].startswith("Error: partners: a map")
    refused = subprocess.run(
        [sys.executable, "-m", "pipelines.cli.main", "load", "--log-format", "jsn"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.stderr == "Error: --log-format jsn: unknown; did you mean json?; there are text, json\n"
