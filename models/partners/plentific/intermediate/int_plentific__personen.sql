{{ config(enabled=partner_aktiv('plentific'), materialized='view') }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

named as (
    select
        person_nr,
        {{ vorname() }} as first_name,
        name as last_name,
        case when ist_firma then name end as company_name,
        email,
        coalesce(handynummer_e164, festnetz_e164) as phone
    from personen
)

select * from named
