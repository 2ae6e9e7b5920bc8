-- One row per owner contract: every unit of the WEG manager, every unit of the houses managed for somebody else.
with

wohnung as (
    select
        ve_id,
        we_id,
        row_number() over (partition by we_id order by ve_id) as lfd,
        count(*) over (partition by we_id) as anzahl,
    from einheit
    where mandant = 2 and ve_art <> 'stellplatz'
),

platz as (
    select
        ve_id,
        we_id,
        row_number() over (partition by we_id order by ve_id) as lfd,
        count(*) over (partition by we_id) as anzahl,
    from einheit
    where mandant = 2 and ve_art = 'stellplatz'
),

-- A parking space belongs to the owner of a flat.
zuordnung as (
    select
        platz.ve_id,
        wohnung.ve_id as wohnung_ve_id,
    from platz
    inner join wohnung
        on platz.we_id = wohnung.we_id
        and wohnung.lfd = 1 + ((platz.lfd - 1) * wohnung.anzahl) // platz.anzahl
),

besitz as (
    select
        einheit.*,
        coalesce(
            zuordnung.wohnung_ve_id,
            if(einheit.nr > 1 and roll(einheit.ve_id, 'zweitwohnung') < 0.12, einheit.ve_id - 1, einheit.ve_id)
        ) as eigner_ve_id,
    from einheit
    left join zuordnung on einheit.ve_id = zuordnung.ve_id
    where einheit.mandant in (2, 3)  -- Mandant 001 owns its stock itself
),

jetzt as (
    select
        ve_id,
        eigner_ve_id,
        we_id,
        mandant,
        zustand,
        sollmiete,
        1 + if(roll(ve_id, 'verkauft') < 0.08, 1, 0) as ev_lfd,
        make_date(1985 + draw(ve_id, 'kauf', 40), 1 + draw(ve_id, 'kaufmonat', 12), 1) as beginn,
        null::date as ende,
    from besitz
),

vorher as (
    select
        * replace (
            1 as ev_lfd,
            beginn - 365 - draw(ve_id, 'haltedauer', 6000) as beginn,
            beginn - 1 as ende
        ),
    from jetzt
    where ev_lfd = 2 and mandant = 2
),

alle as (
    select * from jetzt
    union all
    select * from vorher
)

select
    *,
    -- Person numbers: owners of a flat from 400 million, of a whole WE from 500 million.
    case
        when mandant = 3 then 500000000 + we_id * 8
        when ende is not null then 400000000 + ve_id * 8 + 4
        else 400000000 + eigner_ve_id * 8
    end as eigner_id,
    case
        when mandant = 3 then 1
        when roll(if(ende is null, eigner_ve_id, -ve_id), 'eigner') < 0.62 then 1
        else 2
    end as personen,
    ve_id * 4 + ev_lfd as ev_id,
from alle
