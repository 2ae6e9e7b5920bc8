{% macro everreal_meta() -%}
    {% call struct() %}'source': {{ sql_text(partner_settings('everreal').quelle) }}{% endcall %}
{%- endmacro %}
