{{ config(enabled=partner_aktiv('everreal')) }}

with

verwaltungseinheiten as (
    select distinct ve_art
    from {{ ref('stg_erp__verwaltungseinheit') }}
    where ve_art is not null
),

ve_arten as (
    select * from {{ ref('everreal_ve_arten') }}
),

classified as (
    select
        verwaltungseinheiten.ve_art,
        coalesce(ve_arten.category, 'RESIDENTIAL') as category,
        coalesce(ve_arten.type, 'APARTMENT') as type,
        coalesce(ve_arten.subtype, 'NO_INFORMATION') as subtype,
        ve_arten.ve_art is not null as ist_ve_art_bekannt
    from verwaltungseinheiten
    left join ve_arten on verwaltungseinheiten.ve_art = ve_arten.ve_art
)

select * from classified
