-- Natural keys by internal Id. A number that does not fit its pattern, or that names another parent than the
-- reference does, gets no key: its rows are reported as C7.

create table we_schluessel as
with

zeilen as (
    select
        json ->> '$.Id' as id,
        we_teile(trim(json ->> '$.IdNum')) as teile
    from economic_units
)

select
    id,
    teile.mandant as mandant_nr,
    if(teile.mandant is null, null, teile.we) as we_nr
from zeilen;


create table gebaeude_schluessel as
with

zeilen as (
    select
        json ->> '$.Id' as id,
        coalesce(json ->> '$.EconomicUnit.Id', json ->> '$.EconomicUnitId') as we_id,
        gebaeude_teile(trim(json ->> '$.IdNum')) as teile
    from building_lands
),

schluessel as (
    select
        zeilen.id,
        coalesce(teile.mandant, we.mandant_nr) as mandant_nr,
        coalesce(teile.we, we.we_nr) as we_nr,
        teile.gebaeude as gebaeude_nr,
        coalesce(teile.mandant <> we.mandant_nr or teile.we <> we.we_nr, false) as widerspricht
    from zeilen
    left join we_schluessel as we on zeilen.we_id = we.id
)

select
    id,
    if(widerspricht or gebaeude_nr is null, null, mandant_nr) as mandant_nr,
    if(widerspricht or gebaeude_nr is null, null, we_nr) as we_nr,
    if(widerspricht, null, gebaeude_nr) as gebaeude_nr
from schluessel;


create table ve_schluessel as
with

zeilen as (
    select
        json ->> '$.Id' as id,
        trim(json ->> '$.IdNum') as idnum,
        coalesce(json ->> '$.EconomicUnit.Id', json ->> '$.EconomicUnitId') as we_id,
        coalesce(json ->> '$.BuildingLand.Id', json ->> '$.BuildingLandId') as gebaeude_id,
        ve_teile(trim(json ->> '$.IdNum')) as teile
    from use_units
),

schluessel as (
    select
        zeilen.id,
        zeilen.idnum,
        zeilen.we_id,
        coalesce(teile.mandant, gebaeude.mandant_nr, we.mandant_nr) as mandant_nr,
        coalesce(teile.we, gebaeude.we_nr, we.we_nr) as we_nr,
        coalesce(teile.gebaeude, gebaeude.gebaeude_nr) as gebaeude_nr,
        teile.ve as ve_nr,
        coalesce(teile.mandant <> we.mandant_nr, false)
        or coalesce(teile.we <> we.we_nr, false)
        or coalesce(teile.mandant <> gebaeude.mandant_nr, false)
        or coalesce(teile.we <> gebaeude.we_nr, false)
        or coalesce(teile.gebaeude <> gebaeude.gebaeude_nr, false) as widerspricht
    from zeilen
    left join we_schluessel as we on zeilen.we_id = we.id
    left join gebaeude_schluessel as gebaeude on zeilen.gebaeude_id = gebaeude.id
)

select
    id,
    idnum,
    we_id,
    if(widerspricht or ve_nr is null, null, mandant_nr) as mandant_nr,
    if(widerspricht or ve_nr is null, null, we_nr) as we_nr,
    if(widerspricht or ve_nr is null, null, gebaeude_nr) as gebaeude_nr,
    if(widerspricht, null, ve_nr) as ve_nr
from schluessel;


create table mv_schluessel as
with

zeilen as (
    select
        json ->> '$.Id' as id,
        trim(json ->> '$.IdNum') as idnum,
        coalesce(json ->> '$.UseUnit.Id', json ->> '$.UseUnitId') as ve_id
    from license_agreements
)

select
    zeilen.id,
    zeilen.idnum,
    zeilen.ve_id,
    ve.mandant_nr,
    ve.we_nr,
    ve.gebaeude_nr,
    ve.ve_nr,
    -- The lease's number continues the unit's, or is one of its own.
    if(
        starts_with(zeilen.idnum, ve.idnum)
        and length(zeilen.idnum) > length(ve.idnum) + 1
        and ist_trenner(substr(zeilen.idnum, length(ve.idnum) + 1, 1)),
        substr(zeilen.idnum, length(ve.idnum) + 2),
        zeilen.idnum
    ) as mv_nr
from zeilen
left join ve_schluessel as ve on zeilen.ve_id = ve.id;


create table person_schluessel as
select
    json ->> '$.Id' as id,
    json ->> '$.IdNum' as person_nr
from persons;


create table eigentuemer_personen as
select
    json ->> '$.Id' as id,
    json ->> '$.OwnerNumber' as owner_number,
    coalesce(person_schluessel.person_nr, json ->> '$.Person.IdNum') as person_nr,
    coalesce(json ->> '$.IsCondominium', 'false') = 'true' as ist_weg
from owners
left join person_schluessel on (json ->> '$.Person.Id') = person_schluessel.id;
