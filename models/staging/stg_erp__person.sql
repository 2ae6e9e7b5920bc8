{{ config(materialized='view', schema='staging') }}

with

person as (
    select * from {{ ref('base_erp__person') }}
)

select
    person_nr,
    person_art,
    anrede,
    titel,
    vorname,
    nachname,
    geburtsname,
    firma1,
    firma2,
    geburtsdatum,
    todesdatum,
    geschlecht,
    co_zusatz,
    strasse,
    hausnummer,
    plz,
    ort,
    land,
    gueltig_von,
    gueltig_bis,
    anonymisiert,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from person
-- C6, C7, L1: rows that live
where _regel is null
