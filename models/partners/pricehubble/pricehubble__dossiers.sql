{{ config(enabled=partner_aktiv('pricehubble')) }}

with

wohnungen as (
    select * from {{ ref('int_pricehubble__wohnungen') }}
),

records as (
    select
        {{ composite_id('pricehubble', 'verwaltungseinheit') }} as external_id,
        left(concat_ws(', ', name, strasse_hausnummer), 60) as title,
        case when not ist_selbstgenutzt then 'rent' end as "dealType",
        land as "countryCode",
        {% call struct() %}
            'location': {% call struct() %}
                'address': {% call struct() %}
                    'street': strasse,
                    'houseNumber': hausnummer,
                    'postCode': plz,
                    'city': ort
                {% endcall %}
            {% endcall %},
            'propertyType': {% call struct() %}
                'code': code,
                'subcode': subcode
            {% endcall %},
            'buildingYear': jahr,
            'livingArea': wohnflaeche,
            'numberOfRooms': case when ist_zimmerzahl_zulaessig then zimmer end,
            'floorNumber': try_cast(etagennummer as integer),
            'numberOfFloorsInBuilding': try_cast(geschosse as integer),
            'hasLift': aufzug,
            'energyLabel': case when ist_klasse_zulaessig then energieeffizienzklasse end
        {% endcall %} as property,
        {% call list_of() %}
            {% call struct() %}
                'label': 'Gebäude',
                'value': {{ composite_id('pricehubble', 'gebaeude') }}
            {% endcall %}
        {% endcall %} as "userDefinedFields"
    from wohnungen
    where
        {{ sendable('pricehubble', 'verwaltungseinheit') }}  -- E1, I5
        and hindernisse is null  -- V1
)

select * from records
