-- The most frequent changes of each field; of a personal one the first records by id, whose values hardly ever repeat.
-- Parameters: $most changes of a field; $looked_at: so many records of a personal one; $personal: fields as
-- `partner entity field`.
with

counted as (
    select
        partner, entity, field, old, new, count(*) as n, min(external_id) as first_id,
        list_contains($personal, partner || ' ' || entity || ' ' || field) as is_personal
    from field_change
    group by all
)

select partner, entity, field, old, new, n
from counted
qualify row_number() over (
    partition by partner, entity, field order by if(is_personal, 0, n) desc, if(is_personal, first_id, old), old, new
) <= if(is_personal, $looked_at, $most)
order by partner, entity, field, n desc, old, new
