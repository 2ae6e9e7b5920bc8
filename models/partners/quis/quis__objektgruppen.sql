{{ config(enabled=partner_aktiv('quis'), schema='partners', contract={'enforced': true}) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
)

select
    {{ composite_id('quis', 'wirtschaftseinheit') }} as external_id,
    {{ composite_id('quis', 'wirtschaftseinheit') }} as "customId"
from wirtschaftseinheiten
where {{ sendable('quis', 'wirtschaftseinheit') }}  -- E1, I5
