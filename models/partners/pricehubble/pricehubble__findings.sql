{{ config(enabled=partner_aktiv('pricehubble'), schema='quality', materialized='view') }}

with

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        unnest(coalesce(hindernisse, auslassungen)) as befund
    from {{ ref('int_pricehubble__wohnungen') }}
)

{{ key_conflict_findings(
    'pricehubble', 'verwaltungseinheit', 'int_pricehubble__wohnungen', 'verwaltungseinheit'
) }}
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
