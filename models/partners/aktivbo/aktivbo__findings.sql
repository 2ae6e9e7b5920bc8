{{ config(enabled=partner_aktiv('aktivbo'), schema='quality', materialized='view') }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_aktivbo__mietverhaeltnisse') }}
),

wohnungen as (
    select * from {{ ref('int_aktivbo__wohnungen') }}
),

by_common_rules as (
    {{ partner_findings('aktivbo', tables=['verwaltungseinheit', 'mietvertrag', 'mieter']) }}
),

tenants_without_consent as (
    select
        'E7' as rule,
        'mieter' as table_name,
        {{ erp_key_text(record_key('mietvertrag', person=true)) }} as key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        'aktivbo' as partner,
        reason
    from mietverhaeltnisse
    where not ist_erteilt and not ist_firma
),

companies as (
    select
        'AB2' as rule,
        'mieter' as table_name,
        {{ erp_key_text(record_key('mietvertrag', person=true)) }} as key,
        'person_art' as column_name,
        'juristisch' as value,
        'aktivbo' as partner,
        'a company is no tenant at AktivBo' as reason
    from mietverhaeltnisse
    where ist_firma
),

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        quelle_erp,
        {{ unnest('hindernisse') }} as befund
    from wohnungen
),

units_refused as (
    select
        befund.rule,
        'verwaltungseinheit' as table_name,
        {{ erp_key_text(record_key('verwaltungseinheit')) }} as key,
        befund.column_name,
        befund.value,
        'aktivbo' as partner,
        befund.reason
    from befunde
),

findings as (
    select * from by_common_rules
    union all
    select * from tenants_without_consent
    union all
    select * from companies
    union all
    select * from units_refused
)

select * from findings
