{{ config(enabled=partner_aktiv('facilioo')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_facilioo__mietverhaeltnisse') }}
),

records as (
    select
        {{ facilioo_vertrag('mietverhaeltnisse', 'mv_nr', type_id=4) }},
        {{ composite_id('facilioo', 'person') }} as parteien_mieter_external_id
    from mietverhaeltnisse
)

select * from records
