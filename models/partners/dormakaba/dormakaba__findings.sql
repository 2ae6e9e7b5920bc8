{{ config(enabled=partner_aktiv('dormakaba'), schema='quality', materialized='view') }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

mieter as (
    select * from {{ ref('int_dormakaba__mieter') }}
),

rules_of_all_partners as (
    {{ partner_findings(
        'dormakaba',
        tables=['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit', 'mietvertrag', 'mieter']
    ) }}
),

objects_left_out as (
    {{ chosen_objekte_findings('dormakaba') }}
),

gebaeude_without_we as (
    select
        'I3' as rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as key,
        'we_nr' as column_name,
        'no WE: a resivo building needs a site' as reason
    from gebaeude
    where
        {{ sendable('dormakaba', 'gebaeude') }}  -- E1, I5
        and we_nr is null  -- I3
),

tenants_without_first_name as (
    select
        'V1' as rule,
        'mieter' as table_name,
        concat_ws('/', {{ record_key('mietvertrag', person=true) | join(', ') }}) as key,
        'vorname' as column_name,
        'no first name: resivo requires one' as reason
    from mieter
    where fehlt_vorname  -- V1
),

rules_of_dormakaba as (
    select * from gebaeude_without_we
    union all
    select * from tenants_without_first_name
),

findings as (
    select * from rules_of_all_partners
    union all
    select * from objects_left_out
    union all
    select
        rule,
        table_name,
        key,
        column_name,
        cast(null as string) as value,
        'dormakaba' as partner,
        reason
    from rules_of_dormakaba
)

select * from findings
