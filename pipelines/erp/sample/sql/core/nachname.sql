select
    nachname,
    row_number() over (order by nachname) - 1 as platz,
from nachnamensliste
