{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set ids = composite_id('wohnungshelden', 'verwaltungseinheit') %}

{#- Both channels hold the same objects, whatever the setting kanal says today. -#}
{% set more = [] %}
{% for entity in ['leerstaende', 'leerstaende_openimmo'] %}
    {% set unclear -%}
        {{ held_row(entity, ids, 'rule', 'leerstand', 'reason') }}
        from {{ ref('int_leerstaende_unklar') }}
        where {{ in_mandanten('wohnungshelden') }}  -- E1
    {%- endset %}
    {% do more.append(unclear) %}
    {% do more.append(refused_rows(
        'wohnungshelden', entity, 'verwaltungseinheit', ref('int_wohnungshelden__leerstaende')
    )) %}
{% endfor %}

with

records_in_doubt as (
    {{ held_rows(
        'wohnungshelden',
        entities={
            'leerstaende': ['verwaltungseinheit'],
            'leerstaende_openimmo': ['verwaltungseinheit'],
        },
        more=more,
    ) }}
)

select * from records_in_doubt
