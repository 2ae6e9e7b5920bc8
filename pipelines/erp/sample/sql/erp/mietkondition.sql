with

miete as (
    select
        vertrag.mv_id,
        vertrag.ve_id,
        vertrag.mv_nr,
        vertrag.ve_art,
        vertrag.beginn,
        vertrag.ende,
        einheit.mandant_nr,
        einheit.we_nr,
        einheit.gebaeude_nr,
        einheit.ve_nr,
        einheit.sollmiete,
        einheit.flaeche,
        vertrag.beginn < getvariable('stand') - 1100 and roll(vertrag.mv_id, 'erhoehung') < 0.3 as ist_erhoeht,
        month_start(getvariable('stand') - 60 - draw(vertrag.mv_id, 'erhoeht am', 900)) as erhoeht_am,
    from vertrag
    inner join einheit on vertrag.ve_id = einheit.ve_id
    where vertrag.phase in ('jetzt', 'danach') and vertrag.vertragsart <> 'Leerstand'
),

teil as (
    select
        *,
        unnest([
            {nr: 1, art: if(ve_art = 'stellplatz', 'Stellplatz', 'Nettokaltmiete'), gibt_es: true, betrag: sollmiete},
            {
                nr: 2,
                art: if(ve_art = 'stellplatz', 'Stellplatz', 'Nettokaltmiete'),
                gibt_es: ist_erhoeht,
                betrag: (sollmiete * 0.92)::decimal(12, 2),
            },
            {
                nr: 3,
                art: 'Betriebskosten-VZ',
                gibt_es: ve_art <> 'stellplatz',
                betrag: (flaeche * (1.6 + 0.8 * roll(ve_id, 'bk'))::decimal(6, 2))::decimal(12, 2),
            },
            {
                nr: 4,
                art: 'Heizkosten-VZ',
                gibt_es: ve_art <> 'stellplatz' and roll(ve_id, 'gasetagenheizung') > 0.06,
                betrag: (flaeche * (0.9 + 0.6 * roll(ve_id, 'hk'))::decimal(6, 2))::decimal(12, 2),
            },
            {nr: 5, art: 'Zuschlag', gibt_es: ve_art = 'wohnung' and roll(mv_id, 'zuschlag') < 0.03, betrag: 25.56},
            {nr: 6, art: 'Nachlass', gibt_es: ve_art = 'wohnung' and roll(mv_id, 'nachlass') < 0.01, betrag: -50.00},
            {nr: 7, art: 'Pauschale', gibt_es: ve_art = 'wohnung' and roll(mv_id, 'pauschale') < 0.01, betrag: 12.50},
        ]) as kondition,
    from miete
)

select
    mv_id * 100 + kondition.nr * 10 as row_no,
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    mv_nr,
    kondition.art as kondition_art,
    if(kondition.nr = 1 and ist_erhoeht, erhoeht_am, beginn) as gueltig_von,
    if(kondition.nr = 2, erhoeht_am - 1, ende) as gueltig_bis,
    kondition.betrag as betrag_netto,
    if(ve_art = 'gewerbe', (kondition.betrag * 1.19)::decimal(12, 2), kondition.betrag) as betrag_brutto,
    if(ve_art = 'gewerbe', 19, 0) as ust_satz,
    beginn - 14 as angelegt,
from teil
where kondition.gibt_es
