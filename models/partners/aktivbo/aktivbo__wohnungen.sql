{{ config(enabled=partner_aktiv('aktivbo')) }}

with

wohnungen as (
    select * from {{ ref('int_aktivbo__wohnungen') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_aktivbo__mietverhaeltnisse') }}
    where ist_erteilt and not ist_firma  -- E7, AB2
),

records as (
    select
        wohnung_id as external_id,
        mandant_nr as client_number,
        we_nr as economic_unit_number,
        we_bezeichnung as economic_unit_name,
        gebaeude_nr as building_number,
        gebaeude_bezeichnung as building_name,
        ve_nr as unit_number,
        strasse as street,
        hausnummer as house_number,
        plz as zip,
        ort as city,
        try_cast(etagennummer as integer) as floor,
        lage as position,
        ve_art as usage_type,
        cast(wohnflaeche as double) as living_area,
        cast(zimmer as double) as rooms,
        baujahr as construction_year,
        aufzug as elevator,
        -- what is not named may be there all the same
        case
            when array_contains(
                {{ list_transform(split_text('ausstattung', '[,;/|]'), 'teil', as_word('teil')) }}, 'balkon'
            ) then true
        end as balcony,
        cast(sollmiete as double) as net_rent
    from wohnungen
    where
        hindernisse is null  -- V1
        and (
            '{{ partner_settings('aktivbo').wohnungen }}' <> 'mit_einwilligung'  -- the setting wohnungen
            or wohnung_id in (select mietverhaeltnisse.wohnung_id from mietverhaeltnisse)
        )
)

select * from records
