"""Runs dbt and says which partners may be pushed."""

import contextlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import current_run
from pipelines.commands.base_link import link_base, link_packages
from pipelines.commands.own_packages import write_packages
from pipelines.contract.contract import partner_folders
from pipelines.database import connect
from pipelines.dbt_folder import Project, dbt_folder
from pipelines.errors import BuildError, SettingsError
from pipelines.personal.fields import masked
from pipelines.settings import Vars, database, project_root, working_folder
from pipelines.still_current.again import Outcome, run_again, run_tests_again
from pipelines.still_current.current import Made
from pipelines.still_current.statements import Statements, read_statements
from pipelines.suggest import did_you_mean
from pipelines.unexpected import explained, explained_words

BAD = {"error", "fail", "skipped", "runtime error"}
KEY_COLUMNS = ("external_id", "key", "unique_field", "from_field", "mandant_nr")
SAMPLE_ROWS = 20
# dbt's own test `unique` names the value that stands twice: an address of e-mail, unless the column is an id.
OF_VALUES = re.compile("^unique_(?!within_|key_)(?!.*external_id)")
# The key date goes here, and not as a var (macro `stichtag`).
STICHTAG = "STAMMDATEN_STICHTAG"
# A test that also looks at a model that is not among them says nothing of this run.
ON_THESE_ALONE = ("--indirect-selection", "cautious")
# The project as dbt read it last, by home, folder and vars.
_READ: dict[tuple[Path, Path, str], Any] = {}


@dataclass(frozen=True)
class Failure:
    """A model or test that keeps a partner from being pushed, with keys of failing rows (never other values)."""

    node: str
    status: str
    message: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A seed, model or test as dbt left it; `rows`: those that a test found, of a model that was built those it has."""

    unique_id: str
    status: str
    seconds: float
    rows: int | None = None

    @property
    def is_well(self) -> bool:
        """Whether it was built, or holds."""
        return self.status not in BAD and self.status != "warn"


@dataclass(frozen=True)
class Build:
    """What dbt did: failures by partner; a partner without any may be pushed.

    `is_current`: nothing, as the marts that are there are those that it would have made. `is_repeated`: without dbt,
    only what had to be; `models` and `tests` count that. `statements`: what it ran, where that can be run once more.
    """

    failures: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    models: int = 0
    tests: int = 0
    nodes: tuple[Node, ...] = ()
    is_current: bool = False
    is_repeated: bool = False
    statements: Statements | None = None

    def ready(self, partner: str) -> bool:
        """Whether all marts of the partner were built and all their tests hold."""
        return not self.failures.get(partner)

    def noted(self) -> str:
        """What a later run needs to know of a build without failures, as JSON."""
        models, tests = (_count(self.nodes, kind) for kind in ("model", "test"))
        return json.dumps([self.warnings, models, tests, [tuple(vars(n).values()) for n in self.nodes]])


def _count(nodes: Iterable[Node], kind: str) -> int:
    return sum(node.unique_id.startswith(f"{kind}.") for node in nodes)


def read_noted(text: str) -> Build:
    """The build that `Build.noted` wrote, as one that is still current."""
    warnings, models, tests, nodes = json.loads(text)
    return Build({}, tuple(warnings), models, tests, tuple(Node(*node) for node in nodes), is_current=True)


@current_run.step("build")
def build_again(
    db: duckdb.DuckDBPyConnection, made: Made, settings: Vars, progress: Callable[[int, int, str], None]
) -> Build | None:
    """The build of all as dbt would make it now, by what it ran last; None where dbt has to say what is wrong."""
    outcomes = run_again(db, made, settings, lambda done, total: progress(done, total, "again"))
    return None if outcomes is None else _repeated(made, outcomes)


@current_run.step("test")
def check_again(
    db: duckdb.DuckDBPyConnection, made: Made, settings: Vars, progress: Callable[[int, int, str], None]
) -> Build | None:
    """What the tests of the last build say of all that lies there; None where dbt has to say what is wrong."""
    outcomes = run_tests_again(db, made, settings, lambda done, total: progress(done, total, "again"))
    return None if outcomes is None else _repeated(made, outcomes)


def _repeated(made: Made, outcomes: Mapping[str, Outcome]) -> Build:
    nodes = tuple(
        replace(node, **vars(outcomes[node.unique_id]))
        if node.unique_id in outcomes
        else replace(node, seconds=0.0)
        for node in read_noted(made.result).nodes
    )
    ran = [node for node in nodes if node.unique_id in outcomes]
    return Build(
        warnings=tuple(f"{n.unique_id.split('.')[2]}: {n.rows} rows" for n in nodes if n.status == "warn"),
        models=_count(ran, "model"),
        tests=_count(ran, "test"),
        nodes=nodes,
        is_repeated=True,
        statements=made.statements,
    )


@current_run.step("check")
def check_settings(home: Path, settings: Vars) -> None:
    """Lets dbt read the project with these vars; the macros check every setting that shapes rows.

    Raises `SettingsError` with the macro's own line.
    """
    read_project(home, settings)


def read_project(
    home: Path, settings: Vars, project: Project | None = None, flags: Sequence[str] = ()
) -> Any:
    """dbt's manifest of the project in force, or of another one. Raises `SettingsError` with what dbt says."""
    result, log = _invoke(home, settings, ["parse", *flags], project=project)
    if not result.success:
        raise SettingsError(_reason(result, log))
    return result.result


