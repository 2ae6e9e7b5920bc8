{%- set on_einheit = partner_settings('casavi').adressen == 'einheit' -%}
{{ config(enabled=partner_aktiv('casavi')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_casavi__verwaltungseinheiten') }}
),

records as (
    select
        verwaltungseinheit_id as external_id,
        {{ composite_id('casavi', 'wirtschaftseinheit') }} as liegenschaften_external_id,
        name,
        ve_nr as number,
        {{ 'adresse' if on_einheit else 'cast(null as string)' }} as address
    from verwaltungseinheiten
)

select * from records
