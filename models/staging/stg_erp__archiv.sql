{{ config(materialized='view', schema='staging') }}

with

archiv as (
    select * from {{ ref('base_erp__archiv') }}
)

select
    archiv_nr,
    name,
    suchkategorie,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from archiv
-- C6, C7, L1: rows that live
where _regel is null
