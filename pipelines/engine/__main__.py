"""Marts that Spark builds (docs/engines.md).

`python -m pipelines.engine raw` writes the raw layer as Parquet; then comes `dbt build --target spark`.
`python -m pipelines.engine take` takes the marts that were built there, all or none; `stammdaten plan` comes next.

The folder is STAMMDATEN_SPARK, without it `spark` below STAMMDATEN_HOME.
"""

import argparse
import os
import sys
from pathlib import Path

from pipelines.commands.build import read_project
from pipelines.commands.known_settings import read_settings
from pipelines.engine.marts import take_marts
from pipelines.engine.raw import write_raw
from pipelines.errors import StammdatenError
from pipelines.settings import home


def main(arguments: list[str]) -> int:
    """Does one of the two, a line a table; 2 where it is refused, with the reason."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.engine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", choices=("raw", "take"))
    parser.add_argument("--vars", help="dbt vars over those of dbt_project.yml, as YAML; those of the build")
    parser.add_argument("--stichtag", help="key date (2026-01-31); default is today")
    given = parser.parse_args(arguments)
    try:
        settings = read_settings(given.stichtag, given=given.vars)
        folder = Path(os.environ.get("STAMMDATEN_SPARK") or home() / "spark")
        if given.step == "raw":
            rows = write_raw(home(), folder)
        else:
            read_project(home(), settings)
            rows = take_marts(home(), folder, settings)
    except StammdatenError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    for name, number in rows.items():
        sys.stdout.write(f"{name:<45} {number:>10}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
