"""`python -m pipelines.pages` writes the pages that are made from models and contracts; `--check` only looks."""

import sys
from pathlib import Path

from pipelines.pages.all import pages
from pipelines.settings import project_root


def main(arguments: list[str]) -> int:
    """Writes what is not fresh, and names it. With `--check` nothing is written, and 1 says that something is stale."""
    only_looks = arguments == ["--check"]
    if arguments and not only_looks:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    stale = False
    for name, text in pages().items():
        file: Path = project_root() / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale = True
            sys.stdout.write(f"{name}\n")
            if not only_looks:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    if stale and only_looks:
        sys.stderr.write("These are not fresh; run: python -m pipelines.pages\n")
    return int(stale and only_looks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
