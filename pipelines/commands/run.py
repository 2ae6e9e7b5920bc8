"""The commands, step by step: load, build, plan, push. Each returns a report that the command line prints."""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb

from pipelines import current_run, interrupt
from pipelines.api.connector import MakesConnectors, once_a_run
from pipelines.api.reasons import REASONS
from pipelines.api.uploads import ReadsContent
from pipelines.backup.restore import check_not_lost
from pipelines.backup.settings import read_backup_settings
from pipelines.backup.take import backed_up
from pipelines.commands import build as dbt
from pipelines.commands import sample, shares
from pipelines.commands.built import (
    check_built,
    check_one_delivery,
    marts_to_test,
    names_to_build,
    read_nodes,
    tables_of,
)
from pipelines.contract.contract import load_contract, unfinished_partners
from pipelines.contract.contract import partners as known_partners
from pipelines.contract.profile import load_profile
from pipelines.contract.rhythms import USE_CASES
from pipelines.contract.use_cases import OWNED, limited
from pipelines.database import kept_open
from pipelines.erp.cleaning import cleaned
from pipelines.erp.content import content_reader
from pipelines.erp.delivery.delivery import Door
from pipelines.erp.delivery.words import listed
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import Load, Only, is_masked, kind_of_last_load, load
from pipelines.erp.settings import erp_settings, increments, is_configured
from pipelines.errors import BuildError, SettingsError
from pipelines.explain.rules import rule_of
from pipelines.forget import forget
from pipelines.history.counted import count_flow, count_states
from pipelines.history.run_file import KEEP_DAYS
from pipelines.history.runs import read_runs
from pipelines.history.shown import run_line
from pipelines.history.tidy import tidy, tidy_after
from pipelines.ledger.ledger import one, open_database
from pipelines.ledger.restored import check_restored
from pipelines.ledger.target_systems import check_systems, moved
from pipelines.lock import only_run
from pipelines.plan import guards
from pipelines.plan.plan import read_counts, use_case_of
from pipelines.plan.renumbered import Renumbered, read_renumbered
from pipelines.plan.rows import plan_lines
from pipelines.progress import Progress
from pipelines.push import push as engine
from pipelines.push.delivered import OVERDUE
from pipelines.push.recovery import recover
from pipelines.push.rekey import keeps_its_record
from pipelines.report import as_json
from pipelines.reports.history import RunLine, TidyReport
from pipelines.reports.look import (
    EntityLine,
    FindingCount,
    HeldCount,
    LedgerCount,
    PartnersReport,
    StatusReport,
)
from pipelines.reports.run import (
    BuildReport,
    ChangedField,
    FailureLine,
    GuardLine,
    LoadReport,
    PlannedRow,
    PlanReport,
    PushReport,
    ReasonLine,
    RenumberedLine,
    RunReport,
    WarningLine,
)
from pipelines.schedule.report import next_runs
from pipelines.settings import VARS, Vars, config_value, database, is_loopback, setting_name, unknown_partner
from pipelines.still_current.code import code_digest
from pipelines.still_current.current import (
    forget_made,
    is_known_code,
    last_made,
    note_made,
    still_current,
)
from pipelines.still_current.notes import move_to
from pipelines.suggest import did_you_mean

Say = Callable[[str], None]
Line = TypeVar("Line")
# What a run tells on its way.
Step = LoadReport | dbt.Build | RunReport

# A domain that never exists (RFC 2606): what a shipped default stands in for somebody has to set.
STAND_IN = ".invalid"
# So many names of unknown columns and files are told; --json has them all.
SHOWN_NAMES = 20


def run_all(
    home: Path, settings: Vars, say: Say, progress: Progress, keep_days: int = KEEP_DAYS
) -> RunReport:
    """The whole way, from the ERP to the partners; then history that is older than is kept goes."""
    *_, report = run_steps(home, settings, say, progress, keep_days)
    return cast(RunReport, report)


