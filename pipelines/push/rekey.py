"""Moves what a partner holds from the id of one ERP row to that of another: the ERP made the row anew.

The ledger row gets the new id and keeps the partner's; without payload, so that the next push sends the record as a
whole, our new id with it. Nothing is sent here, nothing is deleted, and all pairs are checked before anything moves.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipelines.api.outcome import Outcome
from pipelines.contract.contract import Contract, Entity
from pipelines.errors import SettingsError, StammdatenError
from pipelines.ledger.ledger import one, open_database
from pipelines.plan.mart_columns import MART_SCHEMA, mart_columns
from pipelines.plan.renumbered import read_renumbered

# So many wrong pairs are named in one message.
SHOWN = 10
MOVED = Outcome("pending", "rekeyed")


@dataclass(frozen=True)
class Pair:
    """One renumbering that is asked for; `where` says where it was asked, for messages."""

    entity: str | None
    former: str
    now: str
    where: str


@dataclass(frozen=True)
class Move:
    """One record that changes its id. `derived`: nobody named it, its id follows from that of another."""

    entity: str
    former: str
    now: str
    remote_id: str
    derived: bool


@dataclass(frozen=True)
class Rekey:
    """What moves or has moved, pairs that were moved before, and records below that stay under their former ids."""

    moves: tuple[Move, ...]
    done: tuple[Pair, ...]
    staying: tuple[str, ...]
    applied: bool


def rekey(home: Path, contract: Contract, separator: str, pairs: list[Pair], apply: bool) -> Rekey:
    """Plans these pairs, with all records whose ids contain a former one, and with `apply` moves them at once.

    Raises `StammdatenError` that names every pair that cannot be moved; then nothing moves.
    """
    with open_database(home) as db:
        _write_ids(db, contract, separator)
        moving, done = _resolve(db, contract, pairs)
        _write_moves(db, contract, separator, moving)
        moves = tuple(Move(*row) for row in db.execute(MOVES).fetchall())
        staying = tuple(row[0] for row in db.execute(STAYING, {"partner": contract.partner}).fetchall())
        if not moves and moving:
            raise StammdatenError(
                f"{moving[0].where}: {moving[0].former} is not in the ledger of {contract.partner}"
            )
        _refuse_exchange(contract, moves)
        if apply and moves:
            _apply(db, contract.partner, moving)
    return Rekey(moves, tuple(done), staying, apply and bool(moves))


def pairs_of_file(file: Path) -> list[Pair]:
    """The pairs of a CSV file with the columns `from`, `to` and, where wanted, `entity`.

    Raises `SettingsError` naming file and line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise SettingsError(f"--file {file}: cannot be read ({why})") from None
    heads = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in heads else ",", strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as problem:
        raise SettingsError(f"--file {file}, line {reader.line_num}: {problem}") from None
    columns = [name.lower() for name in rows[0][1]] if rows else []
    if set(columns) - {"entity"} != {"from", "to"} or len(set(columns)) != len(columns):
        raise SettingsError(f"--file {file}: the columns from, to and, where wanted, entity are needed")
    found = []
    for line, row in rows[1:]:
        if len(row) != len(columns):
            raise SettingsError(f"--file {file}, line {line}: {len(row)} values, {len(columns)} are needed")
        given = dict(zip(columns, row, strict=True))
        found.append(Pair(given.get("entity") or None, given["from"], given["to"], f"line {line}"))
    if not found:
        raise SettingsError(f"--file {file}: no pair stands in it")
    return found


def pairs_of_plan(home: Path, partner: str) -> list[Pair]:
    """The pairs that the last plan of a partner points out. Raises `StammdatenError` when there are none."""
    with open_database(home) as db:
        last = one(db, "select any_value(plan_id) from sync.plan_renumbered where partner = ?", [partner])[0]
        found = read_renumbered(db, last or "", [partner])
    if not found:
        raise StammdatenError(f"--planned: the last plan of {partner} points out no renumbering")
    return [Pair(pair.entity, pair.former, pair.now, f"{pair.former} → {pair.now}") for pair in found]


def keeps_its_record(contract: Contract, entity: Entity) -> bool:
    """Whether a record can get another id of ours: not where the partner tells it by that id alone."""
    if entity.id_is_ours:
        return False
    return not entity.upsert or entity.id in contract.schema(entity.name, "create")["properties"]


