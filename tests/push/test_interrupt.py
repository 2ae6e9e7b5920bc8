"""SIGINT and SIGTERM: what is under way comes to its end and is noted, and the next run goes on from there."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from pipelines import interrupt
from pipelines.ledger.ledger import open_database
from tests.ledger.test_journal_trouble import Shell
from tests.push.marts import write_marts
from tests.push.site import Site
from tests.push.test_kill import etg24_stock, plentific_stock

ROOT = Path(__file__).resolve().parent.parent.parent
PARTNERS = ["etg24", "plentific"]
UNITS = 20


@pytest.fixture
def ready(site: Site) -> Site:
    with open_database(site.home) as db:
        for partner, rows in (("etg24", etg24_stock(UNITS)), ("plentific", plentific_stock(UNITS))):
            write_marts(db, partner, rows)
    return site


def start(site: Site) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.push.signal_child", str(site.home), *PARTNERS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(site: Site, requests: int) -> None:
    deadline = time.monotonic() + 60
    while len(site.sandbox.requests("etg24")) < requests:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def numbers(site: Site) -> Counter[str]:
    return Counter(
        f"{partner} {entity}"
        for partner, entities in (
            ("etg24", ("einheiten", "mietvertraege", "mieter")),
            ("plentific", ("unterobjekte", "unterobjekte_mieter")),
        )
        for entity in entities
        for _ in site.sandbox.records(partner, entity)
    )


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_push_that_is_told_to_end_notes_what_came_back_and_the_next_one_goes_on(
    ready: Site, number: signal.Signals, status: int
) -> None:
    ready.sandbox.set_option("etg24", "latency_ms", "100")
    child = start(ready)
    wait_for(ready, 12)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == status, err
    assert err.strip() == (
        "interrupted: finishing the requests under way, then noting what came of them; a second signal ends at once"
    )
    lines = json.loads(out)
    created = sum(line["created"] for line in lines if line["partner"] == "etg24")
    # Everything that the partner has is in the ledger, and nothing is in doubt.
    assert created == sum(r.processed and r.method == "POST" for r in ready.sandbox.requests("etg24"))
    assert sum(line["pending"] for line in lines) > 0
    assert ready.ledger("select count(*) from sync.ledger where reason = 'interrupted'") == [(0,)]

    ready.sandbox.set_option("etg24", "latency_ms", "0")
    child = start(ready)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert [line for line in json.loads(out) if line["pending"] or line["rejected"] or line["blocked"]] == []
    tenants = len(etg24_stock(UNITS)["mieter"])
    assert numbers(ready) == {
        "etg24 einheiten": UNITS,
        "etg24 mietvertraege": UNITS,
        "etg24 mieter": tenants,
        "plentific unterobjekte": UNITS,
        "plentific unterobjekte_mieter": UNITS,
    }


@pytest.mark.slow
def test_a_push_that_waits_because_a_partner_asked_to_ends_at_once(ready: Site) -> None:
    ready.sandbox.set_options({"etg24.throttle_rate": "100", "etg24.retry_after": "600"})
    child = start(ready)
    wait_for(ready, 1)
    time.sleep(0.5)
    began = time.monotonic()
    child.terminate()
    child.communicate(timeout=60)
    assert child.returncode == 143
    assert time.monotonic() - began < 15


def test_a_second_signal_ends_at_once_and_the_next_run_settles_what_was_open(ready: Site) -> None:
    ready.sandbox.set_option("etg24", "latency_ms", "20000")
    child = start(ready)
    wait_for(ready, 1)
    child.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, err = child.communicate(timeout=10)
    assert (child.returncode, time.monotonic() - began < 5) == (143, True)
    assert "ended at once" in err
    ready.sandbox.set_option("etg24", "latency_ms", "0")
    child = start(ready)
    child.communicate(timeout=60)
    assert child.returncode == 0
    assert numbers(ready)["etg24 einheiten"] == UNITS
    assert len(ready.sandbox.records("etg24", "objektgruppen")) == 1


@pytest.mark.slow
def test_a_push_that_waits_for_the_database_ends_soon_and_the_next_one_goes_on(ready: Site) -> None:
    ready.sandbox.set_option("etg24", "latency_ms", "50")
    shell = Shell(ready.home / "stammdaten.duckdb")
    child = start(ready)
    wait_for(ready, 12)
    shell.hold()
    told = iter(child.stderr.readline, "") if child.stderr else iter(())
    assert any("Waiting up to 60 s for" in line for line in told)
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, err = child.communicate(timeout=60)
    assert time.monotonic() - began < 15
    assert "is held by another program" in err
    shell.close()
    child = start(ready)
    child.communicate(timeout=60)
    assert child.returncode == 0
    assert numbers(ready)["etg24 einheiten"] == UNITS
    assert len(ready.sandbox.records("etg24", "objektgruppen")) == 1


class Partner:
    """Something that can be told to stop, as a client can."""

    def __init__(self) -> None:
        self.why = threading.Event()
        interrupt.at_interrupt(self.stop)

    def stop(self, why: str) -> None:
        assert why == "interrupted"
        self.why.set()


def test_outside_of_a_push_a_signal_breaks_off_what_runs(capfd: pytest.CaptureFixture[str]) -> None:
    with interrupt.handled():
        partner = Partner()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert partner.why.wait(5)
        assert Partner().why.is_set()  # one that comes later is stopped at once
        assert interrupt.exit_code() == 143
        assert not interrupt.was_sending()
    assert capfd.readouterr().err.strip() == "interrupted: ending; a second signal ends at once"


def test_a_signal_that_is_ignored_stays_so() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupt.handled():
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupt.exit_code() is None
    finally:
        signal.signal(signal.SIGHUP, former)
