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
        unnest({{ 'coalesce(hindernisse, auslassungen)' if as_property else 'ohne_anschrift' }}) as befund
    from gebaeude
),

findings as (
    select * from key_conflicts
    union all
    select
        befund.regel,
        'gebaeude' as tabelle,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as schluessel,
        befund.spalte,
        befund.wert,
        'quis' as partner,
        befund.grund
    from befunde
)

select * from findings
