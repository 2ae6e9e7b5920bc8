{{ config(enabled=partner_aktiv('casavi')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_casavi__eigentumsverhaeltnisse') }}
),

records as (
    select
        {{ casavi_vertrag('OWNER', 'ev_nr') }}
    from eigentumsverhaeltnisse
    where {{ has_own_id('casavi', 'vertrag_person_id') }}  -- I6: of two records with one id neither is sent
)

select * from records
