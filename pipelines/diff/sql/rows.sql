-- Records that come or go under the id they keep, each with the rule that speaks in one state only of it, of what it
-- lies in, or of those who stand on it.
-- Parameters: $plan_id; $most examples; $drops: rules that take rows out.
-- Reads the temp tables `id_change`, `finding_change`, `entity_kind` (partner, entity, kind) and `stay` (person, place):
-- a person whose id names no contract lies in what is let or sold to it.
with

operation as (
    select
        p.partner, p.entity, p.external_id, if(p.operation = 'withdraw', 'go', 'come') as what,
        numbers_of(p.external_id) as numbers, k.kind,
        -- In ids an owner contract's number has an E before it.
        list_transform(numbers_of(p.external_id), lambda part: regexp_replace(part, '^E0*([0-9])', '\1')) as without_e
    from sync.plan as p
    left join entity_kind as k on k.partner = p.partner and k.entity = p.entity
    where p.plan_id = $plan_id and p.operation in ('create', 'match', 'withdraw')
        and not exists (
            from id_change as c
            where c.partner = p.partner and c.entity = p.entity
                and if(p.operation = 'withdraw', c.former, c.now) = p.external_id
        )
),

-- Under which numbers a rule may speak of the record, the nearest first.
meant as (
    select partner, entity, external_id, 'row' as what_of, numbers as said, 0 as distance from operation
    union all
    select partner, entity, external_id, 'person', numbers[1:1], 1 from operation where kind = 'person' and len(numbers) <= 2
    union all
    select partner, entity, external_id, unnest(['row', 'contract']), without_e, unnest([0, 2])
    from operation where kind in ('contract', 'person')
    union all
    select partner, entity, external_id, 'row', numbers[1:n], 10 + len(numbers) - n
    from operation, unnest(range(2, len(numbers))) as up(n)
    union all
    select o.partner, o.entity, o.external_id, 'row', s.place[1:n], 20 + len(s.place) - n
    from operation as o
    inner join stay as s on o.kind = 'person' and len(o.numbers) <= 2 and s.person = o.numbers[1:1]
    cross join unnest(range(2, len(s.place) + 1)) as up(n)
),

reason as (
    select f.partner, f.is_more, f.rule, 'row' as what_of, numbers_of(f.key) as said
    from finding_change as f
    where list_contains($drops, f.rule) and f.key is not null
    union all
    -- Who stands on a contract, and the contract: the last part of the key, and the others.
    select f.partner, f.is_more, f.rule, unnest(['person', 'contract']), unnest([p[-1:], p[:-2]])
    from (select *, numbers_of(key) as p from finding_change) as f
    where list_contains($drops, f.rule) and f.table_name in ('mieter', 'eigentuemer') and len(f.p) > 1
    union all
    select f.partner, f.is_more, f.rule, 'person', numbers_of(f.key)[1:1]
    from finding_change as f
    where list_contains($drops, f.rule) and f.table_name in ('person', 'kontaktweg', 'einwilligung')
),

told as (
    select o.partner, o.entity, o.what, o.external_id, min_by(r.rule, (m.distance, r.partner is null, r.rule)) as rule
    from operation as o
    inner join meant as m on m.partner = o.partner and m.entity = o.entity and m.external_id = o.external_id
    left join reason as r
        on r.what_of = m.what_of and r.said = m.said and r.is_more = (o.what = 'go')
        and coalesce(r.partner = o.partner, true)
    group by all
),

-- What comes although a rule still speaks of it: the head does not keep the rule.
broken as (
    select o.partner, o.entity, o.external_id, min_by(f.rule, (f.partner is null, f.rule)) as against
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
