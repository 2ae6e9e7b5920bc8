{{ config(enabled=partner_aktiv('pricehubble'), schema='quality', materialized='view') }}

with

wohnungen as (
    select * from {{ ref('int_pricehubble__wohnungen') }}
),

key_conflicts as (
    {{ key_conflict_findings(
        'pricehubble', 'verwaltungseinheit', 'int_pricehubble__wohnungen', 'verwaltungseinheit'
    ) }}
),

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        {{ unnest('coalesce(hindernisse, auslassungen)') }} as befund
    from wohnungen
),

findings as (
    select * from key_conflicts
    union all
    select
        befund.rule,
        'verwaltungseinheit' as table_name,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as key,
        befund.column_name,
        befund.value,
        'pricehubble' as partner,
        befund.reason
    from befunde
)

select * from findings
