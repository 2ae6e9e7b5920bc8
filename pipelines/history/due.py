"""Whether a run that was due took place, which `doctor` and alerts ask, and times as they and pages write them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.history.run_file import RecordedRun
from pipelines.schedule.jobs import Job
from pipelines.settings import TIME_ZONE

# A run that is due may begin so much later: it waits for another one, or the machine was just started.
GRACE = timedelta(minutes=15)
# A run that is at work is waited for so long; the first one of a site takes hours.
PATIENCE = timedelta(days=1)


def overdue_since(
    job: Job, runs: Iterable[RecordedRun], now: datetime, grace: timedelta = GRACE
) -> datetime | None:
    """When the run was due that did not take place, in UTC; None where all is well.

    It took place where a run of the job, or of all, began since, or was at work then; not one of some partners only,
    and not one that was refused because another was at work.
    """
    due = job.due_before(now - grace)
    for run in runs:
        covers = run.command == "run" and run.use_case in (None, job.use_case)
        if not covers or run.limited_to or run.is_refused:
            continue
        was_at_work = not run.is_running and run.last_seen_at >= due
        is_at_work = run.is_running and run.begun_at >= now - PATIENCE
        if run.begun_at >= due or was_at_work or is_at_work:
            return None
    return due


def german(moment: datetime) -> str:
    """A time as people here write it, with its zone: the clock is set twice a year."""
    return moment.astimezone(ZoneInfo(TIME_ZONE)).strftime("%a %-d %b %Y, %H:%M %Z")
