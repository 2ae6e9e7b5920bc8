{% macro maengel(tests) -%}
    {#- The cheap test first: hardly any row has one. -#}
    case
        when {% for regel, spalte, bedingung in tests %}({{ bedingung }}){{ ' or ' if not loop.last }}{% endfor %}
            then list_filter(
                [
                    {% for regel, spalte, bedingung in tests -%}
                    case
                        when {{ bedingung }}
                            then {'regel': '{{ regel }}', 'spalte': '{{ spalte }}', 'wert': {{ spalte }}}
                    end{{ ',' if not loop.last }}
                    {% endfor -%}
                ],
                lambda mangel: mangel is not null
            )
    end
{%- endmacro %}
