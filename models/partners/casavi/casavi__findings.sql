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
        tabellen=[
            'wirtschaftseinheit',
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ],
        geteilte_id='vertrag_person_id'
    ) }}
),

{% for tabelle in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
    {{ tabelle }}_not_let as (
        select
            'E6' as regel,
            '{{ tabelle }}' as tabelle,
            concat_ws('/', {{ record_key(tabelle, table='stamm') | join(', ') }}) as schluessel,
            cast(null as varchar) as spalte,
            'not let to a tenant who can be sent' as grund
        from {{ ref('stg_erp__' ~ tabelle) }} as stamm
        where
            {{ sendable('casavi', tabelle, table='stamm') }}  -- E1, I5
            and stamm.we_nr is not null  -- I3: reported as gebaeude_without_we
            -- E6: no master data without a tenant
            and not exists (
                select 1
                from let_units
                where {{ same_key(tabelle, 'let_units', 'stamm') }}
            )
    ),

{% endfor %}
gebaeude_without_we as (
    select
        'I3' as regel,
        'gebaeude' as tabelle,
        concat_ws('/', {{ record_key('gebaeude') | join(', ') }}) as schluessel,
        'we_nr' as spalte,
        'no WE: a casavi unit needs a Liegenschaft' as grund
    from gebaeude
    where
        {{ sendable('casavi', 'gebaeude') }}  -- E1, I5
        and we_nr is null  -- I3
),

owner_contracts_without_begin as (
    select
        'V1' as regel,
        'eigentuemervertrag' as tabelle,
        concat_ws(
            '/', {{ record_key('eigentuemervertrag', table='eigentuemervertraege') | join(', ') }}
        ) as schluessel,
        'beginn' as spalte,
        'no readable beginn: casavi requires a startDate' as grund
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
        regel,
        tabelle,
        schluessel,
        spalte,
        cast(null as varchar) as wert,
        'casavi' as partner,
        grund
    from rules_of_casavi
)

select * from findings
