{{ config(enabled=partner_aktiv('plentific'), schema='partners', contract={'enforced': true}) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
)

select
    {{ composite_id('plentific', 'gebaeude') }} as external_id,
    {{ anzeigename('gebaeude') }} as name,
    {{ plentific_address() }} as address,
    true as is_active
from gebaeude
where {{ sendable('plentific', 'gebaeude') }}  -- E1, I5
