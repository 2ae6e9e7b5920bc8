"""What Dagster keeps of old runs is removed: some megabytes each. The history in `sync.runs` goes on without it."""

from pathlib import Path

import dagster as dg

# Two months of master data and documents; with hourly vacancies ten days.
KEPT_RUNS = 200
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def forget_old_runs(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Removes all but the newest finished runs with their events; returns how many."""
    old = instance.get_run_ids(dg.RunsFilter(statuses=FINISHED))[kept:]
    for run_id in old:
        instance.delete_run(run_id)
        # As shipped each run has a file, which stays as large as it was.
        for file in Path(instance.root_directory, "history", "runs").glob(f"{run_id}.db*"):
            file.unlink(missing_ok=True)
    return len(old)
