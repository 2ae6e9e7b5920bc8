{{ config(materialized='view', schema='staging') }}

with

verwaltungseinheit as (
    select * from {{ ref('base_erp__verwaltungseinheit') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    bezeichnung,
    ve_art,
    etage_lage,
    etage,
    lage,
    wohnflaeche,
    nutzflaeche,
    heizflaeche,
    zimmer,
    ausstattung,
    mea,
    wbs_erforderlich,
    sollmiete,
    verwaltung_von,
    verwaltung_bis,
    zugang_am,
    abgang_am,
    etagennummer,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from verwaltungseinheit
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
