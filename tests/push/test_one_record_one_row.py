"""Rows that are called alike, answers that are lost or come late, kills: one record for one row, none twice."""

import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.sandbox.server import Sandbox
from tests.push.site import Site
from tests.push.twins import STOCKS, assert_one_record_a_row, run_killed

FAULTS = (
    "error_rate",
    "error_after_rate",
    "cut_before_rate",
    "cut_after_rate",
    "cut_during_rate",
    "late_rate",
)
# Seconds: what is sent may come so late, and is looked for so long.
LATE, ABSENT_AFTER, LOOK_AGAIN = 0.15, 0.5, "0.1"
RUNS = st.lists(
    st.tuples(
        st.sampled_from(FAULTS),
        st.sampled_from([20, 50, 90]),
        st.sampled_from([None, None, 3, 7, 13]),
        st.booleans(),
    ),
    min_size=1,
    max_size=2,
)


def go_through(partner: str, groups: int, tenants: int, runs: list[Any], seed: int, lags: bool) -> None:
    """Runs with faults and kills, then calm ones; the partner must hold one record a row."""
    rows = STOCKS[partner](groups, tenants)
    patch = pytest.MonkeyPatch()
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(Path(folder) / "sandbox.sqlite") as sandbox,
        patch.context() as env,
    ):
        for name, value in sandbox.environment().items():
            env.setenv(name, value)
        env.setenv(f"DESTINATION__{partner.upper()}__LOOK_AGAIN", LOOK_AGAIN)
        env.setenv(f"DESTINATION__{partner.upper()}__ABSENT_AFTER", str(ABSENT_AFTER))
        env.setattr("pipelines.api.http.limiter.FAILURES_IN_A_ROW", 1000)
        env.setattr("pipelines.api.http.retry.FIRST_PAUSE", 0.01)
        env.setattr("pipelines.push.recovery.LONGEST_WAIT", 0.0)
        options = {
            "late_ms": str(int(LATE * 1000)),
            "fault_on": "^(POST|PUT) (?!.*search)(?!.*login)",
            "fault_seed": str(seed),
        }
        options |= {"read_delay_ms": "100" if lags else "0"}
        sandbox.set_options({f"{partner}.{name}": value for name, value in options.items()})
        if partner == "etg24":
            sandbox.set_option("etg24", "external_ids", "documented")
        (Path(folder) / "home").mkdir()
        site = Site(Path(folder) / "home", sandbox)
        for fault, share, requests, is_after in runs:
            sandbox.set_option(partner, fault, str(share))
            run_killed(site, partner, rows, requests or 10_000, is_after)
            sandbox.set_option(partner, fault, "0")
        for _ in range(3):
            time.sleep(ABSENT_AFTER)
            run_killed(site, partner, rows, 10_000, False)
        assert_one_record_a_row(site, partner, rows)


@pytest.mark.sampled
@pytest.mark.parametrize("partner", STOCKS)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 4), st.integers(1, 3), RUNS, st.integers(0, 99), st.booleans())
def test_as_many_records_as_rows_whatever_is_lost(
    partner: str, groups: int, tenants: int, runs: list[Any], seed: int, lags: bool
) -> None:
    go_through(partner, groups, tenants, runs, seed, lags)


@pytest.mark.slow
@pytest.mark.parametrize("partner", STOCKS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 6), st.integers(1, 4), RUNS, st.integers(0, 9999), st.booleans())
def test_as_many_records_as_rows_whatever_is_lost_for_longer(
    partner: str, groups: int, tenants: int, runs: list[Any], seed: int, lags: bool
) -> None:
    go_through(partner, groups, tenants, runs, seed, lags)
