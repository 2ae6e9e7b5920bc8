-- Which records hang on one that is to be deleted, by what the ledger says of them: the numbers of their own rows in the
-- plan, -1 where there is none. A partner may delete them with it, so they have to leave before.
-- Parameters: $plan_id; $partner; $deleted: entities whose records are deleted; $ended: those of which only a record that
-- never began is.
-- Reads the temp table `parent_field`. What the law asks for does not wait for others.
update sync.plan as p
set children = c.children
from (
    select
        g.seq,
        list_sort(list(distinct coalesce(q.seq, -1))) as children
    from sync.plan as g
    anti join sync.by_law as b
        on g.plan_id = b.plan_id and g.partner = b.partner and g.id_space = b.id_space and g.external_id = b.external_id
    inner join (
        select
            l.id_space, l.external_id, l.state, f.id_space as parent_space,
            unnest(ids_in(l.refs, f.field)) as parent_id
        from sync.ledger as l
        inner join parent_field as f on l.entity = f.entity
        where l.partner = $partner and l.remote_id is not null
    ) as r on g.id_space = r.parent_space and g.external_id = r.parent_id
    left join sync.plan as q
        on q.plan_id = $plan_id and q.partner = $partner and r.id_space = q.id_space and r.external_id = q.external_id
    where
        g.plan_id = $plan_id and g.partner = $partner and g.operation = 'withdraw' and g.sends
        -- What has its end already is in the way where this plan withdraws it once more.
        and (r.state <> 'withdrawn' or q.operation = 'withdraw')
        and (list_contains($deleted, g.entity) or (list_contains($ended, g.entity) and g.payload = '{}'))
    group by g.seq
) as c
where p.plan_id = $plan_id and p.partner = $partner and p.seq = c.seq
