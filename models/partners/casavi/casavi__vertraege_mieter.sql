{{ config(enabled=partner_aktiv('casavi')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_casavi__mietverhaeltnisse') }}
),

records as (
    select
        {{ casavi_vertrag('RENTER', 'mv_nr') }}
    from mietverhaeltnisse
    where {{ has_own_id('casavi', 'vertrag_person_id') }}  -- I6: of two records with one id neither is sent
)

select * from records
