{% macro befunde(rule, tests) -%}
    case
        when {% for spalte, wert, bedingung, reason in tests %}({{ bedingung }}){{ ' or ' if not loop.last }}{% endfor %}
            then list_filter(
                [
                    {% for spalte, wert, bedingung, reason in tests -%}
                    case
                        when {{ bedingung }}
                            then {
                                'rule': '{{ rule }}',
                                'column_name': '{{ spalte }}',
                                'value': cast({{ wert }} as varchar),
                                'reason': '{{ reason }}'
                            }
                    end{{ ',' if not loop.last }}
                    {% endfor -%}
                ],
                lambda befund: befund is not null
            )
    end
{%- endmacro %}
