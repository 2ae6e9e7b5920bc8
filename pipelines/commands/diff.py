"""`stammdaten diff`: builds two states of the project on one delivery, and tells what they would send differently.

The base is built, written down as what the partners hold, and kept; in a copy of that database dbt builds what differs
in the head and what hangs on it. The home's own database is only read.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.commands import build as dbt
from pipelines.commands.known_settings import check_known_settings
from pipelines.commands.sample import SEED, UNITS
from pipelines.contract.contract import Contract, read_contract, unfinished_partners
from pipelines.contract.model import ContractError
from pipelines.dbt_folder import Project
from pipelines.diff import contracts as contract_diff
from pipelines.diff import raw
from pipelines.diff.books import kept_back, write_base
from pipelines.diff.compare import Comparison, compare
from pipelines.diff.personal import personal_columns
from pipelines.diff.states import State, at_hand, find_state
from pipelines.diff.workplace import Workplace, workplace
from pipelines.environment import environment
from pipelines.errors import BuildError, SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.personal.fields import masked
from pipelines.plan import guards
from pipelines.plan.mart_columns import misfits
from pipelines.progress import Progress
from pipelines.reports.diff import ContractDiff, DiffReport, ModelDiff, SettingDiff
from pipelines.reports.run import FailureLine
from pipelines.settings import (
    VARS,
    Vars,
    check_names,
    database,
    key_date,
    parse_vars,
    unknown_partner,
)
from pipelines.suggest import did_you_mean
from pipelines.versions import versions

Json = dict[str, Any]
Say = Callable[[str], None]
# What `--fail-on` may name, and when each comes true.
FAIL_ON: Mapping[str, str] = {
    "changes": "anything at all differs in what would be sent",
    "ids": "a record gets another external id",
    "withdraw": "a record leaves a partner, or gets another external id",
    "create": "a record comes to a partner",
    "fields": "a value of a record that is there changes",
    "held": "a record becomes held, or a rule takes more rows out",
    "guards": "a guard would trip",
    "contract": "a partner would refuse rows for what its contract says now",
    "failures": "a model, a test or a mart would keep a partner back",
    "rules": "a record comes although a rule takes it out",
}
# Vars that shape no row.
OF_COMMANDS = ("guards", "warn", "stichtag")
# With which programs a base was built; a kept one is of these.
BUILDERS = ("stammdaten", "dbt-core", "dbt-duckdb", "duckdb")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
# What makes the findings of values that a partner would refuse (V3).
CONTRACT_TEST = "test_name:fits_contract"
# dbt writes a manifest of megabytes with each command, which nobody reads here.
NO_JSON = ("--no-write-json",)
CHANGED = ("--select", "state:modified+", "--state")


@dataclass(frozen=True)
class Side:
    """One of the two states, with its settings, and the contracts of the partners that are on."""

    state: State
    settings: Vars
    contracts: Mapping[str, Contract]
    notes: tuple[str, ...] = ()


def diff(
    home: Path,
    base: str,
    head: str | None = None,
    stichtag: str | None = None,
    only: Sequence[str] = (),
    every_partner: bool = False,
    given: str | None = None,
    sample: bool = False,
    fail_on: str | None = None,
    data: Path | None = None,
    say: Say = lambda _: None,
    progress: Progress = lambda *_: None,
) -> DiffReport:
    """What the head (None: the files at hand) would send that the base does not, and the other way round.

    It works under `home`, and builds on the delivery of the home `data` (None: the same), which is only read.
    Raises `SettingsError` for what cannot be compared, `BuildError` where a state cannot be built.
    """
    wanted = words(fail_on)
    check_known_settings()
    clock = Clock()
    with workplace(home) as place, environment({}, ("STAMMDATEN_HOME", "STAMMDATEN_PARTNERS")):
        here = at_hand()
        new = here if head is None else find_state(head, "--head", here, _folder(place.unpacked / "head"))
        old = find_state(base, "--base", here, _folder(place.unpacked / "base"))
        overrides = parse_vars(given)
        merged = {**new.vars(), **overrides}
        day = key_date(merged.get("stichtag") if stichtag is None else stichtag, merged.get("zeitzone"))
        sides = tuple(
            _side(state, what, overrides, day, only, every_partner)
            for state, what in ((old, "base"), (new, "head"))
        )
        _check_names(sides, only, overrides)
        limits = guards.limits(merged.get("guards"))
        report = _compared(data or home, place, sides[0], sides[1], sample, limits, say, progress, clock)
    return replace(report, failed_on=tuple(word for word in wanted if _came_true(word, report)))


class Clock:
    """How long the parts took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Inside the `with` is this part."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)


