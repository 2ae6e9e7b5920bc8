with

frei as (
    select
        einheit.*,
        coalesce(leer_ab, kuendigung_zum + 1) as frei_ab,
        (flaeche * 2.0)::decimal(12, 2) as nebenkosten,
        (flaeche * 1.2)::decimal(12, 2) as heizkosten,
    from einheit
    where
        (zustand = 'leer' and roll(ve_id, 'leerstand gemeldet') < 0.9)
        or (kuendigung_zum is not null and roll(ve_id, 'vermarktet') < 0.5)
)

select
    frei.ve_id * 10 as row_no,
    frei.mandant_nr,
    frei.we_nr,
    frei.gebaeude_nr,
    frei.ve_nr,
    frei.frei_ab as leer_ab,
    null as leer_bis,
    one_of(frei.ve_id, 'grund', ['Vermarktung', 'Vermarktung', 'Sanierung', 'Modernisierung']) as grund,
    greatest(frei.frei_ab, getvariable('stand'))::varchar as verfuegbar_ab,
    roll(frei.ve_id, 'freigabe') < 0.7 as freigegeben,
    'Miete' as vermarktungsart,
    case frei.ve_art
        when 'wohnung' then 'Wohnen'
        when 'gewerbe' then 'Gewerbe'
        else 'Parkplatz'
    end as objektart,
    frei.sollmiete as nettokaltmiete,
    if(frei.ve_art = 'stellplatz', null, frei.nebenkosten) as nebenkosten,
    if(frei.ve_art = 'stellplatz', null, frei.heizkosten) as heizkosten,
    false as heizkosten_enthalten,
    if(frei.ve_art = 'stellplatz', frei.sollmiete, frei.sollmiete + frei.nebenkosten + frei.heizkosten) as warmmiete,
    (3 * frei.sollmiete)::decimal(12, 2) as kaution,
    frei.zimmer,
    if(frei.ve_art = 'wohnung', frei.flaeche, null) as wohnflaeche,
    if(frei.ve_art = 'stellplatz', null, frei.etage) as etage,
    frei.baujahr,
    energie.energieausweis_art,
    energie.energieausweis_gueltig_bis,
    energie.energie_kennwert,
    energie.energieeffizienzklasse,
    energie.energietraeger,
    energie.energieausweis_jahrgang,
    energie.energie_gebaeudeart,
    frei.frei_ab - 30 as angelegt,
from frei
inner join energie on frei.haus_id = energie.haus_id
