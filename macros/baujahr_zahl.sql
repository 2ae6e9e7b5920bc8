{#- The year of construction of a Gebäude that has none itself is that of its WE; one that cannot be read is none, and no
    other stands in for it. -#}
{% macro baujahr_zahl(gebaeude, wirtschaftseinheit) -%}
    case
        when {{ gebaeude }}.baujahr is not null then {{ gebaeude }}.baujahr_zahl
        else {{ wirtschaftseinheit }}.baujahr_zahl
    end
{%- endmacro %}
