{{ config(enabled=partner_aktiv('casavi'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('casavi') }}
),

with_liegenschaft as (
    select *
    from mietverhaeltnisse
    where we_nr is not null  -- I3: casavi has no unit without a Liegenschaft
)

select * from with_liegenschaft
