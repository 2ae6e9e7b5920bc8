{{ config(enabled=partner_aktiv('pricehubble'), schema='partners', contract={'enforced': true}) }}

{% set refused -%}
    {{ held_row(
        'dossiers',
        composite_id('pricehubble', 'verwaltungseinheit'),
        "'V1'",
        'verwaltungseinheit',
        "concat_ws(' ', hindernisse[1].spalte, hindernisse[1].wert) || ': ' || hindernisse[1].grund",
    ) }}
    from {{ ref('int_pricehubble__wohnungen') }}
    where hindernisse is not null  -- V1
{%- endset %}

{{ held_rows('pricehubble', entities={'dossiers': ['verwaltungseinheit']}, more=[refused]) }}
