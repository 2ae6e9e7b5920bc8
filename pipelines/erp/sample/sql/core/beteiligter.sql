-- One row per person and role on a lease.
with

-- Who moved within the estate: the tenant of an ended lease is the tenant of the next unit now.
umzug as (
    select
        vorher.mv_id,
        jetzt.hauptmieter,
    from vertrag as vorher
    inner join vertrag as jetzt
        on vorher.ve_id + 1 = jetzt.ve_id
        and vorher.we_id = jetzt.we_id
        and vorher.phase = 'vorher'
        and jetzt.phase = 'jetzt'
        and jetzt.ve_art = 'wohnung'
    where roll(vorher.mv_id, 'umzug') < 0.1  -- the others left the company
),

partei as (
    select
        mv_id,
        ve_id,
        beginn,
        ende,
        hauptmieter,
        1 as pos,
        'Hauptmieter' as rolle,
    from vertrag
    where hauptmieter is not null  -- vacancy contracts have no tenant
    union all
    select
        mv_id,
        ve_id,
        beginn,
        ende,
        hauptmieter,
        pos::integer as pos,
        'Mitmieter' as rolle,
    from vertrag, unnest(range(2, vertrag.personen + 1)) as stueck (pos)
    union all
    select
        mv_id,
        ve_id,
        beginn,
        ende,
        hauptmieter,
        5 as pos,
        one_of(mv_id, 'nebenrolle', ['Buerge', 'Buerge', 'Bewohner', 'Rechnungsempfaenger', 'Betreuer']) as rolle,
    from vertrag
    where ve_art = 'wohnung' and phase = 'jetzt' and roll(mv_id, 'nebenrolle?') < 0.03
    union all
    -- A co-tenant who has moved out of a running lease.
    select
        mv_id,
        ve_id,
        beginn,
        greatest(beginn, getvariable('stand') - 30 - draw(mv_id, 'ausgezogen', 900)) as ende,
        hauptmieter,
        6 as pos,
        'Mitmieter' as rolle,
    from vertrag
    where ve_art = 'wohnung' and phase = 'jetzt' and roll(mv_id, 'ausgezogen?') < 0.02
)

select
    partei.mv_id,
    partei.ve_id,
    partei.pos,
    partei.rolle,
    partei.beginn as gueltig_von,
    partei.ende as gueltig_bis,
    case partei.pos
        when 1 then coalesce(umzug.hauptmieter, partei.hauptmieter)
        else partei.mv_id * 8 + partei.pos
    end as pid,
from partei
left join umzug on partei.mv_id = umzug.mv_id
