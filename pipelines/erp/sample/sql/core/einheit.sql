-- One row per unit (VE), with its state: vermietet, leer, selbst (the owner lives there), fremd (let by its owner).
with

nummeriert as (
    select
        haus.* exclude (einheiten, ve_davor),
        ve_davor + nr as ve_id,
        nr,
        case
            when art = 'Grundstueck' then 'stellplatz'
            when nr <= gewerbe then 'gewerbe'
            else 'wohnung'
        end as ve_art,
        (nr - 1) // je_etage as etage,
        (nr - 1) % je_etage as seite,
    from haus, unnest(range(1, haus.einheiten + 1)) as stueck (nr)
),

-- Berlin's rooms count the kitchen; raeume does too, zimmer does not.
geraeumt as (
    select
        *,
        case
            when ve_art = 'stellplatz' then 0
            when roll(ve_id, 'raeume') < 0.050 then 1
            when roll(ve_id, 'raeume') < 0.233 then 2
            when roll(ve_id, 'raeume') < 0.560 then 3
            when roll(ve_id, 'raeume') < 0.825 then 4
            when roll(ve_id, 'raeume') < 0.937 then 5
            when roll(ve_id, 'raeume') < 0.975 then 6
            else 7
        end as raeume,
    from nummeriert
),

gemessen as (
    select
        *,
        case
            when ve_art = 'stellplatz' then null
            when raeume = 1 then 1
            else raeume - 1
        end as zimmer,
        case ve_art
            when 'wohnung' then ((20 + 15.6 * raeume) * (0.82 + 0.36 * roll(ve_id, 'flaeche')))::decimal(10, 2)
            when 'gewerbe' then ((35 + 30 * raeume) * (0.7 + 0.6 * roll(ve_id, 'flaeche')))::decimal(10, 2)
            else (11.5 + 2 * roll(ve_id, 'flaeche'))::decimal(10, 2)
        end as flaeche,
        case
            when mandant = 2 and roll(ve_id, 'sev') < 0.45 then 'selbst'
            when mandant = 2 and roll(ve_id, 'sev') < 0.75 then 'fremd'
            when ve_art = 'wohnung' and roll(ve_id, 'leer') < 0.045 then 'leer'
            when ve_art <> 'wohnung' and roll(ve_id, 'leer') < 0.09 then 'leer'
            else 'vermietet'
        end as zustand,
    from geraeumt
)

select
    *,
    lpad(nr::varchar, 4, '0') as ve_nr,
    case ve_art
        when 'wohnung' then (flaeche * (5.37 + 4.6 * roll(ve_id, 'miete'))::decimal(6, 2))::decimal(12, 2)
        when 'gewerbe' then (flaeche * (9 + 10 * roll(ve_id, 'miete'))::decimal(6, 2))::decimal(12, 2)
        else (40 + 5 * draw(ve_id, 'miete', 12))::decimal(12, 2)
    end as sollmiete,
    case
        when zustand = 'leer'
            then month_start(getvariable('stand') - 20 - draw(ve_id, 'leer ab', 500))
    end as leer_ab,
    case
        when zustand in ('leer', 'vermietet') and roll(ve_id, 'gekuendigt') < 0.0225 and zustand = 'vermietet'
            then last_day(getvariable('stand') + to_months(draw(ve_id, 'gekuendigt zum', 3)))
    end as kuendigung_zum,
    null::varchar as leer_als,
from gemessen
