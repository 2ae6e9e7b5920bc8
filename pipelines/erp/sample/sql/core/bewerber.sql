-- One row per applicant for a unit that is or becomes free.
with

frei as (
    select
        ve_id,
        coalesce(leer_ab, kuendigung_zum) as frei_ab,
    from einheit
    where ve_art <> 'stellplatz' and (zustand = 'leer' or kuendigung_zum is not null)
)

select
    ve_id,
    ve_id * 8 + pos as bewerber_id,
    least(getvariable('stand'), frei_ab + 10) - draw(ve_id * 8 + pos, 'eingang', 60) as eingang_am,
    if(roll(ve_id * 8 + pos, 'bekannt') < 0.2, 600000000 + ve_id * 8 + pos, null) as pid,
from frei, unnest(range(1, 2 + draw(frei.ve_id, 'andrang', 5))) as stueck (pos)
