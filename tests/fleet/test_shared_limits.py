"""Four customers at one partner, over Ray, with real connections: its rate is used, and hardly ever exceeded."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.api.test_limits_http import Partner, Reaction, served
from tests.fleet.night import ROOT, surroundings
from tests.fleet.test_fleet_run import ended

RATE, EACH = 20, 150


@pytest.mark.slow
def test_four_customers_share_the_rate_of_a_partner(tmp_path: Path, customers: Path) -> None:
    def react(partner: Partner, *_: str) -> Reaction:
        now = time.monotonic()
        good = [moment for moment in partner.times(201) if moment > now - 1]
        return Reaction(status=429 if len(good) >= RATE else 201, after=0.05)

    for name in "abcd":
        (customers / f"{name}.toml").write_text(f'folder = "{tmp_path}"\nhome = "{tmp_path / name}"')
    with served(react) as partner:
        call = (
            "from pathlib import Path; from pipelines.fleet.fleet import carried_out;"
            f"words = ('push', {partner.url!r}, '{EACH}', '{RATE}');"
            f"found = carried_out(Path({str(customers)!r}), 'tests.fleet.programs:main', (words,), [], None, 4, print);"
            "assert [line.exit for line in found.customers] == [0] * 4, found"
        )
        command = [sys.executable, "-c", call]
        process = subprocess.Popen(command, cwd=ROOT, env=surroundings(), stdout=-1, stderr=-1, text=True)  # noqa: S603
        status, text = ended(process)
        assert status == 0, text
        sent, refused = partner.times(201), partner.times(429)
    assert len(sent) == 4 * EACH
    # The ends, where not all are at work, are left out.
    middle = sent[len(sent) // 10 : -len(sent) // 10]
    used = (len(middle) - 1) / (middle[-1] - middle[0]) / RATE
    assert used >= 0.95, used
    assert len(refused) < 0.01 * len(sent), len(refused)
