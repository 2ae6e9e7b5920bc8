"""All that Dagster knows of this installation: assets, checks, jobs, schedules, and a sensor."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

from pipelines.commands.known_settings import read_settings
from pipelines.erp.settings import is_configured
from pipelines.orchestration.graph import Graph, read_graph
from pipelines.orchestration.launch import ALL, Launch, LaunchPlan
from pipelines.orchestration.project import manifest, parsed
from pipelines.orchestration.results import Result
from pipelines.orchestration.sensor import failed_runs
from pipelines.orchestration.work import plan, work
from pipelines.schedule.jobs import Job, needed
from pipelines.settings import TIME_ZONE, Vars, home

# One run at a time works on the home, whatever it does; `dagster.yaml` says how many the pool takes.
POOL = "stammdaten"
MANIFEST = "stammdaten/manifest"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def load_definitions() -> dg.Definitions:
    """The definitions of the settings in force. Raises `SettingsError`, which the page of Dagster shows."""
    settings, at = read_settings(), home()
    known = DefinitionsLoadContext.get()
    is_run = known.load_type == DefinitionsLoadType.RECONSTRUCTION
    # A run has the definitions that its code location was loaded with, and need not read the project for them.
    name = known.reconstruction_metadata.get(MANIFEST, "") if is_run else ""
    read = manifest(at, name) if name else None
    if read is None:
        name = parsed(at, settings)
        read = manifest(at, name) or {}
    known.add_to_pending_reconstruction_metadata(MANIFEST, name)
    return define(read_graph(read, settings), settings)


def define(graph: Graph, settings: Vars) -> dg.Definitions:
    """Assets, jobs, schedules and the sensor."""
    due = [job for job in needed(settings) if job.words[0] == "run"]
    jobs = {job: _run_job(job, graph, settings) for job in due}
    return dg.Definitions(
        assets=[_assets(graph)],
        jobs=[*jobs.values(), _push_job(graph), _plan_job(graph)],
        schedules=[schedule_of(job, run.name) for job, run in jobs.items()],
        sensors=[failed_runs],
        executor=dg.in_process_executor,
    )


def _assets(graph: Graph) -> dg.AssetsDefinition:
    """One step of Dagster, so that one lock, one plan and one line of the history hold it together."""

    @dg.multi_asset(
        name="run",
        specs=graph.assets,
        check_specs=graph.checks,
        can_subset=True,
        pool=POOL,
        description="stammdaten run",
    )
    def run(context: dg.AssetExecutionContext, config: Launch) -> Iterator[Result]:
        yield from work(context, config, graph)

    return run


def _launched(use_case: str) -> dict[str, Any]:
    return {"ops": {"run": {"config": {"use_case": use_case}}}}


def name_of(job: Job) -> str:
    """The name of a job in Dagster, which takes no hyphens."""
    return job.name.replace("-", "_")


def _run_job(job: Job, graph: Graph, settings: Vars) -> AssetJob:
    return dg.define_asset_job(
        name_of(job),
        selection=dg.AssetSelection.assets(*graph.selected(settings, job.use_case)),
        config=_launched(job.use_case or ALL),
        description=job.what,
    )


def _push_job(graph: Graph) -> AssetJob:
    return dg.define_asset_job(
        "push",
        selection=dg.AssetSelection.assets(*(push.key for push in graph.pushes)),
        config=_launched(ALL),
        description="Sends a new plan of the marts as they are, or exactly the plan that plan_id names, with guards"
        " lifted by allow.",
    )


def _plan_job(graph: Graph) -> dg.JobDefinition:
    @dg.op(name="make_plan", pool=POOL, out=dg.Out(dg.Nothing))
    def make(context: dg.OpExecutionContext, config: LaunchPlan) -> None:
        plan(context, config, graph)

    @dg.job(
        name="plan", description="Says what a push would do, at the pages of the pushes. Nothing is sent."
    )
    def job() -> None:
        make()

    return job


def schedule_of(job: Job, run: str) -> dg.ScheduleDefinition:
    """The Dagster job `run` at the times of a job of the schedule; on from the start where an ERP is configured."""

    @dg.schedule(
        name=name_of(job),
        job_name=run,
        cron_schedule=job.cron,
        execution_timezone=TIME_ZONE,
        description=job.what,
        default_status=dg.DefaultScheduleStatus.RUNNING
        if is_configured()
        else dg.DefaultScheduleStatus.STOPPED,
    )
    def due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        # What waits behind a long run would else go as often as it was due.
        waiting = context.instance.get_runs(dg.RunsFilter(job_name=run, statuses=UNFINISHED), limit=1)
        if waiting:
            return dg.SkipReason(f"{run} waits or is at work already (run {waiting[0].run_id})")
        return dg.RunRequest()

    return due
