"""The statements that dbt ran in a build, kept to be run once more on other rows or on another day.

dbt writes each of them down as it runs it, so that nothing of how it makes tables, contracts and tests is told twice.
"""

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings import Vars, project_root, working_folder
from pipelines.yaml_file import read_yaml

# As the macro `stichtag` writes it.
KEY_DATE = "date '{}' /* stichtag */"
# Kinds of models whose statement makes all of it anew.
KINDS = ("table", "view")
# The test whose rows are findings (V3): macro `contract_refusals`.
CONTRACT_TEST = "fits_contract"
FINDINGS = "quality.findings"
# Hooks of ours: on DuckDB the first does nothing, and what the other one does is told by the tests.
HOOKS = ("{{ begin_on_engine() }}", "{{ end_on_engine(results) }}")
# Functions that give rows of nothing but their arguments.
ROW_FUNCTIONS = ("unnest", "range", "generate_series")
# What was kept, and how; another one is not read.
VERSION = 1


@dataclass(frozen=True)
class Statement:
    """What dbt ran for one model or test.

    `kind`: table, view or test. `relation`: `schema.name` of a model. `reads`: the tables and views it reads, in the
    same form. `is_strict`: a test that may keep a partner back. `finds`: the mart that rows of a test are findings of,
    and `query` the select of such a test. In `sql` and `query` the key date stands as `KEY_DATE` without a day.
    """

    unique_id: str
    kind: str
    sql: str
    reads: tuple[str, ...]
    relation: str = ""
    is_strict: bool = False
    finds: str = ""
    query: str = ""

    @property
    def asks_the_day(self) -> bool:
        """Whether the key date stands in it."""
        return KEY_DATE in self.sql


@dataclass(frozen=True)
class Statements:
    """Those of a build in the order in which dbt came to their end, and the seeds that lay there, as `schema.name`."""

    all: tuple[Statement, ...]
    seeds: tuple[str, ...]

    def packed(self) -> bytes:
        """For the database; `unpacked` reads it."""
        kept = {"version": VERSION, "all": [asdict(one) for one in self.all], "seeds": self.seeds}
        return zlib.compress(json.dumps(kept).encode())


def unpacked(kept: bytes | None) -> Statements | None:
    """What `packed` wrote; None for nothing, and for what another version wrote."""
    if not kept:
        return None
    found = json.loads(zlib.decompress(kept))
    if found["version"] != VERSION:
        return None
    statements = (Statement(**{**one, "reads": tuple(one["reads"])}) for one in found["all"])
    return Statements(tuple(statements), tuple(found["seeds"]))


def on_day(sql: str, day: date) -> str:
    """A statement for a key date."""
    return sql.replace(KEY_DATE, KEY_DATE.format(day.isoformat()))


def read_statements(
    db: duckdb.DuckDBPyConnection, results: Sequence[Any], settings: Vars
) -> Statements | None:
    """Those of a whole build, by dbt's results of it.

    None where running them once more might make something else than dbt would: a kind of model, a hook or a profile
    that is not known here, a table that is none of the raw layer or of dbt, the key date in another form than ours.
    """
    if not _is_plain_profile():
        return None
    seeds, found = [], []
    for entry in results:
        node = entry.node
        kind = str(node.resource_type)
        if kind == "exposure" or (kind == "operation" and node.raw_code in HOOKS):
            continue
        if kind == "seed":
            seeds.append(_named(node.schema, node.alias))
            continue
        statement = _statement(db, entry.node, settings.stichtag) if kind in ("model", "test") else None
        if statement is None:
            return None
        found.append(statement)
    known = {*seeds, *(one.relation for one in found)}
    if any(not _is_known(name, known) for one in found for name in one.reads) or FINDINGS not in known:
        return None
    # Findings V3 come after all models.
    if any(one.relation and FINDINGS in one.reads for one in found) or _warnings_are_errors():
        return None
    return Statements(tuple(found), tuple(sorted(seeds)))


