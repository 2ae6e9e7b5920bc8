{{ config(enabled=partner_aktiv('etg24')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_etg24__eigentumsverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_etg24__personen') }}
),

records as (
    select
        eigentumsverhaeltnisse.vertrag_person_id as external_id,
        eigentumsverhaeltnisse.vertrag_id as eigentuemervertraege_external_id,
        {{ etg24_teilnehmer('personen') }}
    from eigentumsverhaeltnisse
    inner join personen on eigentumsverhaeltnisse.person_nr = personen.person_nr
)

select * from records
