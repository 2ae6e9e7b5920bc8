"""SQL of our macros outside dbt: rule C1 first of all, for the macro `clean_text` alone says how a text is cleaned."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

from pipelines.settings import project_root

MACROS = ("white_space", "clean_text")


@cache
def cleaned(column: str, is_key: bool = False) -> str:
    """An SQL expression for the cleaned text of a column; keys lose Excel's marks of a text, too (C8)."""
    return rendered(f"clean_text('{column}', is_key={str(is_key).lower()})", MACROS)


def rendered(call: str, macros: tuple[str, ...], **known: Any) -> str:
    """What a call of one of these macros makes, in DuckDB's SQL; `known`: what they ask dbt for beside the engine."""
    folder = project_root() / "macros"
    sources = [(folder / f"{name}.sql").read_text(encoding="utf-8") for name in macros]
    # Those of the engine that they call, and that these call: to compile all takes half a second.
    engine = {path: path.read_text(encoding="utf-8") for path in sorted((folder / "engine").glob("*.sql"))}
    for source in (call, *sources):
        _add_called(source, engine, sources)
    # What is made is SQL, not HTML, out of our own files.
    jinja = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701
    jinja.globals.update(target=SimpleNamespace(type="duckdb"), **known)
    return jinja.from_string("".join([*sources, f"{{{{ {call} }}}}"])).render().strip()


def _add_called(source: str, engine: dict[Path, str], sources: list[str]) -> None:
    """Moves the files with macros that a source calls from those of the engine to the sources, and what they call."""
    words = set(re.findall(r"\w+", source))
    for path in list(engine):
        if path in engine and not words.isdisjoint(re.findall(r"macro (\w+)", engine[path])):
            sources.append(engine.pop(path))
            _add_called(sources[-1], engine, sources)
