{{ config(enabled=partner_aktiv('facilioo')) }}

with

folders as (
    {{ document_folders('facilioo') }}
),

records as (
    select
        ordner_nr as external_id,
        parent_ordner_nr as dokumentenordner_external_id,
        name
    from folders
)

select * from records
