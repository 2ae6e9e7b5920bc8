"""One sync in a process of its own, to be told to end: settle, plan, push as the commands do it. Prints the lines."""

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

from pipelines import interrupt
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.recovery import recover


def main(home: Path, partners: list[str]) -> int:
    with interrupt.handled():
        recover(home, partners)
        made = engine.plan(home, partners, date(2026, 11, 21))
        with interrupt.finishing(interrupt.WITH_PARTNERS):
            pushed = engine.push(home, made.plan_id, partners, DEFAULTS)
        print(json.dumps([asdict(line) for line in pushed.lines]), flush=True)
        return interrupt.exit_code() or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
