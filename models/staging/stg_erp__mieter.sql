{{ config(materialized='view', schema='staging') }}

with

mieter as (
    select * from {{ ref('base_erp__mieter') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    mv_nr,
    person_nr,
    rolle,
    gueltig_von,
    gueltig_bis,
    _zeile,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from mieter
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
