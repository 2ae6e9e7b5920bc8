"""Our macros for sqlfluff, which runs this file anew for each model: what takes long lies in a module that stays."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lint.stand_ins import MACROS

globals().update(MACROS)
