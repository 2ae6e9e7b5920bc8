{#- ERPs in whose profile a list holds this value, or a fact has it. -#}
{% macro erps_with(fact, value) %}
    {% set found = [] %}
    {% for erp, profile in erp_profiles().items() %}
        {% set held = profile[fact] %}
        {% if held == value or (held is not string and value in held) %}
            {% do found.append(erp) %}
        {% endif %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- A condition: the row is of one of these ERPs. -#}
{% macro is_erp(quelle_erp, erps) -%}
    {{ quelle_erp }} in ('{{ erps | join("', '") }}')
{%- endmacro %}


{#- ERPs in which this part of a table's key may be empty. Its own number, the last part, never may. -#}
{% macro erps_without(part, key) %}
    {% if part == key[-1] %}
        {% do return([]) %}
    {% endif %}
    {% do return(erps_with('parts_absent', part) + erps_with('parts_optional', part)) %}
{% endmacro %}
