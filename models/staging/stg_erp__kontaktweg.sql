{{ config(materialized='view', schema='staging') }}

with

kontaktweg as (
    select * from {{ ref('base_erp__kontaktweg') }}
)

select
    person_nr,
    lfd_nr,
    art,
    wert,
    bemerkung,
    ist_haupt,
    email_adresse,
    telefon_e164,
    _zeile,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from kontaktweg
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
