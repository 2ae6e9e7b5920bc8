"""The commands, step by step: load, build, plan, push. Each returns a report that the command line prints."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines import build as dbt
from pipelines.erp.delivery import Door
from pipelines.erp.files import FilesSettings
from pipelines.erp.load import Load, kind_of_last_load, load
from pipelines.erp.settings import erp_settings, increments, is_configured
from pipelines.errors import BuildError, SettingsError
from pipelines.lock import only_run
from pipelines.push import forget, guards
from pipelines.push import run as engine
from pipelines.push.connector import connector
from pipelines.push.contract import load_contract
from pipelines.push.contract import partners as known_partners
from pipelines.push.ledger import one, open_database
from pipelines.push.plan import read_counts
from pipelines.push.reasons import REASONS
from pipelines.push.rows import plan_lines
from pipelines.push.settle import settle_former
from pipelines.push.systems import check_systems, moved
from pipelines.settings import Vars, config_value, database, is_loopback, setting_name

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]
Report = dict[str, Any]

SAMPLE_UNITS = 500
SAMPLE_SEED = 1


def run_all(home: Path, settings: Vars, say: Say, progress: Progress) -> Report:
    """The whole way, from the ERP to the partners."""
    with only_run(home, "run"):
        if not is_configured():
            return _run_sample(home, settings, say, progress)
        check(home, settings)
        return _carry_through(home, settings, erp_settings(), say, progress)


def load_only(home: Path, settings: Vars, progress: Progress) -> Report:
    """Replaces the raw layer."""
    with only_run(home, "load"):
        loaded = load(erp_settings(), home, settings.quelle_erp, _by_share(progress), increments())
        forget.finish(home)
        return _loaded(loaded)


def build_only(home: Path, settings: Vars, progress: Progress) -> Report:
    """Builds the marts and says which partners may be pushed."""
    with only_run(home, "build"):
        dbt.check_settings(home, settings)
        _check_mandanten(home, settings)
        built = _build(home, settings, progress)
        notes = [f"{built.models} models built, {built.tests} tests run."]
        return {"failures": _failures(built), "notes": notes, "exit": 1 if built.failures else 0}


def plan_only(
    home: Path, settings: Vars, progress: Progress, with_rows: bool = False, show_personal_data: bool = False
) -> Report:
    """Writes a plan for what lies in the marts. Needs no credentials, unless an interrupted push is to be settled."""
    with only_run(home, "plan"):
        _check_rows(home, settings)
        ready, failures = tested(home, settings, progress)
        settle_former(home, settings.active)
        made = engine.plan(home, ready, settings.stichtag)
        report = {
            "plan_id": made.plan_id,
            "plan": [asdict(line) for line in made.counts],
            "failures": failures,
            "guards": trips(home, made.plan_id, ready, settings),
        }
        if with_rows:
            report["rows"] = plan_lines(home, made.plan_id, show_personal_data)
        return {**report, "exit": 1 if failures or report["guards"] else 0}


def push_only(
    home: Path,
    settings: Vars,
    plan_id: str | None,
    allowed: list[str],
    retry_rejected: bool,
    progress: Progress,
) -> Report:
    """Pushes a plan: exactly the one that is named, or a new one."""
    if allowed and not plan_id:
        raise SettingsError("--allow: goes with --plan ID; look at the plan first: stammdaten plan --rows")
    unknown = set(allowed) - set(guards.DEFAULTS)
    if unknown:
        raise SettingsError(f"--allow {unknown.pop()}: unknown guard; known are {', '.join(guards.DEFAULTS)}")
    with only_run(home, "push"):
        check(home, settings)
        ready, failures = tested(home, settings, progress)
        settle_former(home, settings.active)
        if plan_id:
            ready = engine.check_plan(home, plan_id, ready)
        else:
            plan_id = engine.plan(home, ready, settings.stichtag, retry_rejected).plan_id
        report = _push(home, settings, ready, plan_id, progress, frozenset(allowed))
        return {**report, "failures": failures, "exit": 1 if failures else report["exit"]}


def status_report(home: Path, settings: Vars) -> Report:
    """What the last load brought, what the partners hold, what waits, and what rules dropped."""
    report: Report = {
        "database": str(database(home)),
        "last_load": None,
        "last_load_kind": None,
        "ledger": [],
        "findings": [],
    }
    if not database(home).exists():
        return report
    with open_database(home) as db:
        tables = {
            f"{schema}.{name}"
            for schema, name in db.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        }
        if "sync.loads" in tables:
            last = one(db, "select strftime(max(loaded_at), '%Y-%m-%d %H:%M UTC') from sync.loads")
            report["last_load"] = last[0]
            report["last_load_kind"] = kind_of_last_load(db)
        names = ["partner", "entity", "state", "reason", "rows"]
        report["ledger"] = [
            dict(zip(names, row, strict=True))
            for row in db.execute(
                "select partner, entity, state, reason, count(*) from sync.ledger group by all order by all"
            ).fetchall()
            if row[0] in settings.partners
        ]
        if "quality.findings" in tables:
            names = ["rule", "table", "partner", "rows"]
            report["findings"] = [
                dict(zip(names, row, strict=True))
                for row in db.execute(
                    "select regel, tabelle, partner, count(*) from quality.findings group by all order by all"
                ).fetchall()
            ]
    return report


def partner_report(home: Path, settings: Vars, renamed: str | None) -> Report:
    """Every partner with its entities, and what is worth knowing about it."""
    notes = []
    if renamed:
        if renamed not in known_partners():
            raise SettingsError(
                f"--moved {renamed}: unknown partner; known are {', '.join(known_partners())}"
            )
        notes.append(f"The ledger of {renamed} now speaks of {moved(home, renamed)}.")
    entities = []
    for name in known_partners():
        contract = load_contract(name)
        active = name in settings.active
        for entity in contract.entities.values():
            entities.append(
                {
                    "partner": name,
                    "on": "yes" if active else "no",
                    "entity": entity.name,
                    "from": entity.erp,
                    "withdrawal": entity.withdraw.kind,
                    "note": entity.withdraw_note,
                }
            )
        if not contract.specified:
            notes.append(
                f"{contract.title}: its targets are announced, not specified by {contract.title}; built on assumptions,"
                f" off unless partners.{name}.aktiv is true."
            )
    return {"entities": entities, "notes": notes}


def _run_sample(home: Path, settings: Vars, say: Say, progress: Progress) -> Report:
    """Sample portfolio and sandbox, for a first look. Never with a partner's real address."""
    from pipelines.erp.sample import write_sample
    from pipelines.sandbox.server import Sandbox

    addressed = [name for name in settings.active if config_value(f"destination.{name}.base_url")]
    configured = addressed or [
        n for n in settings.active for c in load_contract(n).credentials if _credential(n, c)
    ]
    if any(not is_loopback(str(config_value(f"destination.{name}.base_url"))) for name in configured):
        raise SettingsError(
            f"SOURCES__ERP__KIND: missing, although {setting_name(f'destination.{configured[0]}.…')} is set;"
            " sample data never goes to a real partner. Set SOURCES__ERP__KIND=files and"
            " SOURCES__ERP__FILES__FOLDER=<folder>"
        )
    folder = home / "sample"
    if not (folder / "mandant.csv").exists():
        say(f"No ERP is configured: writing a sample portfolio of {SAMPLE_UNITS} units")
        write_sample(folder, SAMPLE_UNITS, SAMPLE_SEED, progress)
    if addressed:
        check(home, settings)
        return _carry_through(home, settings, FilesSettings(folder=folder), say, progress)
    say("No partner is configured: starting the sandbox, which plays them on this machine")
    with Sandbox(state=home / "sandbox.sqlite") as sandbox, _environment(sandbox.environment()):
        check(home, settings)
        report = _carry_through(home, settings, FilesSettings(folder=folder), say, progress)
    report["notes"].append(
        "This was a sample portfolio and a sandbox. See what the partners hold now: stammdaten sandbox, then open"
        " http://127.0.0.1:8650/ — and connect your own: README.md, section Connect."
    )
    return report


