{{ config(enabled=partner_aktiv('everreal'), schema='quality', materialized='view') }}

with

owners as (
    select * from {{ ref('int_everreal__eigentuemer') }}
),

properties as (
    select
        *,
        case when gebaeude_nr is null then 'wirtschaftseinheit' else 'gebaeude' end as tabelle
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
        tabellen=[
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
        regel,
        'person' as tabelle,
        person_nr as schluessel,
        fehlt as spalte,
        'an owner needs an e-mail address and a first name' as grund
    from owners
    union all
    select
        regel,
        tabelle,
        concat_ws('/', {{ key_columns('gebaeude') | join(', ') }}) as schluessel,
        case regel when 'EV2' then 'adresse' end as spalte,
        grund
    from properties
    union all
    select
        regel,
        'verwaltungseinheit' as tabelle,
        concat_ws('/', {{ key_columns('verwaltungseinheit') | join(', ') }}) as schluessel,
        case regel when 'EV3' then 'eigentuemer' end as spalte,
        grund
    from units
    union all
    select
        regel,
        'mietvertrag' as tabelle,
        concat_ws('/', {{ key_columns('mietvertrag') | join(', ') }}) as schluessel,
        case regel when 'EV4' then 'hauptmieter' end as spalte,
        grund
    from leases
),

findings as (
    select * from rules_of_all_partners
    union all
    select
        regel,
        tabelle,
        schluessel,
        spalte,
        cast(null as varchar) as wert,
        'everreal' as partner,
        grund
    from judged
    where regel is not null  -- EV1 to EV4, I6
)

select * from findings
