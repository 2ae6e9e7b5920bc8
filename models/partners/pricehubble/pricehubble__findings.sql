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
        unnest(coalesce(hindernisse, auslassungen)) as befund
    from wohnungen
),

findings as (
    select * from key_conflicts
    union all
    select
        befund.regel,
        'verwaltungseinheit' as tabelle,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as schluessel,
        befund.spalte,
        befund.wert,
        'pricehubble' as partner,
        befund.grund
    from befunde
)

select * from findings
