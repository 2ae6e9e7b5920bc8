with

positionen as (
    select
        coalesce(json ->> '$.LicenseAgreement.Id', json ->> '$.LicenseAgreementId') as mv_id,
        case
            when (json ->> '$.ContractPositionType.IsPrepaymentHeating') = 'true' then 'Heizkosten-VZ'
            when (json ->> '$.ContractPositionType.IsPrepaymentRunningCost') = 'true' then 'Betriebskosten-VZ'
            when (json ->> '$.ContractPositionType.IsPartOfNetRent') = 'true' then 'Nettokaltmiete'
            else json ->> '$.ContractPositionType.Name'
        end as kondition_art,
        datum(json ->> '$.ActiveFrom') as gueltig_von,
        datum(json ->> '$.ActiveTo') as gueltig_bis,
        cast(json ->> '$.NetAmount' as decimal(14, 2)) as betrag_netto,
        cast(json ->> '$.Amount' as decimal(14, 2)) as betrag_brutto,
        nullif(regexp_extract(json ->> '$.VatRate.Code', '^\s*([0-9]+([.,][0-9]+)?)\s*%?\s*$', 1), '') as ust_satz,
        json ->> '$.Id' as id
    from contract_positions
),

-- Several positions of one kind and period are one component of the rent.
konditionen as (
    select
        mv_id,
        kondition_art,
        gueltig_von,
        gueltig_bis,
        sum(betrag_netto) as betrag_netto,
        sum(betrag_brutto) as betrag_brutto,
        if(count(distinct ust_satz) = 1, min(ust_satz), null) as ust_satz,
        min(id) as id
    from positionen
    group by all
)

select
    mietvertrag.mandant_nr,
    mietvertrag.we_nr,
    mietvertrag.gebaeude_nr,
    mietvertrag.ve_nr,
    mietvertrag.mv_nr,
    konditionen.kondition_art,
    konditionen.gueltig_von,
    konditionen.gueltig_bis,
    konditionen.betrag_netto,
    konditionen.betrag_brutto,
    konditionen.ust_satz,
    konditionen.id as quelle_id
from konditionen
left join mv_schluessel as mietvertrag on konditionen.mv_id = mietvertrag.id
