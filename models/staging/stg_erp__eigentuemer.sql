{{ config(materialized='view', schema='staging') }}

with

eigentuemer as (
    select * from {{ ref('base_erp__eigentuemer') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    ev_nr,
    person_nr,
    anteil_zaehler,
    anteil_nenner,
    ist_verwalteransprechpartner,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from eigentuemer
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
