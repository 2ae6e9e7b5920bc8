{{ config(schema='intermediate') }}

with

pruefung as (
    select * from {{ ref('int_eigentuemervertraege__pruefung') }}
),

in_scope as (
    select
        mandant_nr,
        we_nr,
        gebaeude_nr,
        ve_nr,
        ev_nr,
        quelle_erp,
        art,
        beginn,
        ende,
        hausgeld,
        sondereigentumsverwaltung,
        selbstgenutzt
    from pruefung
    -- L6: not over, not before it began, with an owner who can be sent
    where rule is null
)

select * from in_scope
