"""What is in doubt, and so stays at the partner as it is (rules H1, H2): neither changed nor withdrawn.

`partners.<partner>__held` says which ids are in doubt, `partners.<partner>__departures` which are gone for sure. A
partner without these models has nothing in doubt. What the plan holds lies in `sync.held`, with its reason.
"""

from collections.abc import Collection, Mapping

import duckdb

from pipelines.contract.contract import Contract, Entity
from pipelines.ledger.ledger import one

# Ledger rows at the partner that no mart has any more: they are withdrawn, unless they are held.
ABSENT = """
create or replace temp table absent as
select l.entity, l.id_space, l.external_id, l.refs
from sync.ledger as l
anti join ({marts}) as m on l.id_space = m.id_space and l.external_id = m.external_id
where l.partner = $partner and l.remote_id is not null and l.state <> 'withdrawn'
    and list_contains($entities, l.entity)
"""
PARENTS = """
create or replace temp table absent_parent as
select distinct a.id_space, a.external_id, f.id_space as parent_space, unnest(ids_in(a.refs, f.field)) as parent_id
from absent as a
inner join parent_field as f on a.entity = f.entity
"""
# Which numbers of a key are missing in the ids in doubt (C7), as a list of booleans for each length of a key.
UNKNOWN = """
create or replace temp table unknown as
select len(missing) as length, list(distinct missing) as missing
from (
    select list_transform(string_split(external_id, separator), lambda number: number = '?') as missing
    from in_doubt
    where separator is not null
)
where list_bool_or(missing)
group by len(missing)
"""
# The ids under which a record may be in doubt: its own, with a ? for what is missing there (C7), and as nobody's.
MEANT = """
    select id_space, external_id, unnest([external_id, '?']) as in_doubt_as from {rows}
"""
MEANT_WITH_UNKNOWN = (
    MEANT
    + """
    union all
    select n.id_space, n.external_id, unnest(list_transform(u.missing, lambda missing: array_to_string(
        list_transform(n.numbers, lambda number, i: if(missing[i], '?', number)), '{separator}'
    ))) as in_doubt_as
    from (select id_space, external_id, string_split(external_id, '{separator}') as numbers from {rows}) as n
    inner join unknown as u on len(n.numbers) = u.length and u.length > 1
"""
)
# A key that lacks a number (C7) does not mean a record of which another row has the whole key.
IN_DOUBT = """
insert into held
select a.entity, a.id_space, a.external_id, min(d.rule), min_by(d.table_name, d.rule), min_by(d.reason, d.rule),
    bool_or(d.holds_below)
from absent as a
inner join ({meant}) as m on a.id_space = m.id_space and a.external_id = m.external_id
inner join in_doubt as d on a.id_space = d.id_space and m.in_doubt_as = d.external_id
left join departure as g on a.id_space = g.id_space and a.external_id = g.external_id
where d.external_id <> '?'
    and not coalesce(g.is_gone, false)
    and (d.rule <> 'C7' or g.external_id is null or m.in_doubt_as = a.external_id)
group by all
"""
# A row that does not say whom it means (C7) means one of those that the partner knows with its part: the record names
# the part, or the part names the record.
OF_NOBODY = """
    select a.entity, a.id_space, a.external_id, min(d.rule) as rule, min_by(d.table_name, d.rule) as table_name,
        min_by(d.reason, d.rule) as reason, false as holds_below
    from absent as a
    inner join in_doubt as d on a.id_space = d.id_space and d.external_id = '?'
    left join sync.ledger as u
        on u.partner = $partner and u.external_id = d.part and u.remote_id is not null and u.state <> 'withdrawn'
    where contains(coalesce(a.refs, ''), '"' || d.part || '"')
        or contains(coalesce(u.refs, ''), '"' || a.external_id || '"')
    group by a.entity, a.id_space, a.external_id
"""
# What hangs below what is in doubt; what such a record refers to; what hangs on nothing but held records.
BELOW = """
    select a.entity, p.id_space, p.external_id, min(h.rule) as rule, min_by(h.table_name, h.rule) as table_name,
        min('hangs below ' || h.entity || ' ' || h.external_id) as reason, true as holds_below
    from absent_parent as p
    inner join absent as a on p.id_space = a.id_space and p.external_id = a.external_id
    inner join held as h on p.parent_space = h.id_space and p.parent_id = h.external_id and h.holds_below
    group by a.entity, p.id_space, p.external_id
"""
ABOVE = """
    select a.entity, a.id_space, a.external_id, min(h.rule) as rule, min_by(h.table_name, h.rule) as table_name,
        min(h.entity || ' ' || h.external_id || ' refers to it') as reason, false as holds_below
    from absent_parent as p
    inner join held as h on p.id_space = h.id_space and p.external_id = h.external_id
    inner join absent as a on p.parent_space = a.id_space and p.parent_id = a.external_id
    group by a.entity, a.id_space, a.external_id
"""
BESIDE = """
    select a.entity, p.id_space, p.external_id, min(h.rule) as rule, min_by(h.table_name, h.rule) as table_name,
        min('hangs below ' || h.entity || ' ' || h.external_id) as reason, false as holds_below
    from absent_parent as p
    inner join absent as a on p.id_space = a.id_space and p.external_id = a.external_id
    left join held as h on p.parent_space = h.id_space and p.parent_id = h.external_id
    group by a.entity, p.id_space, p.external_id
    having bool_and(h.external_id is not null)
"""
SPREAD = """
insert into held
select n.*
from ({more}) as n
anti join held as h on n.id_space = h.id_space and n.external_id = h.external_id
anti join departed as g on n.id_space = g.id_space and n.external_id = g.external_id
"""
# A record that gathers several rows is not changed while it names one that is in doubt, and is not made anew under
# another id beside one that is held.
GATHERED = """
insert into held
with meant as ({meant})

select c.entity, $space, c.external_id, min(d.rule), min_by(d.table_name, d.rule), min_by(d.reason, d.rule), false
from compared as c
inner join meant as m on c.external_id = m.external_id
inner join in_doubt as d on d.id_space = $space and m.in_doubt_as = d.external_id and d.also_in_mart
left join sync.ledger as l
    on l.partner = $partner and l.id_space = $space and c.external_id = l.external_id and l.remote_id is not null
where c.operation in ('create', 'match', 'update', 'given_up')
    and case
        when l.external_id is null then d.external_id <> '?' and d.external_id in (
            select s.in_doubt_as from meant as s
            inner join held as h on h.id_space = $space and s.external_id = h.external_id
        )
        else d.part is null or contains(
            coalesce(l.payload, '') || coalesce(l.refs, ''), if(d.rule = 'E5', d.part, '"' || d.part || '"')
        )
    end
group by all
"""
HOLD = """
update compared as c set operation = 'held'
from held as h
where h.id_space = $space and c.external_id = h.external_id
    and c.operation in ('withdraw', 'create', 'match', 'update', 'given_up')
"""
# Nothing is made below a record that is held itself and not in its mart.
BELOW_HELD = """
insert into held
select r.entity, $space, r.external_id, min(h.rule), min_by(h.table_name, h.rule),
    min('hangs below ' || h.entity || ' ' || h.external_id), true
from (
    select r.entity, r.external_id, f.id_space as parent_space, unnest(ids_in(r.refs, f.field)) as parent_id
    from rendered as r
    semi join (from compared where operation in ('create', 'match')) as c on r.external_id = c.external_id
    inner join parent_field as f on r.entity = f.entity
) as r
inner join held as h on r.parent_space = h.id_space and r.parent_id = h.external_id and h.holds_below
anti join held as k on k.id_space = $space and r.external_id = k.external_id
group by all
"""
COLUMNS = (
    "(entity varchar, id_space varchar, external_id varchar, rule varchar, table_name varchar, reason varchar,"
    " holds_below boolean)"
)


