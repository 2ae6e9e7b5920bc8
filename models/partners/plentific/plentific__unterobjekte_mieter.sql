{{ config(enabled=partner_aktiv('plentific'), schema='partners', contract={'enforced': true}) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_plentific__mietverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_plentific__personen') }}
)

select
    mietverhaeltnisse.vertrag_person_id as external_id,
    mietverhaeltnisse.verwaltungseinheit_id as unterobjekte_external_id,
    personen.first_name,
    personen.last_name,
    personen.company_name,
    personen.email,
    personen.phone,
    mietverhaeltnisse.beginn as start_date,
    mietverhaeltnisse.ende as end_date,
    true as is_active
from mietverhaeltnisse
inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
