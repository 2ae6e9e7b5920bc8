{{ config(enabled=partner_aktiv('quis')) }}

with

gebaeude as (
    select * from {{ ref('int_quis__gebaeude') }}
),

records as (
    select
        {{ quis_expose() }},
        {% call struct() %}
            'type': type,
            'subtype': subtype
        {% endcall %} as "propertyType",
        jahr as "buildingYear",
        wohnflaeche as "livingArea",
        zimmer as "numberOfRooms",
        try_cast(etagennummer as integer) as floor,
        wbs_erforderlich as "rentControl",
        case
            when energieausweis_art = 'VERBRAUCH' and energie_kennwert is not null
                then {{ struct({
                    'type': "'consumption'",
                    'value': 'energie_kennwert',
                }) }}
        end as "energyCertificate",
        case when energietraeger in ('Gas', 'Erdgas') then 'gas' end as "primaryEnergySource",
        {% call list_of_known() %}
            case when contains(ausstattung, 'Balkon') then 'balcony' end,
            case when aufzug then 'lift' end,
            case when contains(ausstattung, 'Einbauküche') then 'kitchen' end
        {% endcall %} as equipments
    from gebaeude
    where
        {{ sendable('quis', 'gebaeude') }}  -- E1, I5
        and hindernisse is null  -- V1
        and '{{ partner_settings('quis').expose_als }}' = 'properties'  -- the setting expose_als
)

select * from records
