{{ config(enabled=partner_aktiv('wohnungshelden'), schema='quality', materialized='view') }}

with

leerstaende as (
    select * from {{ ref('int_wohnungshelden__leerstaende') }}
),

key_conflicts as (
    {{ key_conflict_findings('wohnungshelden', 'leerstand', 'int_leerstaende', 'verwaltungseinheit') }}
),

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        unnest(hindernisse) as befund
    from leerstaende
),

findings as (
    select * from key_conflicts
    union all
    select
        befund.regel,
        'leerstand' as tabelle,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as schluessel,
        befund.spalte,
        befund.wert,
        'wohnungshelden' as partner,
        befund.grund
    from befunde
)

select * from findings
