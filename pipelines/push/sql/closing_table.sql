-- What became of a push, one row an entity.
-- plan_id, partner: of the push; {marts}: entity and row_count of each mart; {overdue}, {unconfirmed}: delivered.py.
with

of_marts as (
    {marts}
),

of_plan as (
    select
        p.entity,
        count(*) filter (arrived and operation = 'create') as created,
        count(*) filter (arrived and operation = 'update') as updated,
        count(*) filter (arrived and operation = 'withdraw') as withdrawn,
        count(*) filter (a.seq is null) as waiting
    from (
        from sync.plan where plan_id = $plan_id and partner = $partner
    ) as p
    left join (
        select
            seq,
            state in ('synced', 'withdrawn') and reason is distinct from 'removal_delivered' as has_arrived
        from sync.attempts
        where plan_id = $plan_id
    ) as a on p.seq = a.seq,
    lateral (select coalesce(a.has_arrived, false) and (p.sends or p.operation = 'withdraw') as arrived)
    group by p.entity
),

of_ledger as (
    select
        entity,
        count(*) filter (state = 'synced') as synced,
        count(*) filter (state = 'rejected') as rejected,
        count(*) filter (state = 'blocked') as blocked,
        count(*) filter (state = 'pending') as pending,
        count(*) filter (({unconfirmed}) and ({overdue})) as overdue,
        count(*) filter ({unconfirmed}) as unconfirmed
    from sync.ledger
    where partner = $partner
    group by entity
),

of_held as (
    select
        entity,
        count(*) as held
    from sync.held
    where plan_id = $plan_id and partner = $partner
    group by entity
)

select
    m.entity,
    m.row_count,
    coalesce(p.created, 0),
    coalesce(p.updated, 0),
    coalesce(p.withdrawn, 0),
    coalesce(p.waiting, 0),
    coalesce(l.synced, 0),
    coalesce(l.rejected, 0),
    coalesce(l.blocked, 0),
    coalesce(l.pending, 0),
    coalesce(l.overdue, 0),
    coalesce(l.unconfirmed, 0),
    coalesce(h.held, 0)
from of_marts as m
left join of_plan as p on m.entity = p.entity
left join of_ledger as l on m.entity = l.entity
left join of_held as h on m.entity = h.entity
