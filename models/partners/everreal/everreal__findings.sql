{{ config(enabled=partner_aktiv('everreal'), schema='quality', materialized='view') }}

with

owners as (
    select * from {{ ref('int_everreal__eigentuemer') }}
),

properties as (
    select
        *,
        case when gebaeude_nr is null then 'wirtschaftseinheit' else 'gebaeude' end as table_name
    from {{ ref('int_everreal__objekte') }}
),

units as (
    select * from {{ ref('int_everreal__einheiten') }}
),

leases as (
    select * from {{ ref('int_everreal__mietvertraege') }}
),

rules_of_all_partners as (
    {{ partner_findings(
        'everreal',
        tables=[
            'wirtschaftseinheit',
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ]
    ) }}
),

judged as (
    select
        rule,
        'person' as table_name,
        person_nr as key,
        fehlt as column_name,
        'an owner needs an e-mail address and a first name' as reason
    from owners
    union all
    select
        rule,
        table_name,
        concat_ws('/', {{ key_columns('gebaeude') | join(', ') }}) as key,
        case rule when 'EV2' then 'adresse' end as column_name,
        reason
    from properties
    union all
    select
        rule,
        'verwaltungseinheit' as table_name,
        concat_ws('/', {{ key_columns('verwaltungseinheit') | join(', ') }}) as key,
        case rule when 'EV3' then 'eigentuemer' end as column_name,
        reason
    from units
    union all
    select
        rule,
        'mietvertrag' as table_name,
        concat_ws('/', {{ key_columns('mietvertrag') | join(', ') }}) as key,
        case rule when 'EV4' then 'hauptmieter' end as column_name,
        reason
    from leases
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
        'everreal' as partner,
        reason
    from judged
    where rule is not null  -- EV1 to EV4, I6
)

select * from findings
