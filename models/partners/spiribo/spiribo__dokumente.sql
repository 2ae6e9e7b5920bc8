{{ config(enabled=partner_aktiv('spiribo')) }}

with

dokumente as (
    select * from {{ ref('int_spiribo__dokumente') }}
    -- DO1 to DO7, E1, I5, V1: released, not too large, and of what Spiri.Bo holds
    where rule is null
),

records as (
    select
        dokument_nr as external_id,
        gebaeude_id as gebaeude_external_id,
        verwaltungseinheit_id as wohnungen_external_id,
        mietvertrag_id as vertraege_external_id,
        person_id as mieter_external_id,
        titel as title,
        dateiname as "fileName",
        mime_typ as "mimeType",
        cast(erstellt_am as date) as "createdAt",
        {{ document_content() }} as content
    from dokumente
)

select * from records
