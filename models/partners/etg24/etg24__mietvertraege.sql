{{ config(enabled=partner_aktiv('etg24')) }}

with

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_etg24__mietverhaeltnisse') }}
),

records as (
    select
        {{ composite_id('etg24', 'mietvertrag') }} as external_id,
        {{ composite_id('etg24', 'verwaltungseinheit') }} as einheiten_external_id,
        'rental' as "contractType",
        mietbeginn as "validFrom",
        ende as "validTo"
    from mietvertraege
    where exists (
        select 1
        from mietverhaeltnisse
        where {{ same_key('mietvertrag', 'mietverhaeltnisse', 'mietvertraege') }}
    )  -- E1, E2, I5, I6: no lease without a tenant who is sent
)

select * from records
