{{ config(enabled=partner_aktiv('etg24')) }}

with

eigentuemervertraege as (
    select * from {{ ref('int_eigentuemervertraege') }}
),

eigentumsverhaeltnisse as (
    select * from {{ ref('int_etg24__eigentumsverhaeltnisse') }}
),

records as (
    select
        {{ composite_id('etg24', 'eigentuemervertrag') }} as external_id,
        {{ composite_id('etg24', 'verwaltungseinheit') }} as einheiten_external_id,
        'owner' as "contractType",
        beginn as "validFrom",
        ende as "validTo",
        sondereigentumsverwaltung,
        selbstgenutzt as occupier
    from eigentuemervertraege
    where exists (
        select 1
        from eigentumsverhaeltnisse
        where {{ same_key('eigentuemervertrag', 'eigentumsverhaeltnisse', 'eigentuemervertraege') }}
    )  -- E1, I5, I6, L6: no owner contract without an owner who is sent
)

select * from records
