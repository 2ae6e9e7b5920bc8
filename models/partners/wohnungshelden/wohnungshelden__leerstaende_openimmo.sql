{{ config(enabled=partner_aktiv('wohnungshelden')) }}

with

leerstaende as (
    select * from {{ ref('int_wohnungshelden__leerstaende') }}
),

records as (
    select
        {{ composite_id('wohnungshelden', 'verwaltungseinheit') }} as external_id,
        {{ openimmo_immobilie('wohnungshelden') }}
    from leerstaende
    where
        {{ is_offered('wohnungshelden') }}  -- E1, I5, V1, LE1
        and '{{ partner_settings('wohnungshelden').kanal }}' = 'openimmo'  -- the setting kanal
)

select * from records
