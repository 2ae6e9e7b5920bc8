{% macro unreadable_values(spalten) -%}
    {%- set tests = [] -%}
    {%- for spalte, typ in spalten.items() -%}
        {%- set wert = spalte ~ '__wert' -%}
        {%- if typ in ('datum', 'zeitstempel') -%}
            {%- do tests.append(('C2', spalte,
                spalte ~ ' is not null and ' ~ wert ~ ' is null and not ' ~ is_no_date(spalte))) -%}
        {%- elif typ == 'wahrheitswert' -%}
            {%- do tests.append(('C3', spalte,
                'not ' ~ wert ~ " and lower(" ~ spalte ~ ") not in ('false', 'n', '0')")) -%}
        {%- elif typ != 'text' -%}
            {%- do tests.append(('C3', spalte, spalte ~ ' is not null and ' ~ wert ~ ' is null')) -%}
        {%- endif -%}
        {%- if typ.endswith(', 2)') -%}
            {%- do tests.append(('C3', spalte, "substr(" ~ spalte ~ ", -4, 1) = '.' and regexp_full_match("
                ~ spalte ~ ", '[+-]?[1-9][0-9]{0,2}[.][0-9]{3}')")) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ maengel(tests) }}
{%- endmacro %}
