-- Records that leave under one external id, or are held under it, and are created under another: first those whose ids
-- have the same numbers, of the ERP's key, in the same order, then in any; then those that the plan itself takes for
-- renumbered.
-- Parameters: $plan_id.
create or replace temp table id_change as
with

gone as (
    select partner, entity, external_id, false as is_held, numbers_of(external_id) as numbers
    from sync.plan
    where plan_id = $plan_id and operation = 'withdraw'
    union all
    select h.partner, h.entity, h.external_id, true as is_held, numbers_of(h.external_id) as numbers
    from sync.held as h
    where h.plan_id = $plan_id
        and not exists (
            from sync.plan as p
            where p.plan_id = $plan_id and p.partner = h.partner and p.id_space = h.id_space
                and p.external_id = h.external_id
        )
),

made as (
    select partner, entity, external_id, numbers_of(external_id) as numbers
    from sync.plan
    where plan_id = $plan_id and operation in ('create', 'match')
),

in_order as (
    select g.partner, g.entity, g.external_id as former, m.external_id as now, g.is_held
    from (select * from gone qualify count(*) over (partition by partner, entity, numbers) = 1) as g
    inner join (select * from made qualify count(*) over (partition by partner, entity, numbers) = 1) as m
        on g.partner = m.partner and g.entity = m.entity and g.numbers = m.numbers
),

left_over as (
    select partner, entity, external_id, is_held, list_sort(numbers) as numbers
    from gone
    anti join in_order on gone.partner = in_order.partner and gone.entity = in_order.entity
        and gone.external_id = in_order.former
),

new as (
    select partner, entity, external_id, list_sort(numbers) as numbers
    from made
    anti join in_order on made.partner = in_order.partner and made.entity = in_order.entity
        and made.external_id = in_order.now
),

in_any_order as (
    select g.partner, g.entity, g.external_id as former, m.external_id as now, g.is_held
    from (select * from left_over qualify count(*) over (partition by partner, entity, numbers) = 1) as g
    inner join (select * from new qualify count(*) over (partition by partner, entity, numbers) = 1) as m
        on g.partner = m.partner and g.entity = m.entity and g.numbers = m.numbers
),

by_key as (
    select *, 'ERP key' as told_by from in_order
    union all
    select *, 'ERP key' as told_by from in_any_order
),

by_content as (
    select
        f.partner, f.entity, f.external_id as former, n.external_id as now, false as is_held, 'content' as told_by
    from sync.plan_renumbered as f
    inner join sync.plan_renumbered as n
        on f.plan_id = n.plan_id and f.partner = n.partner and f.entity = n.entity and f.pair = n.pair
        and n.side = 'now'
    where f.plan_id = $plan_id and f.side = 'former'
        and not exists (from by_key as k where k.partner = f.partner and k.entity = f.entity and k.former = f.external_id)
        and not exists (from by_key as k where k.partner = n.partner and k.entity = n.entity and k.now = n.external_id)
)

select * from by_key
union all
select * from by_content
