{{ config(enabled=partner_aktiv('idwell')) }}

{% set columns = ['gebaeude_id', 'verwaltungseinheit_id'] %}
{% set first = list_element('hindernisse', 1) %}
{% set of_rule = rank_of(['personen.rule', 'personen.reason']) %}

with

personen as (
    select
        person_nr,
        ist_eigentuemer,
        {{ composite_id('idwell', 'person') }} as person_id,
        hindernisse is null as is_sent,
        {{ first }}.rule as rule,
        {{ first }}.reason as reason
    from {{ ref('int_idwell__personen') }}
    -- E10: who cannot be reached for sure is not there; E11, V1: what iDWELL holds of the person stays
    where hindernisse is null or {{ first }}.rule in ('E11', 'V1')
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
        {{ ordered_list('of_all.mandant_nr', distinct=true) }} as mandanten,
        {{ ordered_list(
            'personen.person_id', distinct=true, where='personen.is_sent and not personen.ist_eigentuemer'
        ) }} as mieter_ids,
        {{ ordered_list(
            'personen.person_id', distinct=true, where='personen.is_sent and personen.ist_eigentuemer'
        ) }} as eigentuemer_ids,
        case when not bool_or(personen.is_sent) then min(personen.rule) end as rule,
        case when not bool_or(personen.is_sent) then min_by(personen.reason, {{ of_rule }}) end as reason
    from of_all
    inner join personen on of_all.person_nr = personen.person_nr
    group by of_all.level, of_all.bezug_key
),

records as (
    {{ document_targets('idwell', 'gebaeude', columns) | indent(4) }}
    union all
    {{ document_targets('idwell', 'verwaltungseinheit', columns) | indent(4) }}
),

targets as (
    select
        level,
        bezug_key,
        mandanten,
        gebaeude_id,
        verwaltungseinheit_id,
        {{ no_texts() }} as mieter_ids,
        {{ no_texts() }} as eigentuemer_ids,
        cast(null as string) as rule,
        cast(null as string) as reason
    from records
    union all
    select
        level,
        bezug_key,
        mandanten,
        cast(null as string) as gebaeude_id,
        cast(null as string) as verwaltungseinheit_id,
        mieter_ids,
        eigentuemer_ids,
        rule,
        reason
    from users
),

documents as (
    {{ judged_documents(
        'idwell',
        'targets',
        levels=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'eigentuemervertrag', 'person'],
    ) }}
)

select * from documents
