{{ config(enabled=partner_aktiv('idwell')) }}

{#- DO8: seen by nobody unless the setting says so. -#}
{% set visible_from = "date '9999-12-31'" %}
{% if partner_settings('idwell').dokumente_sichtbar %}
    {% set visible_from = 'cast(erstellt_am as date)' %}
{% endif %}

with

dokumente as (
    select * from {{ ref('int_idwell__dokumente') }}
    -- DO1 to DO7, E1, E11, I5, V1: released, not too large, and of what iDWELL holds
    where rule is null
),

records as (
    select
        dokument_nr as external_id,
        ordner_nr as ordner_external_id,
        gebaeude_id as gebaeude_external_id,
        verwaltungseinheit_id as einheiten_external_id,
        eigentuemer_ids as personen_eigentuemer_external_ids,
        mieter_ids as personen_mieter_external_ids,
        titel as name,
        {{ visible_from }} as visible_from,
        mime_typ as mime_type,
        {{ document_content() }} as file
    from dokumente
)

select * from records