def words(fail_on: str | None) -> tuple[str, ...]:
    """The words of `--fail-on`. Raises `SettingsError` naming one that there is not."""
    found = tuple(dict.fromkeys(word.strip() for word in (fail_on or "").split(",") if word.strip()))
    for word in found:
        if word not in FAIL_ON:
            raise SettingsError(
                f"--fail-on {word}: unknown{did_you_mean(word, FAIL_ON)}; there are {', '.join(FAIL_ON)}"
            )
    return found


def _came_true(word: str, report: DiffReport) -> bool:
    rows = {
        "changes": report.differs,
        "ids": any(line.new_ids for line in report.entities),
        "withdraw": any(line.go or line.new_ids for line in report.entities),
        "create": any(line.come for line in report.entities),
        "fields": bool(report.fields),
        "held": any(line.held for line in report.entities)
        or any(line.more and line.drops for line in report.findings),
        "guards": bool(report.guards),
        "contract": any(line.rows for line in report.contracts),
        "failures": bool(report.failures),
        "rules": any(line.against for line in report.rows),
    }
    return rows[word]


def _side(
    state: State, what: str, overrides: Mapping[str, Any], day: Any, only: Sequence[str], every_partner: bool
) -> Side:
    """A state with the settings that it would be built with."""
    merged = {**state.vars(), **overrides}
    there, set_ = state.partners(), merged.get("partners")
    if not isinstance(set_, dict) or not all(isinstance(one, dict) for one in set_.values()):
        raise SettingsError(
            f"{what}: partners: a map from partner to its settings is needed; set it in {VARS}"
        )
    unfinished = unfinished_partners()
    gone = [name for name in set_ if name not in there]
    partners = {name: dict(one) for name, one in set_.items() if name in there}
    for name in there:
        if name in only or (every_partner and name not in unfinished):
            partners[name] = {"separator": "/", "mandanten": "alle", **partners.get(name, {}), "aktiv": True}
        elif only and name in partners:
            partners[name] = {**partners[name], "aktiv": False}
    settings = Vars(
        stichtag=day,
        quelle_erp=str(merged.get("quelle_erp")),
        partners=partners,
        guards=merged.get("guards"),
        overrides={name: value for name, value in overrides.items() if name != "partners"},
    )
    contracts, notes = (
        {},
        [f"{what}: {name} has settings and no contract there" for name in gone if set_[name].get("aktiv")],
    )
    for name in settings.active:
        try:
            contracts[name] = read_contract(name, there[name])
        except ContractError as problem:
            if what == "head":
                raise
            notes.append(
                f"base: {problem} This version cannot read that contract, so the head's stands for it."
            )
    return Side(state, settings, contracts, tuple(notes))


def _check_names(sides: Sequence[Side], only: Sequence[str], overrides: Mapping[str, Any]) -> None:
    known = sorted({name for side in sides for name in side.state.partners()})
    check_names(overrides, known)
    for name in only:
        if name not in known:
            raise SettingsError(f"--partner {name}: {unknown_partner(name, known)}")
    for name in overrides.get("partners") or ():
        if name not in known:
            raise SettingsError(f"partners.{name}: {unknown_partner(name, known)}; set it in {VARS}")
    if not any(side.settings.active for side in sides):
        raise SettingsError(
            f"partners: none is switched on in either state; name one with --partner, or set aktiv: true in {VARS}"
        )


