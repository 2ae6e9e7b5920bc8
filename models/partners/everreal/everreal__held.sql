{{ config(enabled=partner_aktiv('everreal')) }}

{% set settings = partner_settings('everreal') %}
{% set property_table = 'gebaeude' if settings.gebaeude_importieren else 'wirtschaftseinheit' %}
{% set separator = settings.separator %}

{% set owners -%}
    {{ held_row(
        'eigentuemer',
        composite_id('everreal', 'person'),
        'rule',
        'person',
        "'an owner needs an e-mail address and a first name: ' || fehlt",
        holds_below=false,
        person_nr='person_nr',
    ) }}
    from {{ ref('int_everreal__eigentuemer') }}
    where rule is not null  -- EV1
{%- endset %}

{% set properties -%}
    {{ held_row('objekte', 'external_id', 'rule', property_table, 'reason') }}
    from {{ ref('int_everreal__objekte') }}
    where rule is not null  -- EV2, I6
{%- endset %}

{% set units -%}
    {{ held_row('einheiten', 'external_id', 'rule', 'verwaltungseinheit', 'reason') }}
    from {{ ref('int_everreal__einheiten') }}
    where rule is not null  -- EV2, EV3, I6
{%- endset %}

{#- A unit whose owner is in doubt does not go to another one, nor to the default. -#}
{% set units_of_owners -%}
    {{ held_row(
        'einheiten',
        'eigentumsverhaeltnisse.verwaltungseinheit_id',
        'eigentuemer.rule',
        'person',
        "'owner ' || eigentuemer.person_nr || ' needs an e-mail address and a first name'",
        also_in_mart=true,
        part='eigentuemer.person_nr',
        person_nr='eigentuemer.person_nr',
    ) }}
    from {{ ref('int_everreal__eigentumsverhaeltnisse') }} as eigentumsverhaeltnisse
    inner join {{ ref('int_everreal__eigentuemer') }} as eigentuemer
        on eigentumsverhaeltnisse.person_nr = eigentuemer.person_nr
    where eigentuemer.rule is not null  -- EV1
{%- endset %}

{% set leases -%}
    {{ held_row(
        'mieter',
        composite_id('everreal', 'mietvertrag') ~ " || '" ~ separator ~ "?'",
        'rule',
        'mietvertrag',
        'reason',
        separator="'" ~ separator ~ "'",
    ) }}
    from {{ ref('int_everreal__mietvertraege') }}
    where rule is not null  -- EV2 to EV4, I6
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
