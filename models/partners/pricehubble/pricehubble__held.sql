{{ config(enabled=partner_aktiv('pricehubble'), schema='partners', contract={'enforced': true}) }}

{% set flats = ref('int_pricehubble__wohnungen') %}
{% set refused = refused_rows('pricehubble', 'dossiers', 'verwaltungseinheit', flats) %}

{{ held_rows('pricehubble', entities={'dossiers': ['verwaltungseinheit']}, more=[refused]) }}
