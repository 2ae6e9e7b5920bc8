{{ config(enabled=partner_aktiv('immomio'), schema='quality', materialized='view') }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

verwaltungseinheiten as (
    select * from {{ ref('int_immomio__verwaltungseinheiten') }}
),

key_conflicts as (
    {% for table_name in ['wirtschaftseinheit', 'verwaltungseinheit'] %}
        {{ key_conflict_findings('immomio', table_name, 'stg_erp__' ~ table_name, table_name) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

units_without_gebaeude as (
    {{ ohne_gebaeude_findings('immomio') }}
),

gebaeude_without_we as (
    select
        'I3' as rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as key,
        'we_nr' as column_name,
        cast(null as string) as value,
        'immomio' as partner,
        'no WE, on which immomio keeps its units' as reason
    from gebaeude
    where
        {{ sendable('immomio', 'gebaeude') }}  -- E1, I5
        and we_nr is null  -- I3
),

befunde as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        {{ unnest('hindernisse') }} as befund
    from verwaltungseinheiten
),

units_refused as (
    select
        befund.rule,
        'verwaltungseinheit' as table_name,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as key,
        befund.column_name,
        befund.value,
        'immomio' as partner,
        befund.reason
    from befunde
),

vacancies as (
    {{ leerstand_findings('immomio') }}
),

findings as (
    select * from key_conflicts
    union all
    select * from units_without_gebaeude
    union all
    select * from gebaeude_without_we
    union all
    select * from units_refused
    union all
    select * from vacancies
)

select * from findings