def find_held(db: duckdb.DuckDBPyConnection, contract: Contract, entities: Collection[str]) -> None:
    """Fills the temp tables `held` (rows of the ledger that no mart has, and that stay) and `in_doubt`.

    Marts of other than these `entities` are not looked at, and so nothing is said of their rows.
    """
    db.execute(f"create or replace temp table held {COLUMNS}")
    _read_doubts(db, contract)
    _parent_fields(db, contract)
    if not one(db, "select count(*) from in_doubt")[0]:
        return
    marts = " union all ".join(
        f"select '{e.id_space}' as id_space, external_id from partners.\"{contract.partner}__{e.name}\""
        for e in contract.entities.values()
        if e.name in entities
    )
    db.execute(ABSENT.format(marts=marts), {"partner": contract.partner, "entities": sorted(entities)})
    if not one(db, "select count(*) from absent")[0]:
        return
    write_departures(db, contract, "absent")
    db.execute("create or replace temp table departed as from departure where is_gone")
    db.execute(IN_DOUBT.format(meant=_meant(db, "absent")))
    db.execute(SPREAD.format(more=OF_NOBODY), {"partner": contract.partner})
    if not _size(db):
        return
    db.execute(PARENTS)
    _spread(db, BELOW)
    _spread(db, ABOVE)
    _spread(db, BESIDE)


