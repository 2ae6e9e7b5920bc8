{#- A contract of a tenant or of an owner, of this type, with its number. -#}
{% macro casavi_vertrag(type, number) -%}
    vertrag_person_id as external_id,
    {{ composite_id('casavi', 'wirtschaftseinheit') }} as liegenschaften_external_id,
    verwaltungseinheit_id as einheiten_external_id,
    {{ composite_id('casavi', 'person') }} as kontakte_external_id,
    '{{ type }}' as type,
    {{ number }} as number,
    beginn as "startDate",
    ende as "endDate"
{%- endmacro %}
