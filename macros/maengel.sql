{% macro maengel(tests) -%}
    {#- The cheap test first: hardly any row has one. A test is rule, column, condition, a reason where one is due, and
        what is cheap to ask before the condition. -#}
    case
        when {% for test in tests %}({{ test[4] if test | length > 4 else test[2] }}){{ ' or ' if not loop.last }}{% endfor %}
            then nullif(
                {% call list_of_known() %}
                        {% for test in tests -%}
                        case
                            when {{ test[4] ~ ' and ' if test | length > 4 }}{{ test[2] }}
                                then {{ mangel(test[0], test[1], test[1], sql_text(test[3] if test | length > 3 else none)) }}
                        end{{ ',' if not loop.last }}
                        {% endfor -%}
                {% endcall %},
                {{ list_of('') }}
            )
    end
{%- endmacro %}


{#- A value that is listed; `reason` is SQL, NULL where the value was not read. -#}
{% macro mangel(rule, column, value, reason='cast(null as string)') -%}
    {% call struct() %}'rule': '{{ rule }}', 'column_name': '{{ column }}', 'value': {{ value }}, 'reason': {{ reason }}{% endcall %}
{%- endmacro %}
