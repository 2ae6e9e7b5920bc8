{{ config(enabled=partner_aktiv('facilioo')) }}

{%- set settings = partner_settings('facilioo') %}

with

dokumente as (
    select * from {{ ref('facilioo__dokumente') }}
    where {{ settings.dokumente_freigabe | lower }}  -- DO8: seen by nobody unless the setting says so
),

parteien as (
    select
        *,
        coalesce(parteien_mieter_external_id, parteien_eigentuemer_external_id) as partei_id
    from dokumente
),

records as (
    select
        external_id || '{{ settings.separator }}' || partei_id as external_id,
        external_id as dokumente_external_id,
        parteien_mieter_external_id,
        parteien_eigentuemer_external_id
    from parteien
    where partei_id is not null  -- what belongs to a Gebäude or a VE alone is nobody's
)

select * from records
