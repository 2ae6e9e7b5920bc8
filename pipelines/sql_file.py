"""SQL that is longer than a screen lies in a file of its own, in the folder `sql` beside the module that runs it."""

from functools import cache
from pathlib import Path


@cache
def read_sql(module: str, name: str) -> str:
    """The statement `name` of a module, which is named by its `__file__`."""
    return (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
