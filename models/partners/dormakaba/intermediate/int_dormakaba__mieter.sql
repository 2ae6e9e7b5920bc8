{{ config(enabled=partner_aktiv('dormakaba'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('dormakaba') }}
),

mieter as (
    select * from {{ ref('int_mieter') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

tenants as (
    select
        mietverhaeltnisse.*,
        coalesce(mieter.ist_hauptmieter, false) as ist_hauptmieter,
        case
            when personen.ist_firma then {{ sql_text(partner_settings('dormakaba').firma_vorname) }}
            else personen.vorname
        end as vorname
    from mietverhaeltnisse
    inner join mieter
        on
            {{ same_key('mietvertrag', 'mietverhaeltnisse', 'mieter') }}
            and mietverhaeltnisse.person_nr = mieter.person_nr
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
),

-- V1: resivo requires a first name
judged as (
    select
        *,
        vorname is null as fehlt_vorname
    from tenants
),

-- D1: the Hauptmieter, else who began first; who cannot be sent comes last
ranked as (
    select
        *,
        row_number() over (
            partition by vertrag_id
            order by fehlt_vorname, not ist_hauptmieter, beginn nulls last, person_nr
        ) as rang
    from judged
),

main_contacts as (
    select
        *,
        rang = 1 as ist_hauptkontakt
    from ranked
)

select * from main_contacts
