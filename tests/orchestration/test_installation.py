"""What is needed, what is made, and what is said where something is missing or wrong."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.cli.dagster import prepare
from pipelines.errors import SettingsError
from pipelines.orchestration import defs
from pipelines.orchestration.launcher import WORKERS, CheckedRunLauncher, WorkerStatus
from pipelines.orchestration.tidy import forget_old_runs
from pipelines.orchestration.work import WORKERS as NOTED

ROOT = Path(__file__).resolve().parents[2]
PLAIN = "import sys; sys.modules['dagster'] = sys.modules['dagster_webserver'] = None; "
HOW = "pip install 'stammdaten[dagster]'"


def without_dagster(code: str) -> subprocess.CompletedProcess[str]:
    """Python where Dagster cannot be found."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", PLAIN + code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_without_the_extra_it_is_said_what_to_install() -> None:
    loaded = without_dagster("import pipelines.orchestration")
    assert loaded.returncode == 1
    assert loaded.stderr.strip().splitlines()[-1].endswith(HOW)
    called = without_dagster(
        "sys.argv = ['stammdaten', 'dagster']; from pipelines.cli.main import main; main()"
    )
    assert called.returncode == 2
    assert called.stderr.startswith("Error: Dagster is not installed")
    assert HOW in called.stderr


def test_its_folder_is_for_its_owner_and_its_settings_are_made_once(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    file = folder / "dagster.yaml"
    file.write_text(file.read_text() + "# mine\n")
    prepare(tmp_path)
    assert file.read_text().endswith("# mine\n")


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    """As Dagster makes it of our settings."""
    return dg.DagsterInstance.from_config(str(prepare(tmp_path)))


def test_one_run_at_a_time_nothing_told_to_anybody_and_no_output_kept(instance: dg.DagsterInstance) -> None:
    assert instance.get_settings("telemetry") == {"enabled": False}
    assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
    concurrency = instance.get_concurrency_config()
    assert concurrency.run_queue_config.max_concurrent_runs == 1
    assert concurrency.pool_config.default_pool_limit == 1
    assert concurrency.pool_config.pool_granularity.value == "run"
    assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"
    assert instance.run_monitoring_enabled
    assert instance.get_settings("freshness") == {"enabled": True}


def test_a_run_whose_process_has_gone_is_known_to_be_dead(instance: dg.DagsterInstance) -> None:
    @dg.job
    def nothing() -> None: ...

    launcher = instance.run_launcher
    assert isinstance(launcher, CheckedRunLauncher)
    assert launcher.supports_check_run_worker_health
    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
    assert launcher.check_run_worker_health(run).status == WorkerStatus.FAILED

    folder = Path(instance.root_directory, WORKERS)
    folder.mkdir()
    with (folder / run.run_id).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert launcher.check_run_worker_health(run).status == WorkerStatus.RUNNING
    assert launcher.check_run_worker_health(run).status == WorkerStatus.FAILED
    assert list(folder.iterdir()) == []
    assert WORKERS == NOTED


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DESTINATION__ETG24__API_TOKN", "did you mean"),
        ("SOURCES__ERP__FILES__FOLDR", "did you mean SOURCES__ERP__FILES__FOLDER"),
    ],
)
def test_a_wrong_setting_keeps_the_code_location_from_loading_and_is_named(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = os.umask(0o022)
    monkeypatch.setenv("STAMMDATEN_HOME", str(tmp_path))
    monkeypatch.setenv(name, "secret")
    with pytest.raises(SettingsError, match=said) as caught:
        defs()
    assert name in str(caught.value)
    assert "secret" not in str(caught.value)
    os.umask(former)


def test_of_old_runs_nothing_is_left(instance: dg.DagsterInstance) -> None:
    @dg.job
    def nothing() -> None: ...

    runs = [nothing.execute_in_process(instance=instance).run_id for _ in range(4)]
    at_work = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED).run_id
    assert forget_old_runs(instance, kept=2) == 2
    assert set(instance.get_run_ids()) == {*runs[2:], at_work}
    files = {
        path.name.partition(".")[0] for path in Path(instance.root_directory, "history", "runs").glob("*.db")
    }
    assert files & set(runs) == set(runs[2:])
    assert forget_old_runs(instance, kept=2) == 0
