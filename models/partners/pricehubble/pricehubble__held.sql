{{ config(enabled=partner_aktiv('pricehubble')) }}

{% set flats = ref('int_pricehubble__wohnungen') %}
{% set refused = refused_rows('pricehubble', 'dossiers', 'verwaltungseinheit', flats) %}

with

records_in_doubt as (
    {{ held_rows('pricehubble', entities={'dossiers': ['verwaltungseinheit']}, more=[refused]) }}
)

select * from records_in_doubt
