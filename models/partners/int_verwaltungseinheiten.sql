{{ config(schema='intermediate', materialized='view') }}

with

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

ve_arten as (
    select * from {{ ref('ve_arten') }}
),

units as (
    select
        verwaltungseinheiten.mandant_nr,
        verwaltungseinheiten.we_nr,
        verwaltungseinheiten.gebaeude_nr,
        verwaltungseinheiten.ve_nr,
        {{ anzeigename('verwaltungseinheit', 'verwaltungseinheiten') }} as name,
        verwaltungseinheiten.ve_art,
        coalesce(ve_arten.klasse, 'sonstiges') as klasse,
        verwaltungseinheiten.ve_art is null or ve_arten.ve_art is not null as ist_ve_art_bekannt,
        cast(verwaltungseinheiten.etagennummer as string) as etage,
        coalesce(verwaltungseinheiten.etage_lage, verwaltungseinheiten.lage) as lage,
        coalesce(verwaltungseinheiten.wohnflaeche, verwaltungseinheiten.nutzflaeche) as flaeche,
        verwaltungseinheiten.zimmer,
        verwaltungseinheiten.mea
    from verwaltungseinheiten
    left join ve_arten on verwaltungseinheiten.ve_art = ve_arten.ve_art
)

select * from units
