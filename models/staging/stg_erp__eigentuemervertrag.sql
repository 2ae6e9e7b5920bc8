{{ config(materialized='view', schema='staging') }}

with

eigentuemervertrag as (
    select * from {{ ref('base_erp__eigentuemervertrag') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    ev_nr,
    art,
    beginn,
    ende,
    hausgeld,
    sondereigentumsverwaltung,
    selbstgenutzt,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from eigentuemervertrag
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
