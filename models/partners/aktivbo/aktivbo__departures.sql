{{ config(enabled=partner_aktiv('aktivbo'), materialized='view') }}

with

departures as (
    {{ departures(
        'aktivbo',
        entities={
            'wohnungen': 'verwaltungseinheit',
            'mieter': 'mieter',
        },
    ) }}
),

-- E7: who has not consented is gone, whatever else of the lease is in doubt
without_consent as (
    select
        'mieter' as entity,
        {{ composite_id('aktivbo', 'mietvertrag', person=true) }} as external_id
    from {{ ref('int_departures') }}
    where
        level = 'mieter'
        and person_nr not in (
            select einwilligungen.person_nr
            from {{ ref('int_aktivbo__einwilligungen') }} as einwilligungen
            where einwilligungen.ist_erteilt
        )
),

judged as (
    select
        {{ all_but(['is_gone'], of='departures') }},
        departures.is_gone or without_consent.external_id is not null as is_gone
    from departures
    left join without_consent
        on departures.entity = without_consent.entity and departures.external_id = without_consent.external_id
)

select * from judged