def _write_ids(db: duckdb.DuckDBPyConnection, contract: Contract, separator: str) -> None:
    """Temp tables: `held`, records that the partner holds, and `mart_id`, what the marts have."""
    movable = [e.name for e in contract.entities.values() if keeps_its_record(contract, e)]
    db.execute(
        """
        create or replace temp table held as
        select
            entity, id_space, external_id, remote_id, string_split(external_id, $separator) as parts,
            list_concat(
                coalesce(json_extract_string(refs, '$.*'), []), coalesce(json_extract_string(refs, '$.*[*]'), [])
            ) as parents,
            list_contains($movable, entity) as is_movable, $separator as separator
        from sync.ledger
        where partner = $partner and remote_id is not null
        """,
        {"partner": contract.partner, "separator": separator, "movable": movable},
    )
    for entity in contract.entities.values():
        mart_columns(db, contract, entity)
    db.execute(
        "create or replace temp table mart_id as "
        + " union all ".join(
            f"select '{e.name}' as entity, '{e.id_space}' as id_space, external_id"
            f' from {MART_SCHEMA}."{contract.partner}__{e.name}"'
            for e in contract.entities.values()
        )
    )


def _resolve(
    db: duckdb.DuckDBPyConnection, contract: Contract, pairs: list[Pair]
) -> tuple[list[Pair], list[Pair]]:
    """Pairs that are to be moved, with their entities where a record of that id is held; and those moved before."""
    ids = sorted({i for pair in pairs for i in (pair.former, pair.now)})
    held, in_mart = _by_id(db, "held", ids), _by_id(db, "mart_id", ids)
    begin = {pair.former for pair in pairs} - {pair.now for pair in pairs}
    if not begin & held.keys() and _were_moved(db, contract.partner, pairs):
        return [], pairs  # moved again, a chain or a circle of ids would go on by one
    moving, done, wrong = list[Pair](), list[Pair](), list[str]()
    for pair in pairs:
        try:
            resolved = _resolve_one(db, contract, pair, held, in_mart)
        except StammdatenError as problem:
            wrong.append(f"{pair.where}: {problem}")
            continue
        (moving if resolved else done).append(resolved or pair)
    wrong = wrong or list(_conflicts(contract, moving, held, in_mart))
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise StammdatenError("; ".join(wrong[:SHOWN]) + more + ". Nothing was moved.")
    return moving, done


def _resolve_one(
    db: duckdb.DuckDBPyConnection,
    contract: Contract,
    pair: Pair,
    held: dict[str, list[str]],
    in_mart: dict[str, list[str]],
) -> Pair | None:
    """The pair with its entity; without one where only longer ids begin so; None when it was moved before."""
    partner = contract.partner
    if not pair.former or not pair.now or pair.former == pair.now:
        raise StammdatenError("two different ids are needed")
    if pair.entity is not None and pair.entity not in contract.entities:
        raise StammdatenError(
            f"{partner} has no entity {pair.entity!r}; it has {', '.join(contract.entities)}"
        )
    there = held.get(pair.former, [])
    if pair.entity is None and there:
        pair = replace(pair, entity=_topmost(contract, pair.former, there))
    if pair.entity is None:
        if held.get(pair.now):
            return None
        if _begins_some(db, pair.former):
            return pair
        raise StammdatenError(f"{pair.former} is not in the ledger of {partner}, or never reached it")
    space = contract.entities[pair.entity].id_space
    if not any(contract.entities[name].id_space == space for name in there):
        if any(contract.entities[name].id_space == space for name in held.get(pair.now, [])):
            return None
        other = f"; it is one of {', '.join(there)}" if there else ", or never reached it"
        raise StammdatenError(
            f"{pair.former} is no record of {pair.entity} in the ledger of {partner}{other}"
        )
    if not any(contract.entities[name].id_space == space for name in in_mart.get(pair.now, [])):
        other = f"; it is in that of {', '.join(in_mart[pair.now])}" if pair.now in in_mart else ""
        raise StammdatenError(
            f"{pair.now} is not in the mart {partner}__{pair.entity}{other}; load and build the delivery that has it"
        )
    if not keeps_its_record(contract, contract.entities[pair.entity]):
        raise StammdatenError(
            f"{contract.title} tells records of {pair.entity} by our id alone, so {pair.former} cannot get another"
        )
    return pair


