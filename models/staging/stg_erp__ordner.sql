{{ config(materialized='view', schema='staging') }}

with

ordner as (
    select * from {{ ref('base_erp__ordner') }}
)

select
    ordner_nr,
    name,
    parent_ordner_nr,
    archiv_nr,
    api_freigabe,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from ordner
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
