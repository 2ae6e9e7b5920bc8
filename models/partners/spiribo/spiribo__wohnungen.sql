{{ config(enabled=partner_aktiv('spiribo')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

nutzungsarten as (
    select
        {{ as_word('nutzungsart') }} as wort,
        apartment_type
    from {{ ref('spiribo_nutzungsarten') }}
),

-- The contract that says what an apartment is: the one that runs, else one to come, else the last.
deciding as (
    {{ first_rows(
        'mietverhaeltnisse',
        by=['verwaltungseinheit_id'],
        order_by=["status = 'beendet' asc", "status = 'zukuenftig' asc", 'mietbeginn desc', 'mv_nr asc'],
    ) }}
),

records as (
    select
        deciding.verwaltungseinheit_id as external_id,
        deciding.gebaeude_id as gebaeude_external_id,
        coalesce(nutzungsarten.apartment_type, 'other') as type,
        verwaltungseinheiten.ve_nr as number,
        try_cast(verwaltungseinheiten.etage as integer) as floor,
        verwaltungseinheiten.lage as position,
        verwaltungseinheiten.flaeche as "livingSpace",
        verwaltungseinheiten.zimmer as rooms
    from deciding
    inner join verwaltungseinheiten
        on {{ same_key('verwaltungseinheit', 'deciding', 'verwaltungseinheiten') }}
    left join nutzungsarten on {{ as_word('deciding.nutzungsart') }} = nutzungsarten.wort
)

select * from records
