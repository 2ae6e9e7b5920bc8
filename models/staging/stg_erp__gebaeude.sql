{{ config(materialized='view', schema='staging') }}

with

gebaeude as (
    select * from {{ ref('base_erp__gebaeude') }}
)

select
    mandant_nr,
    we_nr,
    gebaeude_nr,
    bezeichnung,
    art,
    strasse,
    hausnummer,
    hausnummer_zusatz,
    plz,
    ort,
    ortsteil,
    land,
    baujahr,
    {{ jahr('baujahr') }} as baujahr_zahl,
    geschosse,
    aufzug,
    denkmalschutz,
    energieausweis_art,
    energieausweis_gueltig_bis,
    energie_kennwert,
    energieeffizienzklasse,
    energietraeger,
    energieausweis_jahrgang,
    energie_gebaeudeart,
    zugang_am,
    abgang_am,
    abgang_grund,
    quelle_erp,
    quelle_id,
    angelegt_am,
    geaendert_am,
    geloescht_kz,
    geladen_am
from gebaeude
-- C6, C7, L1 to L3: rows that live and whose parents live
where _regel is null
