{{ config(enabled=partner_aktiv('quis'), schema='partners', contract={'enforced': true}) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
)

select
    {{ composite_id('quis', 'gebaeude') }} as external_id,
    {{ composite_id('quis', 'wirtschaftseinheit') }} as objektgruppen_external_id,
    {{ composite_id('quis', 'gebaeude') }} as "customId",
    {{ quis_location() }} as location
from gebaeude
where
    {{ sendable('quis', 'gebaeude') }}  -- E1, I5
    and '{{ partner_settings('quis').expose_als }}' = 'property_groups'  -- the setting expose_als
