{{ config(enabled=partner_aktiv('quis'), schema='partners', contract={'enforced': true}) }}

{% set refused -%}
    {{ held_row(
        'exposes_als_property',
        composite_id('quis', 'gebaeude'),
        "'V1'",
        'gebaeude',
        "concat_ws(' ', hindernisse[1].spalte, hindernisse[1].wert) || ': ' || hindernisse[1].grund",
    ) }}
    from {{ ref('int_quis__gebaeude') }}
    where hindernisse is not null  -- V1
{%- endset %}

{#- A property is the one unit of its Gebäude. -#}
{{ held_rows(
    'quis',
    entities={
        'objektgruppen': ['wirtschaftseinheit'],
        'exposes': ['gebaeude'],
        'exposes_als_property': ['gebaeude', 'building_of_unit'],
    },
    also_in_mart={'exposes_als_property': ['building_of_unit']},
    more=[refused],
) }}
