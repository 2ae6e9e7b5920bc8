select
    json ->> '$.IdNum' as mandant_nr,
    json ->> '$.Name' as name,
    json ->> '$.AdministrationType.Name' as art,
    json ->> '$.DefaultAddress.Street' as strasse,
    hausnummer(json -> '$.DefaultAddress') as hausnummer,
    json ->> '$.DefaultAddress.Zip' as plz,
    json ->> '$.DefaultAddress.Town' as ort,
    json ->> '$.Id' as quelle_id
from managements