def _compared(
    data: Path,
    place: Workplace,
    old: Side,
    new: Side,
    sample: bool,
    limits: Mapping[str, guards.Limit],
    say: Say,
    progress: Progress,
    clock: Clock,
) -> DiffReport:
    is_sample = sample or not raw.is_loaded(data)
    if is_sample and not sample and data != place.above.parent:
        raise SettingsError(
            f"--home: no delivery lies in {data}; load one there, or build on the sample: --sample"
        )
    if is_sample and not sample:
        say("No delivery lies in the home: both states are built on a sample portfolio")
    notes = [*old.notes, *new.notes]
    # What a base of another version cannot say itself is read as the head has it.
    borrowed = {
        name: new.contracts[name]
        for name in old.settings.active
        if name not in old.contracts and name in new.contracts
    }
    old = replace(old, contracts={**borrowed, **old.contracts})
    with clock.part("base"):
        digest = _digest(data, old, is_sample, {name: new.state.digest(name) for name in borrowed})
        if place.take(digest):
            say(f"The base {old.state.label} is built already")
        else:
            say(f"Building the base {old.state.label}")
            _build_base(data, place, old, is_sample, progress)
            place.keep(digest)
    with clock.part("head"):
        say(f"Building what differs in {new.state.label}")
        added = raw.fit(database(place.home), raw.columns_of(new.state.project.root))
        notes += _lacking("head", added)
        notes += _lacking("base", _not_there(old, new))
        manifest = _manifest(place.state)
        settings, differing = new.settings, _settings(old.settings, new.settings, old.state, new.state)
        project = new.state.project
        with _own_partners(new.state):
            is_unseen = bool(differing) or _reads_otherwise(old, new)
            more = _unlike(place, new, manifest) if is_unseen else []
            # dbt does not see that a test reads another contract.
            more += [f"{CONTRACT_TEST},{name}" for name in _other_contracts(old, new)]
            chosen = [*CHANGED[:2], *more, *CHANGED[2:], str(place.state)]
            now = _read(place.home, settings, new, "head", NO_JSON)
            built = _build(place.home, settings, chosen, _counter(progress, "head"), project)
    with clock.part("compare"):
        models = _models(manifest, now, [node.unique_id for node in built.nodes])
        failures = _failures(built)
        broken = _broken(built, settings.active)
        touched = _touched(old, new, models, bool(differing))
        with open_database(place.home) as db:
            back = kept_back(db)
            notes += [
                f"base: {name} would get nothing: {why}" for name, why in back.items() if name in touched
            ]
            going, lines = {}, list[ContractDiff]()
            for name in sorted(touched & new.contracts.keys()):
                contract = new.contracts[name]
                misfit = misfits(db, contract)
                lines += contract_diff.differences(
                    db,
                    old.contracts.get(name) if name in old.settings.active else None,
                    contract,
                    name not in broken and not misfit,
                )
                if misfit and name not in broken:
                    failures.append(
                        FailureLine(partner=name, node="columns", status="contract", message=misfit, keys=())
                    )
                # The mart of a model that was not built lies there as the base made it.
                if not misfit and name not in back:
                    going[name] = contract
            found = (
                compare(db, going, settings.stichtag, limits, personal_columns([manifest, now]))
                if going
                else Comparison()
            )
            notes += _gone(db, old, new)
            notes += _not_compared(broken, going)
            if not failures:
                notes += _nothing_seen(models, found, is_sample)
            elif going.keys() - broken.keys() and not found.entities:
                notes.append("But for what failed, no value that is sent differs")
    is_in_both = set(old.settings.active) & set(new.settings.active)
    notes += [
        f"{name} is on in the head only: all its records come"
        for name in new.settings.active
        if name not in is_in_both
    ]
    notes += _off(old, new)
    return DiffReport(
        base=old.state.label,
        head=new.state.label,
        data=f"the sample, {UNITS} units" if is_sample else "the delivery of the home",
        stichtag=settings.stichtag.isoformat(),
        partners=tuple(sorted({*old.settings.active, *new.settings.active})),
        differs=bool(found.entities or found.findings or lines or failures or found.guards or differing),
        **{name: part for name, part in vars(found).items() if name != "notes"},
        contracts=tuple(lines),
        failures=tuple(failures),
        models=models,
        settings=differing,
        seconds=clock.seconds,
        notes=(*notes, *found.notes),
        failed_on=(),
    )


