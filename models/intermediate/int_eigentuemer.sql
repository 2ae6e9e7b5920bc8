{{ config(schema='intermediate') }}

with

eigentuemervertraege as (
    select * from {{ ref('int_eigentuemervertraege') }}
),

eigentuemer as (
    select * from {{ ref('stg_erp__eigentuemer') }}
),

personen as (
    select * from {{ ref('int_personen__pruefung') }}
),

owners as (
    select
        eigentuemer.mandant_nr,
        eigentuemer.we_nr,
        eigentuemer.gebaeude_nr,
        eigentuemer.ve_nr,
        eigentuemer.ev_nr,
        eigentuemer.person_nr,
        eigentuemer.quelle_erp,
        eigentuemervertraege.beginn,
        eigentuemervertraege.ende,
        eigentuemer.anteil_zaehler,
        eigentuemer.anteil_nenner,
        eigentuemer.ist_verwalteransprechpartner
    from eigentuemer
    inner join eigentuemervertraege
        on {{ same_key('eigentuemervertrag', 'eigentuemer', 'eigentuemervertraege') }}
    inner join personen on eigentuemer.person_nr = personen.person_nr
    -- L6, E8, E9: nobody who is anonymised, nameless or a placeholder
    where personen.rule is null
)

select * from owners
