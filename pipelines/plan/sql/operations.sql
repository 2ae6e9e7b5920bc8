-- The operations of one entity, by external id, with the ids of parents that are known.
-- Parameters: $plan_id; $partner; $entity; $level of the entity; $withdrawn: withdrawals or the others; $last: the
-- number of the last row that was written; $in_depth: rows hang on rows of their own kind.
-- Reads the temp tables `diff`, `reference` (field, id_space, in_path) and `depth` (entity, withdrawn, external_id,
-- depth). A row in a circle, or below one, has no level: it cannot be sent.
insert into sync.plan
with

operation as (
    from diff where entity = $entity and (operation = 'withdraw') = $withdrawn
),

single as (
    select o.external_id as child, f.field, f.id_space, unnest(ids_in(o.refs, f.field)) as external_id
    from operation as o
    cross join reference as f
    -- A withdrawal needs those that stand in the address of its record.
    where o.operation <> 'withdraw' or o.is_whole or f.in_path
),

resolved as (
    select
        s.child,
        to_json(list(
            struct_pack(
                field := s.field, id_space := s.id_space, external_id := s.external_id,
                remote_id := l.remote_id
            )
            order by s.field, s.external_id
        ))::varchar as parents
    from single as s
    left join sync.ledger as l
        on l.partner = $partner and s.id_space = l.id_space and s.external_id = l.external_id
    group by s.child
)

select
    $plan_id,
    $last + row_number() over (
        order by if($withdrawn, -coalesce(d.depth, 0), coalesce(d.depth, 1000000)), o.external_id
    ) as seq,
    $partner, o.entity, o.id_space,
    case
        when not $in_depth then $level
        when $withdrawn then $level + coalesce(d.depth, 0)
        else $level + d.depth
    end,
    o.operation, o.external_id, o.remote_id, o.payload, o.refs, o.changed_fields, o.payload_hash, o.confirmed,
    o.sends, coalesce(r.parents, '[]'),
    sha256(concat_ws('|', o.entity, o.operation, o.external_id, o.payload_hash)), null, o.content, null
from operation as o
left join resolved as r on o.external_id = r.child
left join depth as d
    on o.entity = d.entity and d.withdrawn = $withdrawn and o.external_id = d.external_id
