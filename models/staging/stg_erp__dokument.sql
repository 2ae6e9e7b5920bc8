{{ config(materialized='view', schema='staging') }}

with

dokument as (
    select * from {{ ref('base_erp__dokument') }}
)

select
    dokument_nr,
    ordner_nr,
    titel,
    dateiname,
    mime_typ,
    groesse_bytes,
    erstellt_am,
    bezug_art,
    bezug_key,
    dokumentart,
    datenschutzkategorie,
    bemerkung,
    freigegeben,
    sichtbar_fuer,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from dokument
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
