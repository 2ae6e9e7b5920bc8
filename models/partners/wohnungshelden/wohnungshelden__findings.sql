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
        befund.rule,
        'leerstand' as table_name,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as key,
        befund.column_name,
        befund.value,
        'wohnungshelden' as partner,
        befund.reason
    from befunde
)

select * from findings
