{{ config(enabled=partner_aktiv('facilioo')) }}
{%- set projekte = partner_settings('facilioo').projekte or {} %}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

records as (
    select
        {{ composite_id('facilioo', 'wirtschaftseinheit') }} as external_id,
        {{ anzeigename('wirtschaftseinheit') }} as name,
        we_nr as number
    from wirtschaftseinheiten
    where
        {{ sendable('facilioo', 'wirtschaftseinheit') }}  -- E1, I5
    {%- if projekte %}
        -- the setting projekte: an existing Projekt takes what belongs to it
        and {{ composite_id('facilioo', 'wirtschaftseinheit') }} not in ({{ sql_texts(projekte) }})
        {%- endif %}
)

select * from records
