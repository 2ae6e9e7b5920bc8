{{ config(enabled=partner_aktiv('idwell')) }}

with

personen as (
    select
        person_nr,
        ist_eigentuemer,
        {{ composite_id('idwell', 'person') }} as person_id,
        hindernisse is null as is_sent,
        hindernisse[1].rule as rule,
        hindernisse[1].reason as reason
    from {{ ref('int_idwell__personen') }}
    -- E10: who cannot be reached for sure is not there; E11, V1: what iDWELL holds of the person stays
    where hindernisse is null or hindernisse[1].rule in ('E11', 'V1')
),

of_contracts as (
    select
        'mietvertrag' as level,
        {{ bezug_key('mietvertrag') }} as bezug_key,
        mandant_nr,
        person_nr
    from {{ ref('int_idwell__mietverhaeltnisse') }}
    union all
    select
        'eigentuemervertrag' as level,
        {{ bezug_key('eigentuemervertrag') }} as bezug_key,
        mandant_nr,
        person_nr
    from {{ ref('int_idwell__eigentumsverhaeltnisse') }}
),

of_all as (
    select * from of_contracts
    union all
    select
        'person' as level,
        person_nr as bezug_key,
        mandant_nr,
        person_nr
    from of_contracts
),

-- Never on the flat: whoever lives there next would find what belongs to a contract.
users as (
    select
        of_all.level,
        of_all.bezug_key,
        list(distinct of_all.mandant_nr) as mandanten,
        list(distinct personen.person_id order by personen.person_id)
        filter (where personen.is_sent and not personen.ist_eigentuemer) as mieter_ids,
        list(distinct personen.person_id order by personen.person_id)
        filter (where personen.is_sent and personen.ist_eigentuemer) as eigentuemer_ids,
        case when not bool_or(personen.is_sent) then min(personen.rule) end as rule,
        case
            when not bool_or(personen.is_sent)
                then min_by(personen.reason, row(personen.rule, personen.reason))
        end as reason
    from of_all
    inner join personen on of_all.person_nr = personen.person_nr
    group by of_all.level, of_all.bezug_key
),

records as (
    {{ document_targets('idwell', 'gebaeude') | indent(4) }}
    union all by name
    {{ document_targets('idwell', 'verwaltungseinheit') | indent(4) }}
    union all by name
    select * from users
),

documents as (
    {{ judged_documents(
        'idwell',
        'records',
        levels=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'eigentuemervertrag', 'person'],
    ) }}
)

select * from documents
