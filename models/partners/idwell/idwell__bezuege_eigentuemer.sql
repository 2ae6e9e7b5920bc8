{{ config(enabled=partner_aktiv('idwell')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_idwell__eigentumsverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_idwell__personen') }}
),

records as (
    select
        eigentumsverhaeltnisse.vertrag_person_id as external_id,
        eigentumsverhaeltnisse.verwaltungseinheit_id as einheiten_external_id,
        {{ composite_id('idwell', 'person', table='eigentumsverhaeltnisse') }}
            as personen_eigentuemer_external_id,
        'landlord' as role,
        eigentumsverhaeltnisse.beginn as start_date,
        eigentumsverhaeltnisse.ende as end_date
    from eigentumsverhaeltnisse
    inner join personen on eigentumsverhaeltnisse.person_nr = personen.person_nr
    where
        personen.hindernisse is null  -- E10, E11, V1
        -- I6: of two records with one id neither is sent
        and {{ has_own_id('idwell', 'eigentumsverhaeltnisse.vertrag_person_id') }}
)

select * from records
