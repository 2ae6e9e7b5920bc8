{% macro everreal_meta() -%}
    {'source': {{ sql_text(partner_settings('everreal').quelle) }}}
{%- endmacro %}
