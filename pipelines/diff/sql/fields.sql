-- Fields that change, by partner and entity, with both values as JSON text. Parameters: $plan_id.
create or replace temp table field_change as
with

change as (
    select
        p.partner, p.entity, p.external_id, unnest(p.changed_fields) as field, p.payload, p.refs, l.payload as held,
        l.refs as held_refs
    from sync.plan as p
    inner join sync.ledger as l
        on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id
    where p.plan_id = $plan_id and p.operation = 'update' and p.sends
),

valued as (
    select
        partner, entity, external_id, field,
        coalesce(json_extract(held, path), json_extract(held_refs, path))::varchar as old,
        coalesce(json_extract(payload, path), json_extract(refs, path))::varchar as new
    from (select *, '$."' || field || '"' as path from change)
)

select
    partner, entity, external_id, field, coalesce(old, 'null') as old, coalesce(new, 'null') as new
from valued
