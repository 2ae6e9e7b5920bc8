{{ config(enabled=partner_aktiv('aktivbo'), schema='quality', materialized='view') }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_aktivbo__mietverhaeltnisse') }}
),

wohnungen as (
    select * from {{ ref('int_aktivbo__wohnungen') }}
),

by_common_rules as (
    {{ partner_findings('aktivbo', tabellen=['verwaltungseinheit', 'mietvertrag', 'mieter']) }}
),

tenants_without_consent as (
    select
        'E7' as regel,
        'mieter' as tabelle,
        {{ erp_key_text(record_key('mietvertrag', person=true)) }} as schluessel,
        cast(null as varchar) as spalte,
        cast(null as varchar) as wert,
        'aktivbo' as partner,
        grund
    from mietverhaeltnisse
    where not ist_erteilt and not ist_firma
),

companies as (
    select
        'AB2' as regel,
        'mieter' as tabelle,
        {{ erp_key_text(record_key('mietvertrag', person=true)) }} as schluessel,
        'person_art' as spalte,
        'juristisch' as wert,
        'aktivbo' as partner,
        'a company is no tenant at AktivBo' as grund
    from mietverhaeltnisse
    where ist_firma
),

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        quelle_erp,
        unnest(hindernisse) as befund
    from wohnungen
),

units_refused as (
    select
        befund.regel,
        'verwaltungseinheit' as tabelle,
        {{ erp_key_text(record_key('verwaltungseinheit')) }} as schluessel,
        befund.spalte,
        befund.wert,
        'aktivbo' as partner,
        befund.grund
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
