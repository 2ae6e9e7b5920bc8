{% macro befunde(rule, tests) -%}
    case
        when {% for column, value, condition, reason in tests %}({{ condition }}){{ ' or ' if not loop.last }}{% endfor %}
            then {% call list_of_known() %}
                    {% for column, value, condition, reason in tests -%}
                    case
                        when {{ condition }}
                            then {% call struct() %}
                                'rule': '{{ rule }}',
                                'column_name': '{{ column }}',
                                'value': cast({{ value }} as string),
                                'reason': '{{ reason }}'
                            {% endcall %}
                    end{{ ',' if not loop.last }}
                    {% endfor -%}
            {% endcall %}
    end
{%- endmacro %}
