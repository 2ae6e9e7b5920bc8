{% macro befunde(rule, tests) -%}
    case
        when {% for column, value, condition, reason in tests %}({{ condition }}){{ ' or ' if not loop.last }}{% endfor %}
            then list_filter(
                [
                    {% for column, value, condition, reason in tests -%}
                    case
                        when {{ condition }}
                            then {
                                'rule': '{{ rule }}',
                                'column_name': '{{ column }}',
                                'value': cast({{ value }} as varchar),
                                'reason': '{{ reason }}'
                            }
                    end{{ ',' if not loop.last }}
                    {% endfor -%}
                ],
                lambda befund: befund is not null
            )
    end
{%- endmacro %}
