{{ config(enabled=partner_aktiv('idwell')) }}

with

personen as (
    select * from {{ ref('int_idwell__personen') }}
),

records as (
    select
        {{ idwell_person('dweller') }}
    from personen
    where
        not ist_eigentuemer  -- I7: one user a person
        and hindernisse is null  -- E10, E11, V1
)

select * from records
