{{ config(materialized='view', schema='staging') }}

with

wirtschaftseinheit as (
    select * from {{ ref('base_erp__wirtschaftseinheit') }}
)

select
    mandant_nr,
    we_nr,
    bezeichnung,
    ort,
    lage,
    baujahr,
    {{ jahr('baujahr') }} as baujahr_zahl,
    verwaltungsart,
    verwaltung_von,
    verwaltung_bis,
    eigentuemer_person_nr,
    weg_kz,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from wirtschaftseinheit
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
