"""Our macros for sqlfluff, which runs this file anew for each model; what it takes long to read is kept by the module."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lint.stand_ins import MACROS  # noqa: E402

globals().update(MACROS)
