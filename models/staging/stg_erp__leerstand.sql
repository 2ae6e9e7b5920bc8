{{ config(materialized='view', schema='staging') }}

with

leerstand as (
    select * from {{ ref('base_erp__leerstand') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    leer_ab,
    leer_bis,
    grund,
    verfuegbar_ab,
    freigegeben,
    vermarktungsart,
    objektart,
    nettokaltmiete,
    nebenkosten,
    heizkosten,
    heizkosten_enthalten,
    warmmiete,
    kaution,
    zimmer,
    wohnflaeche,
    etage,
    baujahr,
    energieausweis_art,
    energieausweis_gueltig_bis,
    energie_kennwert,
    energieeffizienzklasse,
    energietraeger,
    energieausweis_jahrgang,
    energie_gebaeudeart,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from leerstand
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
