{{ config(enabled=partner_aktiv('spiribo'), schema='quality', materialized='view') }}

with

let_units as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

let_houses as (
    select * from {{ ref('int_spiribo__gebaeude') }}
),

rules_of_all_partners as (
    {{ partner_findings('spiribo', tabellen=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'mieter']) }}
),

{% for tabelle in ['gebaeude', 'verwaltungseinheit'] %}
    {{ tabelle }}_not_let as (
        select
            'E6' as regel,
            '{{ tabelle }}' as tabelle,
            concat_ws('/', {{ record_key(tabelle, table='stamm') | join(', ') }}) as schluessel,
            cast(null as varchar) as spalte,
            'not let to a tenant who can be sent' as grund
        from {{ ref('stg_erp__' ~ tabelle) }} as stamm
        where
            {{ sendable('spiribo', tabelle, table='stamm') }}  -- E1, I5
            -- E6: no master data without a tenant
            and not exists (
                select 1
                from let_units
                where {{ same_key(tabelle, 'let_units', 'stamm') }}
            )
    ),

{% endfor %}
without_address as (
    select
        'V2' as regel,
        'gebaeude' as tabelle,
        concat_ws('/', {{ record_key('gebaeude', table='let_houses') | join(', ') }}) as schluessel,
        concat_ws(
            ', ',
            case when strasse is null then 'strasse' end,
            case when hausnummer is null then 'hausnummer' end,
            case when plz is null then 'plz' end,
            case when ort is null then 'ort' end
        ) as spalte,
        'address left out: Spiri.Bo requires street, house number, postcode and town' as grund
    from let_houses
    where not hat_adresse  -- V2
),

rules_of_spiribo as (
    select * from gebaeude_not_let
    union all
    select * from verwaltungseinheit_not_let
    union all
    select * from without_address
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
        'spiribo' as partner,
        grund
    from rules_of_spiribo
)

select * from findings
