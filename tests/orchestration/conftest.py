"""A site of two partners with a sandbox and a small delivery, and Dagster's definitions of it in this process."""

import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.commands.init import init_folder
from pipelines.erp.sample import write_sample
from pipelines.sandbox.server import Sandbox

HAS_DAGSTER = find_spec("dagster") is not None and find_spec("dagster_dbt") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without Dagster these tests are left out, and it is said."""
    if HAS_DAGSTER or not collection_path.name.startswith("test_"):
        return None
    warnings.warn(f"{collection_path.name}: left out: pip install 'stammdaten[dagster]'", stacklevel=1)
    return True


# One that gets all, and one whose marts a test of the site's own keeps back.
WELL, HELD_UP = "plentific", "quis"
OWN_TEST = """\
select external_id from {{ ref('quis__exposes') }}
"""


@dataclass
class Operator:
    """Somebody at the page of Dagster: launches jobs of one installation, and looks at what they left."""

    folder: Path
    sandbox: Sandbox
    instance: Any
    definitions: Any
    results: list[Any] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / ".stammdaten"

    def launch(self, job: str, config: Mapping[str, Any] | None = None, op: str = "run") -> Any:
        """The result of a job; what it is configured with by itself counts where nothing is given."""
        given = {"run_config": {"ops": {op: {"config": dict(config)}}}} if config is not None else {}
        resolved = self.definitions.resolve_job_def(job)
        self.results.append(
            resolved.execute_in_process(instance=self.instance, raise_on_error=False, **given)
        )
        return self.results[-1]

    def sent(self, partner: str) -> int:
        return len(self.sandbox.requests(partner))

    def query(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.home / "stammdaten.duckdb")) as db:
            return db.execute(sql).fetchall()


def switch_on(project: Path, *partners: str) -> None:
    """These partners alone are on."""
    text = project.read_text(encoding="utf-8").replace("{aktiv: true", "{aktiv: false")
    for name in partners:
        text = text.replace(f"    {name}: {{aktiv: false", f"    {name}: {{aktiv: true")
    project.write_text(text, encoding="utf-8")


def failure_of(result: Any) -> str:
    """What the page of a failed run says."""
    [failed] = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    data = failed.event_specific_data
    return str(data.user_failure_data.description if data.user_failure_data else data.error.message)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("dagster") / "site"
    init_folder(str(folder))
    switch_on(folder / "dbt_project.yml", WELL, HELD_UP)
    (folder / "tests" / "quis_has_no_exposes.sql").write_text(OWN_TEST, encoding="utf-8")
    write_sample(folder / "erp", 30, 7)
    with pytest.MonkeyPatch.context() as patch, Sandbox(state=folder / "sandbox.sqlite") as sandbox:
        for name in [n for n in os.environ if n.upper().startswith(("DESTINATION__", "SOURCES__"))]:
            patch.delenv(name)
        patch.delenv("STAMMDATEN_HOME", raising=False)
        patch.chdir(folder)
        settings = {
            **sandbox.environment(),
            "SOURCES__ERP__KIND": "files",
            "SOURCES__ERP__FILES__FOLDER": "erp",
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        former = os.umask(0o022)
        import dagster as dg

        from pipelines.orchestration import defs

        with dg.DagsterInstance.ephemeral() as instance:
            made = Operator(folder, sandbox, instance, defs())
            # What dbt has read for the definitions need not be read once more for the first run.
            read = made.home / "dagster" / "read" / "partial_parse.msgpack"
            (made.home / "dagster" / "dbt").mkdir(mode=0o700)
            shutil.copy(read, made.home / "dagster" / "dbt")
            yield made
        os.umask(former)
