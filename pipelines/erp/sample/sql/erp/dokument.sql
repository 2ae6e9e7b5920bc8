with

vertraege as (
    select
        vertrag.mv_id * 10 as nr,
        'O01' as ordner_nr,
        'Mietvertrag' as dokumentart,
        'MV' as bezug_art,
        concat_ws('/', einheit.mandant_nr, einheit.we_nr, einheit.gebaeude_nr, einheit.ve_nr, vertrag.mv_nr) as bezug_key,
        vertrag.beginn as erstellt,
        'Mieter' as sichtbar_fuer,
        'Vertragsdaten' as datenschutzkategorie,
    from vertrag
    inner join einheit on vertrag.ve_id = einheit.ve_id
    where vertrag.phase = 'jetzt' and roll(vertrag.mv_id, 'gescannt') < 0.5
),

protokolle as (
    select
        * replace (
            nr + 1 as nr,
            'O02' as ordner_nr,
            'Übergabeprotokoll' as dokumentart
        ),
    from vertraege
    where roll(nr, 'protokoll') < 0.25
),

grundrisse as (
    select
        ve_id * 100 + 2 as nr,
        'O08' as ordner_nr,
        'Grundriss' as dokumentart,
        'VE' as bezug_art,
        concat_ws('/', mandant_nr, we_nr, gebaeude_nr, ve_nr) as bezug_key,
        date '2015-06-01' as erstellt,
        null as sichtbar_fuer,
        null as datenschutzkategorie,
    from einheit
    where ve_art = 'wohnung' and roll(ve_id, 'grundriss') < 0.1
),

ausweise as (
    select
        haus_id * 100 + 3 as nr,
        'O06' as ordner_nr,
        'Energieausweis' as dokumentart,
        'GEB' as bezug_art,
        concat_ws('/', mandant_nr, we_nr, gebaeude_nr) as bezug_key,
        date '2017-06-01' as erstellt,
        'Mieter' as sichtbar_fuer,
        null as datenschutzkategorie,
    from haus
    where art <> 'Grundstueck'  -- a parking ground needs no energy certificate
),

hausordnungen as (
    select
        haus_id * 100 + 4 as nr,
        'O07' as ordner_nr,
        'Hausordnung' as dokumentart,
        'WE' as bezug_art,
        concat_ws('/', mandant_nr, we_nr) as bezug_key,
        date '2014-01-01' as erstellt,
        'Mieter' as sichtbar_fuer,
        null as datenschutzkategorie,
    from haus
    where pos = 0
),

abrechnungen as (
    select
        eigentum.ev_id * 100 + 5 as nr,
        'O04' as ordner_nr,
        'Hausgeldabrechnung' as dokumentart,
        'EV' as bezug_art,
        concat_ws('/', einheit.mandant_nr, einheit.we_nr, einheit.gebaeude_nr, einheit.ve_nr, 'E' || lpad(eigentum.ev_lfd::varchar, 2, '0'))
            as bezug_key,
        getvariable('stand') - 120 as erstellt,
        'Eigentuemer' as sichtbar_fuer,
        'Finanzdaten' as datenschutzkategorie,
    from eigentum
    inner join einheit on eigentum.ve_id = einheit.ve_id
    where eigentum.mandant = 2 and eigentum.ende is null
),

ausweiskopien as (
    select
        pid * 100 + 6 as nr,
        'O03' as ordner_nr,
        'Schriftwechsel' as dokumentart,
        'PERSON' as bezug_art,
        person_nr(pid) as bezug_key,
        seit as erstellt,
        null as sichtbar_fuer,
        'Personendaten' as datenschutzkategorie,
    from person
    where roll(pid, 'brief') < 0.05
),

alle as (
    select * from vertraege
    union all
    select * from protokolle
    union all
    select * from grundrisse
    union all
    select * from ausweise
    union all
    select * from hausordnungen
    union all
    select * from abrechnungen
    union all
    select * from ausweiskopien
),

mit_schluessel as (
    select
        *,
        md5(nr || '#' || getvariable('saat')) as schluessel,
    from alle
)

select
    nr * 10 as row_no,
    left(schluessel, 8) || '-' || substr(schluessel, 9, 4) || '-' || substr(schluessel, 13, 4) || '-' || substr(schluessel, 17, 4)
    || '-' || substr(schluessel, 21, 12) as dokument_nr,
    ordner_nr,
    dokumentart || ' ' || bezug_key as titel,
    lower(dokumentart) || '_' || nr || '.pdf' as dateiname,
    null as pfad,
    'application/pdf' as mime_typ,
    1000 + draw(nr, 'groesse', 5000) as groesse_bytes,
    erstellt::timestamp + to_seconds(28800 + draw(nr, 'uhrzeit', 30000)) as erstellt_am,
    bezug_art,
    bezug_key,
    dokumentart,
    datenschutzkategorie,
    null as bemerkung,
    roll(nr, 'freigabe') < 0.7 as freigegeben,
    sichtbar_fuer,
    erstellt as angelegt,
from mit_schluessel
