{{ config(enabled=partner_aktiv('spiribo')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

let_houses as (
    select
        {{ record_key('gebaeude') | join(',\n        ') }},
        {{ composite_id('spiribo', 'gebaeude') }} as gebaeude_id,
        {{ anzeigename('gebaeude') }} as name,
        strasse,
        {{ hausnummer() }} as hausnummer,
        plz,
        ort,
        land,
        coalesce(
            length(strasse) > 0 and length({{ hausnummer() }}) > 0 and length(plz) > 0 and length(ort) > 0,
            false
        )
            as hat_adresse
    from gebaeude
    -- E6: no master data without a tenant; E1 and I5 were judged with the lease
    where exists (
        select 1
        from mietverhaeltnisse
        where {{ same_key('gebaeude', 'mietverhaeltnisse', 'gebaeude') }}
    )
)

select * from let_houses
