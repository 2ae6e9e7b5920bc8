-- Records that come or go under the id they keep, each with the rule that speaks of it in one state only.
-- Parameters: $plan_id; $most examples.
-- Reads the temp tables `id_change` and `finding_change`.
with

operation as (
    select
        p.partner, p.entity, p.external_id, if(p.operation = 'withdraw', 'go', 'come') as what,
        numbers_of(p.external_id) as numbers
    from sync.plan as p
    where p.plan_id = $plan_id and p.operation in ('create', 'match', 'withdraw')
        and not exists (
            from id_change as c
            where c.partner = p.partner and c.entity = p.entity
                and if(p.operation = 'withdraw', c.former, c.now) = p.external_id
        )
),

reason as (
    select f.partner, f.is_more, numbers_of(f.key) as numbers, f.rule
    from finding_change as f
    where f.column_name is null and f.key is not null
),

told as (
    select o.partner, o.entity, o.what, o.external_id, min_by(r.rule, (r.partner is null, r.rule)) as rule
    from operation as o
    left join reason as r
        on r.numbers = o.numbers and r.is_more = (o.what = 'go') and coalesce(r.partner = o.partner, true)
    group by all
)

select partner, entity, what, rule, count(*) as n, list_sort(list(external_id))[:$most] as examples
from told
group by all
order by partner, entity, what, n desc, rule nulls first
