"""`python -m pipelines.docs_site [FOLDER]` builds the site of the docs, by default in `target/site`."""

import sys
from importlib.util import find_spec
from pathlib import Path

from pipelines.errors import StammdatenError

NEEDED = ("sphinx", "myst_parser", "furo")


def main(arguments: list[str]) -> int:
    """Exit status: 0 where the site stands, 2 where something is missing or a link leads nowhere."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(f"{__doc__}\n")
        return 0 if len(arguments) == 1 else 2
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        sys.stderr.write(f"{', '.join(missing)} not installed: pip install 'stammdaten[docs]'\n")
        return 2
    from pipelines.docs_site.build import build

    try:
        first = build(Path(arguments[0] if arguments else "target/site").absolute())
    except StammdatenError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    sys.stdout.write(f"{first.as_uri()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
