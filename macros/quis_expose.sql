{#- What an exposé is, whether a property group or a property. -#}
{% macro quis_expose() -%}
    {{ composite_id('quis', 'gebaeude') }} as external_id,
    {{ composite_id('quis', 'wirtschaftseinheit') }} as objektgruppen_external_id,
    {{ composite_id('quis', 'gebaeude') }} as "customId",
    {{ quis_location() }} as location
{%- endmacro %}
