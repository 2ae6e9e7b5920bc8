{{ config(enabled=partner_aktiv('casavi'), schema='quality', materialized='view') }}

with

let_units as (
    select * from {{ ref('int_casavi__verwaltungseinheiten') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

eigentuemervertraege as (
    select * from {{ ref('int_eigentuemervertraege') }}
),

rules_of_all_partners as (
    {{ partner_findings(
        'casavi',
        tables=[
            'wirtschaftseinheit',
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ],
        shared_id='vertrag_person_id'
    ) }}
),

{% for table_name in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
    {{ table_name }}_not_let as (
        select
            'E6' as rule,
            '{{ table_name }}' as table_name,
            concat_ws('/', {{ record_key(table_name, table='stamm') | join(', ') }}) as key,
            cast(null as string) as column_name,
            'not let to a tenant who can be sent' as reason
        from {{ ref('stg_erp__' ~ table_name) }} as stamm
        where
            {{ sendable('casavi', table_name, table='stamm') }}  -- E1, I5
            and stamm.we_nr is not null  -- I3: reported as gebaeude_without_we
            -- E6: no master data without a tenant
            and not exists (
                select 1
                from let_units
                where {{ same_key(table_name, 'let_units', 'stamm') }}
            )
    ),

{% endfor %}
gebaeude_without_we as (
    select
        'I3' as rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as key,
        'we_nr' as column_name,
        'no WE: a casavi unit needs a Liegenschaft' as reason
    from gebaeude
    where
        {{ sendable('casavi', 'gebaeude') }}  -- E1, I5
        and we_nr is null  -- I3
),

owner_contracts_without_begin as (
    select
        'V1' as rule,
        'eigentuemervertrag' as table_name,
        concat_ws(
            '/', {{ record_key('eigentuemervertrag', table='eigentuemervertraege') | join(', ') }}
        ) as key,
        'beginn' as column_name,
        'no readable beginn: casavi requires a startDate' as reason
    from eigentuemervertraege
    -- E6: what hangs on a unit that is not synced is reported with the unit
    inner join let_units on {{ same_key('verwaltungseinheit', 'eigentuemervertraege', 'let_units') }}
    where
        {{ sendable('casavi', 'eigentuemervertrag', table='eigentuemervertraege') }}  -- E1, I5
        and eigentuemervertraege.beginn is null  -- V1
),

rules_of_casavi as (
    select * from wirtschaftseinheit_not_let
    union all
    select * from gebaeude_not_let
    union all
    select * from verwaltungseinheit_not_let
    union all
    select * from gebaeude_without_we
    union all
    select * from owner_contracts_without_begin
),

findings as (
    select * from rules_of_all_partners
    union all
    select
        rule,
        table_name,
        key,
        column_name,
        cast(null as string) as value,
        'casavi' as partner,
        reason
    from rules_of_casavi
)

select * from findings
