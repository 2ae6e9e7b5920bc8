"""What a partner costs: lines of SQL, YAML and Python that are written for it alone."""

from collections.abc import Iterable
from pathlib import Path

from pipelines.contract.contract import built_in_partners
from pipelines.pages.markdown import table
from pipelines.settings import project_root

KINDS = {
    "models": (".sql", "models/partners/{p}", ""),
    "macros": (".sql", "macros", "{p}_"),
    "descriptions and tests": (".yml", "models/partners/{p}", ""),
    "contract": (".yaml", "pipelines/partners/{p}", "contract"),
    "profile": (".yaml", "pipelines/partners/{p}", "profile"),
    "GraphQL schema": (".graphql", "pipelines/partners/{p}", ""),
    "seeds": (".csv", "seeds", "{p}_"),
    "connector": (".py", "pipelines/partners/{p}", "__init__"),
    "sandbox": (".py", "pipelines/partners/{p}", "sandbox"),
}
TESTS = (
    "tests/partners/test_{p}_marts.py",
    "tests/sandbox/test_sandbox_{p}.py",
    "tests/push/test_push_{p}.py",
)


def lines_table() -> list[str]:
    """One row a partner; lines that are empty are not counted."""
    rows = []
    for partner in built_in_partners():
        counts = [_count(_files(partner, *where)) for where in KINDS.values()]
        tests = _count(project_root() / name.format(p=partner) for name in TESTS)
        rows.append([partner, *(str(count or "") for count in [*counts, tests])])
    return table(["partner", *KINDS, "tests"], rows)


def _files(partner: str, ending: str, folder: str, beginning: str) -> list[Path]:
    found = (project_root() / folder.format(p=partner)).rglob(f"{beginning.format(p=partner)}*{ending}")
    return sorted(found)


def _count(files: Iterable[Path]) -> int:
    texts = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())
