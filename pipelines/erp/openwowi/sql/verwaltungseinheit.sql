select
    schluessel.mandant_nr,
    schluessel.we_nr,
    schluessel.gebaeude_nr,
    schluessel.ve_nr,
    nutzung(json) as ve_art,
    coalesce(json ->> '$.DescriptionOfPosition', json ->> '$.Floor.Name') as etage_lage,
    regexp_replace(json ->> '$.Floor.LevelToGround', '\.0+$', '') as etage,
    json ->> '$.Position.Name' as lage,
    json ->> '$.LivingSpace' as wohnflaeche,
    json ->> '$.UsableSpace' as nutzflaeche,
    json ->> '$.HeatingSpace' as heizflaeche,
    zimmer(json) as zimmer,
    json ->> '$.TargetRent' as sollmiete,
    datum(json ->> '$.ManagementStart') as verwaltung_von,
    datum(json ->> '$.ManagementEnd') as verwaltung_bis,
    datum(json ->> '$.EntryDate') as zugang_am,
    datum(json ->> '$.ExitDate') as abgang_am,
    schluessel.id as quelle_id
from use_units
inner join ve_schluessel as schluessel on (json ->> '$.Id') = schluessel.id
