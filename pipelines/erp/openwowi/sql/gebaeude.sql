select
    schluessel.mandant_nr,
    schluessel.we_nr,
    schluessel.gebaeude_nr,
    case json ->> '$.BuildingLandType'
        when 'Building' then 'Gebaeude'
        when 'Land' then 'Grundstueck'
        else json ->> '$.BuildingLandType'
    end as art,
    json ->> '$.EstateAddress.Street' as strasse,
    json ->> '$.EstateAddress.HouseNumber' as hausnummer,
    json ->> '$.EstateAddress.HouseNumberAddition' as hausnummer_zusatz,
    json ->> '$.EstateAddress.Zip' as plz,
    json ->> '$.EstateAddress.Town' as ort,
    json ->> '$.Building.District.Name' as ortsteil,
    json ->> '$.EstateAddress.CountryCode' as land,
    json ->> '$.Building.ConstructionYear' as baujahr,
    json ->> '$.Building.BuildingNumberOfStoreys' as geschosse,
    starts_with(json ->> '$.Building.MonumentalProtectionType.Name', 'Denkmalschutz') as denkmalschutz,
    datum(json ->> '$.EntryDate') as zugang_am,
    datum(json ->> '$.ExitDate') as abgang_am,
    json ->> '$.ExitReason.Name' as abgang_grund,
    schluessel.id as quelle_id
from building_lands
inner join gebaeude_schluessel as schluessel on (json ->> '$.Id') = schluessel.id