def _conflicts(
    contract: Contract, moving: list[Pair], held: dict[str, list[str]], in_mart: dict[str, list[str]]
) -> Iterator[str]:
    """What is wrong with the pairs as a whole: an id twice, a new one that is held, a former one that still lives."""

    def space(name: str | None) -> str:
        return contract.entities[name].id_space if name else ""

    formers = Counter((space(pair.entity), pair.former) for pair in moving)
    news = Counter((space(pair.entity), pair.now) for pair in moving)
    for pair in moving:
        own = space(pair.entity)
        if formers[own, pair.former] > 1:
            yield f"{pair.where}: {pair.former} is to be moved twice"
        if news[own, pair.now] > 1:
            yield f"{pair.where}: two records are to be moved to {pair.now}"
        if (own, pair.now) not in formers and own in map(space, held.get(pair.now, [])):
            yield (
                f"{pair.where}: {pair.now} is another record at {contract.partner} already; merge the two there, and"
                " move what hangs on the former by its own ids"
            )
        if (own, pair.former) not in news and own in map(space, in_mart.get(pair.former, [])):
            yield f"{pair.where}: {pair.former} is still in the mart, so the ERP has both"


def _is_circle(pairs: Iterable[Pair | Move]) -> bool:
    """Whether ids go around: each former id of some of them is the new one of another."""
    goes = {pair.former: pair.now for pair in pairs}
    while ends := [former for former, now in goes.items() if now not in goes]:
        for former in ends:
            del goes[former]
    return bool(goes)


def _were_moved(db: duckdb.DuckDBPyConnection, partner: str, pairs: list[Pair]) -> bool:
    sql = "select former, now from sync.rekeyed where partner = ?"
    return {(pair.former, pair.now) for pair in pairs} <= set(db.execute(sql, [partner]).fetchall())


def _refuse_exchange(contract: Contract, moves: tuple[Move, ...]) -> None:
    """Where no two records may have one id at a time, the first of an exchange would be refused in every run."""
    for name, entity in contract.entities.items():
        if entity.unique_external_id and _is_circle([move for move in moves if move.entity == name]):
            raise StammdatenError(
                f"records of {name} would exchange their ids, and {contract.title} lets no two records have one:"
                " it would refuse the first of them for ever. Clear the ids there by hand and run stammdaten adopt"
                f" {contract.partner}, or leave it: the next push changes their contents instead. Nothing was moved."
            )


def _topmost(contract: Contract, external_id: str, entities: list[str]) -> str:
    """The entity, of those that have a record of this id, on which the others hang."""
    for name in entities:
        if all(other == name or name in _above(contract, other) for other in entities):
            return name
    raise StammdatenError(
        f"{external_id} is the id of several records: name one of {', '.join(entities)} with --entity"
    )


def _above(contract: Contract, entity: str) -> set[str]:
    found: set[str] = set()
    open_ = [entity]
    while open_:
        for parent in contract.entities[open_.pop()].parents:
            if parent.entity not in found:
                found.add(parent.entity)
                open_.append(parent.entity)
    return found


