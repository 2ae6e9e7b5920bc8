{{ config(enabled=partner_aktiv('casavi'), schema='intermediate', materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('casavi') }}
)

select *
from mietverhaeltnisse
where we_nr is not null  -- I3: casavi has no unit without a Liegenschaft