def _statement(db: duckdb.DuckDBPyConnection, node: Any, day: date) -> Statement | None:
    config, file = node.config, Path(node.build_path or "")
    if config.get("pre-hook") or config.get("pre_hook") or not node.compiled_code:
        return None
    is_test = str(node.resource_type) == "test"
    if is_test:
        is_known = not config.store_failures and str(config.severity).upper() in ("ERROR", "WARN")
    else:
        hooks = [hook.sql for hook in config.post_hook]
        is_known = (
            config.materialized in KINDS
            and node.language == "sql"
            and hooks == ["{{ note_settings() }}"]
            and not any(config.persist_docs.values())
            and not config.grants
        )
    if not is_known or not file.is_file():
        return None
    is_view = not is_test and config.materialized == "view"
    # A view is made under another name first.
    ran = node.compiled_code if is_view else file.read_text(encoding="utf-8")
    # Two tests of one name share a file, and with DBT_STORE_FAILURES it reads what was stored.
    if node.compiled_code.strip() not in ran:
        return None
    sql, query = _without_day(ran, day), _without_day(node.compiled_code, day)
    reads = _reads(db, node.compiled_code)
    if sql is None or query is None or reads is None:
        return None
    finds = is_test and getattr(getattr(node, "test_metadata", None), "name", "") == CONTRACT_TEST
    mart = str(node.attached_node).split(".")[-1] if finds else ""
    return Statement(
        unique_id=node.unique_id,
        kind="test" if is_test else str(config.materialized),
        sql=sql,
        reads=reads,
        relation="" if is_test else _named(node.schema, node.alias),
        is_strict=is_test and str(config.severity).upper() == "ERROR",
        finds=mart,
        query=query if finds else "",
    )


def _without_day(sql: str, day: date) -> str | None:
    """The SQL with `KEY_DATE`; None where the day stands in it in another way, too."""
    marked = sql.replace(KEY_DATE.format(day.isoformat()), KEY_DATE)
    return None if day.isoformat() in marked or "/* stichtag */" in marked.replace(KEY_DATE, "") else marked


def _reads(db: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...] | None:
    """Tables and views that a select reads, by DuckDB's own parser, whatever dbt was told of them.

    None where it is more than one select, and where it reads what has no name: a function that gives rows.
    """
    [(text,)] = db.execute("select json_serialize_sql(?)", [query]).fetchall()
    tree = json.loads(text)
    if tree["error"] or len(tree["statements"]) != 1:
        return None
    steps, read, is_named = set(), set(), True
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            steps |= {step["key"].lower() for step in part.get("cte_map", {}).get("map", ())}
            if part.get("type") == "BASE_TABLE":
                read.add((part["schema_name"], part["table_name"]))
            if part.get("type") == "TABLE_FUNCTION":
                is_named = is_named and part["function"].get("function_name") in ROW_FUNCTIONS
            parts += part.values()
    found = {_named(schema, name) for schema, name in read if schema or name.lower() not in steps}
    return tuple(sorted(found)) if is_named else None


def _is_known(name: str, built: Iterable[str]) -> bool:
    return name in built or name.startswith("erp_raw.") or name == "sync.forgotten"


def _warnings_are_errors() -> bool:
    project = working_folder() / "dbt_project.yml"
    flags = (read_yaml(project).get("flags") or {}) if project.is_file() else {}
    return any(name.upper().startswith(("WARN_ERROR", "DBT_WARN_ERROR")) for name in (*flags, *os.environ))


def _named(schema: str, name: str) -> str:
    """DuckDB knows a table by its name in large and small letters alike."""
    return f"{schema}.{name}".lower()


def _is_plain_profile() -> bool:
    """Whether dbt opens the database as ours does: no extension, no other database, no setting of another kind."""
    own, ours = working_folder() / "profiles.yml", project_root() / "profiles.yml"
    return not own.is_file() or _output(own) == _output(ours) is not None


def _output(profiles: Path) -> Any:
    """The output in force of a profiles.yml, but for its threads; None where there is none."""
    try:
        found = read_yaml(profiles)["stammdaten"]
        return {**found["outputs"][found["target"]], "threads": 0}
    except (KeyError, TypeError):
        return None
