"""`kill_child` for the small partners of `shapes/`."""

import sys
from pathlib import Path

import pipelines.partners
from pipelines.contract import contract
from tests.push.conftest import SHAPES
from tests.push.kill_child import main

if __name__ == "__main__":
    contract.FOLDER = SHAPES
    pipelines.partners.__path__ = [*pipelines.partners.__path__, str(SHAPES)]
    main(Path(sys.argv[1]), sys.argv[2:])
