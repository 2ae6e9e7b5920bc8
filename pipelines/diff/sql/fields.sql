-- Fields that change, by partner and entity, with both values as JSON text; `has_new_id`: those of records that get another
-- external id, of which the references do not count; `is_id`: the new value is the record's id or those it refers to.
-- Parameters: $plan_id. Reads the temp table `id_change`.
create or replace temp table field_change as
with

change as (
    select
        p.partner, p.entity, p.external_id, unnest(p.changed_fields) as field, p.payload, p.refs, l.payload as held,
        l.refs as held_refs, false as has_new_id
    from sync.plan as p
    inner join sync.ledger as l
        on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id
    where p.plan_id = $plan_id and p.operation = 'update' and p.sends
    union all
    select
        p.partner, p.entity, p.external_id, unnest(json_keys(p.payload)) as field, p.payload, null as refs,
        l.payload as held, null as held_refs, true as has_new_id
    from id_change as c
    inner join sync.plan as p
        on c.partner = p.partner and c.entity = p.entity and c.now = p.external_id
    inner join sync.ledger as l
        on c.partner = l.partner and c.entity = l.entity and c.former = l.external_id
    where p.plan_id = $plan_id and not c.is_held and p.operation in ('create', 'match')
),

valued as (
    select
        partner, entity, external_id, field, has_new_id,
        coalesce(json_extract(held, path), json_extract(held_refs, path))::varchar as old,
        coalesce(json_extract(payload, path), json_extract(refs, path))::varchar as new,
        json_extract(payload, path) is null or json_extract_string(payload, path) = external_id as is_id
    from (select *, '$."' || field || '"' as path from change)
)

select
    partner, entity, external_id, field, has_new_id, is_id, coalesce(old, 'null') as old, coalesce(new, 'null') as new
from valued
where not has_new_id or coalesce(old, 'null') <> coalesce(new, 'null')
