with

schluessel as (
    select
        'WE' as bezug_art,
        id,
        concat_ws('/', mandant_nr, we_nr) as bezug_key
    from we_schluessel
    union all
    select
        'GEB' as bezug_art,
        id,
        concat_ws('/', mandant_nr, we_nr, gebaeude_nr) as bezug_key
    from gebaeude_schluessel
    union all
    select
        'VE' as bezug_art,
        id,
        concat_ws('/', mandant_nr, we_nr, gebaeude_nr, ve_nr) as bezug_key
    from ve_schluessel
    union all
    select
        'MV' as bezug_art,
        id,
        concat_ws('/', mandant_nr, we_nr, gebaeude_nr, ve_nr, mv_nr) as bezug_key
    from mv_schluessel
    union all
    select
        'PERSON' as bezug_art,
        id,
        person_nr as bezug_key
    from person_schluessel
)

select
    coalesce(json ->> '$.FileGuid', json ->> '$.Id') as dokument_nr,
    json ->> '$.FileName' as titel,
    json ->> '$.FileName' as dateiname,
    entity || '/' || coalesce(json ->> '$.FileGuid', json ->> '$.Id') as pfad,
    json ->> '$.CreationDate' as erstellt_am,
    dokumente.bezug_art,
    schluessel.bezug_key,
    json ->> '$.FileType.Name' as dokumentart,
    json ->> '$.DataPrivacyCategory.Name' as datenschutzkategorie,
    json ->> '$.Id' as quelle_id
from dokumente
left join schluessel
    on dokumente.bezug_art = schluessel.bezug_art
    and coalesce(json ->> '$.Entity.Id', json ->> '$.EntityId') = schluessel.id