def run_steps(
    home: Path, settings: Vars, say: Say, progress: Progress, keep_days: int = KEEP_DAYS
) -> Iterator[Step]:
    """The same in its steps: what was loaded, what was built, and at the end what became of all."""
    with only_run(home, "run", settings.use_case, say):
        backups = read_backup_settings()
        check_not_lost(home)
        make, has_erp = once_a_run(), is_configured()
        with kept_open(database(home)):
            check_restored(home, settings.active)
            if has_erp:
                check(home, settings, make, loads=True)
        if not has_erp:
            report = yield from _run_sample(home, settings, say, progress)
        else:
            report = yield from _carry_through(home, settings, erp_settings(), say, progress, make)
        tidy_after(home, keep_days, say)
        yield backed_up(home, report, say) if backups.after_run else report


def tidy_report(home: Path, keep_days: int, apply: bool) -> TidyReport:
    """What is older than is kept; with `apply` it is removed."""
    with only_run(home, "runs tidy"):
        return tidy(home, keep_days, apply)


def load_only(home: Path, settings: Vars, progress: Progress) -> LoadReport:
    """Replaces the raw layer."""
    with only_run(home, "load", settings.use_case):
        if settings.use_case:
            dbt.check_settings(home, settings)
        return _loaded(_load(home, settings, erp_settings(), progress, may_stay=False))


def build_only(home: Path, settings: Vars, progress: Progress) -> BuildReport:
    """Builds the marts and says which partners may be pushed."""
    with only_run(home, "build", settings.use_case):
        dbt.check_settings(home, settings)
        _check_mandanten(home, settings)
        built = _build(home, settings, progress)
        _, failures = _fitting(home, settings, built)
        return BuildReport(
            failures=failures,
            warnings=warnings(home, settings),
            notes=(f"{built.models} models built, {built.tests} tests run.",),
            nodes=built.nodes,
        )


def plan_only(
    home: Path, settings: Vars, progress: Progress, with_rows: bool = False, show_personal_data: bool = False
) -> PlanReport:
    """Writes a plan for what lies in the marts. Needs no credentials, unless an interrupted push is to be settled."""
    with only_run(home, "plan", settings.use_case), sample.partners_at_hand(home, settings):
        _check_rows(home, settings)
        ready, failures = tested(home, settings, progress)
        recover(home, settings.active, progress)
        made = engine.plan(home, ready, settings.stichtag, use_case=settings.use_case)
        with open_database(home) as db:
            alike = renumbered(db, made.plan_id, ready)
        return PlanReport(
            plan_id=made.plan_id,
            plan=made.counts,
            failures=failures,
            guards=tripped_guards(home, made.plan_id, ready, settings),
            warnings=warnings(home, settings),
            renumbered=alike,
            rows=_planned_rows(home, made.plan_id, show_personal_data) if with_rows else None,
        )


def push_only(
    home: Path,
    settings: Vars,
    plan_id: str | None,
    allowed: list[str],
    retry_rejected: bool,
    progress: Progress,
) -> PushReport:
    """Pushes a plan: exactly the one that is named, or a new one."""
    if allowed and not plan_id:
        raise SettingsError("--allow: goes with --plan ID; look at the plan first: stammdaten plan --rows")
    unknown = set(allowed) - set(guards.DEFAULTS)
    if unknown:
        name = unknown.pop()
        meant = did_you_mean(name, guards.DEFAULTS)
        raise SettingsError(f"--allow {name}: unknown guard{meant}; known are {', '.join(guards.DEFAULTS)}")
    with only_run(home, "push", settings.use_case), sample.partners_at_hand(home, settings):
        check_not_lost(home)
        check_restored(home, settings.active)
        settings = _as_planned(home, settings, plan_id)
        make = once_a_run()
        check(home, settings, make)
        ready, failures = tested(home, settings, progress)
        recover(home, settings.active, progress, make)
        if plan_id and ready:
            ready = engine.check_plan(home, plan_id, ready)
        elif not plan_id:
            made = engine.plan(home, ready, settings.stichtag, retry_rejected, settings.use_case)
            plan_id = made.plan_id
        pushed = _push(home, settings, ready, plan_id, progress, make, frozenset(allowed))
        return replace(pushed, failures=failures)


