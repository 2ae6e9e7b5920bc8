{{ config(enabled=partner_aktiv('idwell'), schema='quality', materialized='view') }}

with

personen as (
    select * from {{ ref('int_idwell__personen') }}
),

rules_of_all_partners as (
    {{ partner_findings(
        'idwell',
        tables=[
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

chosen_objekte as (
    {{ chosen_objekte_findings('idwell') }}
),

befunde as (
    select
        person_nr,
        {{ unnest(list_concat(list_concat('hindernisse', 'geteilt'), 'auslassungen')) }} as befund
    from personen
),

documents as (
    {{ document_findings('idwell') }}
),

findings as (
    select * from rules_of_all_partners
    union all
    select * from documents
    union all
    select * from chosen_objekte
    union all
    select
        befund.rule,
        'person' as table_name,
        person_nr as key,
        befund.column_name,
        befund.value,
        'idwell' as partner,
        befund.reason
    from befunde
)

select * from findings
