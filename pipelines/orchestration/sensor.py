"""Tells somebody of runs that failed at Dagster, also of those that were killed and could not tell themselves."""

import dagster as dg

from pipelines.alerts.alerts import after_run
from pipelines.commands.known_settings import read_settings
from pipelines.settings import home


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the targets of alerts what is wrong, once: docs/alerts.md",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """What a run has told itself is not told again."""
    for note in after_run(home(), read_settings):
        context.log.warning(note)