def status_report(home: Path, settings: Vars) -> StatusReport:
    """What the last load brought, what the partners hold, what waits, and what rules dropped."""
    file = str(database(home))
    runs, due = _last_runs(home), next_runs(settings)
    if not database(home).exists():
        return StatusReport(database=file, last_load=None, last_load_kind=None, last_runs=runs, next_runs=due)
    with open_database(home) as db:
        tables = {
            f"{schema}.{name}"
            for schema, name in db.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        }
        last_load, kind = None, None
        if "sync.loads" in tables:
            last_load = one(db, "select strftime(max(loaded_at), '%Y-%m-%d %H:%M UTC') from sync.loads")[0]
            kind = kind_of_last_load(db)
        ledger = _counted(db, LedgerCount, "select partner, entity, state, reason from sync.ledger")
        held = _counted(db, HeldCount, "select partner, entity, rule from sync.held")
        findings = _found(db)
    return StatusReport(
        database=file,
        last_load=last_load,
        last_load_kind=kind,
        ledger=tuple(line for line in ledger if line.partner in settings.partners),
        held=tuple(line for line in held if line.partner in settings.partners),
        findings=findings,
        last_runs=runs,
        next_runs=due,
    )


def _last_runs(home: Path) -> tuple[RunLine, ...]:
    """The last `run` of each use case, the youngest first."""
    found: dict[str | None, RunLine] = {}
    for run in read_runs(home)[0]:
        if run.command == "run":
            found.setdefault(run.use_case, run_line(run))
    return tuple(found.values())


def _found(db: duckdb.DuckDBPyConnection) -> tuple[FindingCount, ...]:
    """Rows of the last build by rule, table and partner; none before the first one."""
    try:
        return _counted(db, FindingCount, 'select rule, table_name as "table", partner from quality.findings')
    except duckdb.CatalogException:
        return ()


def _requests(db: duckdb.DuckDBPyConnection, plan_id: str) -> list[dict[str, Any]]:
    """Requests that the operations of a plan took, by partner and entity."""
    found = db.execute(
        "select partner, entity, sum(requests) from sync.attempts where plan_id = ? group by all order by all",
        [plan_id],
    )
    return [{"partner": p, "entity": e, "requests": int(n or 0)} for p, e, n in found.fetchall()]


def _counted(db: duckdb.DuckDBPyConnection, line: Callable[..., Line], rows: str) -> tuple[Line, ...]:
    """Each different row with how often it comes, in the order of its columns."""
    found = db.execute(f"select *, count(*) as rows from ({rows}) group by all order by all")
    names = [column[0] for column in found.description]
    lines = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return tuple(line(**{**one, **_meaning(one)}) for one in lines)


def _meaning(line: Mapping[str, Any]) -> dict[str, str]:
    """What the rule of a line says; nothing for lines without one."""
    return {"meaning": rule_of(line["rule"]).meaning} if "rule" in line else {}


def partner_report(home: Path, settings: Vars, renamed: str | None) -> PartnersReport:
    """Every partner with its entities, and what is worth knowing about it."""
    notes = []
    if renamed:
        if renamed not in known_partners():
            raise SettingsError(f"--moved {renamed}: {unknown_partner(renamed, known_partners())}")
        notes.append(f"The ledger of {renamed} now speaks of {moved(home, renamed)}.")
    entities = []
    for name in known_partners():
        contract = load_contract(name)
        active = name in settings.active
        for entity in contract.entities.values():
            entities.append(
                EntityLine(
                    partner=name,
                    on="yes" if active else "no",
                    entity=entity.name,
                    erp=entity.erp,
                    withdrawal=entity.withdraw.kind,
                    note=entity.withdraw_note,
                )
            )
        if not contract.specified:
            notes.append(
                f"{contract.title}: its targets are announced, not specified by {contract.title}; built on assumptions,"
                f" off unless partners.{name}.aktiv is true."
            )
    notes += [f"{name}: its contract is not filled in yet (x-fill-in)." for name in unfinished_partners()]
    return PartnersReport(entities=tuple(entities), notes=tuple(notes))


