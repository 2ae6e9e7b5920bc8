{{ config(enabled=partner_aktiv('casavi'), materialized='view') }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_casavi__verwaltungseinheiten') }}
),

strassen as (
    select
        mandant_nr,
        we_nr,
        adresse,
        {{ ordered_list('verwaltungseinheit_id') }} as einheiten
    from verwaltungseinheiten
    where adresse is not null  -- an address is nothing without a street
    group by all
),

adressen as (
    select
        mandant_nr,
        we_nr,
        {% set entry -%}
            {% call struct() %}
                'street': adresse,
                'units': einheiten
            {% endcall %}
        {%- endset -%}
        {{ ordered_list(entry, order_by=['adresse']) }} as adressen
    from strassen
    group by all
),

orte as (
    select
        mandant_nr,
        we_nr,
        case when count(distinct plz) = 1 then {{ any_value('plz') }} end as plz,
        case when count(distinct ort) = 1 then {{ any_value('ort') }} end as ort,
        case when count(distinct land) = 1 then {{ any_value('land') }} end as land
    from verwaltungseinheiten
    group by all
),

places as (
    select
        orte.mandant_nr,
        orte.we_nr,
        orte.plz,
        orte.ort,
        orte.land,
        adressen.adressen
    from orte
    left join adressen on {{ same_key('wirtschaftseinheit', 'orte', 'adressen') }}
)

select * from places
