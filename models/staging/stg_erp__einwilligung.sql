{{ config(materialized='view', schema='staging') }}

with

einwilligung as (
    select * from {{ ref('base_erp__einwilligung') }}
)

select
    person_nr,
    zweck,
    erteilt,
    erteilt_am,
    widerrufen_am,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from einwilligung
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
