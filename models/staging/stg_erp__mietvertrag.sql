{{ config(materialized='view', schema='staging') }}

with

mietvertrag as (
    select * from {{ ref('base_erp__mietvertrag') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    mv_nr,
    vertragsart,
    nutzungsart,
    vertragsdatum,
    mietbeginn,
    mietende,
    kuendigung_am,
    kuendigung_zum,
    kuendigungsfrist,
    auszug_am,
    status_erp,
    kaution_soll,
    zahlungsrhythmus,
    ende,
    status,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from mietvertrag
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
