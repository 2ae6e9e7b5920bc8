{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set ids = composite_id('wohnungshelden', 'verwaltungseinheit') %}

{% set unclear %}
    {{ held_row('leerstaende', ids, 'rule', 'leerstand', 'reason') }}
    from {{ ref('int_leerstaende_unklar') }}
    where {{ in_mandanten('wohnungshelden') }}  -- E1
{% endset %}

{% set refused = refused_rows(
    'wohnungshelden', 'leerstaende', 'verwaltungseinheit', ref('int_wohnungshelden__leerstaende')
) %}

with

records_in_doubt as (
    {{ held_rows(
        'wohnungshelden',
        entities={'leerstaende': ['verwaltungseinheit']},
        more=[unclear, refused],
    ) }}
)

select * from records_in_doubt
