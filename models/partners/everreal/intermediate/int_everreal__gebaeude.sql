{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

named as (
    select
        mandant_nr,
        we_nr,
        gebaeude_nr,
        {{ composite_id('everreal', 'gebaeude') }} as external_id,
        {{ composite_id('everreal', 'wirtschaftseinheit') }} as objektgruppen_external_id,
        {{ anzeigename('gebaeude') }} as name,
        strasse,
        {{ hausnummer() }} as hausnummer,
        plz,
        ort,
        land,
        strasse is not null
        and {{ hausnummer() }} is not null
        and plz is not null
        and ort is not null
        and land is not null as hat_adresse,
        art,
        geschosse,
        baujahr_zahl,
        {{ sendable('everreal', 'gebaeude') }} as ist_sendbar  -- E1, I5
    from gebaeude
)

select * from named
