"""One sync in a process of its own, to be killed: settle, plan, push. Prints how many rows it looked up."""

import sys
from datetime import date
from pathlib import Path

from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.recovery import recover


def main(home: Path, partners: list[str]) -> None:
    looked_up = recover(home, partners)
    print(looked_up, flush=True)
    made = engine.plan(home, partners, date(2026, 11, 21))
    engine.push(home, made.plan_id, partners, DEFAULTS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
