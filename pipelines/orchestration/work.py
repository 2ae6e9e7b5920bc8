"""What a run of Dagster does: the same functions as the command line, under the same lock and in the same history."""

import fcntl
import logging
import threading
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import dagster as dg
from dagster._core.definitions.metadata import normalize_metadata

from pipelines import current_run, interrupt
from pipelines.cli.terminal import recorded
from pipelines.commands import run as commands
from pipelines.commands.build import Build
from pipelines.commands.known_settings import read_settings
from pipelines.dbt_folder import DAGSTER, using
from pipelines.errors import SettingsError
from pipelines.history.record import Record
from pipelines.orchestration.graph import Graph, PushOf
from pipelines.orchestration.launch import ALL, Launch, LaunchPlan, settings_for, use_case_of
from pipelines.orchestration.results import (
    Result,
    how_to_push,
    kept_back,
    load_results,
    node_results,
    plan_observations,
    push_results,
)
from pipelines.orchestration.tidy import forget_old_runs, held_open
from pipelines.report import Report
from pipelines.reports.run import BuildReport, LoadReport, PushReport
from pipelines.settings import Vars, home
from pipelines.unexpected import line_of

# Below the folder of Dagster: a file for each run at work, locked as long as its process lives.
WORKERS = "workers"
Steps = Iterator[LoadReport | Build | BuildReport | PushReport]


def work(context: dg.AssetExecutionContext, config: Launch, graph: Graph) -> Iterator[Result]:
    """Loads, builds and pushes what is selected, and tells of each asset and check.

    Raises `dagster.Failure` with what is wrong, in words without values, also once all is told where a partner was kept
    back or given up.
    """
    selected = context.selected_asset_keys
    checks = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    own = {push.key for push in graph.pushes}
    context.log.addFilter(_is_no_list_of_outputs)
    pushes = [push for push in graph.pushes if push.key in selected]
    does_load = any(spec.key in selected for spec in graph.tables.values())
    does_build = any(spec.key in selected for spec in graph.nodes.values())
    with _as_a_run(context):
        use_case = use_case_of(config.use_case, pushes, graph.pushes)
        if (config.plan_id or config.allow) and (does_load or does_build):
            raise SettingsError("plan_id and allow go with pushes alone: take the job push")
        settings = settings_for({push.partner for push in pushes or graph.pushes}, use_case)
        _tell_new_partners(context, graph)
        shown = [push for push in pushes if push.partner in settings.active]
        for command, steps in _commands(context, config, settings, (does_load, does_build, bool(pushes))):
            with _recorded(context, command, settings.use_case) as record:
                record.given(settings)
                for step in steps:
                    if isinstance(step, Report) and (command == "load" or not isinstance(step, LoadReport)):
                        record.told(step)
                    for result in _results(step, graph, shown):
                        if isinstance(result, dg.AssetCheckResult) and _key(result) not in checks:
                            continue
                        if result.asset_key in own:
                            yield result
                        else:
                            context.log_event(_event(result))
        _end(step)


def plan(context: dg.OpExecutionContext, config: LaunchPlan, graph: Graph) -> None:
    """Makes a plan, sends nothing, and shows it at the pushes. A guard that it would trip is no failure."""
    with _as_a_run(context):
        use_case = None if config.use_case == ALL else config.use_case
        settings = read_settings(partners=list(config.partners), use_case=use_case)
        with _recorded(context, "plan", use_case) as record:
            record.given(settings)
            report = record.told(commands.plan_only(home(), settings, _silent))
        for observation in plan_observations(report, graph.pushes):
            context.log_event(observation)
        context.log.info(f"Plan {report.plan_id}: {report.operations:,} operations. Nothing was sent.")
        for partner, why in kept_back(report).items():
            context.log.warning(f"{partner} would get nothing: {'; '.join(why)}")
        context.add_output_metadata({"plan": report.plan_id, "operations": report.operations})


def _commands(
    context: dg.AssetExecutionContext, config: Launch, settings: Vars, stages: tuple[bool, bool, bool]
) -> Iterator[tuple[str, Steps]]:
    """The commands that do what is selected (load, build, push), each with its steps; all three are one run."""
    at, (does_load, does_build, does_push) = home(), stages
    if does_load and does_push:
        yield "run", commands.run_steps(at, settings, _say(context), _silent)
        return
    if does_load:
        yield "load", _step(lambda: commands.load_only(at, settings, _silent))
    if does_build:
        yield "build", _step(lambda: commands.build_only(at, settings, _silent))
    if does_push:
        allow, plan_id = list(config.allow), config.plan_id or None
        yield (
            "push",
            _step(lambda: commands.push_only(at, settings, plan_id, allow, config.retry_rejected, _silent)),
        )


def _step(do: Callable[[], LoadReport | BuildReport | PushReport]) -> Steps:
    yield do()


