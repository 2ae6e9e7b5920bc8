{{ config(enabled=partner_aktiv('aktivbo')) }}

with

einwilligungen as (
    -- C6, C7, L1, L3: a row that is none is no consent; one in doubt (H1) stays and outdoes an older yes
    select * from {{ ref('base_erp__einwilligung') }}
    where _rule is null or _rule = 'H1'
),

of_aktivbo as (
    select
        *,
        coalesce(geaendert_am, greatest(erteilt_am, widerrufen_am)) as stand
    from einwilligungen
    where {{ as_word('zweck') }} in ('aktivbo', 'aktivboanalytics')  -- C9
),

newest as (
    {{ first_rows('of_aktivbo', by=['person_nr'], order_by=['stand desc', '_zeile desc']) }}
),

judged as (
    select
        person_nr,
        cast(erteilt_am as date) as erteilt_am,
        -- E7: a day that cannot be read is not the day of a withdrawal, and gives no consent either
        coalesce(cast(widerrufen_am as date) <= {{ stichtag() }}, false) as ist_widerrufen,
        coalesce(
            _rule is null
            and erteilt
            and coalesce(cast(erteilt_am as date) <= {{ stichtag() }}, true)
            and coalesce(cast(widerrufen_am as date) > {{ stichtag() }}, true),
            false
        ) as ist_erteilt,
        case
            when cast(widerrufen_am as date) <= {{ stichtag() }}
                then 'the consent is withdrawn since ' || cast(widerrufen_am as date)
            when not erteilt then 'the consent is refused'
            when cast(erteilt_am as date) > {{ stichtag() }}
                then 'the consent is given from ' || cast(erteilt_am as date)
            else 'the consent cannot be read'
        end as reason
    from newest
)

select * from judged