@current_run.step("build")
def build(
    home: Path,
    settings: Vars,
    progress: Callable[[int, int, str], None] | None = None,
    only: Sequence[str] = (),
) -> Build:
    """`dbt build` without unit tests, of all or of some nodes. Raises `BuildError` when dbt could not even start."""
    chosen = ["--select", *only, *ON_THESE_ALONE] if only else []
    command = ["build", "--exclude-resource-type", "unit_test", *chosen]
    return run_dbt(home, settings, command, progress, keeps_statements=not only)


@current_run.step("test")
def check_marts(
    home: Path,
    settings: Vars,
    on: Sequence[str],
    progress: Callable[[int, int, str], None] | None = None,
) -> Build:
    """`dbt test` on marts (or the folders of partners) as they are. Raises like `build`."""
    chosen = ["--select", *on, *(ON_THESE_ALONE if settings.use_case else ())]
    return run_dbt(home, settings, ["test", "--exclude-resource-type", "unit_test", *chosen], progress)


def compile_models(home: Path, settings: Vars, project: Project | None = None) -> None:
    """Lets dbt make the SQL of all models, which is then in its manifest. Raises `BuildError`."""
    result, log = _invoke(home, settings, ["compile", "--select", "resource_type:model"], project=project)
    if not result.success:
        raise BuildError(_reason(result, log))


def run_dbt(
    home: Path,
    settings: Vars,
    command: list[str],
    progress: Callable[[int, int, str], None] | None = None,
    project: Project | None = None,
    keeps_statements: bool = False,
) -> Build:
    """A command of dbt that builds or tests, of a project that is not the one in force where one is named.

    `keeps_statements`: with what it ran, where nothing failed. Raises `BuildError` when dbt could not even start.
    """
    # Held open here, the file is not closed and written out again after each of dbt's nodes.
    with connect(database(home)) as db:
        result, log = _invoke(home, settings, command, progress, project)
        is_kept = keeps_statements and result.success
        statements = read_statements(db, result.result.results, settings) if is_kept else None
    if result.result is None or not hasattr(result.result, "results"):
        raise BuildError(_reason(result, log))
    results = result.result.results
    bad = [entry for entry in results if str(entry.status) in BAD]
    failures = {partner: _failures(home, partner, bad) for partner in settings.active}
    kinds = [str(entry.node.resource_type) for entry in results]
    return Build(
        failures={partner: found for partner, found in failures.items() if found},
        warnings=tuple(f"{e.node.name}: {e.failures} rows" for e in results if str(e.status) == "warn"),
        models=kinds.count("model"),
        tests=kinds.count("test"),
        nodes=tuple(
            Node(entry.node.unique_id, str(entry.status), round(entry.execution_time, 3), entry.failures)
            for entry in results
        ),
        statements=statements,
    )


def _invoke(
    home: Path,
    settings: Vars,
    command: list[str],
    progress: Callable[[int, int, str], None] | None = None,
    project: Project | None = None,
) -> tuple[Any, str]:
    os.environ["STAMMDATEN_HOME"] = str(home)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    from dbt.cli.main import dbtRunner

    folder, root = (project.folder, project.root) if project else (working_folder(), project_root())
    read = (home, folder, settings.for_dbt())
    packages = write_packages(home)
    if folder != root:
        link_base(folder, root)
        link_packages(folder, packages)
    arguments = [
        *command,
        "--vars",
        settings.for_dbt(),
        "--project-dir",
        str(folder),
        "--profiles-dir",
        str(folder if (folder / "profiles.yml").exists() else root),
        "--target-path",
        str(dbt_folder(home)),
        "--log-path",
        str(dbt_folder(home) / "logs"),
        "--log-level-file",
        "none",
        "--quiet",
    ]
    heard = io.StringIO()
    # What the command before has read serves the next one, once: dbt writes in it as it goes.
    manifest = _READ.pop(read, None) if command[0] != "parse" else None
    with contextlib.redirect_stdout(heard), _key_date(settings.stichtag):
        result = dbtRunner(manifest, [_listener(progress)] if progress else []).invoke(arguments)
    if command[0] == "parse" and result.success:
        _READ.clear()
        _READ[read] = result.result
    return result, heard.getvalue()