def _credential(partner: str, key: str) -> str | None:
    return config_value(f"destination.{partner}.{key}")


def check(home: Path, settings: Vars) -> None:
    """Everything that can be wrong in the settings, before anything runs."""
    if not settings.active:
        raise SettingsError(
            "partners: none is switched on; set aktiv: true for one in dbt_project.yml or --vars"
        )
    for name in settings.active:
        connector(name).client.close()
    _check_rows(home, settings)
    check_systems(home, settings.active)


def _check_rows(home: Path, settings: Vars) -> None:
    guards.limits(settings.guards)
    if not settings.active:
        raise SettingsError(
            "partners: none is switched on; set aktiv: true for one in dbt_project.yml or --vars"
        )
    dbt.check_settings(home, settings)


def _carry_through(home: Path, settings: Vars, erp: Door, say: Say, progress: Progress) -> Report:
    loaded = load(erp, home, settings.quelle_erp, _by_share(progress), increments())
    forget.finish(home)
    say(f"Loaded {sum(loaded.rows.values()):,} rows of {len(loaded.rows)} tables in {loaded.seconds:.1f} s")
    for note in _loaded(loaded)["notes"]:
        say(note)
    _check_mandanten(home, settings)
    built = _build(home, settings, progress)
    say(f"Built {built.models} models, {built.tests} tests run")
    ready = [name for name in settings.active if built.ready(name)]
    looked_up = settle_former(home, settings.active)
    if looked_up:
        say(f"Settled {looked_up} records that an interrupted run had left open")
    made = engine.plan(home, ready, settings.stichtag)
    say(f"Plan {made.plan_id}: {made.operations:,} operations")
    report = _push(home, settings, ready, made.plan_id, progress)
    report["failures"] = _failures(built)
    report["load"] = _loaded(loaded)
    report["exit"] = 1 if built.failures else report["exit"]
    return report


