select
    vertrag.mv_id * 10 as row_no,
    einheit.mandant_nr,
    einheit.we_nr,
    einheit.gebaeude_nr,
    einheit.ve_nr,
    vertrag.mv_nr,
    vertrag.vertragsart,
    if(vertrag.vertragsart = 'Leerstand', null, vertrag.nutzungsart) as nutzungsart,
    vertrag.beginn - 14 - draw(vertrag.mv_id, 'unterschrift', 50) as vertragsdatum,
    vertrag.beginn as mietbeginn,
    vertrag.ende as mietende,
    vertrag.kuendigung_am,
    vertrag.kuendigung_zum,
    if(vertrag.ve_art = 'gewerbe', '6 Monate zum Quartal', '3 Monate') as kuendigungsfrist,
    if(vertrag.phase = 'vorher', vertrag.ende - draw(vertrag.mv_id, 'auszug', 10), null) as auszug_am,
    vertrag.status as status_erp,
    case vertrag.ve_art
        when 'stellplatz' then null
        else (3 * vertrag.sollmiete)::decimal(12, 2)
    end as kaution_soll,
    'monatlich' as zahlungsrhythmus,
    vertrag.beginn - 14 - draw(vertrag.mv_id, 'unterschrift', 50) as angelegt,
    vertrag.phase as _phase,
    vertrag.ve_art as _ve_art,
from vertrag
inner join einheit on vertrag.ve_id = einheit.ve_id
