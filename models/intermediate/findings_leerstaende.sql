{{ config(schema='quality', materialized='view') }}

{# What `findings` says of vacancies, as their tables lie now: a build of their use case writes it there. #}
with

erp_rows as (
    {{ base_findings(['leerstand']) }}
),

findings as (
    select
        rule,
        table_name,
        key,
        column_name,
        value,
        cast(null as varchar) as partner,
        reason
    from erp_rows
    {% for partner in aktive_partner() %}
        union all
        select
            rule,
            table_name,
            key,
            column_name,
            value,
            partner,
            reason
        from {{ ref(partner ~ '__findings') }}
        where table_name = 'leerstand'
    {% endfor %}
)

select * from findings
