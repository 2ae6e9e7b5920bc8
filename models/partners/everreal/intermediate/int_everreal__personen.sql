{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

named as (
    select
        person_nr,
        case
            when ist_firma then {{ sql_text(partner_settings('everreal').firma_vorname) }}
            else vorname
        end as "firstName",
        name as "lastName",
        case when ist_firma then name end as "companyName",
        email,
        festnetz,
        handynummer,
        coalesce(handynummer, festnetz) as telefon,
        strasse,
        hausnummer,
        plz,
        ort,
        land
    from personen
)

select * from named
