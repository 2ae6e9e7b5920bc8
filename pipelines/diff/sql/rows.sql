-- Records that come or go under the id they keep, each with the rule that speaks of it in one state only.
-- Parameters: $plan_id; $most examples; $drops: rules that take rows out.
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
    where list_contains($drops, f.rule) and f.key is not null
),

told as (
    select o.partner, o.entity, o.what, o.external_id, min_by(r.rule, (r.partner is null, r.rule)) as rule
    from operation as o
    left join reason as r
        on r.numbers = o.numbers and r.is_more = (o.what = 'go') and coalesce(r.partner = o.partner, true)
    group by all
),

-- What comes although a rule still speaks of it: the head does not keep the rule.
broken as (
    select o.partner, o.entity, o.external_id, min(f.rule) as against
    from operation as o
    inner join quality.findings as f
        on numbers_of(f.key) = o.numbers and coalesce(f.partner = o.partner, true) and list_contains($drops, f.rule)
    where o.what = 'come'
    group by all
)

select
    t.partner, t.entity, t.what, t.rule, b.against, count(*) as n, list_sort(list(t.external_id))[:$most] as examples
from told as t
left join broken as b
    on t.what = 'come' and t.partner = b.partner and t.entity = b.entity and t.external_id = b.external_id
group by all
order by t.partner, t.entity, t.what, n desc, t.rule nulls first, b.against nulls first