def _build_base(home: Path, place: Workplace, side: Side, is_sample: bool, progress: Progress) -> None:
    file = database(place.home)
    if is_sample:
        _load_sample(place, side.settings, progress)
    else:
        raw.copy_raw(home, file)
    raw.fit(file, raw.columns_of(side.state.project.root))
    with _own_partners(side.state):
        _read(place.home, side.settings, side, "base")
        built = dbt.run_dbt(
            place.home, side.settings, ["build", *NO_TESTS], _counter(progress, "base"), side.state.project
        )
        if built.failures:
            name, found = next(iter(sorted(built.failures.items())))
            raise BuildError(
                f"--base {side.state.label}: {found[0].node} cannot be built, so {name} cannot be compared:"
                f" {_unquoted(found[0].message)}"
            )
        # What partners would refuse (V3) is told as it was; which tests failed then does not matter.
        chosen = ["test", *NO_JSON, "--select", CONTRACT_TEST]
        dbt.run_dbt(place.home, side.settings, chosen, _counter(progress, "base"), side.state.project)
    with open_database(place.home) as db:
        write_base(db, side.contracts)


def _load_sample(place: Workplace, settings: Vars, progress: Progress) -> None:
    # dlt takes a second to import, and most calls do not load.
    from pipelines.erp.files.door import FilesSettings
    from pipelines.erp.load import load
    from pipelines.erp.sample import write_sample

    folder = place.unpacked / "sample"
    write_sample(folder, UNITS, SEED, progress)
    load(FilesSettings(folder=folder), place.home, settings.quelle_erp)


def _read(home: Path, settings: Vars, side: Side, what: str, flags: Sequence[str] = ()) -> Json:
    """What dbt reads of a state, as far as it is compared: models and seeds."""
    try:
        read = dbt.read_project(home, settings, side.state.project, flags)
    except SettingsError as problem:
        raise BuildError(f"{what}, {side.state.label}: dbt cannot read it: {problem}") from None
    return {
        "nodes": {
            key: {
                "name": node.name,
                "resource_type": str(node.resource_type),
                "checksum": node.checksum.to_dict(),
                "columns": {
                    name: {"meta": column.meta, "config": {"meta": column.config.meta}}
                    for name, column in node.columns.items()
                },
            }
            for key, node in read.nodes.items()
            if str(node.resource_type) in ("model", "seed")
        }
    }


def _build(
    home: Path,
    settings: Vars,
    chosen: Sequence[str],
    progress: Callable[[int, int, str], None],
    project: Project,
) -> dbt.Build:
    """Builds and tests what was chosen; what stands on a model whose test fails is built all the same."""
    built = dbt.run_dbt(home, settings, ["build", *NO_JSON, *NO_UNIT_TESTS, *chosen], progress, project)
    models = [node for node in built.nodes if not node.unique_id.startswith("test.")]
    skipped = [node.unique_id.split(".")[2] for node in models if node.status == "skipped"]
    if not skipped or any(node.status not in ("skipped", "success") and not node.is_well for node in models):
        return built
    more = dbt.run_dbt(home, settings, ["build", *NO_TESTS, "--select", *skipped], progress, project)
    nodes = {node.unique_id: node for node in (*built.nodes, *more.nodes)}
    failed = {
        partner: tuple(one for one in found if one.status != "skipped")
        for partner, found in built.failures.items()
    }
    failures = {
        partner: (*failed.get(partner, ()), *more.failures.get(partner, ()))
        for partner in {*failed, *more.failures}
    }
    return replace(
        built,
        nodes=tuple(nodes.values()),
        failures={partner: found for partner, found in failures.items() if found},
    )


def _broken(built: dbt.Build, partners: Sequence[str]) -> dict[str, list[str]]:
    """By partner its models that could not be built, so that there is nothing of them to compare."""
    names = [
        node.unique_id.split(".")[2]
        for node in built.nodes
        if node.unique_id.startswith("model.") and node.status in dbt.BAD
    ]
    found = {
        name: sorted(one for one in names if one.startswith((f"{name}__", f"int_{name}__")))
        for name in partners
    }
    return {name: own for name, own in found.items() if own}


def _not_compared(broken: Mapping[str, Sequence[str]], going: Mapping[str, Contract]) -> list[str]:
    """What a reader may take for the same, and was not built."""
    return [
        f"{name}: {', '.join(own)} could not be built, so "
        + (
            f"{'its' if len(own) == 1 else 'their'} values were not compared"
            if name in going
            else "no value was compared"
        )
        for name, own in sorted(broken.items())
    ]


def _reads_otherwise(old: Side, new: Side) -> bool:
    """Whether the lists of ERP columns differ, from which macros make the SQL of staging."""
    first, second = ((side.state.project.root / raw.SOURCES).read_bytes() for side in (old, new))
    return first != second


