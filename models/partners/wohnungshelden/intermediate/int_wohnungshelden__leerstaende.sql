{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set hindernisse = [
    (
        'vermarktungsart',
        'vermarktungsart',
        "lower(vermarktungsart) = 'kauf'",
        'a listing at Wohnungshelden is for letting',
    ),
    (
        'objektart',
        've_art',
        'nutzung is null',
        'neither objektart of the vacancy nor the seed ve_arten says what it is',
    ),
] %}
{% set of_channel = {
    'json': [
        ('strasse', 'strasse', 'strasse is null', 'Wohnungshelden requires a street'),
        ('hausnummer', 'hausnummer', 'hausnummer is null', 'Wohnungshelden requires a house number'),
        ('plz', 'plz', 'plz is null', 'Wohnungshelden requires a postcode'),
        ('ort', 'ort', 'ort is null', 'Wohnungshelden requires a town'),
        ('wohnflaeche', 'flaeche', 'flaeche is null', 'Wohnungshelden requires an area'),
        ('nettokaltmiete', 'nettokaltmiete', 'nettokaltmiete is null', 'Wohnungshelden requires a rent'),
    ],
    'openimmo': [
        ('ort', 'ort', 'coalesce(plz, ort) is null', 'OpenImmo requires a postcode or a town'),
    ],
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
        {{ befunde('V1', hindernisse + of_channel[partner_settings('wohnungshelden').kanal]) }} as hindernisse
    from leerstaende
)

select * from judged
