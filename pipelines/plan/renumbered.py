"""Records that a plan withdraws and creates again under another id: probably the ERP made the row anew.

A WE that got another number, a person that was merged: withdrawn and created, tenants lose their access and the partner
its history. So they are pointed out, counted by a guard, and moved with `stammdaten rekey`.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.ledger import one


@dataclass(frozen=True)
class Renumbered:
    """A record that a plan withdraws as `former` and creates as `now`; so many of what hangs on it go with it."""

    partner: str
    entity: str
    former: str
    now: str
    below: int

    @property
    def command(self) -> str:
        """What moves it instead."""
        ids = f"--from {shlex.quote(self.former)} --to {shlex.quote(self.now)}"
        return f"stammdaten rekey {self.partner} --entity {self.entity} {ids}"


def note_renumbered(db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str) -> None:
    """Pairs withdrawals with creates of the temp table `diff`, entity by entity, parents first.

    A pair is what hangs on a parent that is one, under the id that follows from it; else what shares the natural key
    with exactly one, where there is none the whole record but for its id.
    """
    both = {
        entity
        for (entity,) in db.execute(
            "select entity from diff where operation in ('create', 'withdraw')"
            " group by entity having count(distinct operation) = 2"
        ).fetchall()
    }
    if not both:
        return
    db.execute(
        "create or replace temp table renumbered"
        " (entity varchar, id_space varchar, former varchar, now varchar, pair integer, root integer)"
    )
    for name in [name for level in contract.levels for name in level if name in both]:
        _pair_entity(db, contract, contract.entities[name])
    db.execute(
        """
        insert into sync.plan_renumbered
        select $plan_id, $partner, entity, id_space, former, pair, root, 'former' from renumbered
        union all
        select $plan_id, $partner, entity, id_space, now, pair, root, 'now' from renumbered
        """,
        {"plan_id": plan_id, "partner": contract.partner},
    )


def read_renumbered(db: duckdb.DuckDBPyConnection, plan_id: str, partners: Iterable[str]) -> list[Renumbered]:
    """The pairs that stand for themselves in a plan, in order of levels."""
    found = db.execute(
        f"""
        select f.partner, f.entity, f.external_id, n.external_id, b.below - 1
        from ({PAIRS}) as f
        inner join sync.plan_renumbered as n
            on f.plan_id = n.plan_id and f.partner = n.partner and f.pair = n.pair and n.side = 'now'
        inner join (
            select partner, root, count(*) as below from ({PAIRS}) group by partner, root
        ) as b on f.partner = b.partner and f.pair = b.root
        where f.pair = f.root and list_contains($partners, f.partner)
        order by f.partner, f.pair
        """,
        {"plan_id": plan_id, "partners": list(partners)},
    )
    return [Renumbered(*row) for row in found.fetchall()]


def count_renumbered(db: duckdb.DuckDBPyConnection, plan_id: str, partner: str) -> dict[str, int]:
    """By entity: records that a plan withdraws and creates again under another id."""
    return dict(
        db.execute(
            f"select entity, count(*) from ({PAIRS}) where partner = $partner group by entity",
            {"plan_id": plan_id, "partner": partner},
        ).fetchall()
    )


PAIRS = "from sync.plan_renumbered where plan_id = $plan_id and side = 'former'"


def _pair_entity(db: duckdb.DuckDBPyConnection, contract: Contract, entity: Entity) -> None:
    fields = sorted({parent.field for parent in entity.parents if not parent.many})
    spaces = {
        field: sorted({contract.entities[p.entity].id_space for p in entity.parents if p.field == field})
        for field in fields
    }
    names = {"partner": contract.partner, "entity": entity.name}
    db.execute(_gone_sql(entity, fields, spaces), names)
    db.execute(_new_sql(entity, fields), {"entity": entity.name})
    last = one(db, "select coalesce(max(pair), 0) from renumbered")[0]
    db.execute(
        """
        insert into renumbered
        select $entity, $space, g.external_id, n.external_id, $last + row_number() over (order by g.external_id), g.root
        from gone as g
        inner join new as n on g.derived = n.external_id
        where g.derived <> g.external_id
        """,
        {"entity": entity.name, "space": entity.id_space, "last": last},
    )
    last = one(db, "select coalesce(max(pair), 0) from renumbered")[0]
    db.execute(
        """
        insert into renumbered
        with

        former as (
            select key, min(external_id) as external_id
            from gone
            where external_id not in (select former from renumbered where entity = $entity)
            group by key
            having count(*) = 1
        ),

        now as (
            select key, min(external_id) as external_id
            from new
            where external_id not in (select now from renumbered where entity = $entity)
            group by key
            having count(*) = 1
        )

        select
            $entity, $space, f.external_id, n.external_id, $last + row_number() over (order by f.external_id) as pair,
            $last + row_number() over (order by f.external_id)
        from former as f
        inner join now as n on f.key = n.key
        """,
        {"entity": entity.name, "space": entity.id_space, "last": last},
    )


def _gone_sql(entity: Entity, fields: list[str], spaces: dict[str, list[str]]) -> str:
    """Withdrawals of an entity: their key, with parents under their new ids, and the id that follows from those."""
    joins, steps, roots = "", "d.external_id as derived0", ["null"]
    refs = {}
    for number, field in enumerate(fields):
        r, ref, before = f"r{number}", f"json_extract_string(l.refs, {_path(field)})", f"derived{number}"
        listed = ", ".join(f"'{space}'" for space in spaces[field])
        joins += f" left join renumbered as {r} on {r}.former = {ref} and {r}.id_space in ({listed})"
        refs[field] = f"coalesce({r}.now, {ref})"
        roots.append(f"{r}.root")
        steps += (
            f", case when starts_with({before}, {r}.former)"
            f" then {r}.now || substr({before}, length({r}.former) + 1)"
            f" when ends_with({before}, {r}.former)"
            f" then left({before}, length({before}) - length({r}.former)) || {r}.now"
            f" else {before} end as derived{number + 1}"
        )
    return (
        f"create or replace temp table gone as select d.external_id, {_key('d', 'l.payload', entity, refs)} as key,"
        f" {steps}, derived{len(fields)} as derived, coalesce({', '.join(roots)}) as root from diff as d"
        " inner join sync.ledger as l"
        " on l.partner = $partner and l.id_space = d.id_space and l.external_id = d.external_id"
        f"{joins} where d.entity = $entity and d.operation = 'withdraw'"
        " qualify row_number() over (partition by d.external_id) = 1"
    )


def _new_sql(entity: Entity, fields: list[str]) -> str:
    refs = {field: f"json_extract_string(d.refs, {_path(field)})" for field in fields}
    return (
        "create or replace temp table new as"
        f" select d.external_id, {_key('d', 'd.payload', entity, refs)} as key from diff as d"
        " where d.entity = $entity and d.operation = 'create'"
    )


def _key(row: str, payload: str, entity: Entity, refs: dict[str, str]) -> str:
    """What tells records of an entity apart but for our id: the natural key, else all that is sent. NULL: nothing."""
    whole = ", ".join([_without_own_number(payload, f"{row}.external_id"), *refs.values(), "'whole'"])
    if not entity.natural_key:
        return f"to_json([{whole}])::varchar"
    values = [
        refs.get(name, f"nullif(json_extract_string({payload}, {_path(name)}), {row}.external_id)")
        for name in entity.natural_key
    ]
    own = [
        value for name, value in zip(entity.natural_key, values, strict=True) if name not in refs
    ] or values
    return (
        f"case when coalesce({', '.join(own)}) is not null then to_json([{', '.join(values)}])::varchar"
        f" else to_json([{whole}])::varchar end"
    )


def _without_own_number(payload: str, own: str) -> str:
    """All values that are sent, without our id and without the number at its end, which a renumbering changes too."""
    value = f"json_extract_string({payload}, '$.\"' || k || '\"')"
    number = f"regexp_extract({own}, '[^-_./|]+$')"
    return (
        f"array_to_string(list_transform(list_filter(json_keys({payload}), lambda k: {value} is not null), lambda k:"
        f" k || '=' || case when regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*') then {value}"
        f" when {value} = {own} or (ends_with({own}, {value}) and contains('-_./|', {own}[-len({value}) - 1])) then ''"
        f" when ends_with({value}, ' ' || {number}) then left({value}, len({value}) - len({number}))"
        f" else {value} end), chr(31))"
    )


def _path(field: str) -> str:
    return "'$.\"" + field.replace("'", "''") + "\"'"
