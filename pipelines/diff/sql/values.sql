-- The most frequent changes of each field; of a personal one the first records by id, whose values hardly ever repeat.
-- `is_few`: the new value is a text, or has some in it, that fewer than $few records get and that the field had nowhere in
-- the base; such ones of one shape count together. Ids, numbers and dates (ISO 8601) are none.
-- Parameters: $most changes of a field; $looked_at: so many records of a personal one; $personal: fields as
-- `partner entity field`; $few.
with

counted as (
    select
        partner, entity, field, old, new, is_id, count(*) as n, min(external_id) as first_id,
        list_contains($personal, partner || ' ' || entity || ' ' || field) as is_personal
    from field_change
    group by all
),

rare as (
    select partner, entity, field, new
    from counted
    where not is_personal and json_type(new) in ('VARCHAR', 'ARRAY', 'OBJECT')
        and not regexp_full_match(new, '"\d{4}-\d\d-\d\d(T[0-9:.,+-]*Z?)?"')
    group by all
    having sum(n) < $few and not bool_or(is_id)
),

held as (
    select distinct
        l.partner, l.entity, f.field, json_extract(l.payload, '$."' || f.field || '"')::varchar as new
    from sync.ledger as l
    inner join (select distinct partner, entity, field from rare) as f on l.partner = f.partner and l.entity = f.entity
),

shaped as (
    select
        c.partner, c.entity, c.field, c.old, min(c.new) as new, sum(c.n)::bigint as n, min(c.first_id) as first_id,
        c.is_personal, f.new is not null as is_few
    from counted as c
    left join (from rare anti join held using (partner, entity, field, new)) as f
        on c.partner = f.partner and c.entity = f.entity and c.field = f.field and c.new = f.new
    group by
        c.partner, c.entity, c.field, c.old, c.is_personal, is_few,
        if(f.new is null, c.new, regexp_replace(regexp_replace(c.new, '[0-9]', '9', 'g'), '\pL', 'x', 'g'))
)

select partner, entity, field, old, new, n, is_few
from shaped
qualify row_number() over (
    partition by partner, entity, field order by if(is_personal, 0, n) desc, if(is_personal, first_id, old), old, new
) <= if(is_personal, $looked_at, $most)
order by partner, entity, field, n desc, old, new
