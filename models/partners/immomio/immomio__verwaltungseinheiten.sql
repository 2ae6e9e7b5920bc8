{{ config(enabled=partner_aktiv('immomio')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_immomio__verwaltungseinheiten') }}
),

sollmieten as (
    select
        {{ key_columns('verwaltungseinheit') | join(',\n        ') }},
        sollmiete
    from {{ ref('stg_erp__verwaltungseinheit') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

records as (
    select
        {{ composite_id('immomio', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        {{ composite_id('immomio', 'wirtschaftseinheit', table='verwaltungseinheiten') }}
            as wirtschaftseinheiten_external_id,
        verwaltungseinheiten.gebaeude_nr as "buildingNumber",
        verwaltungseinheiten.ve_nr as "unitNumber",
        verwaltungseinheiten.immomio_type as type,
        {% call struct() %}
            'street': gebaeude.strasse,
            'houseNumber': {{ hausnummer('gebaeude') }},
            'zipCode': gebaeude.plz,
            'city': gebaeude.ort,
            'country': gebaeude.land
        {% endcall %} as address,
        try_cast(verwaltungseinheiten.etage as integer) as floor,
        verwaltungseinheiten.flaeche as size,
        verwaltungseinheiten.zimmer as rooms,
        {{ baujahr_zahl('gebaeude', 'wirtschaftseinheiten') }} as "constructionYear",
        sollmieten.sollmiete as "baseRent"
    from verwaltungseinheiten
    inner join gebaeude on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    inner join sollmieten on {{ same_key('verwaltungseinheit', 'verwaltungseinheiten', 'sollmieten') }}
    left join wirtschaftseinheiten
        on {{ same_key('wirtschaftseinheit', 'verwaltungseinheiten', 'wirtschaftseinheiten') }}
    where
        {{ sendable('immomio', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
        and verwaltungseinheiten.hindernisse is null  -- V1
)

select * from records