def _run_sample(home: Path, settings: Vars, say: Say, progress: Progress) -> Generator[Step, None, RunReport]:
    """Sample portfolio and sandbox, for a first look. Never with a partner's real address."""
    from pipelines.erp.sample import write_sample

    configured = sample.configured(settings.active)
    if not all(_stays_here(name) for name in configured):
        raise SettingsError(
            f"SOURCES__ERP__KIND: missing, although {setting_name(f'destination.{configured[0]}.…')} is set;"
            " sample data never goes to a real partner. Set SOURCES__ERP__KIND=files and"
            " SOURCES__ERP__FILES__FOLDER=<folder>"
        )
    folder = sample.folder(home)
    if not (folder / "mandant.csv").exists():
        say(f"No ERP is configured: writing a sample portfolio of {sample.UNITS} units")
        write_sample(folder, sample.UNITS, sample.SEED, progress)
    make = once_a_run()
    if configured:
        check(home, settings, make, loads=True)
        return (yield from _carry_through(home, settings, FilesSettings(folder=folder), say, progress, make))
    with sample.at_sandbox(home, say):
        check(home, settings, make, loads=True)
        report = yield from _carry_through(home, settings, FilesSettings(folder=folder), say, progress, make)
    note = (
        "This was a sample portfolio and a sandbox. See what the partners hold now: stammdaten sandbox, then open"
        " http://127.0.0.1:8650/ — and connect your own: README.md, section Connect."
    )
    return replace(report, notes=(*report.notes, note))


def check(home: Path, settings: Vars, make: MakesConnectors, loads: bool = False) -> None:
    """Everything that can be wrong in the settings, before anything runs. `loads`: other rows take the place first."""
    if not settings.active:
        raise SettingsError(
            "partners: none is switched on; set aktiv: true for one in dbt_project.yml or --vars"
        )
    for name in settings.active:
        make(name).client.close()
    _check_stand_ins(settings)
    _check_rows(home, settings)
    if not loads:
        check_masked(home, settings.active)
    check_systems(home, settings.active)


def check_masked(home: Path, partners: Iterable[str]) -> None:
    """Refuses a partner's live system where the persons in the raw layer are invented (docs/snapshot.md)."""
    if not database(home).exists():
        return
    with open_database(home) as db:
        if not is_masked(db):
            return
    for name in partners:
        if not _stays_here(name):
            setting = setting_name(f"destination.{name}.base_url")
            raise SettingsError(
                f"{setting}: no sandbox on this machine, but what was loaded last is a snapshot with invented persons,"
                f" which no live system may get; nothing was sent. Set it to a sandbox (http://127.0.0.1:…, stammdaten"
                f" sandbox), switch partners.{name}.aktiv off, or load the ERP's own delivery"
            )


def _check_stand_ins(settings: Vars) -> None:
    """An option that is shipped with an address nobody has (`….invalid`) is set before anything leaves this machine."""
    for name in settings.active:
        for key, option in load_profile(name).options.items():
            value = settings.partners[name].get(key, option.default)
            if isinstance(value, str) and value.casefold().endswith(STAND_IN) and not _stays_here(name):
                raise SettingsError(
                    f"partners.{name}.{key} is {value}, which serves the sandbox alone; set it in {VARS}"
                )


def _stays_here(partner: str) -> bool:
    """Whether all that is sent to a partner, files too, goes to this machine."""
    folder = config_value(f"destination.{partner}.intake_url")
    return is_loopback(str(config_value(f"destination.{partner}.base_url"))) and (
        folder is None or is_loopback(folder)
    )


def check_rows(home: Path, settings: Vars) -> None:
    """The settings that shape rows, and that the marts were built with them. Raises like `check_built`."""
    _check_rows(home, settings)
    with open_database(home) as db:
        check_built(db, home, settings)


