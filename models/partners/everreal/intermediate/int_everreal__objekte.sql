{{ config(enabled=partner_aktiv('everreal')) }}

{% set with_gebaeude = partner_settings('everreal').gebaeude_importieren | lower %}

with

gebaeude as (
    select * from {{ ref('int_everreal__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('int_everreal__wirtschaftseinheiten') }}
),

objekte as (
    select
        mandant_nr,
        we_nr,
        gebaeude_nr,
        external_id,
        case when {{ with_gebaeude }} then objektgruppen_external_id end as objektgruppen_external_id,
        name,
        strasse,
        hausnummer,
        plz,
        ort,
        land,
        hat_adresse,
        art,
        geschosse,
        baujahr_zahl
    from gebaeude
    where
        ist_sendbar  -- E1, I5
        -- the setting gebaeude_importieren; I3: without a WE the Gebäude is the property all the same
        and ({{ with_gebaeude }} or we_nr is null)
    union all
    select
        mandant_nr,
        we_nr,
        cast(null as string) as gebaeude_nr,
        external_id,
        cast(null as string) as objektgruppen_external_id,
        name,
        strasse,
        hausnummer,
        plz,
        ort,
        land,
        hat_adresse,
        cast(null as string) as art,
        cast(null as bigint) as geschosse,
        baujahr_zahl
    from wirtschaftseinheiten
    where
        ist_sendbar  -- E1, I5
        and not {{ with_gebaeude }}  -- the setting gebaeude_importieren
),

einzeln as (
    select external_id
    from objekte
    group by external_id
    having count(*) = 1
),

judged as (
    select
        objekte.*,
        case
            when einzeln.external_id is null then 'I6'
            when not objekte.hat_adresse then 'EV2'
        end as rule,
        case
            when einzeln.external_id is null then 'two rows arrive at the same id ' || objekte.external_id
            when not objekte.hat_adresse then 'no street, house number, postcode or town'
        end as reason
    from objekte
    left join einzeln on objekte.external_id = einzeln.external_id
)

select * from judged
