{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
)

select
    {{ composite_id('facilioo', 'gebaeude') }} as external_id,
    {{ composite_id('facilioo', 'wirtschaftseinheit') }} as projekte_external_id,
    {{ anzeigename('gebaeude') }} as name,
    gebaeude_nr as number,
    strasse as street,
    {{ hausnummer() }} as "houseNumber",
    plz as "postalCode",
    ort as city,
    land as country
from gebaeude
where {{ sendable('facilioo', 'gebaeude') }}  -- E1, I5
