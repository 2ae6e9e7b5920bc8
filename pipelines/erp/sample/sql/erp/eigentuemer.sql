select
    (miteigentum.ev_id * 8 + miteigentum.pos) * 10 as row_no,
    einheit.mandant_nr,
    einheit.we_nr,
    einheit.gebaeude_nr,
    einheit.ve_nr,
    lpad(eigentum.ev_lfd::varchar, 2, '0') as ev_nr,
    person_nr(miteigentum.pid) as person_nr,
    1 as anteil_zaehler,
    miteigentum.personen as anteil_nenner,
    miteigentum.pos = 0 as ist_verwalteransprechpartner,
    miteigentum.beginn - 30 as angelegt,
from miteigentum
inner join eigentum on miteigentum.ev_id = eigentum.ev_id
inner join einheit on miteigentum.ve_id = einheit.ve_id
