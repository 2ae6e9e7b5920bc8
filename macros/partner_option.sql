{#- The value of a setting that one partner has beside aktiv, separator and mandanten, the default where it is not set.
    What is allowed is a list, or one of the words in `pipelines/contract/profile.py`. -#}
{% macro partner_option(name, setting, key, option) %}
    {% set value = setting.get(key, option.default) %}
    {% set filled = value is string and value | trim == value and value != '' %}
    {% if option.allowed is not string %}
        {# true equals 1 in Jinja, so the kinds are compared too. #}
        {% if value not in option.allowed or value is boolean != option.allowed[0] is boolean %}
            {{ setting_error(name, value, option.allowed | join(', ') | lower
                if option.allowed[0] is boolean else option.allowed | join(', ')) }}
        {% endif %}
    {% elif value is none and option.default is none %}
        {# Not set, which is what the default says too. #}
    {% elif option.allowed == 'list of ids or null' %}
        {{ check_id_list(name, value, 'ids as text such as ["001/0007/01"]') }}
    {% elif option.allowed == 'names or null' %}
        {{ check_id_list(name, value, 'names') }}
    {% elif option.allowed == 'separator or null' %}
        {{ check_separator(name, value) }}
    {% elif option.allowed == 'mandanten or null' %}
        {{ check_mandanten(name, value) }}
    {% elif option.allowed == 'date or null' %}
        {% if not is_iso_date(value | string) %}
            {{ setting_error(name, value, 'null, or a day such as 2024-01-31') }}
        {% endif %}
    {% elif option.allowed == 'ids by WE' %}
        {{ check_ids_by_key(name, value) }}
    {% elif option.allowed == 'days' %}
        {% if value is not integer or value is boolean or not 0 <= value <= 3650 %}
            {{ setting_error(name, value, 'days, a whole number from 0 to 3650') }}
        {% endif %}
    {% elif option.allowed.startswith('id number') %}
        {% if not is_id_number(value) and not (option.allowed == 'id number or null' and value is none) %}
            {{ setting_error(name, value, option.allowed ~ ', a whole number from 1') }}
        {% endif %}
    {% elif not filled and not (option.allowed == 'text or null' and value is none) %}
        {{ setting_error(name, 'empty or no text' if value is not none else value, option.allowed) }}
    {% endif %}
    {% do return(value) %}
{% endmacro %}


{#- Whether a value can be an id that a partner gave as a number; true is none, though it is an integer in Python. -#}
{% macro is_id_number(value) %}
    {% do return(value is integer and value is not boolean and 0 < value < 2147483648) %}
{% endmacro %}


{% macro check_id_list(name, value, what) %}
    {% set allowed = 'null, or a list of ' ~ what %}
    {% if value is string or value is mapping or value is not iterable %}
        {{ setting_error(name, value, allowed) }}
    {% elif value | length == 0 %}
        {{ setting_error(name, 'an empty list', allowed) }}
    {% endif %}
    {% for id in value if id is not string or id | trim != id or id == '' %}
        {{ setting_error(name, 'a list with ' ~ (id or 'an empty text'), allowed) }}
    {% endfor %}
{% endmacro %}


{% macro check_ids_by_key(name, value) %}
    {% set allowed = 'null, or ids of the partner by our id such as {"001/0007": 4711}' %}
    {% if value is not mapping or value | length == 0 %}
        {{ setting_error(name, 'an empty map' if value is mapping else value, allowed) }}
    {% endif %}
    {% for key, id in value.items() %}
        {% if key is not string or key | trim != key or key == '' %}
            {{ setting_error(name, 'a map with the key ' ~ (key or 'of an empty text'), allowed) }}
        {% elif not is_id_number(id) %}
            {{ setting_error(name ~ '.' ~ key, id, 'a whole number from 1') }}
        {% endif %}
    {% endfor %}
{% endmacro %}
