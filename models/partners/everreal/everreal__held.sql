{{ config(enabled=partner_aktiv('everreal')) }}

{% set settings = partner_settings('everreal') %}
{% set property_table = 'gebaeude' if settings.gebaeude_importieren else 'wirtschaftseinheit' %}
{% set separator = settings.separator %}

{% set owners -%}
    {{ held_row(
        'eigentuemer',
        composite_id('everreal', 'person'),
        'regel',
        'person',
        "'an owner needs an e-mail address and a first name: ' || fehlt",
        holds_below=false,
        person_nr='person_nr',
    ) }}
    from {{ ref('int_everreal__eigentuemer') }}
    where regel is not null  -- EV1
{%- endset %}

{% set properties -%}
    {{ held_row('objekte', 'external_id', 'regel', property_table, 'grund') }}
    from {{ ref('int_everreal__objekte') }}
    where regel is not null  -- EV2, I6
{%- endset %}

{% set units -%}
    {{ held_row('einheiten', 'external_id', 'regel', 'verwaltungseinheit', 'grund') }}
    from {{ ref('int_everreal__einheiten') }}
    where regel is not null  -- EV2, EV3, I6
{%- endset %}

{#- A unit whose owner is in doubt does not go to another one, nor to the default. -#}
{% set units_of_owners -%}
    {{ held_row(
        'einheiten',
        'eigentumsverhaeltnisse.verwaltungseinheit_id',
        'eigentuemer.regel',
        'person',
        "'owner ' || eigentuemer.person_nr || ' needs an e-mail address and a first name'",
        also_in_mart=true,
        part='eigentuemer.person_nr',
        person_nr='eigentuemer.person_nr',
    ) }}
    from {{ ref('int_everreal__eigentumsverhaeltnisse') }} as eigentumsverhaeltnisse
    inner join {{ ref('int_everreal__eigentuemer') }} as eigentuemer
        on eigentumsverhaeltnisse.person_nr = eigentuemer.person_nr
    where eigentuemer.regel is not null  -- EV1
{%- endset %}

{% set leases -%}
    {{ held_row(
        'mieter',
        composite_id('everreal', 'mietvertrag') ~ " || '" ~ separator ~ "?'",
        'regel',
        'mietvertrag',
        'grund',
        separator="'" ~ separator ~ "'",
    ) }}
    from {{ ref('int_everreal__mietvertraege') }}
    where regel is not null  -- EV2 to EV4, I6
{%- endset %}

with

records_in_doubt as (
    {{ held_rows(
        'everreal',
        entities={
            'eigentuemer': ['owner'],
            'objektgruppen': ['wirtschaftseinheit'],
            'objekte': [property_table],
            'einheiten': ['verwaltungseinheit', 'unit_of_owner'],
            'mieter': ['tenants_of_lease'],
        },
        also_in_mart={
            'eigentuemer': ['owner'],
            'einheiten': ['unit_of_owner'],
            'mieter': ['tenants_of_lease'],
        },
        with_email={'mieter': ['tenants_of_lease']},
        more=[owners, properties, units, units_of_owners, leases],
    ) }}
)

select * from records_in_doubt
