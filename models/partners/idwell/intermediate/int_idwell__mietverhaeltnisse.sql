{{ config(enabled=partner_aktiv('idwell')) }}

with

mieter_in_scope as (
    select
        {{ record_key('mietvertrag', person=true) | join(',\n        ') }},
        ist_hauptmieter,
        beginn,
        ende
    from {{ ref('int_mieter') }}
),

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
),

mieter as (
    select * from {{ ref('stg_erp__mieter') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

-- L4: the exception for iDWELL, which shows the tenants of an ended lease as blocked
mieter_of_ended_leases as (
    select
        {{ record_key('mietvertrag', person=true, table='mieter') | join(',\n        ') }},
        mieter.rolle = 'Hauptmieter' as ist_hauptmieter,
        greatest(mietvertraege.mietbeginn, mieter.gueltig_von) as beginn,  -- I8
        least(mietvertraege.ende, mieter.gueltig_bis) as ende  -- I8
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    inner join personen on mieter.person_nr = personen.person_nr  -- L5, E8, E9
    where
        mietvertraege.status = 'beendet'
        and {{ lease_in_scope("'aktiv'", 'mietvertraege.vertragsart') }}  -- L4: no Leerstand, no Eigennutzung
        and mieter.rolle in ('Hauptmieter', 'Mitmieter')  -- L5
        -- L5: who was a tenant on the last day of the lease
        and coalesce(mieter.gueltig_bis >= mietvertraege.ende, true)
    -- L5: the same person twice on one lease counts once
    qualify row_number() over (
        partition by {{ record_key('mietvertrag', person=true, table='mieter') | join(', ') }}
        order by ist_hauptmieter desc, mieter.gueltig_von asc nulls last, mieter._zeile asc
    ) = 1
),

alle_mieter as (
    select * from mieter_in_scope
    union all
    select * from mieter_of_ended_leases
),

mietverhaeltnisse as (
    select
        {{ record_key('mietvertrag', person=true, table='alle_mieter') | join(',\n        ') }},
        {{ composite_id('idwell', 'verwaltungseinheit', table='alle_mieter') }} as verwaltungseinheit_id,
        {{ composite_id('idwell', 'mietvertrag', person=true, table='alle_mieter') }} as vertrag_person_id,
        alle_mieter.ist_hauptmieter,
        alle_mieter.beginn,
        alle_mieter.ende
    from alle_mieter
    where {{ sendable('idwell', 'mietvertrag', person=true, table='alle_mieter') }}  -- E1, I5
)

select * from mietverhaeltnisse