def _nothing_seen(models: Sequence[ModelDiff], found: Comparison, is_sample: bool) -> list[str]:
    """A word on a change that no row shows."""
    built = [model for model in models if model.what != "gone"]
    if not built or found.entities or found.findings:
        return []
    data = "the sample" if is_sample else "the delivery"
    were = "1 model was" if len(built) == 1 else f"{len(built)} models were"
    return [
        f"{were} built again, and no value that is sent differs; where {data} does not hold the case that was changed,"
        " nothing of it can be seen"
    ]


def _other_contracts(old: Side, new: Side) -> list[str]:
    """Partners that both states have on, with contracts that differ."""
    both = old.contracts.keys() & new.contracts.keys()
    return sorted(name for name in both if old.contracts[name].document != new.contracts[name].document)


def _unlike(place: Workplace, new: Side, before: Json) -> list[str]:
    """What of the head to build for dbt, with what hangs on it, where dbt does not see all that differs.

    Vars and the list of ERP columns change models that look the same: so the SQL of each model is compared.
    """
    dbt.compile_models(place.home, new.settings, new.state.project)
    now = _manifest(place.home / "dbt")["nodes"]
    return [
        f"{node['name']}+"
        for key, node in sorted(now.items())
        if node["resource_type"] == "model"
        and node.get("compiled_code") != before["nodes"].get(key, {}).get("compiled_code")
    ]


def _models(before: Json, now: Json, built: Sequence[str]) -> tuple[ModelDiff, ...]:
    """Models and seeds that differ, and those that were built again for one that does."""
    kinds = ("model", "seed")
    old = {key: node for key, node in before["nodes"].items() if node["resource_type"] in kinds}
    new = {key: node for key, node in now["nodes"].items() if node["resource_type"] in kinds}
    found = {}
    for key in built:
        if key in new:
            is_same = key in old and old[key]["checksum"] == new[key]["checksum"]
            found[new[key]["name"]] = "new" if key not in old else "depends" if is_same else "changed"
    for key in old.keys() - new.keys():
        found[old[key]["name"]] = "gone"
    return tuple(ModelDiff(name=name, what=what) for name, what in sorted(found.items()))  # type: ignore[arg-type]


def _touched(old: Side, new: Side, models: Sequence[ModelDiff], has_other_vars: bool) -> set[str]:
    """Partners of which something may differ."""
    on = {*old.settings.active, *new.settings.active}
    prefixes = {name: (f"{name}__", f"int_{name}__") for name in on}
    found = {name for name in on for model in models if model.name.startswith(prefixes[name])}
    found |= set(old.settings.active) ^ set(new.settings.active)
    for name in set(old.contracts) & set(new.contracts):
        is_same = old.contracts[name].document == new.contracts[name].document
        if not is_same or (old.contracts[name].sdl and _sdl(old, name) != _sdl(new, name)):
            found.add(name)
    return found & on


def _sdl(side: Side, name: str) -> list[bytes]:
    """The files with the GraphQL schema beside a contract."""
    return [file.read_bytes() for file in sorted(side.state.partners()[name].glob("*.graphql"))]


def _gone(db: Any, old: Side, new: Side) -> list[str]:
    """What is in the base alone, so that no plan of the head speaks of it."""
    rows = {
        (partner, entity): count
        for partner, entity, count in db.execute(
            "select partner, entity, count(*) from sync.ledger group by all"
        ).fetchall()
    }
    notes = []
    for name in old.settings.active:
        own = {entity: count for (partner, entity), count in rows.items() if partner == name}
        if name not in new.settings.active:
            notes.append(
                f"{name} is in the base only, or off in the head: nothing is sent to it any more, and its"
                f" {sum(own.values()):,} records stay there as they are"
            )
            continue
        notes += [
            f"{name}: the head has no entity {entity}; its {count:,} records stay at the partner, and nobody looks"
            " after them"
            for entity, count in sorted(own.items())
            if entity not in new.contracts[name].entities
        ]
    return notes


def _off(old: Side, new: Side) -> list[str]:
    """Partners that differ, and are off: nothing else here speaks of them."""
    off = [name for name in new.state.partners() if name not in {*old.settings.active, *new.settings.active}]
    found = [
        name
        for name in off
        if name in old.state.partners() and old.state.digest(name) != new.state.digest(name)
    ]
    return [f"{name} differs too, and is off; compare it with --partner {name}" for name in found]


