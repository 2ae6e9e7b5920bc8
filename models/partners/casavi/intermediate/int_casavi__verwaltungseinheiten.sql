{{ config(enabled=partner_aktiv('casavi')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_casavi__mietverhaeltnisse') }}
),

let_units as (
    select
        verwaltungseinheiten.mandant_nr,
        verwaltungseinheiten.we_nr,
        verwaltungseinheiten.gebaeude_nr,
        verwaltungseinheiten.ve_nr,
        {{ composite_id('casavi', 'verwaltungseinheit', table='verwaltungseinheiten') }}
            as verwaltungseinheit_id,
        verwaltungseinheiten.name,
        {{ strasse_hausnummer('gebaeude') }} as adresse,
        gebaeude.plz,
        gebaeude.ort,
        gebaeude.land
    from verwaltungseinheiten
    inner join gebaeude on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    -- E6: no master data without a tenant; E1 and I5 were judged with the lease
    where exists (
        select 1
        from mietverhaeltnisse
        where {{ same_key('verwaltungseinheit', 'mietverhaeltnisse', 'verwaltungseinheiten') }}
    )
)

select * from let_units
