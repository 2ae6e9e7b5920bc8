{{ config(enabled=partner_aktiv('idwell')) }}

with

folders as (
    {{ document_folders('idwell') }}
),

records as (
    select
        ordner_nr as external_id,
        parent_ordner_nr as ordner_external_id,
        name
    from folders
)

select * from records
