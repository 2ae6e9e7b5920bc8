{{ config(enabled=partner_aktiv('pricehubble')) }}

{#- Limits of the values in Germany: the vendor's own, as its reference is quoted by the .NET client. -#}
{% set latest_baujahr = 'extract(year from ' ~ stichtag() ~ ') + 3' %}
{% set obstacles = [
    ('ve_art', 've_art', "code = 'house'", 'a house needs its land area, which the ERP does not have'),
    ('wohnflaeche', 'wohnflaeche', 'wohnflaeche is null', 'the living area is required'),
    ('wohnflaeche', 'wohnflaeche', 'coalesce(wohnflaeche not between 10 and 800, false)', 'not from 10 to 800 m²'),
    ('baujahr', 'baujahr', 'jahr is null', 'a year of construction is required'),
    (
        'baujahr',
        'baujahr',
        'coalesce(jahr not between 1850 and ' ~ latest_baujahr ~ ', false)',
        'not from 1850 to three years after the key date',
    ),
    ('land', 'land', "land is distinct from 'DE'", 'PriceHubble gets dossiers in Germany only'),
] + required_address('PriceHubble') %}
{% set omissions = [
    (
        'zimmer',
        'zimmer',
        'zimmer is not null and not ist_zimmerzahl_zulaessig',
        'left out: not from 1 to 20 in halves',
    ),
    (
        'energieeffizienzklasse',
        'energieeffizienzklasse',
        'energieeffizienzklasse is not null and not ist_klasse_zulaessig',
        'left out: not from A+ to H',
    ),
] %}

with

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

wohnungsarten as (
    select * from {{ ref('wohnungsarten') }}
),

-- An owner who lives there, and no lease that runs; who buys or leaves later does not count yet.
selbstgenutzt as (
    select distinct {{ record_key('verwaltungseinheit', table='vertraege') | join(', ') }}
    from {{ ref('stg_erp__eigentuemervertrag') }} as vertraege
    where
        vertraege.selbstgenutzt
        and coalesce(vertraege.beginn <= {{ stichtag() }}, true)
        and coalesce(vertraege.ende >= {{ stichtag() }}, true)
    union
    select distinct {{ record_key('verwaltungseinheit', table='vertraege') | join(', ') }}
    from {{ ref('stg_erp__mietvertrag') }} as vertraege
    where
        vertraege.vertragsart = 'Eigennutzung'
        and vertraege.status in ('aktiv', 'gekuendigt')
),

vermietet as (
    select distinct {{ record_key('verwaltungseinheit', table='vertraege') | join(', ') }}
    from {{ ref('int_mietvertraege') }} as vertraege
    where vertraege.status in ('aktiv', 'gekuendigt')
),

wohnungen as (
    select
        verwaltungseinheiten.mandant_nr,
        verwaltungseinheiten.we_nr,
        verwaltungseinheiten.gebaeude_nr,
        verwaltungseinheiten.ve_nr,
        {{ anzeigename('verwaltungseinheit', 'verwaltungseinheiten') }} as name,
        verwaltungseinheiten.ve_art,
        wohnungsarten.pricehubble_code as code,
        wohnungsarten.pricehubble_subcode as subcode,
        verwaltungseinheiten.wohnflaeche,
        verwaltungseinheiten.zimmer,
        verwaltungseinheiten.zimmer between 1 and 20
        and verwaltungseinheiten.zimmer % 0.5 = 0 as ist_zimmerzahl_zulaessig,
        verwaltungseinheiten.etagennummer,
        gebaeude.strasse,
        {{ hausnummer('gebaeude') }} as hausnummer,
        {{ strasse_hausnummer('gebaeude') }} as strasse_hausnummer,
        gebaeude.plz,
        gebaeude.ort,
        gebaeude.land,
        coalesce(gebaeude.baujahr, wirtschaftseinheiten.baujahr) as baujahr,
        {{ baujahr_zahl('gebaeude', 'wirtschaftseinheiten') }} as jahr,
        gebaeude.geschosse,
        gebaeude.aufzug,
        selbstgenutzt.ve_nr is not null and vermietet.ve_nr is null as ist_selbstgenutzt,
        gebaeude.energieeffizienzklasse,
        {{ full_match('gebaeude.energieeffizienzklasse', 'A[+]|[A-H]') }} as ist_klasse_zulaessig
    from verwaltungseinheiten
    inner join gebaeude
        on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    left join wirtschaftseinheiten
        on {{ same_key('wirtschaftseinheit', 'verwaltungseinheiten', 'wirtschaftseinheiten') }}
    left join selbstgenutzt
        on {{ same_key('verwaltungseinheit', 'verwaltungseinheiten', 'selbstgenutzt') }}
    left join vermietet
        on {{ same_key('verwaltungseinheit', 'verwaltungseinheiten', 'vermietet') }}
    -- Only flats and houses have a type at PriceHubble.
    inner join wohnungsarten
        on verwaltungseinheiten.ve_art = wohnungsarten.ve_art
    where {{ in_mandanten('pricehubble', 'verwaltungseinheiten') }}  -- E1
),

judged as (
    select
        *,
        {{ befunde('V1', obstacles) }} as hindernisse,
        {{ befunde('V2', omissions) }} as auslassungen
    from wohnungen
)

select * from judged
