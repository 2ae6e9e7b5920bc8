"""Tells somebody of runs that failed at Dagster."""

import dagster as dg


def tell_failed(job: str, run_id: str, message: str) -> None:
    """Placeholder."""


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs that failed at Dagster are told like all others, through the alerts of the settings.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """One message for a run that failed, also for one that was killed and could not tell itself."""
    tell_failed(context.dagster_run.job_name, context.dagster_run.run_id, context.failure_event.message or "")