def _results(step: object, graph: Graph, pushes: Collection[PushOf]) -> Iterator[Result]:
    if isinstance(step, LoadReport):
        yield from load_results(step, graph)
    elif isinstance(step, Build | BuildReport):
        yield from node_results(step.nodes, graph, isinstance(step, Build) and step.is_current)
    elif isinstance(step, PushReport):
        yield from push_results(step, pushes)


def _key(check: dg.AssetCheckResult) -> tuple[dg.AssetKey | None, str | None]:
    return check.asset_key, check.check_name


def _event(result: Result) -> dg.AssetMaterialization | dg.AssetCheckEvaluation:
    """The same without an output of the step: of hundreds of these each costs as much again as what it says."""
    key = result.asset_key or dg.AssetKey([])
    metadata = normalize_metadata(result.metadata or {})
    if isinstance(result, dg.MaterializeResult):
        return dg.AssetMaterialization(key, metadata=metadata)
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=result.check_name or "",
        passed=result.passed,
        metadata=metadata,
        severity=result.severity,
    )


def _end(report: object) -> None:
    """Raises `dagster.Failure` where a partner is kept back, once everything else is done and told."""
    if not isinstance(report, BuildReport | PushReport) or not (why := kept_back(report)):
        return
    raise dg.Failure(
        "; ".join(f"{partner}: {', '.join(reasons)}" for partner, reasons in why.items()),
        metadata={"how": how_to_push(report.plan_id, report.guards)}
        if isinstance(report, PushReport) and report.guards
        else {},
        allow_retries=False,
    )


def _tell_new_partners(context: dg.AssetExecutionContext, graph: Graph) -> None:
    there = {push.partner for push in graph.pushes}
    for name in read_settings().active:
        if name not in there:
            context.log.warning(
                f"{name} is switched on and gets nothing yet: reload the code location, so that it has its assets"
            )


@contextmanager
def _as_a_run(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> Iterator[None]:
    """Dagster's own folder for dbt, signals as the command line takes them, and errors in words without values."""
    words, is_ended = "", False
    with using(DAGSTER), _taking_signals(), _quiet_libraries():
        try:
            with _at_work(context), held_open(context.instance, context.run_id):
                yield
            is_ended = interrupt.exit_code() is not None
        except dg.Failure:
            if interrupt.exit_code() is None:
                raise
            is_ended = True
        except KeyboardInterrupt:
            is_ended = True
        except Exception as problem:
            is_ended = interrupt.exit_code() is not None
            words = _words(problem)
        _tidy(context)
    if is_ended:
        raise dg.DagsterExecutionInterruptedError("ended by a signal; the next run goes on") from None
    if words:
        raise dg.Failure(words, allow_retries=False) from None


@contextmanager
def _recorded(
    context: dg.OpExecutionContext | dg.AssetExecutionContext, command: str, use_case: str | None
) -> Iterator[Record]:
    """A run of the history, with all that comes after one at the command line."""
    with recorded(command, use_case) as record:
        yield record
    for note in record.notes:
        context.log.warning(note)


def _tidy(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> None:
    """Nothing that fails here changes what became of the run."""
    try:
        forget_old_runs(context.instance)
    except Exception as problem:
        context.log.warning(f"Dagster's old runs stay for now: {_words(problem)}")


def _words(problem: Exception) -> str:
    try:
        return line_of(problem, home())
    except SettingsError:
        return line_of(problem, None)


def _taking_signals() -> AbstractContextManager[None]:
    """Lets requests under way come back when the run is terminated; only the main thread can."""
    return interrupt.handled() if threading.current_thread() is threading.main_thread() else nullcontext()


@contextmanager
def _at_work(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> Iterator[None]:
    """Holds the file that says that this run is alive. Raises `SettingsError` for one that was given up for dead."""
    folder = Path(context.instance.root_directory) / WORKERS
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / context.run_id
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        known = context.instance.get_run_by_id(context.run_id)
        if known and known.is_finished:
            raise SettingsError("this run was given up already; start another one")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keeps log lines of libraries, which may quote data, out of all output; Dagster's own stay."""
    former = logging.lastResort
    logging.lastResort = None
    root = logging.getLogger()
    logging.getLogger("dlt").disabled = True
    for handler in root.handlers:
        handler.addFilter(_is_of_dagster)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.lastResort = former
        logging.getLogger("dlt").disabled = False
        for handler in root.handlers:
            handler.removeFilter(_is_of_dagster)


def _is_no_list_of_outputs(record: logging.LogRecord) -> bool:
    """Not Dagster's list of the hundreds of checks that are told as events and not as outputs."""
    return "did not yield or return expected outputs" not in record.getMessage()


def _is_of_dagster(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "dagster"


def _say(context: dg.AssetExecutionContext) -> Callable[[str], None]:
    def say(text: str) -> None:
        current_run.note("said", text=text)
        context.log.info(text)

    return say


def _silent(what: str, done: int, total: int) -> None:
    """Nobody looks at bars of progress here."""
