{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

ve_klassen as (
    select * from {{ ref('ve_klassen') }}
)

select
    {{ composite_id('facilioo', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
    {{ composite_id('facilioo', 'gebaeude', table='verwaltungseinheiten') }} as eingaenge_external_id,
    verwaltungseinheiten.ve_nr as number,
    verwaltungseinheiten.name,
    verwaltungseinheiten.etage as floor,
    verwaltungseinheiten.lage as position,
    ve_klassen.facilioo_type_id as "typeId"
from verwaltungseinheiten
left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse
where {{ sendable('facilioo', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
