{{ config(enabled=partner_aktiv('quis'), schema='quality', materialized='view') }}

{% set as_property = partner_settings('quis').expose_als == 'properties' %}

with

gebaeude as (
    select * from {{ ref('int_quis__gebaeude') }}
),

key_conflicts as (
    {{ key_conflict_findings(
        'quis', 'wirtschaftseinheit', 'stg_erp__wirtschaftseinheit', 'wirtschaftseinheit'
    ) }}
    union all
    {{ key_conflict_findings('quis', 'gebaeude', 'stg_erp__gebaeude', 'gebaeude') }}
),

befunde as (
    select
        {{ record_key('gebaeude') | join(',\n        ') }},
        {{ unnest('coalesce(hindernisse, auslassungen)' if as_property else 'ohne_anschrift') }} as befund
    from gebaeude
),

findings as (
    select * from key_conflicts
    union all
    select
        befund.rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as key,
        befund.column_name,
        befund.value,
        'quis' as partner,
        befund.reason
    from befunde
)

select * from findings
