{{ config(enabled=partner_aktiv('pricehubble'), schema='partners', contract={'enforced': true}) }}

{% set refused = refused_rows('pricehubble', 'dossiers', 'verwaltungseinheit', ref('int_pricehubble__wohnungen')) %}

{{ held_rows('pricehubble', entities={'dossiers': ['verwaltungseinheit']}, more=[refused]) }}
