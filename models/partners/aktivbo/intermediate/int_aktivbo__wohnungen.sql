{{ config(enabled=partner_aktiv('aktivbo')) }}

{% set obstacles = required_address('AktivBo', ['strasse', 'hausnummer', 'plz', 'ort']) %}

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

joined as (
    select
        verwaltungseinheiten.mandant_nr,
        verwaltungseinheiten.we_nr,
        verwaltungseinheiten.gebaeude_nr,
        verwaltungseinheiten.ve_nr,
        verwaltungseinheiten.quelle_erp,
        wirtschaftseinheiten.bezeichnung as we_bezeichnung,
        gebaeude.bezeichnung as gebaeude_bezeichnung,
        gebaeude.strasse,
        {{ hausnummer('gebaeude') }} as hausnummer,
        gebaeude.plz,
        gebaeude.ort,
        verwaltungseinheiten.etagennummer,
        verwaltungseinheiten.lage,
        verwaltungseinheiten.ve_art,
        verwaltungseinheiten.wohnflaeche,
        verwaltungseinheiten.zimmer,
        {{ baujahr_zahl('gebaeude', 'wirtschaftseinheiten') }} as baujahr,
        gebaeude.aufzug,
        verwaltungseinheiten.ausstattung,
        verwaltungseinheiten.sollmiete
    from verwaltungseinheiten
    inner join gebaeude on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    left join wirtschaftseinheiten
        on {{ same_key('wirtschaftseinheit', 'verwaltungseinheiten', 'wirtschaftseinheiten') }}
),

judged as (
    select
        *,
        {{ composite_id('aktivbo', 'verwaltungseinheit') }} as wohnung_id,
        {{ befunde('V1', obstacles) }} as hindernisse
    from joined
    where {{ sendable('aktivbo', 'verwaltungseinheit') }}  -- E1, I3, I5
)

select * from judged
