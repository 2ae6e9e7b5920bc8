select
    eigentum.ev_id * 10 as row_no,
    einheit.mandant_nr,
    einheit.we_nr,
    einheit.gebaeude_nr,
    einheit.ve_nr,
    lpad(eigentum.ev_lfd::varchar, 2, '0') as ev_nr,
    if(eigentum.mandant = 2, 'WEG-Eigentum', 'Mietverwaltung') as art,
    eigentum.beginn,
    eigentum.ende,
    if(eigentum.mandant = 2, (einheit.flaeche * (2.8 + 1.6 * roll(einheit.we_id, 'hausgeld'))::decimal(6, 2))::decimal(12, 2), null)
        as hausgeld,
    eigentum.mandant = 3 or einheit.zustand in ('vermietet', 'leer') as sondereigentumsverwaltung,
    eigentum.ende is null and einheit.zustand = 'selbst' as selbstgenutzt,
    eigentum.beginn - 30 as angelegt,
from eigentum
inner join einheit on eigentum.ve_id = einheit.ve_id
