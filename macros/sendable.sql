{% macro sendable(partner, level, person=false, table=none) -%}
    {{ in_mandanten(partner, table) }} and not {{ key_conflict(partner, level, person, table) }}
    {#- I3: a unit and what hangs on it -#}
    {%- if 've_nr' in key_columns(level) and needs_gebaeude(partner) %}
    and {{ table ~ '.' if table else '' }}gebaeude_nr is not null
    {%- endif %}
    {%- if 'gebaeude_nr' in key_columns(level) %}
    {{- is_chosen_objekt(partner, table) }}
    {%- endif %}
{%- endmacro %}
