{{ config(materialized='view', schema='staging') }}

with

mietkondition as (
    select * from {{ ref('base_erp__mietkondition') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    mv_nr,
    kondition_art,
    gueltig_von,
    gueltig_bis,
    betrag_netto,
    betrag_brutto,
    ust_satz,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from mietkondition
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
