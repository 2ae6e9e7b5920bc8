-- One row per lease: at most an ended one (vorher), the running one (jetzt) and a coming one (danach) per unit.
with

basis as (
    select
        einheit.ve_id,
        einheit.we_id,
        einheit.ve_art,
        einheit.zustand,
        einheit.leer_ab,
        einheit.leer_als,
        einheit.kuendigung_zum,
        einheit.sollmiete,
        stellplatz.wohnung_ve_id,
        month_start(
            getvariable('stand') - 30 - floor(-ln(1 - 0.985 * roll(coalesce(wohnung_ve_id, einheit.ve_id), 'beginn')) * 3650)::integer
        ) as beginn,
    from einheit
    left join stellplatz on einheit.ve_id = stellplatz.ve_id
    where
        einheit.zustand in ('vermietet', 'leer')
        and not coalesce(stellplatz.ist_beigemietet, false)
),

verlauf as (
    select
        * replace (if(roll(ve_id, 'mitte') < 0.1 and wohnung_ve_id is null, beginn + 14, beginn) as beginn),
        coalesce(leer_ab, beginn) as wechsel,
        wohnung_ve_id is null
        and coalesce(leer_ab, beginn) > getvariable('stand') - 1461 as hat_vorher,
    from basis
),

gezaehlt as (
    select
        *,
        if(hat_vorher, 1, 0) + draw(ve_id, 'fruehere', 4) as fruehere,
        wechsel - 1 - if(zustand = 'leer', 0, one_of(ve_id, 'luecke', [0, 0, 0, 15, 30, 61])) as vorher_ende,
    from verlauf
),

vorher as (
    select
        * exclude (beginn, kuendigung_zum),
        'vorher' as phase,
        0 as phase_nr,
        fruehere as lfd,
        month_start(vorher_ende - 365 - floor(-ln(1 - 0.98 * roll(ve_id, 'vorher')) * 2500)::integer) as beginn,
        vorher_ende as ende,
        wechsel as naechster_beginn,
        null::date as kuendigung_am,
        null::date as kuendigung_zum,
        'beendet' as status,
    from gezaehlt
    where hat_vorher  -- leases that ended more than four years ago are not delivered
),

jetzt as (
    select
        * exclude (beginn, kuendigung_zum),
        'jetzt' as phase,
        1 as phase_nr,
        fruehere + 1 as lfd,
        beginn,
        case
            when kuendigung_zum is not null and roll(ve_id, 'ende offen') < 0.7 then kuendigung_zum
            when kuendigung_zum is null and roll(ve_id, 'befristet') < 0.01
                then last_day(getvariable('stand') + to_months(12 + draw(ve_id, 'frist', 60)))
        end as ende,
        null::date as naechster_beginn,
        kuendigung_zum - 95 - draw(ve_id, 'kuendigung', 20) as kuendigung_am,
        kuendigung_zum,
        if(kuendigung_zum is null, 'aktiv', 'gekündigt') as status,
    from gezaehlt
    where zustand = 'vermietet'
),

danach as (
    select
        * exclude (beginn, kuendigung_zum),
        'danach' as phase,
        2 as phase_nr,
        fruehere + 2 as lfd,
        coalesce(
            kuendigung_zum + 1,
            month_start(getvariable('stand') + to_months(1 + draw(ve_id, 'neu', 3)))
        ) as beginn,
        null::date as ende,
        null::date as naechster_beginn,
        null::date as kuendigung_am,
        null::date as kuendigung_zum,
        'vorgemerkt' as status,
    from gezaehlt
    where
        (kuendigung_zum is not null and roll(ve_id, 'danach') < 0.4)
        or (zustand = 'leer' and leer_als is null and roll(ve_id, 'danach') < 0.15)
),

-- Vacancy kept as a lease: without any tenant, or with the pseudo tenant whose name is Leerstand (person 1).
leerstand as (
    select
        * exclude (beginn, kuendigung_zum),
        'leer' as phase,
        1 as phase_nr,
        fruehere + 1 as lfd,
        leer_ab as beginn,
        null::date as ende,
        null::date as naechster_beginn,
        null::date as kuendigung_am,
        null::date as kuendigung_zum,
        'aktiv' as status,
    from gezaehlt
    where leer_als is not null
),

alle as (
    select * from vorher
    union all by name
    select * from jetzt
    union all by name
    select * from danach
    union all by name
    select * from leerstand
),

nummeriert as (
    select
        *,
        ve_id * 4 + phase_nr as mv_id,
    from alle
)

select
    nummeriert.* exclude (lfd),
    lpad(lfd::varchar, 2, '0') as mv_nr,
    case
        when leer_als = 'vertrag' and phase = 'leer' then 'Leerstand'
        when ve_art = 'gewerbe' then 'Gewerbe'
        when ve_art = 'stellplatz' then 'Stellplatz'
        else 'Miete'
    end as vertragsart,
    case ve_art
        when 'gewerbe' then one_of(
            ve_id,
            'nutzung',
            ['Praxis', 'Einzelhandel', 'Büro', 'Gastronomie', 'Pflegedienst', 'Werkstatt', 'Gewerbe', 'gewerbliche Nutzung', 'Lager', 'Produktion', 'Logistik']
        )
        when 'stellplatz' then one_of(
            ve_id,
            'nutzung',
            ['Stellplatz außen', 'Stellplatz außen', 'Garage', 'Garagen', 'Carport', 'Tiefgarage', 'Hochgarage', 'Fahrradraum']
        )
        else one_of(we_id, 'nutzung', ['Wohnraum', 'Wohnraum', 'Wohnung'])
    end as nutzungsart,
    case
        when phase = 'leer' then 0
        when ve_art <> 'wohnung' or roll(mv_id, 'personen') < 0.60 then 1
        when roll(mv_id, 'personen') < 0.95 then 2
        else 3 + draw(mv_id, 'wg', 2)
    end as personen,
    -- Person numbers: a lease's own people are mv_id * 8 + position.
    case
        when phase = 'leer' then if(leer_als = 'mieter', 1, null)
        when wohnung_ve_id is not null then (wohnung_ve_id * 4 + 1) * 8 + 1
        else mv_id * 8 + 1
    end as hauptmieter,
from nummeriert