def _check_rows(home: Path, settings: Vars) -> None:
    guards.limits(settings.guards)
    shares.read_limits(settings.warn)
    if not settings.active:
        raise SettingsError(
            "partners: none is switched on; set aktiv: true for one in dbt_project.yml or --vars"
        )
    if not _is_known(home, settings):
        dbt.check_settings(home, settings)


def _is_known(home: Path, settings: Vars) -> bool:
    """Whether the last build was of these settings: dbt need not read the project to say that they are right."""
    if not database(home).exists():
        return False
    with open_database(home) as db:
        return is_known_code(db, home, settings)


def _carry_through(
    home: Path, settings: Vars, erp: Door, say: Say, progress: Progress, make: MakesConnectors
) -> Generator[Step, None, RunReport]:
    loaded = _load(home, settings, erp, progress, may_stay=True)
    say(f"Loaded {sum(loaded.rows.values()):,} rows of {len(loaded.rows)} tables in {loaded.seconds:.1f} s")
    report = _loaded(loaded)
    for note in report.notes:
        say(note)
    yield report
    with kept_open(database(home)):
        check_masked(home, settings.active)
        built = _still_current(home, settings)
        if built is None:
            _check_mandanten(home, settings)
    if built is None:
        built = _build(home, settings, progress, may_repeat=True)
        say(
            f"Built {built.models} models, {built.tests} tests run"
            + ("; what the others read is as it was" if built.is_repeated else "")
        )
    else:
        say(
            "Nothing to build: delivery, settings and code are those of the last build, and no date has passed since"
        )
    yield built
    with kept_open(database(home)):
        # Looked at before the push, which makes these counts the former ones.
        warned = warnings(home, settings)
        ready, failures = _fitting(home, settings, built)
    looked_up = recover(home, settings.active, progress, make)
    if looked_up:
        say(f"Settled {looked_up} records that an interrupted run had left open")
    made = engine.plan(home, ready, settings.stichtag, use_case=settings.use_case)
    say(f"Plan {made.plan_id}: {made.operations:,} operations")
    # A push of many rows wants the memory that an open file keeps.
    with nullcontext() if made.operations else kept_open(database(home)):
        pushed = replace(_push(home, settings, ready, made.plan_id, progress, make), failures=failures)
    return RunReport(**vars(pushed), warnings=warned, load=report)


@current_run.step("load")
def _load(home: Path, settings: Vars, erp: Door, progress: Progress, may_stay: bool) -> Load:
    only = _only(home, settings)
    loaded = load(erp, home, settings.quelle_erp, _by_share(progress), increments(), only, may_stay)
    forget.finish(home)
    return loaded


def _push(
    home: Path,
    settings: Vars,
    partners: list[str],
    plan_id: str,
    progress: Progress,
    make: MakesConnectors,
    allowed: frozenset[str] = frozenset(),
) -> PushReport:
    limits = guards.limits(settings.guards)
    check_restored(home, partners)
    with (
        _reading_documents(home, plan_id, partners) as contents,
        interrupt.finishing(interrupt.WITH_PARTNERS),
    ):
        pushed = engine.push(home, plan_id, partners, limits, allowed, progress, make, contents)
    has_sent = any(line.created + line.updated + line.withdrawn for line in pushed.lines)
    with engine.after_sending(has_sent), open_database(home) as db:
        if not pushed.stopped and not pushed.held and settings.use_case is None:
            shares.note_pushed(db)
        alike = renumbered(db, plan_id, list(pushed.held))
        reasons = tuple(
            ReasonLine(partner=p, entity=e, rows=n, reason=r, how=_advice(r, p in pushed.held))
            for p, e, r, n in db.execute(
                "select partner, entity, reason, count(*) from sync.ledger"
                f" where (state in ('rejected', 'blocked', 'pending', 'delivered') or {OVERDUE})"
                " and list_contains(?, partner)"
                " group by all order by all",
                [partners],
            ).fetchall()
            if e in load_contract(p).of_use_case(settings.use_case)
        )
        current_run.note("requests", lines=_requests(db, plan_id))
        states = count_states(db, plan_id, settings.active, settings.use_case)
        current_run.note("states", lines=states)
    return PushReport(
        plan_id=plan_id,
        lines=tuple(pushed.lines),
        stopped=pushed.stopped,
        guards=tuple(
            _guard_line(trip, held.rows.get(trip.message, ()))
            for held in pushed.held.values()
            for trip in held.tripped
        ),
        renumbered=alike,
        reasons=reasons,
        notes=pushed.notes,
        failures=(),
        is_complete=pushed.is_complete,
    )


