{{ config(enabled=partner_aktiv('facilioo')) }}

with

dokumente as (
    select * from {{ ref('int_facilioo__dokumente') }}
    -- DO1 to DO7, E1, I5, I6, V1: released, not too large, and of what facilioo holds
    where rule is null
),

records as (
    select
        dokument_nr as external_id,
        ordner_nr as dokumentenordner_external_id,
        gebaeude_id as gebaeude_external_id,
        verwaltungseinheit_id as einheiten_external_id,
        case when partei_rolle = 'mieter' then partei_id end as parteien_mieter_external_id,
        case when partei_rolle = 'eigentuemer' then partei_id end as parteien_eigentuemer_external_id,
        titel as title,
        dokumentart as description,
        {{ facilioo_beginn('cast(erstellt_am as date)') }} as date,
        {{ document_content() }} as "fileId"
    from dokumente
)

select * from records
