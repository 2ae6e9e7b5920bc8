{{ config(enabled=partner_aktiv('dormakaba')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('dormakaba', 'gebaeude') }} as external_id,
        {{ composite_id('dormakaba', 'wirtschaftseinheit') }} as liegenschaften_external_id,
        {{ anzeigename('gebaeude') }} as "displayName",
        {% call struct() %}
            'street': strasse,
            'houseNumber': {{ hausnummer() }},
            'zip': plz,
            'city': ort,
            'country': land
        {% endcall %} as address
    from gebaeude
    where
        {{ sendable('dormakaba', 'gebaeude') }}  -- E1, I5
        and we_nr is not null  -- I3: a building lies in a site
)

select * from records
