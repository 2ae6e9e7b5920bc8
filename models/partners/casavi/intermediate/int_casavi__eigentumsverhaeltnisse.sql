{{ config(enabled=partner_aktiv('casavi'), materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('casavi') }}
),

verwaltungseinheiten as (
    select * from {{ ref('int_casavi__verwaltungseinheiten') }}
),

of_synced_units as (
    select eigentumsverhaeltnisse.*
    from eigentumsverhaeltnisse
    -- E6: no owner of a unit that is not synced
    inner join verwaltungseinheiten
        on eigentumsverhaeltnisse.verwaltungseinheit_id = verwaltungseinheiten.verwaltungseinheit_id
    where eigentumsverhaeltnisse.beginn is not null  -- V1: casavi has no contract without a startDate
)

select * from of_synced_units
