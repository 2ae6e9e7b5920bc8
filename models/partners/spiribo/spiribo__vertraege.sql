{{ config(enabled=partner_aktiv('spiribo')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

records as (
    select
        vertrag_id as external_id,
        {{ any_value('verwaltungseinheit_id') }} as wohnungen_external_id,
        {{ ordered_list('person_id') }} as mieter_external_ids,
        {{ any_value('mv_nr') }} as number,
        {{ any_value('mietbeginn') }} as "startDate",
        {{ any_value('mietende') }} as "endDate",
        min_by(person_id, {{ rank_of(['beginn', 'person_id']) }})
        filter (where ist_hauptmieter) as "mainTenantId"
    from mietverhaeltnisse
    group by vertrag_id
)

select * from records