def _not_there(old: Side, new: Side) -> list[str]:
    """Tables and columns that the base reads and the head does not know."""
    before, now = raw.columns_of(old.state.project.root), raw.columns_of(new.state.project.root)
    found = [table for table in before if table not in now]
    return found + [
        f"{table}.{name}"
        for table, columns in before.items()
        if table in now
        for name in columns
        if name not in now[table]
    ]


def _lacking(what: str, added: Sequence[str]) -> list[str]:
    if not added:
        return []
    shown = ", ".join(added[:10]) + (f" and {len(added) - 10} more" if len(added) > 10 else "")
    return [
        f"The two states do not have the same ERP tables: the {what} reads {shown}, which the other does not know and"
        " this delivery may lack; there it is empty"
    ]


def _settings(old: Vars, new: Vars, before: State, now: State) -> tuple[SettingDiff, ...]:
    """Vars that shape rows and differ; a partner's settings one by one."""
    first, second = {**before.vars(), **old.overrides}, {**now.vars(), **new.overrides}
    names = {*first, *second} - {*OF_COMMANDS, "partners"}
    found = [(name, first.get(name), second.get(name)) for name in sorted(names)]
    for partner in sorted(set(old.active) & set(new.active)):
        own, other = old.partners[partner], new.partners[partner]
        found += [
            (f"partners.{partner}.{name}", own.get(name), other.get(name)) for name in sorted({*own, *other})
        ]
    return tuple(
        SettingDiff(setting=name, old=_setting(name, a), new=_setting(name, b))
        for name, a, b in found
        if a != b
    )


def _setting(name: str, value: Any) -> str:
    """A setting as JSON text; whom enquiries go to is a person."""
    return json.dumps(
        masked(value) if re.search("kontakt_|email", name) else value, ensure_ascii=False, default=str
    )


def _failures(*built: dbt.Build) -> list[FailureLine]:
    """What keeps partners back; without values that a message of the database may quote."""
    return [
        FailureLine(
            partner=partner,
            node=one.node,
            status=one.status,
            message=_unquoted(one.message),
            keys=one.keys,
        )
        for each in built
        for partner, found in sorted(each.failures.items())
        for one in found
    ]


def _unquoted(message: str) -> str:
    """A message of dbt, in a line; where the database quotes a value, without it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    text = " ".join(lines)[:600]
    if not re.search("(Conversion|Invalid Input|Out of Range|Constraint) Error", text):
        return text
    return re.sub(r"\d{3,}", "999", re.sub(r"'[^']*'|\"[^\"]*\"", "…", text))


def _counter(progress: Progress, what: str) -> Callable[[int, int, str], None]:
    return lambda done, total, _: progress(what, done, total)


def _digest(home: Path, side: Side, is_sample: bool, borrowed: Mapping[str, str]) -> str:
    """What tells a base that was built from all others; `borrowed`: contracts that are not its own."""
    settings = side.settings
    named = {
        "state": side.state.digest(),
        "borrowed": borrowed,
        "vars": {name: value for name, value in side.state.vars().items() if name not in OF_COMMANDS},
        "settings": settings.for_dbt(),
        "stichtag": settings.stichtag.isoformat(),
        "data": _identity_of_sample() if is_sample else raw.identity(home),
        "versions": {name: version for name, version in versions().items() if name in BUILDERS},
        "written by": _code(),
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _identity_of_sample() -> str:
    """The sample changes with the code that makes it."""
    from pipelines.erp import sample

    return f"{UNITS} {SEED} {_hash(Path(sample.__file__).parent)}"


def _code() -> str:
    """What writes a base down as what partners hold changes with the code, in a checkout without another version."""
    here = Path(diff.__code__.co_filename)
    return _hash(here, *(here.parent.parent / room for room in ("diff", "plan", "ledger")))


def _hash(*places: Path) -> str:
    found = hashlib.sha256()
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                found.update(file.read_bytes())
    return found.hexdigest()


def _manifest(folder: Path) -> Json:
    found: Json = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _own_partners(state: State) -> AbstractContextManager[None]:
    """Inside the `with` the partners outside the project are those of this state."""
    return environment({"STAMMDATEN_PARTNERS": str(state.own)} if state.own else {})
