{{ config(enabled=partner_aktiv('immomio'), materialized='view') }}

{% set anschrift = rank_of(['strasse', 'hausnummer']) %}

with

gebaeude as (
    select
        mandant_nr,
        we_nr,
        strasse,
        {{ hausnummer() }} as hausnummer,
        plz,
        ort,
        land
    from {{ ref('stg_erp__gebaeude') }}
    where we_nr is not null
),

{# The street line is one value: two houses of one street have no address in common. #}
agreed as (
    select
        mandant_nr,
        we_nr,
        case when count(distinct {{ anschrift }}) = 1 then {{ any_value('strasse') }} end as strasse,
        case when count(distinct {{ anschrift }}) = 1 then {{ any_value('hausnummer') }} end as hausnummer,
        case when count(distinct plz) = 1 then {{ any_value('plz') }} end as plz,
        case when count(distinct ort) = 1 then {{ any_value('ort') }} end as ort,
        case when count(distinct land) = 1 then {{ any_value('land') }} end as land
    from gebaeude
    group by mandant_nr, we_nr
)

select * from agreed
