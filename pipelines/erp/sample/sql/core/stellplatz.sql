-- One row per let parking space that goes with a flat of the same WE: as a lease of its own or on the flat's lease.
with

wohnung as (
    select
        ve_id,
        we_id,
        row_number() over (partition by we_id order by ve_id) as lfd,
        count(*) over (partition by we_id) as anzahl,
    from einheit
    where ve_art = 'wohnung' and zustand = 'vermietet'
),

platz as (
    select
        ve_id,
        we_id,
        row_number() over (partition by we_id order by ve_id) as lfd,
        count(*) over (partition by we_id) as anzahl,
    from einheit
    where ve_art = 'stellplatz' and zustand = 'vermietet'
)

select
    platz.ve_id,
    wohnung.ve_id as wohnung_ve_id,
    roll(platz.ve_id, 'beigemietet') < 0.2 as ist_beigemietet,
from platz
inner join wohnung
    on platz.we_id = wohnung.we_id
    and wohnung.lfd = 1 + ((platz.lfd - 1) * wohnung.anzahl) // platz.anzahl
where roll(platz.ve_id, 'platz allein') < 0.92  -- the others are let to people from outside
