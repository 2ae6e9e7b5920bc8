select
    schluessel.mandant_nr,
    schluessel.we_nr,
    schluessel.gebaeude_nr,
    schluessel.ve_nr,
    schluessel.mv_nr,
    case
        when ist_leerstand(license_agreements.json) then 'Leerstand'
        when lower(license_agreements.json ->> '$.RestrictionOfUse.Name') = 'eigennutzung' then 'Eigennutzung'
        else 'Miete'
    end as vertragsart,
    nutzung(use_units.json) as nutzungsart,
    datum(license_agreements.json ->> '$.StartContract') as mietbeginn,
    datum(license_agreements.json ->> '$.EndOfContract') as mietende,
    license_agreements.json ->> '$.PeriodOfNotice.Name' as kuendigungsfrist,
    license_agreements.json ->> '$.StatusContract.Name' as status_erp,
    license_agreements.json ->> '$.PaymentInterval.Name' as zahlungsrhythmus,
    schluessel.id as quelle_id
from license_agreements
inner join mv_schluessel as schluessel on (license_agreements.json ->> '$.Id') = schluessel.id
left join use_units on schluessel.ve_id = (use_units.json ->> '$.Id')
