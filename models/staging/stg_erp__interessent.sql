{{ config(materialized='view', schema='staging') }}

with

interessent as (
    select * from {{ ref('base_erp__interessent') }}
)

select
    interessent_nr,
    person_nr,
    vorname,
    nachname,
    geburtsdatum,
    email,
    telefon,
    objektnr,
    status,
    quelle_partner,
    eingang_am,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from interessent
-- C6, C7, L1: rows that live
where _regel is null
