{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

-- A WE as a property has the address of one of its Gebäude: the first that has a whole one.
anschriften as (
    select *
    from {{ ref('int_everreal__gebaeude') }}
    where we_nr is not null
    qualify row_number() over (
        partition by mandant_nr, we_nr order by not hat_adresse, gebaeude_nr nulls last
    ) = 1
),

named as (
    select
        wirtschaftseinheiten.mandant_nr,
        wirtschaftseinheiten.we_nr,
        {{ composite_id('everreal', 'wirtschaftseinheit', table='wirtschaftseinheiten') }} as external_id,
        {{ anzeigename('wirtschaftseinheit', 'wirtschaftseinheiten') }} as name,
        anschriften.strasse,
        anschriften.hausnummer,
        anschriften.plz,
        anschriften.ort,
        anschriften.land,
        coalesce(anschriften.hat_adresse, false) as hat_adresse,
        wirtschaftseinheiten.baujahr_zahl,
        -- E1, I5
        {{ sendable('everreal', 'wirtschaftseinheit', table='wirtschaftseinheiten') }} as ist_sendbar
    from wirtschaftseinheiten
    left join anschriften on {{ same_key('wirtschaftseinheit', 'wirtschaftseinheiten', 'anschriften') }}
)

select * from named
