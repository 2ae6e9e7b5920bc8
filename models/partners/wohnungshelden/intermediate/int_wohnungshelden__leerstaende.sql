{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set below_0 = [
    ('nettokaltmiete', 'nettokaltmiete', 'nettokaltmiete < 0', 'a Nettokaltmiete below 0 is none'),
] %}
{% set obstacles = {
    'json': leerstand_hindernisse() + required_address('Wohnungshelden', ['strasse', 'hausnummer', 'plz', 'ort']) + [
        ('wohnflaeche', 'flaeche', 'flaeche is null', 'Wohnungshelden requires an area'),
        ('nettokaltmiete', 'nettokaltmiete', 'nettokaltmiete is null', 'Wohnungshelden requires a rent'),
    ],
    'openimmo': openimmo_hindernisse('Wohnungshelden'),
} %}

with

leerstaende as (
    select
        -- As at EverReal, a rent of 0 is none.
        {{ all_but(['nettokaltmiete'], of='released') }},
        nullif(released.nettokaltmiete, 0) as nettokaltmiete,
        coalesce(released.wohnflaeche, released.nutzflaeche) as flaeche
    from {{ ref('int_leerstaende') }} as released
    where {{ in_mandanten('wohnungshelden', 'released') }}  -- E1
),

judged as (
    select
        *,
        {{ befunde('V1', obstacles[partner_settings('wohnungshelden').kanal] + below_0) }} as hindernisse,
        {{ kein_angebot('Wohnungshelden') }} as kein_angebot
    from leerstaende
)

select * from judged
