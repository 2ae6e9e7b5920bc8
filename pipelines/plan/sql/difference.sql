-- What is to be done in one space of external ids, rendered: one row of `diff` for each create, update and withdrawal.
-- Parameters: $partner; $space of ids; $day: the key date, ISO.
-- Reads the temp tables `compared` (what is to be done), `rendered` (creates and updates as JSON), `withdrawal` (how an
-- entity is withdrawn) and `ending` (records that get an end of their own).
insert into diff
with

changed as (
    select
        c.entity, c.external_id, c.operation, c.remote_id, r.refs, w.keeps, w.end_field,
        json_extract_string(l.payload, '$."' || w.end_field || '"') as held_end,
        json_extract_string(e.body, '$."' || w.end_field || '"') as end_value, e.body = '{}' as deletes,
        l.payload as held, l.refs as held_refs, l.content, l.payload_hash as held_hash,
        json_keys(coalesce(e.body, w.body)) as withdraw_fields,
        c.operation = 'withdraw' and w.is_whole as is_whole,
        -- Its link to us was cut, or its removal handed over, so that it is not told by what the ledger says of its fields.
        coalesce(l.state = 'withdrawn' and l.reason in ('detached', 'removal_delivered', 'confirmation_overdue'), false) as is_detached,
        -- What was sent last may have arrived, whatever was confirmed before: nothing is known to be there still. What
        -- verify has read is.
        coalesce(
            l.state = 'pending' and coalesce(l.reason, '') not in ('not_tried', 'changed_at_partner'), false
        ) as is_uncertain,
        list_distinct(list_concat(json_keys(r.payload), json_keys(r.refs))) as all_fields,
        case
            when c.operation <> 'withdraw' then r.payload
            when w.is_whole then json_merge_patch(coalesce(l.payload, '{}'), coalesce(e.body, w.body))
            else coalesce(e.body, w.body)
        end as payload,
        case when c.operation = 'withdraw' then sha256(coalesce(e.body, w.body)) else c.payload_hash end
            as payload_hash,
        -- A field that is null is one that is not there: a column more changes nothing as long as it is empty.
        list_filter(
            json_keys(r.payload),
            lambda k: nullif(json_extract(r.payload, '$."' || k || '"')::varchar, 'null')
                is distinct from nullif(json_extract(l.payload, '$."' || k || '"')::varchar, 'null')
        ) as payload_fields,
        list_filter(
            json_keys(r.refs),
            lambda k: json_extract(r.refs, '$."' || k || '"')
                is distinct from json_extract(l.refs, '$."' || k || '"')
        ) as ref_fields
    from compared as c
    inner join withdrawal as w on c.entity = w.entity
    left join ending as e on c.entity = e.entity and c.external_id = e.external_id
    left join rendered as r on c.entity = r.entity and c.external_id = r.external_id
    left join sync.ledger as l
        on l.partner = $partner and l.id_space = $space and c.external_id = l.external_id
    where c.operation in ('create', 'match', 'update', 'withdraw')
)

select
    entity, $space, external_id, operation, remote_id, payload, coalesce(refs, held_refs, '{}') as refs,
    payload_hash,
    case operation
        when 'update' then if(is_uncertain, list_sort(all_fields), list_concat(
            payload_fields, list_filter(ref_fields, lambda k: not list_contains(payload_fields, k))
        ))
        when 'withdraw' then withdraw_fields
    end as changed_fields,
    held_hash is not null and not is_detached as confirmed,
    case operation
        when 'create' then true
        when 'match' then true
        when 'update' then len(payload_fields) + len(ref_fields) > 0 or is_detached or is_uncertain
        -- An end that is past stays, and so does one that is the right one.
        else not keeps and (
            coalesce(deletes, false)
            or (
                coalesce(left(held_end, 10) > $day, true)
                and (held_end is null or held_end is distinct from end_value)
            )
        )
    end as sends,
    is_whole, content
from changed
