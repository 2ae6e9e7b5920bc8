"""Starts runs as Dagster does, and knows whether the process of one lives: else a killed one would block the queue."""

import fcntl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import ConfigurableClassData, deserialize_value

# As `work.WORKERS`: this module is loaded by the daemon, which needs nothing of the pipeline.
WORKERS = "workers"


class CheckedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, with the look at the process that it lacks."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        if self._is_at_work(run) or self._is_known_to_its_server(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED,
            "its process has ended without a word; what it left open is settled by the next run",
        )

    def _is_at_work(self, run: DagsterRun) -> bool:
        """Whether somebody holds the file of the run, also where the server that started it is gone."""
        path = Path(self._instance.root_directory, WORKERS, run.run_id)
        try:
            with path.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def _is_known_to_its_server(self, run: DagsterRun) -> bool:
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        try:
            answer = client and client.can_cancel_execution(
                CanCancelExecutionRequest(run_id=run.run_id), timeout=5
            )
            return bool(answer and deserialize_value(answer, CanCancelExecutionResult).can_cancel)
        except Exception:  # a server that is gone says nothing
            return False

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> "CheckedRunLauncher":
        return cls(inst_data=inst_data)