@contextmanager
def _reading_documents(home: Path, plan_id: str, partners: list[str]) -> Iterator[ReadsContent | None]:
    """What reads the bytes that mart rows describe; None where the plan has none to be read for these partners.

    Raises `SettingsError` where no source of documents is set.
    """
    with open_database(home) as db:
        lines = [line for name in partners for line in read_counts(db, plan_id, name)]
    if not any(line.documents for line in lines):
        yield None
        return
    with content_reader() as reader:
        yield reader


def _guard_line(trip: guards.TrippedGuard, rows: tuple[str, ...] = ()) -> GuardLine:
    return GuardLine(
        partner=trip.partner, guard=trip.guard, entity=trip.entity, message=trip.message, rows=rows
    )


def _planned_rows(home: Path, plan_id: str, show_personal_data: bool) -> tuple[PlannedRow, ...]:
    return tuple(
        PlannedRow(**{**line, "fields": tuple(ChangedField(**changed) for changed in line["fields"])})
        for line in plan_lines(home, plan_id, show_personal_data)
    )


def renumbered(
    db: duckdb.DuckDBPyConnection, plan_id: str, partners: list[str]
) -> tuple[RenumberedLine, ...]:
    """What a plan withdraws and creates again under another id, with the command that moves it instead."""
    return tuple(
        RenumberedLine(
            partner=pair.partner,
            entity=pair.entity,
            former=pair.former,
            now=pair.now,
            below=pair.below,
            command=pair.command if _can_be_moved(pair) else None,
        )
        for pair in read_renumbered(db, plan_id, partners)
    )


def _can_be_moved(pair: Renumbered) -> bool:
    contract = load_contract(pair.partner)
    return keeps_its_record(contract, contract.entities[pair.entity])


def _advice(reason: str, is_held: bool) -> str:
    """What to do about a reason; nothing goes by itself while a guard holds the partner back."""
    if is_held:
        return "It waits until the guard that holds the partner back is lifted."
    if reason == "stopped" and interrupt.exit_code():
        return "This run was ended; the next one goes on with it."
    return REASONS[reason].how if reason in REASONS else ""


def tripped_guards(home: Path, plan_id: str, partners: list[str], settings: Vars) -> tuple[GuardLine, ...]:
    """Guards that a push of this plan would trip."""
    limits = guards.limits(settings.guards)
    with open_database(home) as db:
        return tuple(
            _guard_line(trip)
            for name in partners
            for trip in engine.find_tripped_guards(db, plan_id, name, limits)
        )


@current_run.step("build")
def _still_current(home: Path, settings: Vars) -> dbt.Build | None:
    """The last build, when another one would make the same marts: they are of this key date and delivery now."""
    if settings.use_case:
        return None
    with open_database(home) as db:
        result = still_current(db, home, settings)
        if result is None:
            return None
        move_to(db, settings.stichtag)
        db.execute("update sync.builds set started_at = now(), finished_at = now() where use_case is null")
        _note_found(db, home, settings)
    return dbt.read_noted(result)