@contextlib.contextmanager
def _key_date(day: date) -> Iterator[None]:
    os.environ[STICHTAG] = day.isoformat()
    try:
        yield
    finally:
        del os.environ[STICHTAG]


def _listener(progress: Callable[[int, int, str], None]) -> Callable[[Any], None]:
    def listen(event: Any) -> None:
        data = event.data
        # dbt names the number of all nodes differently from event to event.
        total = getattr(data, "total", None) or getattr(data, "num_models", None)
        if event.info.name in ("LogModelResult", "LogTestResult", "LogSeedResult") and total:
            progress(int(data.index), int(total), event.info.name)

    return listen


def _failures(home: Path, partner: str, bad: list[Any]) -> tuple[Failure, ...]:
    """What keeps a partner back: its own failed nodes, and the shared ones that kept its marts from being built."""
    own = [entry for entry in bad if _belongs(entry.node, partner)]
    held_up = any(str(entry.status) == "skipped" for entry in own)
    causes = [
        entry
        for entry in bad
        if str(entry.status) != "skipped" and (entry in own or (held_up and not _of_any_partner(entry.node)))
    ]
    return tuple(_failure(home, entry) for entry in causes or own)


def _belongs(node: Any, partner: str) -> bool:
    """Whether a node is one of the partner's models or a test on one of them."""
    names = {node.name, *(unique_id.split(".")[2] for unique_id in node.depends_on.nodes)}
    return any(name.startswith((f"{partner}__", f"int_{partner}__")) for name in names)


def _of_any_partner(node: Any) -> bool:
    in_project = "models/partners/" in node.original_file_path.replace(os.sep, "/")
    return in_project or any(_belongs(node, partner) for partner in partner_folders())


def _failure(home: Path, entry: Any) -> Failure:
    node = entry.node
    status = str(entry.status)
    if str(node.resource_type) != "test" or status != "fail":
        message = _plain(entry.message)
        if status == "skipped":
            message = "not built, because something it needs failed"
        return Failure(node.name, status, explained_words(message) or message)
    keys = keys_to_show(node.name, _failing_keys(home, node.compiled_code))
    return Failure(node.name, status, f"{entry.failures or 'some'} failing rows", keys)


def keys_to_show(test: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of rows that a test found; of values that may be a person's the shape alone."""
    return tuple(map(masked, keys)) if OF_VALUES.search(test) else keys


def _failing_keys(home: Path, compiled: str | None) -> tuple[str, ...]:
    """Keys of the rows that a test found, read again with the test's own SQL."""
    if not compiled:
        return ()
    try:
        with duckdb.connect(str(database(home)), read_only=True) as db:
            found = db.execute(f"select * from ({compiled}) limit {SAMPLE_ROWS}")
            columns = [column[0] for column in found.description]
            place = next((columns.index(name) for name in KEY_COLUMNS if name in columns), None)
            return tuple(str(row[place]) for row in found.fetchall()) if place is not None else ()
    except duckdb.Error:
        return ()


def _reason(result: Any, log: str) -> str:
    if result.exception is not None and (known := explained(result.exception)):
        return known
    text = str(result.exception or "") or log
    lines = [line.strip() for line in _plain(text).splitlines() if line.strip()]
    for line in lines:
        if re.match(r"^(partners|stichtag|quelle_erp)\b.*:", line):
            return line + _meant(line)
    return " ".join(lines[:3]) or "dbt failed without a message; run `dbt build` to see more"


def _meant(line: str) -> str:
    """What may have been meant by a setting that the macro does not know; Jinja cannot tell."""
    found = re.match(r"(partners\.\w+\.)(\S+) is an unknown setting; allowed: ([^;]*)", line)
    return did_you_mean(found[2], found[3].split(", "), lambda name: f"{found[1]}{name}") if found else ""


def _plain(text: object) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(text or ""))
