-- OpenWOWI knows the owner of a WE, not of a single VE; the owner of a WEG is the community and no person's.
select
    schluessel.mandant_nr,
    schluessel.we_nr,
    schluessel.gebaeude_nr,
    schluessel.ve_nr,
    eigentuemer.owner_number as ev_nr,
    'Mietverwaltung' as art,
    schluessel.id as quelle_id
from ve_schluessel as schluessel
inner join economic_units on schluessel.we_id = (economic_units.json ->> '$.Id')
inner join eigentuemer_personen as eigentuemer on (economic_units.json ->> '$.Owner.Id') = eigentuemer.id
where not eigentuemer.ist_weg
