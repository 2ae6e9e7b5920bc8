{{ config(enabled=partner_aktiv('etg24'), schema='partners', contract={'enforced': true}) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
)

select
    {{ composite_id('etg24', 'wirtschaftseinheit') }} as external_id,
    {{ anzeigename('wirtschaftseinheit') }} as title
from wirtschaftseinheiten
where {{ sendable('etg24', 'wirtschaftseinheit') }}  -- E1, I5
