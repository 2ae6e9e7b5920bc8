"""One sync in a process of its own, to be killed: settle, plan, push. Prints how many rows it looked up."""

import os
import sys
from datetime import date
from pathlib import Path

import pipelines.partners
from pipelines.contract import contract
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from tests.push.shelf import Shelf


def main(home: Path, partners: list[str]) -> None:
    looked_up = recover(home, partners)
    print(looked_up, flush=True)
    made = engine.plan(home, partners, date(2026, 11, 21))
    shelf = os.environ.get("TEST_SHELF")
    contents = Shelf.of(Path(shelf)) if shelf else None
    engine.push(home, made.plan_id, partners, DEFAULTS, contents=contents)


if __name__ == "__main__":
    if shapes := os.environ.get("TEST_SHAPES"):
        contract.FOLDER = Path(shapes)
        pipelines.partners.__path__ = [*pipelines.partners.__path__, shapes]
    main(Path(sys.argv[1]), sys.argv[2:])
