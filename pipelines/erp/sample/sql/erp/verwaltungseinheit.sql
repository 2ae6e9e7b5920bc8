with

benannt as (
    select
        *,
        case je_etage
            when 2 then ['links', 'rechts'][seite + 1]
            when 3 then ['links', 'mitte', 'rechts'][seite + 1]
            else ['links', 'rechts', 'vorne', 'hinten'][1 + seite % 4]
        end as seite_name,
        etage = geschosse - 1 and roll(haus_id, 'dachausbau') < 0.3 as ist_dachgeschoss,
        1.1 * sum(flaeche) over (partition by we_id) as gesamtflaeche,
    from einheit
)

select
    ve_id * 10 as row_no,
    mandant_nr,
    we_nr,
    gebaeude_nr,
    ve_nr,
    case ve_art
        when 'wohnung' then 'Wohnung ' || lpad(nr::varchar, 2, '0') || if(ist_dachgeschoss, ' DG', '')
        when 'gewerbe' then 'GE ' || nr
        else 'Stellplatz ' || nr
    end as bezeichnung,
    case ve_art
        when 'wohnung' then 'Wohnung'
        when 'gewerbe' then 'Gewerbeeinheit'
        else one_of(we_id, 'platzart', ['Stellplatz', 'Garage', 'Tiefgaragenstellplatz'])
    end as ve_art,
    case
        when ve_art = 'stellplatz' then null
        when etage = 0 then 'Erdgeschoss, ' || seite_name
        when ist_dachgeschoss then 'Dachgeschoss, ' || seite_name
        when roll(we_id, 'og') < 0.25 then etage || '. OG ' || seite_name
        else etage || '. Etage, ' || seite_name
    end as etage_lage,
    null as etage,
    if(ve_art = 'stellplatz', null, seite_name) as lage,
    if(ve_art = 'wohnung', flaeche, null) as wohnflaeche,
    if(ve_art = 'wohnung', null, flaeche) as nutzflaeche,
    if(ve_art = 'stellplatz', null, flaeche) as heizflaeche,
    if(ve_art = 'wohnung', zimmer, null) as zimmer,
    if(
        ve_art = 'wohnung',
        concat_ws(
            ', ',
            'Keller',
            if(roll(ve_id, 'ebk') < 0.3, 'Einbauküche', null),
            if(roll(we_id, 'gsa') < 0.8, 'Gegensprechanlage', null),
            if(roll(we_id, 'aufzug') < 0.6 and geschosse >= 5, 'Aufzug', null),
            if(zimmer >= 4 and roll(ve_id, 'gaeste-wc') < 0.5, 'Gäste-WC', null),
            if(roll(we_id, 'rad') < 0.5, 'Fahrradraum', null),
            if(roll(we_id, 'heizung') < 0.9, 'Zentralheizung', null),
            if(roll(ve_id, 'balkon') < 0.4, 'Balkon', null)
        ),
        null
    ) as ausstattung,
    if(mandant = 2, (1000 * flaeche / gesamtflaeche)::decimal(10, 4), null) as mea,
    mandant = 1 and ve_art = 'wohnung' and roll(we_id, 'wbs') < 0.2 as wbs_erforderlich,
    sollmiete,
    null as verwaltung_von,
    null as verwaltung_bis,
    make_date(greatest(baujahr, 1990), 7, 1) as zugang_am,
    null as abgang_am,
    make_date(2009, 3, 2) + draw(we_id, 'angelegt', 900) as angelegt,
    zustand as _zustand,
from benannt
