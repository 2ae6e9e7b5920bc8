select
    schluessel.mandant_nr,
    schluessel.we_nr,
    json ->> '$.Name' as bezeichnung,
    json ->> '$.Location' as lage,
    json ->> '$.ConstructionYear' as baujahr,
    eigentuemer.person_nr as eigentuemer_person_nr,
    eigentuemer.ist_weg as weg_kz,
    schluessel.id as quelle_id
from economic_units
inner join we_schluessel as schluessel on (json ->> '$.Id') = schluessel.id
left join eigentuemer_personen as eigentuemer on (json ->> '$.Owner.Id') = eigentuemer.id
