{{ config(enabled=partner_aktiv('plentific')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_plentific__mietverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_plentific__personen') }}
),

records as (
    select
        mietverhaeltnisse.vertrag_person_id as external_id,
        mietverhaeltnisse.verwaltungseinheit_id as unterobjekte_external_id,
        {{ plentific_person('personen') }},
        mietverhaeltnisse.beginn as start_date,
        mietverhaeltnisse.ende as end_date,
        true as is_active
    from mietverhaeltnisse
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
)

select * from records
