{{ config(enabled=partner_aktiv('quis')) }}

{% set obstacles = [
    (
        'gebaeude_nr',
        'einheiten',
        'einheiten <> 1',
        'a property at QUIS is one flat or house; this is the number of living VE',
    ),
    (
        've_art',
        've_art',
        'einheiten = 1 and type is null',
        'a property at QUIS is a flat or a house: no kind of the seed wohnungsarten',
    ),
    ('strasse', 'strasse', is_no_address(), 'QUIS looks the address up: street, and postcode or town'),
] %}
{% set omissions = [
    ('baujahr', 'baujahr', 'baujahr is not null and jahr is null', 'left out: no plain year'),
] %}
{% set without_address = [
    (
        'strasse',
        'strasse',
        is_no_address(),
        'location left out: QUIS looks the address up by street, and postcode or town',
    ),
] %}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

wohnungsarten as (
    select * from {{ ref('wohnungsarten') }}
),

gezaehlt as (
    select
        {{ record_key('gebaeude') | join(',\n        ') }},
        count(*) as einheiten,
        {{ any_value('ve_nr') }} as ve_nr
    from verwaltungseinheiten
    group by all
),

haeuser as (
    select
        gebaeude.mandant_nr,
        gebaeude.we_nr,
        gebaeude.gebaeude_nr,
        gebaeude.strasse,
        gebaeude.hausnummer,
        gebaeude.hausnummer_zusatz,
        gebaeude.plz,
        gebaeude.ort,
        coalesce(gebaeude.baujahr, wirtschaftseinheiten.baujahr) as baujahr,
        {{ baujahr_zahl('gebaeude', 'wirtschaftseinheiten') }} as jahr,
        gebaeude.aufzug,
        gebaeude.energieausweis_art,
        gebaeude.energie_kennwert,
        gebaeude.energietraeger,
        coalesce(gezaehlt.einheiten, 0) as einheiten,
        verwaltungseinheiten.ve_art,
        verwaltungseinheiten.wohnflaeche,
        verwaltungseinheiten.zimmer,
        verwaltungseinheiten.etagennummer,
        verwaltungseinheiten.wbs_erforderlich,
        verwaltungseinheiten.ausstattung,
        wohnungsarten.quis_type as type,
        wohnungsarten.quis_subtype as subtype
    from gebaeude
    left join wirtschaftseinheiten
        on {{ same_key('wirtschaftseinheit', 'gebaeude', 'wirtschaftseinheiten') }}
    left join gezaehlt
        on {{ same_key('gebaeude', 'gebaeude', 'gezaehlt') }}
    left join verwaltungseinheiten
        on
            {{ same_key('gebaeude', 'gezaehlt', 'verwaltungseinheiten') }}
            and gezaehlt.ve_nr = verwaltungseinheiten.ve_nr
            and gezaehlt.einheiten = 1
    left join wohnungsarten
        on verwaltungseinheiten.ve_art = wohnungsarten.ve_art
    where {{ in_mandanten('quis', 'gebaeude') }}  -- E1
),

judged as (
    select
        *,
        {{ befunde('V1', obstacles) }} as hindernisse,
        {{ befunde('V2', omissions) }} as auslassungen,
        {{ befunde('V2', without_address) }} as ohne_anschrift
    from haeuser
)

select * from judged