def _build(home: Path, settings: Vars, progress: Progress, may_repeat: bool = False) -> dbt.Build:
    """Builds the marts; a build that does not come to its end leaves a mark that keeps plans from being made.

    A build of one use case says nothing of the others: their marks and failures stay. `may_repeat`: where the code and
    the settings are those of the last build, its statements are run again instead of dbt.
    """
    use_case, code = settings.use_case, code_digest(settings)
    with open_database(home) as db:
        check_one_delivery(db, home, settings)
        made = last_made(db, home, settings, code) if may_repeat and use_case is None else None
        only = names_to_build(db, read_nodes(home), settings) if use_case else ()
        db.execute("delete from sync.builds where ? is null or use_case = ?", [use_case, use_case])
        db.execute("insert into sync.builds (started_at, use_case) values (now(), ?)", [use_case])
        forget_made(db)
        counter = _counter(progress, "build")
        again = dbt.build_again(db, made, settings, counter) if made else None
    built = again or dbt.build(home, settings, counter, only)
    with open_database(home) as db:
        failures = json.dumps([as_json(line) for line in _failures(built)])
        db.execute(
            "update sync.builds set finished_at = now(), failures = ? where use_case is not distinct from ?",
            [failures, use_case],
        )
        if use_case is None:
            shares.note_built(db)
        else:
            shares.renew_findings(db, use_case)
        if use_case is None and not built.failures:
            note_made(db, home, settings, code, built.noted(), built.statements, built.is_repeated)
        _note_found(db, home, settings)
    return built


