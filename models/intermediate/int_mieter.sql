{{ config(schema='intermediate') }}

with

pruefung as (
    select * from {{ ref('int_mieter__pruefung') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

tenants as (
    select
        pruefung.mandant_nr,
        pruefung.we_nr,
        pruefung.gebaeude_nr,
        pruefung.ve_nr,
        pruefung.mv_nr,
        pruefung.person_nr,
        pruefung.quelle_erp,
        pruefung.rolle = 'Hauptmieter' as ist_hauptmieter,
        greatest(pruefung.mietbeginn, pruefung.gueltig_von) as beginn,  -- I8
        least(pruefung.mietende, pruefung.gueltig_bis) as ende,  -- I8
        personen.email
    from pruefung
    inner join personen on pruefung.person_nr = personen.person_nr
    -- L5, E8, E9: tenants only, each once
    where pruefung.rule is null
)

select * from tenants
