{{ config(enabled=partner_aktiv('everreal')) }}

with

konditionen as (
    select distinct kondition_art
    from {{ ref('stg_erp__mietkondition') }}
),

kostenarten as (
    select * from {{ ref('everreal_kostenarten') }}
),

classified as (
    select
        konditionen.kondition_art,
        coalesce(
            kostenarten.kostenart, {{ sql_text(partner_settings('everreal').kosten_standard) }}
        ) as kostenart,
        kostenarten.kondition_art is not null as ist_kondition_bekannt
    from konditionen
    left join kostenarten on konditionen.kondition_art = kostenarten.kondition_art
)

select * from classified
