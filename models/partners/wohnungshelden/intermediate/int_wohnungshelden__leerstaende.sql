{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set obstacles = {
    'json': letting_hindernisse('Wohnungshelden') + [
        ('strasse', 'strasse', 'strasse is null', 'Wohnungshelden requires a street'),
        ('hausnummer', 'hausnummer', 'hausnummer is null', 'Wohnungshelden requires a house number'),
        ('plz', 'plz', 'plz is null', 'Wohnungshelden requires a postcode'),
        ('ort', 'ort', 'ort is null', 'Wohnungshelden requires a town'),
        ('wohnflaeche', 'flaeche', 'flaeche is null', 'Wohnungshelden requires an area'),
        ('nettokaltmiete', 'nettokaltmiete', 'nettokaltmiete is null', 'Wohnungshelden requires a rent'),
    ],
    'openimmo': openimmo_hindernisse('Wohnungshelden'),
} %}

with

leerstaende as (
    select
        released.*,
        coalesce(released.wohnflaeche, released.nutzflaeche) as flaeche
    from {{ ref('int_leerstaende') }} as released
    where {{ in_mandanten('wohnungshelden', 'released') }}  -- E1
),

judged as (
    select
        *,
        {{ befunde('V1', obstacles[partner_settings('wohnungshelden').kanal]) }} as hindernisse
    from leerstaende
)

select * from judged
