-- What each record is in the ledger after its outcome, as the temp table `moved`. Reads the temp table `done`.
-- The cases stand here and not as clauses of the merge, each of which takes as much memory as a whole part.
create or replace temp table moved as
with kinds as (
    select
        d.*,
        case
            when d.state in ('synced', 'delivered') then 'sent'
            when d.state = 'withdrawn' and d.reason = 'deleted' then 'gone'
            when d.state = 'withdrawn' and d.reason = 'detached' and d.payload = '{}' then 'gone'
            when d.state = 'withdrawn' then 'ended'
            when d.reason = 'missing_at_partner' then 'missing'
            else 'failed'
        end as kind
    from done as d
)

select
    d.partner, d.id_space, d.external_id, d.state,
    case when d.kind = 'sent' or l.partner is null then d.entity else l.entity end as entity,
    case
        when d.kind = 'sent' then coalesce(d.new_remote_id, d.remote_id, l.remote_id)
        when d.kind = 'missing' or d.reason = 'deleted' then null
        when d.kind = 'failed' then coalesce(d.new_remote_id, l.remote_id)
        else l.remote_id
    end as remote_id,
    case
        when d.kind <> 'sent' then d.reason
        -- A change of some fields does not give it the external id that it was made without.
        when l.reason = 'without_external_id' and l.payload_hash is not null then l.reason
        else d.reason
    end as reason,
    -- Fields of a record that was sent are those that were left out; of what was handed over: the import that tells.
    case
        when d.kind in ('sent', 'failed') or d.reason = 'removal_delivered' then d.fields
    end as fields,
    case d.kind
        when 'sent' then d.payload when 'ended' then json_merge_patch(l.payload, d.payload) when 'failed' then l.payload
    end as payload,
    case when d.kind = 'sent' then d.refs when d.kind in ('ended', 'failed') then l.refs end as refs,
    case
        when d.kind = 'sent' then d.payload_hash when d.kind in ('ended', 'failed') then l.payload_hash
    end as payload_hash,
    case
        -- What was handed over may be refused again, by a word that is still to come.
        when d.kind = 'missing' or d.state = 'delivered' then coalesce(l.tries, 0)
        when d.kind <> 'failed' then 0
        when l.tried_hash = d.payload_hash then l.tries + 1
        else 1
    end as tries,
    case
        when d.kind = 'failed' then d.payload_hash when d.kind = 'missing' or d.state = 'delivered' then l.tried_hash
    end as tried_hash,
    case when d.kind in ('sent', 'gone', 'ended') then d.run_id else l.last_run_id end as last_run_id,
    case when d.kind in ('sent', 'gone', 'ended') then d.settled_at else l.last_synced_at end as last_synced_at,
    case
        when d.kind in ('sent', 'failed', 'ended') then coalesce(d.content, l.content)
        -- Its bytes go anew, and then the former file is taken out.
        when d.kind = 'missing' then json_merge_patch(l.content, '{"sha256": "", "label": ""}')
    end as content
from kinds as d
left join sync.ledger as l
    on d.partner = l.partner and d.id_space = l.id_space and d.external_id = l.external_id;

-- What was left out (its state forbade it, another record has it) stays there as it was, and so differs with the next
-- change of the row.
update moved as m
set payload = json_merge_patch(json_merge_patch(m.payload, w.without), w.as_held)
from (
    select
        f.partner, f.id_space, f.external_id, json_group_object(f.name, null) as without,
        json_group_object(f.name, json_extract(f.payload, '$."' || f.name || '"')) as as_held
    from (
        select d.partner, d.id_space, d.external_id, l.payload, unnest(string_split(d.fields, ', ')) as name
        from done as d
        left join sync.ledger as l
            on d.partner = l.partner and d.id_space = l.id_space and d.external_id = l.external_id
        where d.state = 'synced' and d.fields is not null
    ) as f
    group by f.partner, f.id_space, f.external_id
) as w
where m.partner = w.partner and m.id_space = w.id_space and m.external_id = w.external_id
