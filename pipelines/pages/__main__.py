"""`python -m pipelines.pages` writes the pages that are made from models and contracts."""

import sys
from pathlib import Path

from pipelines.pages.all import pages
from pipelines.settings import project_root


def main() -> None:
    """Writes what is not fresh, and names it."""
    for name, text in pages().items():
        file: Path = project_root() / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
