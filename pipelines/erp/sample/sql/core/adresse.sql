-- One row per address; stelle counts them in the order in which one walks past them within a planning area.
with

pool as (
    select
        PLR_ID as plr_id,
        PLR_NAME as plr_name,
        str_name as strasse,
        hnr as hausnummer,
        hnr_zusatz as hausnummer_zusatz,
        plz,
        ort_name as ortsteil,
        try_cast(hnr as integer) as nummer,
    from adressliste
    where
        str_name not like 'KGA %'  -- allotments are no houses
        and roll(PLR_ID::bigint, 'gebiet') < getvariable('gebiete')  -- a small company is not in every quarter
)

select
    *,
    row_number() over (
        partition by plr_id
        order by strasse, nummer % 2, nummer, hausnummer_zusatz nulls first, plz, ortsteil
    ) - 1 as stelle,
    row_number() over (order by plr_id, strasse, nummer, hausnummer_zusatz nulls first, plz, ortsteil) as adress_id,
from pool
