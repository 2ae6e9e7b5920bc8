{%- set on_liegenschaft = partner_settings('casavi').adressen == 'liegenschaft' -%}
{#- A column more is no column of the YAML: the contract holds for the setting that is shipped. -#}
{{ config(
    enabled=partner_aktiv('casavi'),
    contract={'enforced': not on_liegenschaft}
) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

-- E6: a WE without any let flat is not here
orte as (
    select * from {{ ref('int_casavi__orte') }}
),

laender as (
    select * from {{ ref('laender') }}
),

records as (
    select
        {{ composite_id('casavi', 'wirtschaftseinheit', table='wirtschaftseinheiten') }} as external_id,
        {{ anzeigename('wirtschaftseinheit', 'wirtschaftseinheiten') }} as name,
        wirtschaftseinheiten.we_nr as number,
        orte.plz as "postalCode",
        coalesce(wirtschaftseinheiten.ort, orte.ort) as city,
        {%- if on_liegenschaft %}
            orte.adressen as addresses,
        {%- endif %}
        coalesce(laender.casavi_country, orte.land) as country
    from wirtschaftseinheiten
    inner join orte on {{ same_key('wirtschaftseinheit', 'wirtschaftseinheiten', 'orte') }}
    left join laender on orte.land = laender.land
)

select * from records
