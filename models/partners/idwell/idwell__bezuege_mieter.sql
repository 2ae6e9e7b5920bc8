{{ config(enabled=partner_aktiv('idwell')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_idwell__mietverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_idwell__personen') }}
),

records as (
    select
        mietverhaeltnisse.vertrag_person_id as external_id,
        mietverhaeltnisse.verwaltungseinheit_id as einheiten_external_id,
        case
            when personen.ist_eigentuemer
                then {{ composite_id('idwell', 'person', table='mietverhaeltnisse') }}
        end as personen_eigentuemer_external_id,
        case
            when not personen.ist_eigentuemer
                then {{ composite_id('idwell', 'person', table='mietverhaeltnisse') }}
        end as personen_mieter_external_id,
        'dweller' as role,
        mietverhaeltnisse.beginn as start_date,
        mietverhaeltnisse.ende as end_date,
        mietverhaeltnisse.ist_hauptmieter as is_main
    from mietverhaeltnisse
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
    where
        personen.hindernisse is null  -- E10, E11, V1
        -- I6: of two records with one id neither is sent
        and {{ has_own_id('idwell', 'mietverhaeltnisse.vertrag_person_id') }}
)

select * from records
