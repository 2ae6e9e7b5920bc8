{{ config(materialized='view', schema='staging') }}

with

mandant as (
    select * from {{ ref('base_erp__mandant') }}
)

select
    mandant_nr,
    name,
    art,
    strasse,
    hausnummer,
    plz,
    ort,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from mandant
-- C6, C7, L1: rows that live
where _regel is null
