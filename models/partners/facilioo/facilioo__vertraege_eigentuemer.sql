{{ config(enabled=partner_aktiv('facilioo')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_facilioo__eigentumsverhaeltnisse') }}
),

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
),

records as (
    select
        {{ facilioo_vertrag('eigentumsverhaeltnisse', 'ev_nr', type_id=3) }},
        case when parteien.rolle = 'mieter' then parteien.partei_id end as parteien_mieter_external_id,
        case when parteien.rolle = 'eigentuemer' then parteien.partei_id end
            as parteien_eigentuemer_external_id
    from eigentumsverhaeltnisse
    left join parteien on eigentumsverhaeltnisse.person_nr = parteien.person_nr
)

select * from records