def _note_found(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> None:
    """Tells the history which rules took rows of the marts that lie there, and where the rows stayed."""
    counted = [{k: v for k, v in as_json(line).items() if k != "meaning"} for line in _found(db)]
    current_run.note("rules", lines=counted)
    tables = tables_of(read_nodes(home), settings) if settings.use_case else None
    current_run.note("flow", lines=count_flow(db, settings.active, settings.use_case, tables))


def _only(home: Path, settings: Vars) -> Only | None:
    """The tables that a load of the settings' use case reads; None: all. Needs a dbt command that ran before."""
    if settings.use_case is None:
        return None
    owned = OWNED.get(settings.use_case)
    return Only(tables_of(read_nodes(home), settings) | {"mandant"} | (owned or frozenset()), owned)


def _as_planned(home: Path, settings: Vars, plan_id: str | None) -> Vars:
    """The settings of the use case that a plan was made for. Raises `SettingsError` where another one is named."""
    if plan_id is None:
        return settings
    with open_database(home) as db:
        planned = use_case_of(db, plan_id)
    if settings.use_case not in (None, planned):
        raise SettingsError(
            f"--use-case {settings.use_case}: the plan {plan_id} is of {planned or 'all use cases'}; leave it out"
        )
    return settings if planned is None else limited(settings, planned, [])


def warnings(home: Path, settings: Vars) -> tuple[WarningLine, ...]:
    """Rules that take away much of a table in the last build, or much more than in the last run.

    A run of one use case does not judge the tables of all, and has none.
    """
    if settings.use_case is not None:
        return ()
    with open_database(home) as db:
        return tuple(shares.warnings(db, shares.read_limits(settings.warn)))


def _check_mandanten(home: Path, settings: Vars) -> None:
    """A Mandant that the ERP does not have is a typing error in the settings (rule E1)."""
    with open_database(home) as db:
        number = cleaned("mandant_nr", is_key=True)
        try:
            found = db.execute(f"select {number} as n from erp_raw.mandant where n is not null").fetchall()
        except duckdb.CatalogException:
            raise BuildError("nothing is loaded yet; run `stammdaten load` first") from None
    there = {str(number) for (number,) in found}
    for name in settings.active:
        options = load_profile(name).options.items()
        for key in ("mandanten", *(key for key, option in options if option.allowed == "mandanten or null")):
            wanted = settings.partners[name].get(key)
            unknown = (
                [number for number in wanted if str(number) not in there] if isinstance(wanted, list) else []
            )
            if unknown:
                raise SettingsError(
                    f"partners.{name}.{key}: the ERP has no Mandant {unknown[0]!r}; it has"
                    f" {', '.join(sorted(there))}; set it in dbt_project.yml or --vars"
                )


def tested(home: Path, settings: Vars, progress: Progress) -> tuple[list[str], tuple[FailureLine, ...]]:
    """Partners whose marts hold all tests as they lie there, and what keeps the others back."""
    with open_database(home) as db:
        if _is_half_built(db, settings.use_case):
            raise BuildError(
                "the last build was interrupted, the marts may be half new; run `stammdaten build`"
            )
        _check_marts_are_there(db, settings)
        check_built(db, home, settings)
        made = last_made(db, home, settings) if settings.use_case is None else None
        again = dbt.check_again(db, made, settings, _counter(progress, "test")) if made else None
    tested = again or dbt.check_marts(home, settings, marts_to_test(settings), _counter(progress, "test"))
    return _fitting(home, settings, tested)


def _fitting(home: Path, settings: Vars, built: dbt.Build) -> tuple[list[str], tuple[FailureLine, ...]]:
    """Partners that may be pushed, and what keeps the others back: failed tests, columns that their API has not."""
    ready = [name for name in settings.active if built.ready(name)]
    misfits = engine.misfitting(home, ready, settings.use_case)
    unfit = (
        FailureLine(partner=name, node="columns", status="contract", message=why, keys=())
        for name, why in misfits.items()
    )
    return [name for name in ready if name not in misfits], (*_failures(built), *unfit)


def _is_half_built(db: duckdb.DuckDBPyConnection, use_case: str | None) -> bool:
    """Whether marts of this use case were being built when the build ended; a later one of its own made them whole."""
    found = db.execute(
        "select 1 from sync.builds as b where finished_at is null and coalesce(use_case = $use_case, true)"
        " and not exists (from sync.builds as l where l.use_case = $use_case and l.finished_at is not null"
        " and l.started_at > b.started_at)",
        {"use_case": use_case},
    )
    return found.fetchone() is not None


def _check_marts_are_there(db: duckdb.DuckDBPyConnection, settings: Vars) -> None:
    """Raises `BuildError` where a use case of a partner has no marts at all.

    That is so after a load alone, once a partner is switched on, and after a first run of another use case.
    """
    there = db.execute("select table_name from information_schema.tables where table_schema = 'partners'")
    names = {name for (name,) in there.fetchall()}
    for partner in settings.active:
        contract = load_contract(partner)
        for use_case in [settings.use_case] if settings.use_case else USE_CASES:
            entities = contract.of_use_case(use_case)
            if entities and not any(f"{partner}__{entity}" in names for entity in entities):
                raise BuildError(f"the marts of {partner} are not there yet; run `stammdaten build` first")


def _failures(built: dbt.Build) -> tuple[FailureLine, ...]:
    return tuple(
        FailureLine(partner=partner, **vars(failure))
        for partner, found in built.failures.items()
        for failure in found
    )


def _loaded(loaded: Load) -> LoadReport:
    unknown = [f"{table}.{column}" for table, columns in loaded.unknown_columns.items() for column in columns]
    notes = (
        [f"Unknown columns, kept in the raw layer only: {listed(unknown, SHOWN_NAMES)}"] if unknown else []
    )
    notes += (
        [f"Files that are no table: {listed(list(loaded.unknown_files), SHOWN_NAMES)}"]
        if loaded.unknown_files
        else []
    )
    notes += loaded.notes
    notes += [f"Changes only: {_listed(loaded.changed)}; all other rows stayed"] if loaded.changed else []
    notes += (
        [f"Not delivered, read as empty: {', '.join(loaded.absent_tables)}"] if loaded.absent_tables else []
    )
    return LoadReport(
        notes=tuple(notes),
        load_id=loaded.load_id,
        source=loaded.source,
        kind=loaded.kind,
        rows=loaded.rows,
        changed=loaded.changed,
        unknown_columns=loaded.unknown_columns,
        unknown_files=loaded.unknown_files,
        absent_tables=loaded.absent_tables,
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _counter(progress: Progress, what: str) -> Callable[[int, int, str], None]:
    return lambda done, total, _: progress(what, done, total)


def _by_share(progress: Progress) -> Callable[[str, float], None]:
    return lambda what, share: progress("load", round(share * 100), 100)
