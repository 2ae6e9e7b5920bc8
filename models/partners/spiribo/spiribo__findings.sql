{{ config(enabled=partner_aktiv('spiribo'), schema='quality', materialized='view') }}

with

let_units as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

let_houses as (
    select * from {{ ref('int_spiribo__gebaeude') }}
),

rules_of_all_partners as (
    {{ partner_findings('spiribo', tables=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'mieter']) }}
),

{% for table_name in ['gebaeude', 'verwaltungseinheit'] %}
    {{ table_name }}_not_let as (
        select
            'E6' as rule,
            '{{ table_name }}' as table_name,
            concat_ws('/', {{ record_key(table_name, table='stamm') | join(', ') }}) as key,
            cast(null as string) as column_name,
            'not let to a tenant who can be sent' as reason
        from {{ ref('stg_erp__' ~ table_name) }} as stamm
        where
            {{ sendable('spiribo', table_name, table='stamm') }}  -- E1, I5
            -- E6: no master data without a tenant
            and not exists (
                select 1
                from let_units
                where {{ same_key(table_name, 'let_units', 'stamm') }}
            )
    ),

{% endfor %}
without_address as (
    select
        'V2' as rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude', table='let_houses') | join(', ') }}) as key,
        concat_ws(
            ', ',
            case when let_houses.strasse is null then 'strasse' end,
            case when let_houses.hausnummer is null then 'hausnummer' end,
            case when let_houses.plz is null then 'plz' end,
            case when let_houses.ort is null then 'ort' end
        ) as column_name,
        'address left out: Spiri.Bo requires street, house number, postcode and town' as reason
    from let_houses
    where not let_houses.hat_adresse  -- V2
),

rules_of_spiribo as (
    select * from gebaeude_not_let
    union all
    select * from verwaltungseinheit_not_let
    union all
    select * from without_address
),

documents as (
    {{ document_findings('spiribo') }}
),

findings as (
    select * from rules_of_all_partners
    union all
    select * from documents
    union all
    select
        rule,
        table_name,
        key,
        column_name,
        cast(null as string) as value,
        'spiribo' as partner,
        reason
    from rules_of_spiribo
)

select * from findings
