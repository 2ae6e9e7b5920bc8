{{ config(enabled=partner_aktiv('etg24')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_etg24__mietverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_etg24__personen') }}
),

records as (
    select
        mietverhaeltnisse.vertrag_person_id as external_id,
        mietverhaeltnisse.vertrag_id as mietvertraege_external_id,
        {{ etg24_teilnehmer('personen') }}
    from mietverhaeltnisse
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
)

select * from records
