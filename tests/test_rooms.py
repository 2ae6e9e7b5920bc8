"""The rooms of `pipelines/`: who may import whom. The order is explained in docs/how-it-works.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the ground up: a room imports only itself and what stands before it.
ROOMS = (
    "",
    "contract",
    "personal",
    "api.http",
    "api.protocols",
    "api.files",
    "api",
    "ledger",
    "plan",
    "push",
    "readback",
    "explain",
    "forget",
    "erp.delivery",
    "erp.files",
    "erp.database",
    "erp.openwowi",
    "erp.sample",
    "erp.content",
    "erp",
    "partners",
    "sandbox.play",
    "partners.*.sandbox",
    "sandbox",
    "reports",
    "schedule",
    "history",
    "run_page",
    "diff",
    "backup",
    "snapshot",
    "pages",
    "docs_site",
    "still_current",
    "commands",
    "engine",
    "doctor",
    "alerts",
    "fleet",
    "cli",
    "orchestration",
)
MOST_FILES = 15


def modules() -> dict[str, Path]:
    """Every module of the package by its name below `pipelines`."""
    files = (ROOT / "pipelines").rglob("*.py")
    return {name_of(file): file for file in files}


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT / "pipelines").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The longest room that a module lies in; files beside the rooms are the ground."""
    parts = module.split(".")
    if parts[0] == "partners" and parts[-1] == "sandbox":
        return "partners.*.sandbox"
    begun = [room for room in ROOMS if room and f"{module}.".startswith(f"{room}.")]
    return max(begun, key=len, default="")


def imports(module: str, file: Path, known: dict[str, Path]) -> Iterator[str]:
    """Modules of the package that a file imports anywhere in it, also inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            below = name.removeprefix("pipelines.") if name.startswith("pipelines.") else None
            if below is None:
                continue
            yield below if below in known else below.rpartition(".")[0]


@pytest.fixture(scope="module")
def arrows() -> list[tuple[str, str]]:
    known = modules()
    return [(m, other) for m, file in known.items() for other in imports(m, file, known) if other != m]


def test_nothing_imports_upwards(arrows: list[tuple[str, str]]) -> None:
    floors = {room: number for number, room in enumerate(ROOMS)}
    upward = [
        f"{module} ({room_of(module) or 'ground'}) imports {other} ({room_of(other) or 'ground'})"
        for module, other in arrows
        if floors[room_of(module)] < floors[room_of(other)]
    ]
    assert not upward, "\n".join(upward)


def test_no_files_import_each_other_in_a_circle(arrows: list[tuple[str, str]]) -> None:
    above: dict[str, set[str]] = {}
    for module, other in arrows:
        above.setdefault(module, set()).add(other)
    while leaves := {m for m in above if not above[m] & above.keys()}:
        above = {m: others for m, others in above.items() if m not in leaves}
    assert not above, f"these import each other: {sorted(above)}"


def test_every_module_lies_in_a_room_that_is_listed() -> None:
    folders = {name.split(".")[0] for name, file in modules().items() if file.parent != ROOT / "pipelines"}
    assert folders == {room.split(".")[0] for room in ROOMS} - {""}


def test_no_room_is_a_hall_of_files() -> None:
    counts: dict[Path, int] = {}
    for file in modules().values():
        counts[file.parent] = counts.get(file.parent, 0) + (file.name != "__init__.py")
    halls = {str(f.relative_to(ROOT)): n for f, n in counts.items() if n > MOST_FILES}
    assert not halls


@pytest.mark.parametrize("room", [room for room in ROOMS if room and "*" not in room])
def test_a_room_says_what_it_answers_and_what_it_may_import(room: str) -> None:
    text = (ROOT / "pipelines" / room.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    assert said.count(".") >= 2, f"{room}/__init__.py: two or three sentences"
    assert "mport" in said, f"{room}/__init__.py: what it may import"
