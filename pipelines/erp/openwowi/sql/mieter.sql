select
    mietvertrag.mandant_nr,
    mietvertrag.we_nr,
    mietvertrag.gebaeude_nr,
    mietvertrag.ve_nr,
    mietvertrag.mv_nr,
    coalesce(person.person_nr, json ->> '$.Person.IdNum') as person_nr,
    coalesce(rollen.rolle, json ->> '$.ContractorType.Name') as rolle,
    datum(json ->> '$.ContractualUseValidFrom') as gueltig_von,
    datum(json ->> '$.ContractualUseValidTo') as gueltig_bis,
    json ->> '$.Id' as quelle_id
from contractors
left join mv_schluessel as mietvertrag
    on coalesce(json ->> '$.LicenseAgreementId', json ->> '$.LicenseAgreement.Id') = mietvertrag.id
left join person_schluessel as person on (json ->> '$.Person.Id') = person.id
left join rollen on lower(trim(json ->> '$.ContractorType.Name')) = lower(rollen.name)
