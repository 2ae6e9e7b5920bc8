{#- What a contract of a tenant and one of an owner have in common; `number` is the column of its number. -#}
{% macro facilioo_vertrag(table, number, type_id) -%}
    {{ table }}.vertrag_person_id as external_id,
    {{ table }}.verwaltungseinheit_id as einheiten_external_id,
    {{ table }}.{{ number }} as number,
    {{ type_id }} as "typeId",
    {{ facilioo_beginn(table ~ '.beginn') }} as "effectiveFrom",
    {{ facilioo_ende(table ~ '.ende') }} as "terminationAt"
{%- endmacro %}
