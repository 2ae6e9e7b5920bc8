select
    (beteiligter.mv_id * 8 + beteiligter.pos) * 10 as row_no,
    einheit.mandant_nr,
    einheit.we_nr,
    einheit.gebaeude_nr,
    einheit.ve_nr,
    vertrag.mv_nr,
    person_nr(beteiligter.pid) as person_nr,
    beteiligter.rolle,
    beteiligter.gueltig_von,
    beteiligter.gueltig_bis,
    beteiligter.gueltig_von - 14 as angelegt,
    vertrag.phase as _phase,
    vertrag.ve_art as _ve_art,
    beteiligter.pos as _pos,
from beteiligter
inner join vertrag on beteiligter.mv_id = vertrag.mv_id
inner join einheit on beteiligter.ve_id = einheit.ve_id
