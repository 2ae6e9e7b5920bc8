select
    haus.haus_id * 10 as row_no,
    mandant_nr,
    we_nr,
    gebaeude_nr,
    case
        when art = 'Grundstueck' then one_of(haus.haus_id, 'hof', ['Garagenhof', 'Parkplatz', 'Stellplätze'])
        else concat_ws(' ', strasse, hausnummer)
    end as bezeichnung,
    art,
    strasse,
    if(
        hausnummer_zusatz is not null and roll(we_id, 'zusatz') < 0.7,
        hausnummer || lower(hausnummer_zusatz),
        hausnummer
    ) as hausnummer,
    if(roll(we_id, 'zusatz') < 0.7, null, hausnummer_zusatz) as hausnummer_zusatz,
    plz,
    'Berlin' as ort,
    ortsteil,
    'DE' as land,
    baujahr,
    if(art = 'Grundstueck', null, geschosse) as geschosse,
    art <> 'Grundstueck' and geschosse >= 5 and roll(we_id, 'aufzug') < 0.6 as aufzug,
    art <> 'Grundstueck' and baujahr < 1930 and roll(we_id, 'denkmal') < 0.15 as denkmalschutz,
    energie.energieausweis_art,
    energie.energieausweis_gueltig_bis,
    energie.energie_kennwert,
    energie.energieeffizienzklasse,
    energie.energietraeger,
    energie.energieausweis_jahrgang,
    energie.energie_gebaeudeart,
    make_date(greatest(baujahr, 1990), 7, 1) as zugang_am,
    null as abgang_am,
    null as abgang_grund,
    make_date(2009, 3, 2) + draw(we_id, 'angelegt', 900) as angelegt,
    haeuser as _haeuser,
from haus
inner join energie on haus.haus_id = energie.haus_id
