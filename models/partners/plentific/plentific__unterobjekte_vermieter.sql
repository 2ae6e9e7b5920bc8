{{ config(enabled=partner_aktiv('plentific')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_plentific__eigentumsverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_plentific__personen') }}
),

vermieter as (
    select
        person_nr,
        {{ ordered_list('verwaltungseinheit_id', distinct=true) }} as unterobjekte_external_ids
    from eigentumsverhaeltnisse
    group by person_nr
),

records as (
    select
        {{ composite_id('plentific', 'person', table='vermieter') }} as external_id,
        vermieter.unterobjekte_external_ids,
        {{ plentific_person('personen') }},
        true as is_active
    from vermieter
    inner join personen on vermieter.person_nr = personen.person_nr
)

select * from records
