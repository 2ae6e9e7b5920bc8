{% macro befunde(regel, tests) -%}
    case
        when {% for spalte, wert, bedingung, grund in tests %}({{ bedingung }}){{ ' or ' if not loop.last }}{% endfor %}
            then list_filter(
                [
                    {% for spalte, wert, bedingung, grund in tests -%}
                    case
                        when {{ bedingung }}
                            then {
                                'regel': '{{ regel }}',
                                'spalte': '{{ spalte }}',
                                'wert': cast({{ wert }} as varchar),
                                'grund': '{{ grund }}'
                            }
                    end{{ ',' if not loop.last }}
                    {% endfor -%}
                ],
                lambda befund: befund is not null
            )
    end
{%- endmacro %}
