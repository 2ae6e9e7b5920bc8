-- One row per child that was given the name, so that a uniform draw gives frequent names their weight.
with

kind as (
    select
        vorname,
        geschlecht,
        unnest(range(least(anzahl::bigint, 60))) as nr,
    from vornamensliste
)

select
    vorname,
    geschlecht,
    row_number() over (partition by geschlecht order by vorname, nr) - 1 as platz,
from kind