def _push(
    home: Path,
    settings: Vars,
    partners: list[str],
    plan_id: str,
    progress: Progress,
    allowed: frozenset[str] = frozenset(),
) -> Report:
    pushed = engine.push(home, plan_id, partners, guards.limits(settings.guards), allowed, progress)
    with open_database(home) as db:
        reasons = [
            {"partner": p, "entity": e, "rows": n, "reason": r, "how": REASONS[r].how if r in REASONS else ""}
            for p, e, r, n in db.execute(
                "select partner, entity, reason, count(*) from sync.ledger"
                " where state in ('rejected', 'blocked', 'pending') and list_contains(?, partner)"
                " group by all order by all",
                [partners],
            ).fetchall()
        ]
    return {
        "plan_id": plan_id,
        "lines": [asdict(line) for line in pushed.lines],
        "stopped": pushed.stopped,
        "guards": [
            {
                "partner": name,
                "guard": trip.guard,
                "entity": trip.entity,
                "message": trip.message,
                "rows": list(held.rows.get(trip.message, ())),
            }
            for name, held in pushed.held.items()
            for trip in held.trips
        ],
        "reasons": reasons,
        "notes": list(pushed.notes),
        "exit": 0 if pushed.is_complete else 1,
    }


def trips(home: Path, plan_id: str, partners: list[str], settings: Vars) -> list[Report]:
    """Guards that a push of this plan would trip."""
    limits = guards.limits(settings.guards)
    with open_database(home) as db:
        return [
            {"partner": name, "guard": trip.guard, "entity": trip.entity, "message": trip.message, "rows": []}
            for name in partners
            for trip in engine.find_trips(db, name, read_counts(db, plan_id, name), limits)
        ]


def _build(home: Path, settings: Vars, progress: Progress) -> dbt.Build:
    """Builds the marts; a build that does not come to its end leaves a mark that keeps plans from being made."""
    with open_database(home) as db:
        db.execute("delete from sync.builds")
        db.execute("insert into sync.builds (started_at) values (now())")
    built = dbt.build(home, settings, lambda done, total, _: progress("build", done, total))
    with open_database(home) as db:
        db.execute("update sync.builds set finished_at = now(), failures = ?", [json.dumps(_failures(built))])
    return built


def _check_mandanten(home: Path, settings: Vars) -> None:
    """A Mandant that the ERP does not have is a typing error in the settings (rule E1)."""
    with open_database(home) as db:
        there = {
            str(number) for (number,) in db.execute("select trim(mandant_nr) from erp_raw.mandant").fetchall()
        }
    for name in settings.active:
        wanted = settings.partners[name].get("mandanten")
        unknown = (
            [number for number in wanted if str(number) not in there] if isinstance(wanted, list) else []
        )
        if unknown:
            raise SettingsError(
                f"partners.{name}.mandanten: the ERP has no Mandant {unknown[0]!r}; it has"
                f" {', '.join(sorted(there))}; set it in dbt_project.yml or --vars"
            )


def tested(home: Path, settings: Vars, progress: Progress) -> tuple[list[str], list[Report]]:
    """Partners whose marts hold all tests as they lie there, and what keeps the others back."""
    with open_database(home) as db:
        if db.execute("select 1 from sync.builds where finished_at is null").fetchone():
            raise BuildError(
                "the last build was interrupted, the marts may be half new; run `stammdaten build`"
            )
    tested = dbt.check_marts(home, settings, lambda done, total, _: progress("test", done, total))
    return [name for name in settings.active if tested.ready(name)], _failures(tested)


def _failures(built: dbt.Build) -> list[Report]:
    return [
        {"partner": partner, "node": f.node, "status": f.status, "message": f.message, "keys": list(f.keys)}
        for partner, found in built.failures.items()
        for f in found
    ]


def _loaded(loaded: Load) -> Report:
    unknown = [f"{table}.{column}" for table, columns in loaded.unknown_columns.items() for column in columns]
    notes = [f"Unknown columns, kept in the raw layer only: {', '.join(unknown)}"] if unknown else []
    notes += [f"Files that are no table: {', '.join(loaded.unknown_files)}"] if loaded.unknown_files else []
    notes += loaded.notes
    notes += [f"Changes only: {_listed(loaded.changed)}; all other rows stayed"] if loaded.changed else []
    notes += (
        [f"Not delivered, read as empty: {', '.join(loaded.absent_tables)}"] if loaded.absent_tables else []
    )
    return {
        "notes": notes,
        "load_id": loaded.load_id,
        "source": loaded.source,
        "kind": loaded.kind,
        "rows": dict(loaded.rows),
        "changed": dict(loaded.changed),
        "unknown_columns": {name: list(columns) for name, columns in loaded.unknown_columns.items()},
        "unknown_files": list(loaded.unknown_files),
        "absent_tables": list(loaded.absent_tables),
    }


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _by_share(progress: Progress) -> Callable[[str, float], None]:
    return lambda what, share: progress("load", round(share * 100), 100)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for the time of a block."""
    former = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