def _by_id(db: duckdb.DuckDBPyConnection, table: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """Entities in a temp table by external id, of these ids."""
    found: dict[str, list[str]] = {}
    for external_id, entity in db.execute(
        f"select external_id, entity from {table} where external_id in (select unnest($ids)) order by all",
        {"ids": list(ids)},
    ).fetchall():
        found.setdefault(external_id, []).append(entity)
    return found


def _begins_some(db: duckdb.DuckDBPyConnection, former: str) -> bool:
    begun = "select count(*) from held where starts_with(external_id, $former || separator)"
    return bool(one(db, begun, {"former": former})[0])


def _write_moves(
    db: duckdb.DuckDBPyConnection, contract: Contract, separator: str, moving: list[Pair]
) -> None:
    """The temp table `move`: named pairs, and what follows from them as far as the marts have the new ids."""
    db.execute("create or replace temp table named (id_space varchar, former varchar, now varchar)")
    if moving:
        db.executemany(
            "insert into named values (?, ?, ?)",
            [
                [contract.entities[pair.entity].id_space if pair.entity else None, pair.former, pair.now]
                for pair in moving
            ],
        )
    db.execute(BELOW, {"separator": separator})
    db.execute(MOVE)
    # What follows from a name is moved where its own id is gone and the new one is free, or becomes so here.
    while _unfit(db):
        db.execute(
            "delete from move where (id_space, former) in (select (id_space, former) from unfit) and is_derived"
        )


def _unfit(db: duckdb.DuckDBPyConnection) -> bool:
    db.execute(UNFIT)
    return bool(one(db, "select count(*) from unfit")[0])


def _apply(db: duckdb.DuckDBPyConnection, partner: str, pairs: list[Pair]) -> None:
    db.execute("begin")
    # The last move of an id counts.
    ids = [i for pair in pairs for i in (pair.former, pair.now)]
    db.execute(
        "delete from sync.rekeyed where partner = $partner and (former in (select unnest($ids))"
        " or now in (select unnest($ids)))",
        {"partner": partner, "ids": ids},
    )
    db.executemany(
        "insert into sync.rekeyed values (?, ?, ?)", [[partner, pair.former, pair.now] for pair in pairs]
    )
    db.execute(
        """
        delete from sync.ledger as l using move as m
        where l.partner = $partner and l.id_space = m.id_space and l.external_id = m.now and l.remote_id is null
        """,
        {"partner": partner},
    )
    db.execute(
        """
        update sync.ledger as l
        set external_id = m.now, state = $state, reason = $reason, fields = null, payload = null, refs = null,
            payload_hash = null, tries = 0, tried_hash = null
        from move as m
        where l.partner = $partner and l.id_space = m.id_space and l.external_id = m.former
        """,
        {"partner": partner, "state": MOVED.state, "reason": MOVED.reason},
    )
    db.execute(
        "update sync.plan_partners set status = 'replaced' where status = 'open' and partner = ?", [partner]
    )
    db.execute("commit")


# Records whose ids contain a named one: at the beginning, or at the end where they refer to it (a person's contracts).
BELOW = """
create or replace temp table below as
with

begun as (
    select h.*, unnest(range(1, len(h.parts) + 1)) as depth from held as h
),

found as (
    select b.* exclude (parts), n.now || substr(b.external_id, length(n.former) + 1) as now
    from begun as b
    inner join named as n on n.former = array_to_string(b.parts[1:b.depth], $separator)
    where n.id_space is null or n.id_space = b.id_space or b.depth < len(b.parts) or list_contains(b.parents, n.former)
    union all
    select h.* exclude (parts), 0 as depth, left(h.external_id, length(h.external_id) - length(n.former)) || n.now
    from held as h
    inner join named as n on n.former = h.parts[-1] and len(h.parts) > 1 and list_contains(h.parents, n.former)
)

select entity, id_space, external_id as former, now, remote_id, is_movable
from found
-- The longest name decides; of two readings the one that the marts know.
qualify row_number() over (
    partition by id_space, external_id
    order by exists (from mart_id as m where m.id_space = found.id_space and m.external_id = found.now) desc, depth desc
) = 1
"""
MOVE = """
create or replace temp table move as
select h.entity, h.id_space, h.external_id as former, n.now, h.remote_id, false as is_derived
from held as h
inner join named as n on h.id_space = n.id_space and h.external_id = n.former
union all
select b.entity, b.id_space, b.former, b.now, b.remote_id, true
from below as b
anti join named as n on b.id_space = n.id_space and b.former = n.former
semi join mart_id as m on b.id_space = m.id_space and b.now = m.external_id
where b.is_movable
"""
UNFIT = """
create or replace temp table unfit as
select m.id_space, m.former
from move as m
left join held as h on m.id_space = h.id_space and m.now = h.external_id
left join move as away on m.id_space = away.id_space and m.now = away.former
left join mart_id as i on m.id_space = i.id_space and m.former = i.external_id
left join move as new on m.id_space = new.id_space and m.former = new.now
left join move as twin on m.id_space = twin.id_space and m.now = twin.now and m.former <> twin.former
where m.is_derived and (
    (h.external_id is not null and away.former is null)
    or (i.external_id is not null and new.now is null)
    or twin.former is not null
)
"""
MOVES = """
select entity, former, now, remote_id, is_derived from move
order by is_derived, length(former), former, entity
"""
STAYING = """
select b.entity || ' ' || b.former
from below as b
anti join move as m on b.id_space = m.id_space and b.former = m.former
anti join mart_id as i on b.id_space = i.id_space and b.former = i.external_id
inner join sync.ledger as l
    on l.partner = $partner and b.id_space = l.id_space and b.former = l.external_id and l.state <> 'withdrawn'
order by all
"""
