"""Rule C1 as SQL, outside dbt: the macro `clean_text` is the one place that says how a text is cleaned."""

from functools import cache

import jinja2

from pipelines.settings import project_root

MACROS = ("white_space", "clean_text")


@cache
def cleaned(column: str, is_key: bool = False) -> str:
    """An SQL expression for the cleaned text of a column; keys lose Excel's marks of a text, too (C8)."""
    sources = [(project_root() / "macros" / f"{name}.sql").read_text(encoding="utf-8") for name in MACROS]
    call = f"{{{{ clean_text('{column}', is_key={str(is_key).lower()}) }}}}"
    # What is made is SQL, not HTML, out of our own files.
    jinja = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701
    return jinja.from_string("".join([*sources, call])).render().strip()
