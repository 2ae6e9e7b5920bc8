{{ config(schema='intermediate') }}

with

eigentuemervertrag as (
    select * from {{ ref('stg_erp__eigentuemervertrag') }}
),

eigentuemer as (
    select * from {{ ref('stg_erp__eigentuemer') }}
),

personen as (
    select * from {{ ref('int_personen__pruefung') }}
),

besitzer as (
    select distinct {{ record_key('eigentuemervertrag', table='eigentuemer') | join(', ') }}
    from eigentuemer
    inner join personen on eigentuemer.person_nr = personen.person_nr
    -- L6, E8, E9: an owner who can be sent
    where personen.rule is null
),

judged as (
    select
        eigentuemervertrag.mandant_nr,
        eigentuemervertrag.we_nr,
        eigentuemervertrag.gebaeude_nr,
        eigentuemervertrag.ve_nr,
        eigentuemervertrag.ev_nr,
        eigentuemervertrag.quelle_erp,
        eigentuemervertrag.art,
        eigentuemervertrag.beginn,
        eigentuemervertrag.ende,
        eigentuemervertrag.hausgeld,
        eigentuemervertrag.sondereigentumsverwaltung,
        eigentuemervertrag.selbstgenutzt,
        case
            when eigentuemervertrag.ende < eigentuemervertrag.beginn then 'L6'
            when eigentuemervertrag.ende < {{ stichtag() }} then 'L6'
            when besitzer.mandant_nr is null then 'L6'
        end as rule,
        case
            when eigentuemervertrag.ende < eigentuemervertrag.beginn
                then 'ende ' || eigentuemervertrag.ende || ' before beginn ' || eigentuemervertrag.beginn
            when eigentuemervertrag.ende < {{ stichtag() }} then 'ende ' || eigentuemervertrag.ende
            when besitzer.mandant_nr is null then 'no owner who can be sent'
        end as reason
    from eigentuemervertrag
    left join besitzer on {{ same_key('eigentuemervertrag', 'eigentuemervertrag', 'besitzer') }}
)

select * from judged
