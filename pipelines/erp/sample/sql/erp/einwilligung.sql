with

gefragt as (
    select
        person.pid,
        person.seit,
        unnest([
            {nr: 1, zweck: 'aktivbo', quote: 0.35},
            {nr: 2, zweck: 'newsletter', quote: 0.10},
        ]) as zweck,
    from person
    where not ist_firma and pid > 1 and pid < 400000000  -- tenants are asked, owners and applicants are not
)

select
    pid * 100 + zweck.nr * 10 as row_no,
    person_nr(pid) as person_nr,
    zweck.zweck,
    roll(pid * 10 + zweck.nr, 'einwilligung') < zweck.quote as erteilt,
    seit + 20 + draw(pid, 'gefragt', 60) as erteilt_am,
    if(roll(pid * 10 + zweck.nr, 'einwilligung') < zweck.quote * 0.04, seit + 200 + draw(pid, 'widerruf', 600), null) as widerrufen_am,
    seit + 20 as angelegt,
from gefragt
where roll(pid * 10 + zweck.nr, 'einwilligung') < zweck.quote * 1.1  -- the others were never asked
