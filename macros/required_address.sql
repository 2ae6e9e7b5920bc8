{#- What of an address a partner requires and a row lacks (V1), for `befunde`. -#}
{% macro required_address(title, columns=['strasse', 'plz', 'ort']) %}
    {% set words = {'strasse': 'street', 'hausnummer': 'house number', 'plz': 'postcode', 'ort': 'town'} %}
    {% set obstacles = [] %}
    {% for column in columns %}
        {% do obstacles.append((column, column, column ~ ' is null', title ~ ' requires the ' ~ words[column])) %}
    {% endfor %}
    {% do return(obstacles) %}
{% endmacro %}


{#- Whether an address is too little to be looked up. -#}
{% macro is_no_address(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    {{ prefix }}strasse is null or coalesce({{ prefix }}plz, {{ prefix }}ort) is null
{%- endmacro %}
