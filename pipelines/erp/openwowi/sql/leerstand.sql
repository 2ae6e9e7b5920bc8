-- A vacancy is a contract in OpenWOWI. Whether it is released for marketing is not said there.
select
    schluessel.mandant_nr,
    schluessel.we_nr,
    schluessel.gebaeude_nr,
    schluessel.ve_nr,
    datum(license_agreements.json ->> '$.StartContract') as leer_ab,
    datum(license_agreements.json ->> '$.EndOfContract') as leer_bis,
    zimmer(use_units.json) as zimmer,
    use_units.json ->> '$.LivingSpace' as wohnflaeche,
    regexp_replace(use_units.json ->> '$.Floor.LevelToGround', '\.0+$', '') as etage,
    schluessel.id as quelle_id
from license_agreements
inner join mv_schluessel as schluessel on (license_agreements.json ->> '$.Id') = schluessel.id
left join use_units on schluessel.ve_id = (use_units.json ->> '$.Id')
where ist_leerstand(license_agreements.json)
