{{ config(materialized='view', schema='staging') }}

with

mietvertrag_ve as (
    select * from {{ ref('base_erp__mietvertrag_ve') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    mv_nr,
    ve_mandant_nr,
    ve_we_nr,
    ve_gebaeude_nr,
    ve_ve_nr,
    ist_haupteinheit,
    gueltig_von,
    gueltig_bis,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from mietvertrag_ve
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
