-- One row per owner on an owner contract; some flats belong to somebody who rents from the same company.
with

mieter as (
    select
        ve_id,
        hauptmieter as pid,
    from vertrag
    where phase = 'jetzt' and ve_art = 'wohnung'
),

person as (
    select
        eigentum.*,
        pos::integer as pos,
        case
            when mandant = 2 and ende is null and pos = 0 and roll(eigner_ve_id, 'mieter kauft') < 0.02
                then draw(eigner_ve_id, 'welcher mieter', getvariable('einheiten')) + 1
        end as mieter_ve_id,
    from eigentum, unnest(range(0, eigentum.personen)) as stueck (pos)
)

select
    person.ev_id,
    person.ve_id,
    person.pos,
    person.personen,
    person.mandant,
    person.beginn,
    coalesce(mieter.pid, person.eigner_id + person.pos) as pid,
    mieter.pid is not null as ist_mieter,
from person
left join mieter on person.mieter_ve_id = mieter.ve_id
