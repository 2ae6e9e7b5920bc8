{{ config(enabled=partner_aktiv('plentific'), schema='partners', contract={'enforced': true}) }}

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
        list(distinct verwaltungseinheit_id order by verwaltungseinheit_id) as unterobjekte_external_ids
    from eigentumsverhaeltnisse
    group by person_nr
)

select
    {{ composite_id('plentific', 'person', table='vermieter') }} as external_id,
    vermieter.unterobjekte_external_ids,
    personen.first_name,
    personen.last_name,
    personen.company_name,
    personen.email,
    personen.phone,
    true as is_active
from vermieter
inner join personen on vermieter.person_nr = personen.person_nr