def hold(db: duckdb.DuckDBPyConnection, contract: Contract, space: str) -> None:
    """Lets what differs in one space of ids stay as it is where it is held."""
    if one(db, "select count(*) from in_doubt where also_in_mart and id_space = ?", [space])[0]:
        rows = f"(select '{space}' as id_space, external_id from compared where operation <> 'unchanged')"
        db.execute(GATHERED.format(meant=_meant(db, rows)), {"space": space, "partner": contract.partner})
    if _size(db):
        db.execute(HOLD, {"space": space})


def hold_creates(db: duckdb.DuckDBPyConnection, space: str) -> None:
    """Lets nothing be made below what is held; needs the temp table `rendered`."""
    size = 0
    # Again and again, for records that hang on records of the same kind.
    while size != (size := _size(db)):
        db.execute(BELOW_HELD, {"space": space})
        db.execute(HOLD, {"space": space})


def write_held(
    db: duckdb.DuckDBPyConnection, contract: Contract, plan_id: str, entities: Collection[str]
) -> None:
    """Puts what the plan holds of these entities into `sync.held`, in the place of what a former plan held."""
    planned = sorted(entities)
    db.execute(
        "delete from sync.held where partner = ? and list_contains(?, entity)", [contract.partner, planned]
    )
    db.execute(
        "insert into sync.held select ?, ?, entity, id_space, external_id, rule, table_name, reason from held"
        " where list_contains(?, entity)",
        [plan_id, contract.partner, planned],
    )


def write_departures(db: duckdb.DuckDBPyConnection, contract: Contract, rows: str) -> None:
    """Puts what the delivery says of these rows into the temp table `departure`: are they gone, when do they end.

    `rows` is a relation with `entity` and `external_id`.
    """
    no_departures(db)
    if not _is_there(db, f"{contract.partner}__departures"):
        return
    db.execute(
        f'insert into departure by name select s.id_space, d.* from partners."{contract.partner}__departures" as d'
        " inner join space as s on d.entity = s.entity"
        f" semi join {rows} as r on d.entity = r.entity and d.external_id = r.external_id"
    )


def no_departures(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `departure`, without rows."""
    db.execute(
        "create or replace temp table departure (id_space varchar, entity varchar, external_id varchar,"
        " is_gone boolean, begins_on date, ends_on date)"
    )


def _read_doubts(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    db.execute("create or replace temp table space (entity varchar, id_space varchar)")
    spaces: Mapping[str, Entity] = contract.entities
    db.executemany("insert into space values (?, ?)", [[e.name, e.id_space] for e in spaces.values()])
    model = f"{contract.partner}__held"
    if not _is_there(db, model):
        db.execute(
            "create or replace temp table in_doubt (id_space varchar, external_id varchar, also_in_mart boolean)"
        )
        return
    db.execute(
        "create or replace temp table in_doubt as select s.id_space, d.* exclude (entity)"
        f' from partners."{model}" as d inner join space as s on d.entity = s.entity'
    )


def _meant(db: duckdb.DuckDBPyConnection, rows: str) -> str:
    separator = one(db, "select any_value(separator) from in_doubt")[0]
    if separator:
        db.execute(UNKNOWN)
    return (MEANT_WITH_UNKNOWN if separator else MEANT).format(rows=rows, separator=separator)


def _parent_fields(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    db.execute("create or replace temp table parent_field (entity varchar, field varchar, id_space varchar)")
    fields = {
        (entity.name, parent.field, contract.entities[parent.entity].id_space)
        for entity in contract.entities.values()
        for parent in entity.parents
    }
    if fields:
        db.executemany("insert into parent_field values (?, ?, ?)", sorted(fields))


def _spread(db: duckdb.DuckDBPyConnection, more: str) -> None:
    """Holds more rows, until there are none."""
    size = -1
    while size != (size := _size(db)):
        db.execute(SPREAD.format(more=more))


def _size(db: duckdb.DuckDBPyConnection) -> int:
    return int(one(db, "select count(*) from held")[0])


def _is_there(db: duckdb.DuckDBPyConnection, model: str) -> bool:
    found = one(
        db,
        "select count(*) from information_schema.tables where table_schema = 'partners' and table_name = ?",
        [model],
    )
    return bool(found[0])
