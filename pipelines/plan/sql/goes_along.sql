-- Records that have their end and may still be deleted, where this plan deletes what they hang on, as the temp table
-- `along`: those that an earlier push has ended (`is_new`), and those that this plan would leave as they are.
-- Parameters: $partner; $deleted: entities whose records are deleted.
-- Reads the temp tables `diff`, `parent_field` and `ended_kind` (entities that end, with the field of the end).
create or replace temp table along as
with

gone as (
    select distinct id_space, external_id from diff
    where operation = 'withdraw' and sends and list_contains($deleted, entity)
),

held as (
    select l.*, e.end_field
    from sync.ledger as l
    inner join ended_kind as e on l.entity = e.entity
    where l.partner = $partner and l.remote_id is not null
),

below as (
    select distinct r.id_space, r.external_id
    from (
        select h.id_space, h.external_id, f.id_space as parent_space, unnest(ids_in(h.refs, f.field)) as parent_id
        from held as h
        inner join parent_field as f on h.entity = f.entity
    ) as r
    inner join gone as g on r.parent_space = g.id_space and r.parent_id = g.external_id
)

select
    h.entity, h.id_space, h.external_id, h.remote_id, h.refs, h.content,
    -- The end that is there: nothing is set.
    json_object(h.end_field, json_extract(h.payload, '$."' || h.end_field || '"'))::varchar as payload,
    h.payload_hash is not null as confirmed, d.external_id is null as is_new
from held as h
semi join below as b on h.id_space = b.id_space and h.external_id = b.external_id
left join diff as d on h.id_space = d.id_space and h.external_id = d.external_id
where
    (d.external_id is null and h.state = 'withdrawn' and h.reason = 'ended')
    or (d.operation = 'withdraw' and not d.sends)
