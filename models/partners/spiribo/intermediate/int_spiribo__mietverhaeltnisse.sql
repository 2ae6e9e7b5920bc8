{{ config(enabled=partner_aktiv('spiribo')) }}

{% set settings = partner_settings('spiribo') %}

with

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
    where {{ lease_in_scope_or_ended(settings.tage_nach_ende) }}  -- L4, SB1
),

mieter as (
    {{ tenants_to_the_end('mietvertraege') }}
),

tenants as (
    select
        {{ record_key('mietvertrag', person=true, table='mieter') | join(',\n        ') }},
        {{ composite_id('spiribo', 'gebaeude', table='mieter') }} as gebaeude_id,
        {{ composite_id('spiribo', 'verwaltungseinheit', table='mieter') }} as verwaltungseinheit_id,
        {{ composite_id('spiribo', 'mietvertrag', table='mieter') }} as vertrag_id,
        {{ composite_id('spiribo', 'person', table='mieter') }} as person_id,
        mietvertraege.nutzungsart,
        mietvertraege.status,
        mietvertraege.mietbeginn,
        mietvertraege.ende as mietende,
        mieter.ist_hauptmieter,
        mieter.beginn
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    where {{ sendable('spiribo', 'mietvertrag', person=true, table='mieter') }}  -- E1, I3, I5
),

chosen as (
    select * from tenants
    {% if settings.nur_hauptmieter %}
        where ist_hauptmieter  -- SB2
    {% endif %}
)

select * from chosen
