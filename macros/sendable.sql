{% macro sendable(partner, level, person=false, table=none) -%}
    {{ in_mandanten(partner, table) }} and not {{ key_conflict(partner, level, person, table) }}
{%- endmacro %}
