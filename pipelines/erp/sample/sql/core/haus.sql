-- One row per house or parking ground of the portfolio, cut so that each Mandant has exactly its quota of units.
with

-- Neighbouring houses form a WE of 1 to 4 houses, times faktor in large portfolios (WE numbers have four digits).
zyklus as (
    select
        unnest([
            1,
            2 * getvariable('faktor'),
            getvariable('faktor'),
            3 * getvariable('faktor'),
            1,
            2 * getvariable('faktor'),
            4 * getvariable('faktor'),
            1,
        ]) as haeuser,
        unnest(range(8)) as lauf,
),

grenze as (
    select
        lauf,
        haeuser,
        sum(haeuser) over (order by lauf) - haeuser as von,
    from zyklus
),

stelle as (
    select
        lauf,
        von,
        unnest(range(von::bigint, (von + haeuser)::bigint)) as stelle,
    from grenze
),

standort as (
    select
        adresse.*,
        (adresse.plr_id::bigint * 100000 + adresse.stelle // getvariable('runde')) * 8 + stelle.lauf as lauf_id,
        adresse.stelle % getvariable('runde') - stelle.von as pos,
    from adresse
    inner join stelle on adresse.stelle % getvariable('runde') = stelle.stelle
),

mandant as (
    select
        *,
        lauf_id * 1000 + pos as bau_id,
        case
            when roll(lauf_id, 'mandant') < 0.6 then 1
            when roll(lauf_id, 'mandant') < 0.85 then 2
            else 3
        end as mandant,
    from standort
),

bau as (
    select
        *,
        case mandant
            when 1 then one_of(lauf_id, 'geschosse', [4, 4, 5, 5, 5, 5, 6, 6, 6, 7])
            when 2 then one_of(lauf_id, 'geschosse', [3, 4, 4, 5, 5])
            else one_of(lauf_id, 'geschosse', [3, 3, 4])
        end as geschosse,
        case mandant
            when 1 then one_of(bau_id, 'je etage', [2, 2, 2, 3, 3, 2, 2, 3, 4, 3])
            when 2 then one_of(bau_id, 'je etage', [2, 2, 2, 3])
            else 2
        end as je_etage,
        case when roll(bau_id, 'laden') < 0.15 then 1 + draw(bau_id, 'laeden', 2) else 0 end as gewerbe,
    from mandant
),

-- A WE of several houses often has a parking ground of its own, for four flats in ten.
platz as (
    select
        lauf_id,
        max(pos) + 1 as pos,
        any_value(mandant) as mandant,
        ceil(0.4 * sum(geschosse * je_etage - gewerbe))::integer as plaetze,
    from bau
    group by lauf_id
    having count(*) > 1
),

gebaut as (
    select
        lauf_id,
        pos,
        mandant,
        plr_name,
        strasse,
        hausnummer,
        hausnummer_zusatz,
        plz,
        ortsteil,
        geschosse,
        je_etage,
        gewerbe,
        case when roll(lauf_id, 'eingaenge') < 0.12 then 'Hauseingang' else 'Gebaeude' end as art,
        geschosse * je_etage as einheiten,
    from bau
    union all by name
    select
        platz.lauf_id,
        platz.pos,
        platz.mandant,
        bau.plr_name,
        bau.strasse,
        bau.hausnummer,
        bau.hausnummer_zusatz,
        bau.plz,
        bau.ortsteil,
        1 as geschosse,
        1 as je_etage,
        0 as gewerbe,
        'Grundstueck' as art,
        platz.plaetze as einheiten,
    from platz
    inner join bau on platz.lauf_id = bau.lauf_id and bau.pos = 0
    where roll(platz.lauf_id, 'parkplatz') < 0.65
),

lauf as (
    select
        lauf_id,
        mandant,
        sum(einheiten)::bigint as einheiten,
    from gebaut
    group by lauf_id, mandant
),

gereiht as (
    select
        lauf_id,
        mandant,
        sum(einheiten) over (partition by mandant order by roll(lauf_id, 'reihe'), lauf_id)::bigint - einheiten as davor,
    from lauf
),

gewaehlt as (
    select
        lauf_id,
        davor,
        getvariable('quoten')[mandant] as quote,
        row_number() over (order by mandant, lauf_id) as we_id,
        row_number() over (partition by mandant order by lauf_id) as we_lfd,
    from gereiht
    where davor < getvariable('quoten')[mandant]  -- the quota of the Mandant is full
),

gezaehlt as (
    select
        gebaut.*,
        gewaehlt.we_id,
        gewaehlt.we_lfd,
        gewaehlt.quote - gewaehlt.davor
        - (sum(gebaut.einheiten) over (partition by gebaut.lauf_id order by gebaut.pos)::bigint - gebaut.einheiten) as rest,
        case draw(gebaut.lauf_id, 'bauzeit', 20)
            when 0 then 1991 + draw(gebaut.lauf_id, 'baujahr', 30)
            when 1 then 1991 + draw(gebaut.lauf_id, 'baujahr', 30)
            else one_of(gebaut.lauf_id, 'epoche', [1890, 1900, 1905, 1910, 1925, 1950, 1955, 1960, 1965, 1975])
                + draw(gebaut.lauf_id, 'baujahr', 13)
        end as baujahr,
    from gebaut
    inner join gewaehlt on gebaut.lauf_id = gewaehlt.lauf_id
),

geschnitten as (
    select
        * replace (least(einheiten, rest) as einheiten),
        lpad(mandant::varchar, 3, '0') as mandant_nr,
        lpad(we_lfd::varchar, 4, '0') as we_nr,
        lpad((pos + 1)::varchar, 2, '0') as gebaeude_nr,
        row_number() over (order by we_id, pos) as haus_id,
    from gezaehlt
    where rest > 0  -- the quota of the Mandant ends before this house
)

select
    *,
    sum(einheiten) over (order by haus_id)::bigint - einheiten as ve_davor,
    count(*) over (partition by we_id) as haeuser,
from geschnitten
