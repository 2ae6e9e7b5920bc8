{#- What a contract of a tenant and one of an owner have in common. -#}
{% macro casavi_vertrag() -%}
    vertrag_person_id as external_id,
    {{ composite_id('casavi', 'wirtschaftseinheit') }} as liegenschaften_external_id,
    verwaltungseinheit_id as einheiten_external_id,
    {{ composite_id('casavi', 'person') }} as kontakte_external_id,
    beginn as "startDate",
    ende as "endDate"
{%- endmacro %}
